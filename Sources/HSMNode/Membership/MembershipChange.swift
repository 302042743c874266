import Raft

/// A change of the pool's members that waits to be put into the log.
struct MembershipChange {
    struct Wanted {
        let voters: Set<NodeID>
        let learners: Set<NodeID>
        let completion: (ProposalRefusal?) -> Void
    }

    private(set) var wanted: Wanted?

    /// Takes a wish in; false if another one waits.
    mutating func add(_ wish: Wanted) -> Bool {
        guard wanted == nil else { return false }
        wanted = wish
        return true
    }

    mutating func take() -> Wanted? {
        defer { wanted = nil }
        return wanted
    }

    /// The answer to give because the node no longer leads.
    mutating func lostLeadership(to leader: NodeID?) -> (() -> Void)? {
        guard let wish = take() else { return nil }
        return { wish.completion(.notLeader(leader: leader)) }
    }
}
