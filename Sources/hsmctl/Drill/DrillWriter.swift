import Foundation
import NIOHTTP1
import StrictJSON
import Synchronization

/// Somebody who makes keys, one after the other, and remembers those that the pool has answered for.
final class DrillWriter: Sendable {
    struct Write {
        let name: String
        let answered: ContinuousClock.Instant
    }

    private struct State {
        var writes: [Write] = []
        var task: Task<Void, Never>?
        var next = 1
    }

    /// What the names of the keys begin with.
    private let prefix: String
    private let state = Mutex(State())

    init(prefix: String) { self.prefix = prefix }

    var writes: [Write] { state.withLock { $0.writes } }

    var isRunning: Bool { state.withLock { $0.task != nil } }

    func start(_ connection: ConnectionOptions) {
        let task = Task { await run(connection) }
        state.withLock { $0.task = task }
    }

    /// Until so many more writes were answered.
    func awaitWrites(_ count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(DrillMeasurement.patience)
        let known = writes.count
        while writes.count < known + count {
            guard ContinuousClock.now < deadline else { throw ClientError.unavailable("nothing could be written") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func stop() async {
        let task = state.withLock { state in
            defer { state.task = nil }
            return state.task
        }
        task?.cancel()
        await task?.value
    }

    private func run(_ connection: ConnectionOptions) async {
        // Without a connection there are no writes, which the report then shows.
        try? await PoolClient.with(connection, answerSeconds: 5) { client in
            while !Task.isCancelled {
                let name = state.withLock { state in
                    defer { state.next += 1 }
                    return "\(prefix)-\(state.next)"
                }
                do {
                    _ = try await client.send(.POST, "/keys/\(name)/create") {
                        $0.member("kty", "EC-HSM")
                        $0.member("crv", "P-256")
                    }
                    state.withLock { $0.writes.append(Write(name: name, answered: .now)) }
                } catch {
                    // It was promised nothing: the next one is tried when there is somebody to answer.
                    try? await Task.sleep(for: .milliseconds(50))
                }
            }
        }
    }
}
