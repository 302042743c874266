/// Who must agree: a majority, or while a configuration is joint a majority of each half
/// (Ongaro & Ousterhout 2014, section 6).
struct Quorum: Hashable, Sendable {
    let incoming: Majority
    let outgoing: Majority

    init(_ configuration: PoolConfiguration) {
        incoming = Majority(configuration.voters)
        outgoing = Majority(configuration.outgoingVoters)
    }

    private init(incoming: Majority, outgoing: Majority) {
        self.incoming = incoming
        self.outgoing = outgoing
    }

    /// Those alone who stay: what a joint configuration must never go by.
    var incomingAlone: Quorum { Quorum(incoming: incoming, outgoing: Majority([])) }

    /// The highest number that a quorum has reached: what either half has reached is only as good as the other's.
    func reached(_ number: (NodeID) -> UInt64) -> UInt64 {
        min(incoming.reached(number), outgoing.reached(number))
    }

    func tally(_ vote: (NodeID) -> Bool?) -> Tally {
        switch (incoming.tally(vote), outgoing.tally(vote)) {
        case (.won, .won): return .won
        case (.lost, _), (_, .lost): return .lost
        default: return .pending
        }
    }
}
