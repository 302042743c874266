import NodeEnvironment
import PoolState
import Raft
import Synchronization

/// Connects the parts that are made one after the other and call each other: events that come before the last is made
/// are dropped, as a network may.
final class NodeLinks: Sendable {
    private struct Ends {
        var runtime: NodeRuntime?
        var unsealing: PeerUnsealing?
    }

    private let ends = Mutex(Ends())

    func connect(runtime: NodeRuntime, unsealing: PeerUnsealing) {
        ends.withLock { $0 = Ends(runtime: runtime, unsealing: unsealing) }
    }

    func received(_ messages: [PeerMessage], from node: NodeID) {
        ends.withLock { $0.runtime }?.receive(messages, from: node)
    }
    func connected(_ node: NodeID) { ends.withLock { $0.runtime }?.connected(node) }
    func published(_ view: PoolView) { ends.withLock { $0.runtime }?.publish(view) }

    func unsealMessage(_ message: PeerMessage, from node: NodeID) {
        ends.withLock { $0.unsealing }?.receive(message, from: node)
    }
}
