extension Raft {
    /// Time has passed: elections, heartbeats and expiries that have come due are done. To be called at `nextDeadline`
    /// at the latest; a call that is late or early does no harm.
    public mutating func advance(to now: Instant) {
        observe(now)
        switch role {
        case .leader:
            leaderTimerFired()
        case .follower, .preCandidate, .candidate:
            expireForwardedReads()
            if self.now >= electionDeadline { electionTimeoutFired() }
        }
    }

    /// When `advance` must be called at the latest. May change with every event.
    public var nextDeadline: Instant {
        switch role {
        case .leader:
            let heartbeat = currentRole.leadership?.heartbeatDeadline ?? .distantFuture
            let transfer = currentRole.leadership?.transfer?.deadline ?? .distantFuture
            let news = currentRole.leadership?.newsDue ?? .distantFuture
            return min(min(heartbeat, transfer), min(news, nextRelease))
        case .follower:
            let reads = currentRole.following?.reads.nextExpiry ?? .distantFuture
            return min(min(electionDeadline, reads), isConfirmationOpen ? confirmationDue : .distantFuture)
        case .preCandidate, .candidate:
            return electionDeadline
        }
    }

    /// A message has arrived. Whatever does not make sense is ignored.
    ///
    /// - Parameter now: Read from the clock after the message has arrived. A time that was read before, such as that of
    ///   an event loop's turn, makes leases last too long.
    public mutating func step(_ message: RaftMessage, now: Instant) {
        observe(now)
        guard message.to == options.id, message.from != options.id, message.isWellFormed else { return }
        guard !distrusted.contains(message.from) else { return }
        if message.term > term {
            guard adoptTerm(of: message) else { return }
        } else if message.term < term {
            answerStale(message)
            return
        }
        switch message.body {
        case .preVoteRequest(let lastIndex, let lastTerm):
            answerPreVote(message, lastIndex: lastIndex, lastTerm: lastTerm)
        case .preVoteResponse(let granted):
            receivePreVote(from: message.from, granted: granted, term: message.term)
        case .voteRequest(let lastIndex, let lastTerm, _):
            answerVote(message.from, lastIndex: lastIndex, lastTerm: lastTerm)
        case .voteResponse(let granted, let age):
            receiveVote(from: message.from, granted: granted, age: age)
        case .append(let request):
            if follow(message.from) { answerAppend(request, from: message.from) }
        case .appendResponse(let response):
            receiveAppendResponse(response, from: message.from)
        case .readIndexRequest(let id):
            receiveReadIndexRequest(id, from: message.from)
        case .readIndexResponse(let id, let index):
            receiveReadIndexResponse(id, index: index, from: message.from)
        case .timeoutNow:
            receiveTimeoutNow(from: message.from)
        case .snapshotOffer(let descriptor):
            if follow(message.from) { receiveSnapshotOffer(descriptor, from: message.from) }
        case .lease(let lease):
            receive(lease, from: message.from)
        }
    }

    /// Raises the own term to that of the message where the message is proof of it.
    ///
    /// - Returns: Whether the message is still to be handled.
    private mutating func adoptTerm(of message: RaftMessage) -> Bool {
        switch message.body {
        case .preVoteRequest, .preVoteResponse(granted: true):
            // These name a term that nobody is in yet.
            return true
        case .voteRequest(_, _, let isTransfer):
            // A node that was cut off, or removed, must not depose a leader that the others hear (thesis, 4.2.3).
            if hearsLeader(otherThan: message.from) && !isTransfer { return false }
            becomeFollower(term: message.term, leader: nil)
        case .append, .snapshotOffer, .timeoutNow:
            becomeFollower(term: message.term, leader: message.from)
        case .preVoteResponse(granted: false), .voteResponse, .appendResponse, .readIndexRequest, .readIndexResponse,
            .lease:
            becomeFollower(term: message.term, leader: nil)
        }
        return true
    }

    /// Tells a node that is behind about the term that it missed. A deposed leader steps down by it, and a leader
    /// frees a candidate that went ahead alone, by stepping down once.
    private mutating func answerStale(_ message: RaftMessage) {
        switch message.body {
        case .preVoteRequest:
            send(.preVoteResponse(granted: false), to: message.from)
        case .voteRequest:
            send(.voteResponse(granted: false), to: message.from)
        case .append, .snapshotOffer:
            let outcome = AppendResponse.Outcome.rejected(hintIndex: log.lastIndex, hintTerm: log.lastTerm)
            send(.appendResponse(AppendResponse(outcome: outcome, round: 0)), to: message.from)
        case .preVoteResponse, .voteResponse, .appendResponse, .readIndexRequest, .readIndexResponse, .timeoutNow,
            .lease:
            break
        }
    }

    /// Accepts `leader` as the leader of this term, and that it is alive.
    private mutating func follow(_ leader: NodeID) -> Bool {
        guard let known = self.leader else {
            becomeFollower(term: term, leader: leader)
            return true
        }
        guard known == leader else {
            pending.violations.append(.secondLeader(from: leader, term: term))
            return false
        }
        currentRole.following?.lastContact = now
        resetElectionDeadline()
        return true
    }

    /// The entries through `index`, the last of which has `term`, are durable here. To be called once for each output
    /// that held entries, in order.
    public mutating func persisted(through index: LogIndex, term: Term) {
        log.confirmWrite(through: index, term: term)
        advanceCommitAsLeader()
    }

    /// The state machine has applied everything through `index`.
    public mutating func applied(through index: LogIndex) {
        appliedIndex = max(appliedIndex, min(index, deliveredIndex))
    }

    /// Forgets the entries through `index`, as far as they are applied. The driver has made sure that the state through
    /// there survives a restart.
    public mutating func compact(through index: LogIndex) {
        let index = min(index, appliedIndex)
        guard index > log.compactedIndex else { return }
        log.compact(through: index)
        configurations.compact(through: index)
    }

    mutating func observe(_ instant: Instant) {
        now = max(now, instant)
    }

    mutating func send(_ body: RaftMessage.Body, to node: NodeID, term: Term? = nil) {
        if case .appendResponse(let response) = body, countsAsAnswer(response) { lastAnswer = now }
        let message = RaftMessage(from: options.id, to: node, term: term ?? self.term, body: body)
        #if PLANTED_FAULTS
            switch (options.plantedFault, body) {
            case (.answerVoteBeforePersisting?, .voteResponse), (.acknowledgeBeforePersist?, .appendResponse):
                pending.messagesBeforePersist.append(message)
                return
            default:
                break
            }
        #endif
        pending.messages.append(message)
    }
}
