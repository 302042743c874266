extension Raft {
    /// Starts an election now, if this node is a voter and does not lead. It asks for pre-votes first.
    public mutating func campaign(now: Instant) {
        observe(now)
        if role == .leader { return }
        guard isPromotable else { return }
        askForPreVotes()
    }

    /// A node that should not lead waits three times as long before it campaigns, so that it leads only if nobody else
    /// can.
    public mutating func setMayLead(_ mayLead: Bool) {
        guard mayLead != self.mayLead else { return }
        self.mayLead = mayLead
        resetElectionDeadline()
    }

    /// Whether this node may stand for election: as a voter, or as one that was a voter before a change that may still
    /// be uncommitted. Those who stay might not have got the entry that removed it, and could then not win against its
    /// log, nor it without them: so it has to lead once more to finish the change (Ongaro 2014, section 4.2.2).
    var isPromotable: Bool {
        term < Limits.largestNumber && configurations.mayBeVoter(options.id, committed: commitIndex)
    }

    /// Whether there is a leader that this node must not help `candidate` to depose. A leader that asks for votes
    /// itself has restarted, and leads no more.
    func hearsLeader(otherThan candidate: NodeID) -> Bool {
        switch role {
        case .leader: return true
        case .follower:
            guard let leader = currentRole.following?.leader, leader != candidate,
                let lastContact = currentRole.following?.lastContact
            else { return false }
            return now.since(lastContact) < options.electionTimeoutMinimum
        case .preCandidate, .candidate: return false
        }
    }

    mutating func resetElectionDeadline() {
        let range = options.electionTimeoutMinimum..<options.electionTimeoutMaximum
        electionDeadline = now.advanced(by: random.next(in: range) * (mayLead ? 1 : 3))
    }

    mutating func electionTimeoutFired() {
        if isPromotable {
            askForPreVotes()
        } else {
            // It cannot do anything about it, but should not believe in this leader any longer.
            becomeFollower(term: term, leader: nil)
            resetElectionDeadline()
        }
    }

    // MARK: Changes of role

    private mutating func become(_ new: Role) {
        currentRole = new
        role = new.kind
    }

    /// Leaves whatever this node was. `leader` has just given a sign of life, if it is known.
    mutating func becomeFollower(term newTerm: Term, leader: NodeID?) {
        failLocalReads()
        let led = role == .leader
        if newTerm > term {
            term = newTerm
            vote = nil
        }
        become(.follower(Following(leader: leader, lastContact: leader == nil ? nil : now)))
        flushIsDue = false
        // A ballot that was lost, or somebody else's hopeless one, does not put off the next attempt.
        if led || leader != nil { resetElectionDeadline() }
        if led && !has(fault: .ownReignIsNoAnswer) { lastAnswer = now }
    }

    /// Asks whether an election could be won, without disturbing anyone: no term is raised by it, and nothing is
    /// stored.
    private mutating func askForPreVotes() {
        failLocalReads()
        var candidacy = Candidacy()
        candidacy.record(options.id, granted: true)
        become(.preCandidate(candidacy))
        resetElectionDeadline()
        let request = RaftMessage.Body.preVoteRequest(lastIndex: log.lastIndex, lastTerm: log.lastTerm)
        sendToVoters(request, term: term + 1)
        countBallot()
    }

    mutating func standForElection(isTransfer: Bool) {
        failLocalReads()
        term += 1
        vote = options.id
        var candidacy = Candidacy()
        candidacy.record(options.id, granted: true, leasesEnd: leasesEnd(age: answerAge))
        if has(fault: .answerTimeClearedByVote) { lastAnswer = Instant(nanoseconds: 0) }
        become(.candidate(candidacy))
        resetElectionDeadline()
        sendToVoters(.voteRequest(lastIndex: log.lastIndex, lastTerm: log.lastTerm, isTransfer: isTransfer))
        countBallot()
    }

    private mutating func sendToVoters(_ body: RaftMessage.Body, term: Term? = nil) {
        let configuration = configurations.inForce.configuration
        for node in configuration.voters.union(configuration.outgoingVoters).sorted() where node != options.id {
            send(body, to: node, term: term)
        }
    }

    private mutating func countBallot() {
        guard let candidacy = currentRole.candidacy else { return }
        switch quorum.tally(candidacy.vote) {
        case .won where role == .preCandidate: standForElection(isTransfer: false)
        case .won: becomeLeader(leasesEnd: candidacy.leasesEnd)
        case .lost: becomeFollower(term: term, leader: nil)
        case .pending: break
        }
    }

    /// - Parameter leasesEnd: Until when members can hold leases of earlier leaders.
    private mutating func becomeLeader(leasesEnd: Instant) {
        let next = log.lastIndex + 1
        let others = configurations.inForce.configuration.members.subtracting([options.id]).sorted()
        let uncommitted = log.entries(from: commitIndex + 1, through: log.lastIndex)
        var leadership = Leadership(
            peers: others.map { Progress(node: $0, next: next, now: now) },
            heartbeatDeadline: now.advanced(by: options.heartbeatInterval),
            uncommittedBytes: uncommitted.reduce(0) { $0 + $1.size },
            book: LeaseBook(
                members: configurations.members,
                bookedTo: has(fault: .newLeaderDoesNotWait) ? Instant(nanoseconds: 0) : leasesEnd,
                committed: commitIndex))
        for position in leadership.peers.indices { leadership.peers[position].roundBegan() }
        leadership.book.confirm(publishedIndex, by: options.id, isLatest: true)
        become(.leader(leadership))
        askOwnLease()
        currentRole.leadership?.book.roundBegan(leadership.round)
        flushIsDue = true
        if has(fault: .noNoOpAtTermStart) { return }
        append(.noOp, tag: log.lastTag)
    }

    // MARK: Votes

    /// Whether a log that ends so holds all that this one does, as far as it can be committed (paper, section 5.4.1).
    private func isUpToDate(lastIndex: LogIndex, lastTerm: Term) -> Bool {
        (lastTerm, lastIndex) >= (log.lastTerm, log.lastIndex)
    }

    mutating func answerPreVote(_ message: RaftMessage, lastIndex: LogIndex, lastTerm: Term) {
        let isFree = message.term > term && !hearsLeader(otherThan: message.from)
        let granted = isFree && isUpToDate(lastIndex: lastIndex, lastTerm: lastTerm)
        // Granted for the term asked about; refused in the own one, which may teach the asker a newer one.
        send(.preVoteResponse(granted: granted), to: message.from, term: granted ? message.term : term)
    }

    mutating func receivePreVote(from voter: NodeID, granted: Bool, term answered: Term) {
        guard role == .preCandidate else { return }
        // A grant is for the next term, a refusal in this one; others are answers to older questions.
        guard answered == (granted ? term + 1 : term) else { return }
        currentRole.candidacy?.record(voter, granted: granted)
        countBallot()
    }

    mutating func answerVote(_ candidate: NodeID, lastIndex: LogIndex, lastTerm: Term) {
        let isFree = vote == candidate || (vote == nil && leader == nil)
        let granted = isFree && isUpToDate(lastIndex: lastIndex, lastTerm: lastTerm)
        if granted {
            // Having promised its vote, it has no business with a ballot of its own.
            if role == .preCandidate { becomeFollower(term: term, leader: nil) }
            vote = candidate
            resetElectionDeadline()
        }
        send(.voteResponse(granted: granted, age: answerAge), to: candidate)
        if granted && has(fault: .answerTimeClearedByVote) { lastAnswer = Instant(nanoseconds: 0) }
    }

    mutating func receiveVote(from voter: NodeID, granted: Bool, age: Nanoseconds) {
        guard role == .candidate else { return }
        let end = leasesEnd(age: age)
        currentRole.candidacy?.record(voter, granted: granted, leasesEnd: end)
        countBallot()
    }
}
