import Raft

/// A change of the pool's members that waits to be put into the log.
struct MembershipChange {
    struct Wanted {
        let voters: Set<NodeID>
        let learners: Set<NodeID>
        let completion: (ProposalRefusal?) -> Void
    }

    private(set) var wanted: Wanted?
    /// Since when a step waits for voters that are silent.
    private var waitsSince: Instant?
    private var wasTold = false

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

    /// A step that is due isn't taken now. True once, when that has been so for `patience`.
    mutating func waits(now: Instant, patience: Nanoseconds) -> Bool {
        let since = waitsSince ?? now
        waitsSince = since
        guard !wasTold, now.since(since) >= patience else { return false }
        wasTold = true
        return true
    }

    /// No step waits.
    mutating func goesOn() {
        waitsSince = nil
        wasTold = false
    }

    /// The answer to give because the node no longer leads.
    mutating func lostLeadership(to leader: NodeID?) -> (() -> Void)? {
        goesOn()
        guard let wish = take() else { return nil }
        return { wish.completion(.notLeader(leader: leader)) }
    }
}
