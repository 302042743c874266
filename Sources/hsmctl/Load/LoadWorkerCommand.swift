import ArgumentParser
import Foundation
import LoadGenerator

/// One of several processes of a load; only `hsmctl load` starts it.
struct LoadWorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load-worker", abstract: "Carries a part of a load.", shouldDisplay: false)

    static let ready = "ready"

    func run() async throws {
        // The coordinating process tells when to stop: a terminal interrupts both.
        signal(SIGINT, SIG_IGN)
        var input = LineStream(STDIN_FILENO).makeAsyncIterator()
        guard let first = await input.next() else { return }
        let plan: LoadPlan
        do {
            plan = try LoadPlan(json: first)
        } catch {
            throw ClientError.usage("Standard input holds no plan. Only 'hsmctl load' starts this command.")
        }
        let session: LoadSession
        do {
            session = try await LoadSession.connect(plan)
        } catch {
            return StandardOutput.line("\(error)")
        }
        StandardOutput.line(Self.ready)
        guard let go = await input.next(),
            let time = String(decoding: go, as: UTF8.self).split(separator: " ").last.flatMap({ UInt64($0) })
        else { return await session.close() }
        let samples = session.run(at: time)
        let watch = Task { [input] in
            var input = input
            // Any other line, and the end of the input, mean stop.
            while let line = await input.next(), let tokens = try? LoadPlan.tokens(json: line) {
                session.use(tokens: tokens)
            }
            if !Task.isCancelled { session.stop() }
        }
        for await sample in samples { StandardOutput.line(String(decoding: sample.json, as: UTF8.self)) }
        watch.cancel()
        await session.close()
    }
}
