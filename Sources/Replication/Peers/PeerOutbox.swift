import NodeEnvironment
import Synchronization

/// The way from the driver's thread to the event loop for the messages to one peer.
final class PeerOutbox: Sendable {
    private struct State {
        var queue: OutgoingQueue
        /// Whether there is a connection. Without one messages are dropped at once: by the time there is one again,
        /// they would be out of date.
        var isOpen = false
        /// Whether the loop has been told that there is something to send.
        var isDraining = false
        var dropped: UInt64 = 0
    }

    private let state: Mutex<State>

    init(limit: Int) {
        state = Mutex(State(queue: OutgoingQueue(limit: limit)))
    }

    /// - Returns: whether the loop has to be woken.
    func append(_ message: PeerMessage) -> Bool {
        state.withLock { state in
            guard state.isOpen else {
                state.dropped += 1
                return false
            }
            state.dropped += UInt64(state.queue.append(message))
            defer { state.isDraining = true }
            return !state.isDraining
        }
    }

    func open() {
        state.withLock { state in
            state.isOpen = true
            state.isDraining = false
        }
    }

    func close() {
        state.withLock { state in
            state.isOpen = false
            state.dropped += UInt64(state.queue.count)
            state.queue.removeAll()
        }
    }

    /// The next messages, of about `bytes`. An empty answer ends the draining: the next append wakes the loop again.
    func take(bytes: Int) -> [PeerMessage] {
        state.withLock { state in
            var batch: [PeerMessage] = []
            var taken = 0
            while taken < bytes, let message = state.queue.popFirst() {
                taken += message.queueBytes
                batch.append(message)
            }
            if batch.isEmpty { state.isDraining = false }
            return batch
        }
    }

    /// Messages that never left, since the start.
    var dropped: UInt64 { state.withLock { $0.dropped } }
}
