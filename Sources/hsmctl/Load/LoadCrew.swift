import Foundation
import LoadGenerator
import Synchronization

/// The processes that send the load: this one alone, or others that this one coordinates.
///
/// Another process gets its plan, secrets included, on standard input: arguments can be seen by everybody. It says when
/// it is connected, is told when to begin, and prints one sample a line.
final class LoadCrew: Sendable {
    private enum Member: Sendable {
        case here(LoadSession)
        case other(WorkerProcess)
    }

    /// What its processes say, each by its number.
    enum News: Sendable {
        case sample(LoadSample, process: Int)
        /// In its time or before.
        case ended(process: Int)
    }

    private let members: [Member]
    private let plan: LoadPlan

    private init(_ plan: LoadPlan, _ members: [Member]) {
        self.plan = plan
        self.members = members
    }

    var count: Int { members.count }

    /// Starts and connects all processes.
    static func assemble(_ plan: LoadPlan, processes: Int) async throws -> LoadCrew {
        guard processes > 1 else { return LoadCrew(plan, [.here(try await LoadSession.connect(plan))]) }
        var workers: [WorkerProcess] = []
        do {
            for part in plan.divided(among: processes) { workers.append(try WorkerProcess(part)) }
            for worker in workers { try await worker.awaitReady() }
        } catch {
            for worker in workers { worker.end() }
            throw error
        }
        return LoadCrew(plan, workers.map(Member.other))
    }

    /// The samples of all processes as they come. The stream ends when all have ended.
    func run(at time: UInt64) -> AsyncStream<News> {
        let (stream, continuation) = AsyncStream.makeStream(of: News.self)
        Task {
            await withTaskGroup(of: Void.self) { group in
                for (process, member) in members.enumerated() {
                    group.addTask { [plan] in
                        switch member {
                        case .here(let session):
                            for await sample in session.run(at: time) {
                                continuation.yield(.sample(sample, process: process))
                            }
                        case .other(let worker):
                            worker.tell("go \(time)")
                            for await line in worker.lines {
                                let sample = try? LoadSample(
                                    json: line, nodes: plan.nodes.count, operations: plan.operations.count)
                                if let sample { continuation.yield(.sample(sample, process: process)) }
                            }
                        }
                        continuation.yield(.ended(process: process))
                    }
                }
            }
            continuation.finish()
        }
        return stream
    }

    /// Has all send other tokens from now on.
    func use(tokens: [String]) {
        let line = String(decoding: LoadPlan.encode(tokens: tokens), as: UTF8.self)
        for member in members {
            switch member {
            case .here(let session): session.use(tokens: tokens)
            case .other(let worker): worker.tell(line)
            }
        }
    }

    func stop() {
        for member in members {
            switch member {
            case .here(let session): session.stop()
            case .other(let worker): worker.tell("stop")
            }
        }
    }

    func close() async {
        for member in members {
            switch member {
            case .here(let session): await session.close()
            case .other(let worker): worker.end()
            }
        }
    }
}

/// Another process of the generator, seen from the one that coordinates.
final class WorkerProcess: Sendable {
    /// What it prints after it was connected.
    let lines: LineStream
    /// Of the process; it is used under the lock only.
    private let process: Mutex<Handle>

    private struct Handle: ~Copyable {
        let process: Process
        let input: FileHandle
    }

    init(_ plan: LoadPlan) throws {
        let (input, output) = (Pipe(), Pipe())
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["load-worker"]
        (process.standardInput, process.standardOutput) = (input, output)
        do {
            try process.run()
        } catch {
            throw ClientError.unreadable("Another process of the generator can't be started: \(error)")
        }
        lines = LineStream(output.fileHandleForReading.fileDescriptor, keeping: output)
        self.process = Mutex(Handle(process: process, input: input.fileHandleForWriting))
        tell(String(decoding: plan.json, as: UTF8.self))
    }

    func tell(_ line: String) {
        process.withLock { try? $0.input.write(contentsOf: Data((line + "\n").utf8)) }
    }

    /// - Throws: what kept the process from connecting.
    func awaitReady() async throws {
        guard let line = await lines.next() else {
            throw ClientError.refused("A process of the generator ended before it was connected.")
        }
        let text = String(decoding: line, as: UTF8.self)
        guard text == LoadWorkerCommand.ready else { throw ClientError.unavailable(text) }
    }

    func end() {
        process.withLock { handle in
            try? handle.input.close()
            if handle.process.isRunning { handle.process.terminate() }
        }
    }
}

/// The lines that come out of a descriptor, read on a thread of its own.
struct LineStream: AsyncSequence, Sendable {
    private static let longestLine = 256 << 20
    private let stream: AsyncStream<[UInt8]>

    /// - Parameter keeping: what owns the descriptor.
    init(_ descriptor: Int32, keeping owner: (any Sendable)? = nil) {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        self.stream = stream
        Thread.detachNewThread {
            Self.read(descriptor) { continuation.yield($0) }
            continuation.finish()
            _ = owner
        }
    }

    func makeAsyncIterator() -> AsyncStream<[UInt8]>.AsyncIterator { stream.makeAsyncIterator() }

    /// The next line; `nil` at the end.
    func next() async -> [UInt8]? {
        for await line in stream { return line }
        return nil
    }

    private static func read(_ descriptor: Int32, _ take: ([UInt8]) -> Void) {
        var rest: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        while rest.count < longestLine {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            var start = 0
            for index in 0..<count where buffer[index] == UInt8(ascii: "\n") {
                take(rest + buffer[start..<index])
                rest.removeAll(keepingCapacity: true)
                start = index + 1
            }
            rest += buffer[start..<count]
        }
    }
}
