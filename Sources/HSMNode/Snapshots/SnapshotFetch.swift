import NodeEnvironment
import Raft

/// What an unsealed member has made, with the state that its rows make.
struct GenuineSnapshot {
    let mark: AppliedMark
    let applied: AppliedState
    let configuration: PoolConfiguration
}

/// The snapshot that this node is getting from its leader, piece by piece: each piece is asked for when the one before
/// is on the disk, so nothing piles up anywhere, and an interruption costs one piece.
struct SnapshotFetch {
    private struct Asked {
        let node: NodeID
        let at: Instant
    }

    private var asked: Asked?
    /// The staged snapshot, once it was found genuine: whoever changes what is staged, or takes the keys away, drops
    /// this. There may be no room yet to install it, and to read and check it takes long.
    var genuine: GenuineSnapshot?

    /// Whether to ask now: the leader offers again and again, as long as the node lacks what it has cut off.
    func isDue(from node: NodeID, now: Instant, retry: Nanoseconds) -> Bool {
        guard let asked, asked.node == node else { return true }
        return now.since(asked.at) >= retry
    }

    func isFrom(_ node: NodeID) -> Bool { asked?.node == node }

    mutating func ask(_ node: NodeID, now: Instant) {
        asked = Asked(node: node, at: now)
    }

    mutating func end() {
        asked = nil
    }
}
