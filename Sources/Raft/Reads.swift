extension Raft {
    /// Asks for an index that is safe to read at: a state that has applied it shows everything that was acknowledged
    /// before this call (Ongaro 2014, section 6.4). Ends with `id` in `readStates` or in `failedReads`.
    ///
    /// - Parameter id: The caller's. A read that failed and is asked again takes a new one.
    public mutating func requestRead(id: UInt64, now: Instant) {
        observe(now)
        switch currentRole {
        case .leader(let leadership) where leadership.reads.count < options.maxPendingReads:
            currentRole.leadership?.reads.add(.local(id: id))
            flushIsDue = true
        case .follower(let following) where following.leader != nil && following.reads.count < options.maxPendingReads:
            currentRole.following?.reads.add(id)
        default:
            pending.failedReads.append(id)
        }
    }

    // MARK: Leader

    mutating func receiveReadIndexRequest(_ id: UInt64, from node: NodeID) {
        guard case .leader(let leadership) = currentRole, leadership.position(of: node) != nil,
            leadership.reads.count < options.maxPendingReads
        else { return }
        currentRole.leadership?.reads.add(.remote(node: node, id: id))
        flushIsDue = true
    }

    /// Begins a round for the reads that wait, unless one is under way: then they go together with the next.
    mutating func beginReadRoundIfDue() {
        guard case .leader(let leadership) = currentRole, !leadership.reads.waiting.isEmpty,
            leadership.reads.batches.isEmpty, mayServeReads
        else { return }
        beginRound()
        confirmReads()
    }

    /// A new leader's commit index can be older than what its predecessor acknowledged, until it has committed an
    /// entry of its own.
    private var mayServeReads: Bool { hasCommittedInTerm || has(fault: .readIndexBeforeTermCommit) }

    /// The reads that wait go with the round that has just begun.
    mutating func assignReads() {
        guard case .leader(let leadership) = currentRole, mayServeReads else { return }
        let round = has(fault: .readIndexCountsEarlierAcks) ? 1 : leadership.round
        currentRole.leadership?.reads.assign(to: round, at: commitIndex)
    }

    /// Answers the reads whose round a quorum has answered.
    mutating func confirmReads() {
        guard case .leader(let leadership) = currentRole, !leadership.reads.batches.isEmpty else { return }
        let round = answeredRound(leadership)
        let confirmed = currentRole.leadership?.reads.confirm(through: round) ?? []
        for batch in confirmed {
            for origin in batch.origins {
                switch origin {
                case .local(let id): pending.readStates.append(ReadState(id: id, index: batch.index))
                case .remote(let node, let id): send(.readIndexResponse(id: id, index: batch.index), to: node)
                }
            }
        }
    }

    /// The latest round that a quorum has answered: this node led when it began.
    func answeredRound(_ leadership: Leadership) -> UInt64 {
        quorum.reached { node in
            if node == options.id { return leadership.round }
            return leadership.position(of: node).map { leadership.peers[$0].answeredRound } ?? 0
        }
    }

    // MARK: Follower

    mutating func sendForwardedReads() {
        guard case .follower(let following) = currentRole, let leader = following.leader, following.reads.hasUnsent
        else { return }
        // Request ids come from the start's seed: an answer to the process before this one finds no request.
        let id = random.next()
        let expiry = now.advanced(by: options.electionTimeoutMaximum)
        currentRole.following?.reads.send(as: id, expiry: expiry)
        send(.readIndexRequest(id: id), to: leader)
    }

    mutating func receiveReadIndexResponse(_ id: UInt64, index: LogIndex, from node: NodeID) {
        guard case .follower(let following) = currentRole, following.leader == node else { return }
        let ids = currentRole.following?.reads.take(id) ?? []
        pending.readStates += ids.map { ReadState(id: $0, index: index) }
    }

    mutating func expireForwardedReads() {
        guard case .follower(let following) = currentRole, let expiry = following.reads.nextExpiry, expiry <= now else {
            return
        }
        pending.failedReads += currentRole.following?.reads.takeExpired(at: now) ?? []
    }

    /// The node stops being what it was when these reads were asked. They may have been lost.
    mutating func failLocalReads() {
        switch currentRole {
        case .leader(let leadership): pending.failedReads += leadership.reads.localIDs
        case .follower(let following): pending.failedReads += following.reads.allIDs
        case .preCandidate, .candidate: break
        }
    }
}
