import NodeEnvironment
import Raft

/// What the other nodes have said about themselves.
struct PeerTable {
    private struct Peer {
        var status: NodeStatus
        var heardAt: Instant
    }

    private var peers: [NodeID: Peer] = [:]
    private let silence: Nanoseconds

    /// After `silence` without a word a peer isn't counted on.
    init(silence: Nanoseconds) {
        self.silence = silence
    }

    /// Notes what a peer said. The sender speaks only for itself.
    mutating func heard(_ status: NodeStatus, from sender: NodeID, now: Instant) {
        guard status.node == sender else { return }
        peers[sender] = Peer(status: status, heardAt: now)
    }

    /// The voters, other than `me`, that are unsealed and were heard of lately, the farthest applied first.
    func unsealedVoters(of configuration: PoolConfiguration, besides me: NodeID, now: Instant) -> [NodeID] {
        configuration.voters
            .filter { node in
                guard node != me, let peer = peers[node] else { return false }
                return !peer.status.isSealed && now.since(peer.heardAt) <= silence
            }
            .sorted { ($1.appliedOrder(in: self), $0) < ($0.appliedOrder(in: self), $1) }
    }

    /// What every one of `members` has applied at least; nil while one of them never told.
    func appliedByAll(_ members: some Sequence<NodeID>) -> LogIndex? {
        var lowest = LogIndex.max
        for node in members {
            guard let peer = peers[node] else { return nil }
            lowest = min(lowest, peer.status.appliedIndex)
        }
        return lowest
    }

    func appliedIndex(of node: NodeID) -> LogIndex {
        peers[node]?.status.appliedIndex ?? 0
    }

    /// Everything known of `node`, for a report.
    func report(of node: NodeID, now: Instant) -> NodeStatusReport.Peer {
        let peer = peers[node]
        return NodeStatusReport.Peer(
            node: node, isSealed: peer?.status.isSealed, appliedIndex: peer?.status.appliedIndex ?? 0,
            silentFor: peer.map { now.since($0.heardAt) }, version: peer?.status.version)
    }
}

extension NodeID {
    fileprivate func appliedOrder(in table: PeerTable) -> LogIndex { table.appliedIndex(of: self) }
}
