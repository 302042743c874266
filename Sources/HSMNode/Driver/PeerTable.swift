import NodeEnvironment
import PoolState
import Raft

/// What the other nodes have said about themselves.
struct PeerTable {
    private struct Peer {
        var status: NodeStatus
        var heardAt: Instant
        var promises = PeerPromises()
    }

    private var peers: [NodeID: Peer] = [:]
    private let silence: Nanoseconds

    /// After `silence` without a word a peer isn't counted on.
    init(silence: Nanoseconds) {
        self.silence = silence
    }

    /// Notes what a peer said. The sender speaks only for itself.
    ///
    /// - Parameter acknowledged: the last committed entry that this node, as leader, knows to be on the peer's disk.
    /// - Returns: whether the peer has lost what it held itself to: its disk was put back to an earlier state.
    mutating func heard(
        _ status: NodeStatus, from sender: NodeID, acknowledged: LogIndex, now: Instant
    ) -> Bool {
        guard status.node == sender else { return false }
        var peer = peers[sender] ?? Peer(status: status, heardAt: now)
        let hasForgotten = peer.promises.areBroken(by: status, acknowledged: acknowledged)
        peer.status = status
        peer.heardAt = now
        peers[sender] = peer
        return hasForgotten
    }

    /// The peer speaks on a new connection.
    mutating func returned(_ node: NodeID) {
        peers[node]?.promises.connectionBegan()
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

    /// The least that any of `members` has applied that was heard of lately; `max` where there is none.
    func appliedByLiving(_ members: some Sequence<NodeID>, now: Instant) -> LogIndex {
        var lowest = LogIndex.max
        for node in members {
            guard let peer = peers[node], now.since(peer.heardAt) <= silence else { continue }
            lowest = min(lowest, peer.status.appliedIndex)
        }
        return lowest
    }

    /// Whether `node` is unsealed, was heard of lately, and has applied everything through `index`.
    func isServing(_ node: NodeID, from index: LogIndex, now: Instant) -> Bool {
        guard let peer = peers[node], now.since(peer.heardAt) <= silence else { return false }
        return !peer.status.isSealed && peer.status.appliedIndex >= index
    }

    /// The highest version of a pool that `node` knows; nil if it wasn't heard of lately.
    func knownVersion(of node: NodeID, now: Instant) -> PoolVersion? {
        guard let peer = peers[node], now.since(peer.heardAt) <= silence else { return nil }
        return PoolVersion(rawValue: peer.status.knownVersion)
    }

    func appliedIndex(of node: NodeID) -> LogIndex {
        peers[node]?.status.appliedIndex ?? 0
    }

    /// Everything known of `node`, for a report.
    func report(of node: NodeID, now: Instant) -> NodeStatusReport.Peer {
        let peer = peers[node]
        return NodeStatusReport.Peer(
            node: node, isSealed: peer?.status.isSealed, appliedIndex: peer?.status.appliedIndex ?? 0,
            silentFor: peer.map { now.since($0.heardAt) }, version: peer?.status.version,
            knownVersion: peer.map { PoolVersion(rawValue: $0.status.knownVersion) })
    }
}

extension NodeID {
    fileprivate func appliedOrder(in table: PeerTable) -> LogIndex { table.appliedIndex(of: self) }
}

/// What a peer has held itself to in its former lives, as far as this node knows: it can't have less now. A log may get
/// shorter, but only by entries that were never committed; a term never falls.
struct PeerPromises {
    private var processID: [UInt8] = []
    private var term: Term = 0
    private var lastIndex: LogIndex = 0
    private var isNewConnection = false

    /// What comes from now on was said after all that has come so far. It need not be another life: a machine that is
    /// put back to an image together with its memory goes on as the process that it was.
    mutating func connectionBegan() { isNewConnection = true }

    /// Takes in a status, and compares it if it is the first of a new life, or of a new connection. Else a status can
    /// come late.
    mutating func areBroken(by status: NodeStatus, acknowledged: LogIndex) -> Bool {
        guard let promise = status.promise else { return false }
        let isLater = isNewConnection || status.processID != processID
        let isBroken = isLater && (promise.term < term || promise.lastIndex < max(lastIndex, acknowledged))
        isNewConnection = false
        processID = status.processID
        term = max(term, promise.term)
        lastIndex = max(lastIndex, min(promise.commitIndex, promise.lastIndex), status.appliedIndex, acknowledged)
        return isBroken
    }
}
