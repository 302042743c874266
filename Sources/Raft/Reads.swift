extension Raft {
    /// Asks for an index that is safe to read at: a state that has applied it shows everything that was acknowledged
    /// before this call (Ongaro 2014, section 6.4). Ends with `id` in `readStates` or in `failedReads`.
    ///
    /// - Parameter id: The caller's. A read that failed and is asked again takes a new one.
    public mutating func requestRead(id: UInt64, now: Instant) {
        observe(now)
        if let count = currentRole.leadership?.reads.count, count < options.maxPendingReads {
            currentRole.leadership?.reads.add(.local(id: id))
            flushIsDue = true
        } else if let count = currentRole.following?.reads.count, leader != nil, count < options.maxPendingReads {
            currentRole.following?.reads.add(id)
        } else {
            pending.failedReads.append(id)
        }
    }

    // MARK: Leader

    mutating func receiveReadIndexRequest(_ id: UInt64, from node: NodeID) {
        guard currentRole.leadership?.position(of: node) != nil,
            currentRole.leadership?.reads.count ?? 0 < options.maxPendingReads
        else { return }
        currentRole.leadership?.reads.add(.remote(node: node, id: id))
        flushIsDue = true
    }

    /// Begins a round for the reads that wait, unless one is under way: then they go together with the next.
    mutating func beginReadRoundIfDue() {
        guard currentRole.leadership?.reads.waiting.isEmpty == false,
            currentRole.leadership?.reads.batches.isEmpty == true, mayServeReads
        else { return }
        beginRound()
        confirmReads()
    }

    /// A new leader's commit index can be older than what its predecessor acknowledged, until it has committed an
    /// entry of its own.
    private var mayServeReads: Bool { hasCommittedInTerm || has(fault: .readIndexBeforeTermCommit) }

    /// The reads that wait go with the round that has just begun.
    mutating func assignReads() {
        guard let begun = currentRole.leadership?.round, mayServeReads else { return }
        let round = has(fault: .readIndexCountsEarlierAcks) ? 1 : begun
        currentRole.leadership?.reads.assign(to: round, at: commitIndex)
    }

    /// Answers the reads whose round a quorum has answered.
    mutating func confirmReads() {
        guard currentRole.leadership?.reads.batches.isEmpty == false else { return }
        let round = answeredRound
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
    var answeredRound: UInt64 {
        guard let peers = currentRole.leadership?.peers, let round = currentRole.leadership?.round else { return 0 }
        return quorum.reached(by: options.id, round, and: peers) { $0.answeredRound }
    }

    // MARK: Follower

    mutating func sendForwardedReads() {
        guard currentRole.following?.reads.hasUnsent == true, let leader else { return }
        // Request ids come from the start's seed: an answer to the process before this one finds no request.
        let id = random.next()
        let expiry = now.advanced(by: options.electionTimeoutMaximum)
        currentRole.following?.reads.send(as: id, expiry: expiry)
        send(.readIndexRequest(id: id), to: leader)
    }

    mutating func receiveReadIndexResponse(_ id: UInt64, index: LogIndex, from node: NodeID) {
        guard role == .follower, leader == node else { return }
        let ids = currentRole.following?.reads.take(id) ?? []
        pending.readStates += ids.map { ReadState(id: $0, index: index) }
    }

    mutating func expireForwardedReads() {
        guard let expiry = currentRole.following?.reads.nextExpiry, expiry <= now else { return }
        pending.failedReads += currentRole.following?.reads.takeExpired(at: now) ?? []
    }

    /// The node stops being what it was when these reads were asked. They may have been lost.
    mutating func failLocalReads() {
        pending.failedReads += currentRole.leadership?.reads.localIDs ?? currentRole.following?.reads.allIDs ?? []
    }
}
