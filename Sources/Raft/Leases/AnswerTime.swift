extension Raft {
    /// How long ago this node last answered any leader: at least this much time of this clock. A lease rests on answers
    /// of a quorum, and cannot outlast the last of them by more than its length. So a vote carries this age, and the
    /// new leader waits for the rest.
    ///
    /// Every answer counts that a leader could use in any way, because after a change of the configuration a commit can
    /// be what connects two quorums. A new term, or a vote, does not clear it. A node that has just started may have
    /// answered a moment before; one that leads answers itself at every instant.
    var answerAge: Nanoseconds { now.since(lastAnswer) }

    /// Until when a lease can last that rests on an answer of a node whose vote, with this age, arrives now. On this
    /// clock no more than the booked length can pass between that answer and the end of the lease, and no less than the
    /// age over the drift that is in the booked length already.
    func leasesEnd(age: Nanoseconds) -> Instant {
        let booked = options.leases.bookedLength
        return age >= booked ? now : now.advanced(by: booked - age)
    }
}
