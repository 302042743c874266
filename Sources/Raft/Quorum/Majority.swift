/// How a vote stands.
enum Tally: Hashable, Sendable {
    case pending
    case lost
    case won
}

/// More than half of a set of voters.
struct Majority: Hashable, Sendable {
    /// Ascending, so that everything derived from it has one order on every run.
    let voters: [NodeID]

    init(_ voters: Set<NodeID>) {
        self.voters = voters.sorted()
    }

    private var size: Int { voters.count / 2 + 1 }

    /// The highest number that a majority has reached, where each voter has reached `reached(voter)`.
    ///
    /// No voters have reached everything. That makes the empty majority the neutral half of a joint quorum; a pool
    /// never decides by one alone, since a configuration without voters is refused.
    func reached(_ reached: (NodeID) -> UInt64) -> UInt64 {
        guard !voters.isEmpty else { return .max }
        // On the stack: a leader asks several times for every write.
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: voters.count) { buffer in
            var ascending = buffer
            for (position, voter) in voters.enumerated() {
                ascending.initializeElement(at: position, to: reached(voter))
            }
            ascending.sort()
            return ascending[voters.count - size]
        }
    }

    /// How a ballot stands, where `vote(voter)` is nil until the voter has answered. No voters: won, as above.
    func tally(_ vote: (NodeID) -> Bool?) -> Tally {
        var granted = 0
        var refused = 0
        for voter in voters {
            switch vote(voter) {
            case true?: granted += 1
            case false?: refused += 1
            case nil: break
            }
        }
        if voters.isEmpty || granted >= size { return .won }
        return voters.count - refused < size ? .lost : .pending
    }
}
