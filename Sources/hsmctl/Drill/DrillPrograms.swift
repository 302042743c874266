import Dispatch
import Foundation
import Synchronization

/// The programs that a drill starts. None outlives it, and once it is over none can be started any more, so that
/// whoever ends it from outside removes its files behind the last that writes to them.
final class DrillPrograms: Sendable {
    /// What a program has said and how it ended.
    struct Outcome {
        let status: Int32
        let output: String
        let error: String
    }

    private struct State {
        var isOver = false
        var running: [Process] = []
    }

    private let state = Mutex(State())
    /// Entered by each that runs.
    private let alive = DispatchGroup()

    /// Whether ``end()`` was called.
    var isOver: Bool { state.withLock { $0.isOver } }

    /// Starts a program that runs on.
    ///
    /// - Throws: ``ClientError`` where it can't be started, or the drill is over.
    func start(_ process: Process) throws {
        try state.withLock { state in
            let program = process.executableURL?.path ?? "A program"
            guard !state.isOver else { throw ClientError.unavailable("\(program) isn't started: the drill is over.") }
            alive.enter()
            process.terminationHandler = { [alive] _ in alive.leave() }
            do {
                try process.run()
            } catch {
                alive.leave()
                throw ClientError.unreadable("\(program) can't be started: \(error.localizedDescription)")
            }
            state.running.removeAll { !$0.isRunning }
            state.running.append(process)
        }
    }

    /// Runs a program to its end.
    ///
    /// - Parameter environment: what it gets beside this process's.
    /// - Throws: as ``start(_:)``.
    func run(_ program: String, _ arguments: [String], environment: [String: String]) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        try start(process)
        let said = Self.drain([output, error].map(\.fileHandleForReading.fileDescriptor))
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: String(decoding: said[0], as: UTF8.self),
            error: String(decoding: said[1], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// Kills what runs, and returns when all of it is dead.
    func end() {
        let running = state.withLock { state in
            state.isOver = true
            return state.running.filter(\.isRunning)
        }
        for process in running { kill(process.processIdentifier, SIGKILL) }
        // Foundation lets one thread wait for a process itself, and that may be who has started it.
        alive.wait()
    }

    /// What comes from each to its end. All are read as it comes: a pipe that is full stops who writes to it.
    private static func drain(_ descriptors: [Int32]) -> [[UInt8]] {
        var contents = descriptors.map { _ in [UInt8]() }
        var waiting = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        // Those that have ended have a number that the system passes over.
        while waiting.contains(where: { $0.fd >= 0 }) {
            guard poll(&waiting, nfds_t(waiting.count), -1) >= 0 else {
                if errno == EINTR { continue }
                break
            }
            for index in waiting.indices where waiting[index].fd >= 0 && waiting[index].revents != 0 {
                let count = read(waiting[index].fd, &piece, piece.count)
                if count > 0 {
                    contents[index] += piece[..<count]
                } else if count == 0 || errno != EINTR {
                    waiting[index].fd = -1
                }
            }
        }
        return contents
    }
}
