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
    private let allowances = MemberAllowances()
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
        for case .memberNotices(let notices) in messages { heard(notices, from: node) }
        ends.withLock { $0.runtime }?.receive(messages, from: node)
    }
    func connected(_ node: NodeID) {
        let (runtime, transport) = ends.withLock { ($0.runtime, $0.transport) }
        runtime?.connected(node)
        transport?.send(.memberNotices(directory.notices), to: node)
    }
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
        guard directory.update(from: view.state) else { return }
        transport?.setPeers(directory.peerRecords)
        let notices = directory.notices
        for peer in directory.peers { transport?.send(.memberNotices(notices), to: peer) }
    }

    /// A peer has said whom the pool has. Each change makes and ends connections: so a peer may say it so often only.
    private func heard(_ notices: [MemberNotice], from node: NodeID) {
        guard allowances.takeNotice(of: node), directory.hear(notices, from: node) else { return }
        logger.info("a peer's word on members that the state doesn't name has changed", metadata: ["by": "\(node)"])
        ends.withLock { $0.transport }?.setPeers(directory.peerRecords)
    }

    /// Keys that were opened from records that are gone don't stay in memory, whichever node removed them.
    func materialRemoved(_ removed: RemovedMaterial) {
        ends.withLock { $0.vault }?.closeKeys(of: removed)
    }

    func unsealMessage(_ message: PeerMessage, from node: NodeID) {
        ends.withLock { $0.unsealing }?.receive(message, from: node)
    }
}
