import ArgumentParser
import Dispatch
import Foundation
import Synchronization

/// Measures what a request to sign costs a node, whole and in pieces.
@main
struct HotPath: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hot-path",
        abstract: "What a request to sign with ES256 costs in processor time and allocations, whole and in pieces.",
        discussion: """
            Everything runs in this process, without sockets and TLS: HTTP/2 by libnghttp2, the pipeline, a signature \
            by the module, and the audit record, which is on disk before the answer leaves. Times are processor time \
            of all threads for each request. Build with: swift build -c release --product hot-path
            """)

    @Option(help: "Processor seconds for each piece.")
    var seconds = 1.0
    @Option(help: "Instead of for a time, so many times; for tools that count instructions.")
    var times: Int?
    @Flag(help: "Whole requests only.")
    var whole = false
    @Flag(help: "Print JSON.")
    var json = false

    /// An asynchronous command would be run by the runtime's main loop, which valgrind can't follow.
    func run() throws {
        let (meter, isWhole) = (Meter(amount: times.map { .times($0) } ?? .seconds(seconds)), whole)
        let outcome = Mutex<Result<[Cost], any Error>>(.success([]))
        let end = DispatchSemaphore(value: 0)
        Task.detached {
            let result: Result<[Cost], any Error>
            do {
                result = .success(try await Self.measure(meter, isWhole: isWhole))
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
            end.signal()
        }
        end.wait()
        try show(try outcome.withLock { $0 }.get())
    }

    private static func measure(_ meter: Meter, isWhole: Bool) async throws -> [Cost] {
        let pieces = try await Pieces()
        let whole = try pieces.whole(meter)
        return isWhole ? [whole] : [whole, try pieces.transport(meter)] + (try pieces.parts(meter))
    }

    private func show(_ costs: [Cost]) throws {
        guard json else { return costs.forEach { print(line($0)) } }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(costs), as: UTF8.self))
    }

    private func line(_ cost: Cost) -> String {
        let name = cost.name.padding(toLength: 34, withPad: " ", startingAt: 0)
        return name + String(format: "%10.0f ns %8.1f allocations", cost.nanoseconds, cost.allocations)
    }
}
