import HSMNode
import Logging
import NodeEnvironment
import PoolState
import Raft
import Replication
import Synchronization

/// Connects the parts that are made one after the other and call each other: events that come before the last is made
/// are dropped, as a network may.
final class NodeLinks: Sendable {
    private struct Ends {
        var runtime: NodeRuntime?
        var unsealing: PeerUnsealing?
        var transport: PeerTransport?
        var vault: KeyVault?
    }

    private let directory: MemberDirectory
    private let logger: Logger
    private let ends = Mutex(Ends())

    init(directory: MemberDirectory, logger: Logger) {
        self.directory = directory
        self.logger = logger
    }

    func connect(vault: KeyVault) { ends.withLock { $0.vault = vault } }

    func connect(runtime: NodeRuntime, unsealing: PeerUnsealing, transport: PeerTransport) {
        ends.withLock { ($0.runtime, $0.unsealing, $0.transport) = (runtime, unsealing, transport) }
    }

    func received(_ messages: [PeerMessage], from node: NodeID) {
        ends.withLock { $0.runtime }?.receive(messages, from: node)
    }
    func connected(_ node: NodeID) { ends.withLock { $0.runtime }?.connected(node) }
    func returned(_ node: NodeID) { ends.withLock { $0.runtime }?.returned(node) }
    func leased(_ reads: LeasedReads?) { ends.withLock { $0.runtime }?.publish(reads) }

    /// The state has changed, and with it perhaps who belongs to the pool.
    func published(_ view: PoolView) {
        let (runtime, transport, vault) = ends.withLock { ($0.runtime, $0.transport, $0.vault) }
        do {
            // First: what the view shows may be sealed under a key that came with it.
            try vault?.follow(view.state)
        } catch {
            logger.error("what the pool has changed could not be taken over", metadata: ["cause": "\(error)"])
        }
        runtime?.publish(view)
        if directory.update(from: view.state) { transport?.setPeers(directory.peerRecords) }
    }

    /// Keys that were opened from records that are gone don't stay in memory, whichever node removed them.
    func materialRemoved(_ removed: RemovedMaterial) {
        ends.withLock { $0.vault }?.closeKeys(of: removed)
    }

    func unsealMessage(_ message: PeerMessage, from node: NodeID) {
        ends.withLock { $0.unsealing }?.receive(message, from: node)
    }
}
