import NIOCore
import Synchronization

/// The connections that a server has open, so that its shutdown reaches them all.
final class ConnectionRegistry: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isDraining = false
    }

    private let state = Mutex(State())

    var isDraining: Bool { state.withLock { $0.isDraining } }

    /// False once the server is shutting down.
    func add(_ channel: any Channel) -> Bool {
        state.withLock { state in
            guard !state.isDraining else { return false }
            state.channels[ObjectIdentifier(channel)] = channel
            return true
        }
    }

    func remove(_ channel: any Channel) {
        _ = state.withLock { $0.channels.removeValue(forKey: ObjectIdentifier(channel)) }
    }

    /// Takes no more connections from now on.
    /// - Returns: those that are open.
    func drain() -> [any Channel] {
        state.withLock { state in
            state.isDraining = true
            return Array(state.channels.values)
        }
    }
}
