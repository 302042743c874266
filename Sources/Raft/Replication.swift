extension Raft {
    /// Appends an entry, if this node leads, and begins to replicate it.
    ///
    /// The entry carries `tag`; a no-op carries the tag of the entry before it, whatever is given. A proposal that was
    /// appended can still be lost with its leader: it has happened once it comes back in `RaftOutput.committed`.
    ///
    /// - Returns: The index of the new entry.
    public mutating func propose(_ payload: EntryPayload, tag: [UInt8]) -> Result<LogIndex, ProposalRefusal> {
        guard let uncommittedBytes = currentRole.leadership?.uncommittedBytes else {
            return .failure(.notLeader(leader: leader))
        }
        if let transferTarget { return .failure(.transferring(target: transferTarget)) }
        guard uncommittedBytes <= options.maxUncommittedBytes, log.lastIndex < Limits.largestNumber else {
            return .failure(.overloaded)
        }
        switch payload {
        case .noOp:
            return .success(append(payload, tag: log.lastTag))
        case .command:
            return .success(append(payload, tag: tag))
        case .configuration(let configuration):
            if let refusal = refusal(of: configuration) { return .failure(refusal) }
            return .success(append(payload, tag: tag))
        }
    }

    @discardableResult
    mutating func append(_ payload: EntryPayload, tag: [UInt8]) -> LogIndex {
        let entry = LogEntry(index: log.lastIndex + 1, term: term, payload: payload, tag: tag)
        log.append(entry)
        currentRole.leadership?.uncommittedBytes += entry.size
        if case .configuration(let configuration) = payload { putInForce(configuration, at: entry.index) }
        flushIsDue = true
        return entry.index
    }

    // MARK: Leader

    mutating func leaderTimerFired() {
        if let deadline = currentRole.leadership?.transfer?.deadline, now >= deadline {
            currentRole.leadership?.transfer = nil
        }
        releaseEntries()
        if let due = currentRole.leadership?.newsDue, now >= due { flushIsDue = true }
        guard let due = currentRole.leadership?.heartbeatDeadline, now >= due else { return }
        watchHolders()
        guard hearsQuorum else {
            // Others cannot be reached, or cannot reach back: let someone lead who can.
            becomeFollower(term: term, leader: nil)
            return
        }
        currentRole.leadership?.heartbeatDeadline = now.advanced(by: options.heartbeatInterval)
        currentRole.leadership?.forEachPeer { $0.retry() }
        beginRound()
    }

    /// Whether a quorum has answered within the longest election timeout.
    private var hearsQuorum: Bool {
        guard let peers = currentRole.leadership?.peers else { return false }
        let latest = quorum.reached(by: options.id, now.nanoseconds, and: peers) { $0.lastHeard.nanoseconds }
        return now.since(Instant(nanoseconds: latest)) < options.electionTimeoutMaximum
    }

    /// Asks all for an answer that proves, when it comes, that this node still led at this moment.
    mutating func beginRound() {
        guard role == .leader else { return }
        askOwnLease()
        currentRole.leadership?.beginRound()
        assignReads()
        flushIsDue = true
    }

    mutating func receiveAppendResponse(_ response: AppendResponse, from node: NodeID) {
        guard let round = currentRole.leadership?.round, let position = currentRole.leadership?.position(of: node)
        else { return }
        // Only what this leader sent can be answered.
        guard response.round <= round else { return }
        let isLatest = currentRole.leadership?.peers[position].answered(response.round, at: now) ?? false
        switch response.outcome {
        case .accepted(let match):
            guard match <= log.lastIndex else {
                pending.violations.append(.matchBeyondLog(from: node, index: match))
                return
            }
            currentRole.leadership?.peers[position].accepted(through: match, round: response.round, log: log)
            if response.covers { currentRole.leadership?.book.cover(through: match, by: node) }
            advanceCommitAsLeader()
        case .rejected(let hintIndex, let hintTerm):
            currentRole.leadership?.peers[position].rejected(hintIndex: hintIndex, hintTerm: hintTerm, log: log)
        }
        confirmReads()
        grantLeases()
        receiveLeaseNews(of: response, from: node, isLatest: isLatest)
        flushIsDue = true
    }

    /// Commits what a quorum has on disk. Only an entry of the own term is committed by counting; those before it come
    /// with it (paper, section 5.4.2 and Figure 8).
    mutating func advanceCommitAsLeader() {
        guard let peers = currentRole.leadership?.peers else { return }
        let reached = quorum.reached(by: options.id, log.writes.durable, and: peers) { $0.match }
        guard reached > commitIndex, let reachedTerm = log.term(at: reached) else { return }
        guard reachedTerm == term || has(fault: .commitEarlierTermByCounting) else { return }
        let newlyCommitted = log.entries(from: commitIndex + 1, through: reached).reduce(0) { $0 + $1.size }
        // Whoever leaves is told once, and then a stranger.
        let changesMembers = (commitIndex + 1...reached).contains(configurations.inForce.index)
        commitIndex = reached
        currentRole.leadership?.uncommittedBytes -= newlyCommitted
        currentRole.leadership?.book.committed(through: reached, at: now)
        newsArose(isUrgent: changesMembers)
        releaseEntries()
        retireIfRemoved()
    }

    /// There is something to tell of what was committed or released. It waits for entries to go along with, for a
    /// little while, unless somebody waits for it.
    ///
    /// - Parameter isUrgent: whether it must leave at once.
    mutating func newsArose(isUrgent: Bool = false) {
        guard role == .leader else { return }
        let due = isUrgent ? now : now.advanced(by: options.newsDelay)
        if due < currentRole.leadership?.newsDue ?? .distantFuture { currentRole.leadership?.newsDue = due }
        if due <= now { flushIsDue = true }
    }

    /// Members wait for the news that everything through `index` is committed, and released: those that have taken
    /// the proposal from a client.
    public mutating func hastenNews(through index: LogIndex) {
        guard let urgentThrough = currentRole.leadership?.urgentThrough else { return }
        currentRole.leadership?.urgentThrough = max(urgentThrough, index)
        newsArose(isUrgent: true)
    }

    /// Whether an entry of this leader's own term is committed, so that its commit index is no older than anything that
    /// was acknowledged before its election.
    var hasCommittedInTerm: Bool { log.term(at: commitIndex) == term }

    /// Makes the messages that are due. What was proposed or asked since the last output goes together.
    mutating func flush() {
        guard flushIsDue else { return }
        // A change of the configuration can have made a quorum of the answers that were there.
        confirmReads()
        beginReadRoundIfDue()
        beginLeaseRoundIfDue()
        grantLeases()
        flushIsDue = false
        guard let round = currentRole.leadership?.round else { return }
        let endsReign = isTransferRipe
        let isNewsDue = currentRole.leadership?.newsDue.map { $0 <= now } ?? false
        let tellsNews = options.newsDelay == 0 || endsReign || isNewsDue
        if tellsNews { currentRole.leadership?.newsDue = nil }
        let source = Progress.Source(
            log: log, commit: commitIndex, round: round,
            released: options.reads == .lease ? releasedIndex : nil, tellsNews: tellsNews, options: options,
            compactedConfiguration: configurations.item(at: log.compactedIndex).configuration)
        for position in 0..<(currentRole.leadership?.peers.count ?? 0) {
            guard let node = currentRole.leadership?.peers[position].node else { continue }
            while let body = currentRole.leadership?.peers[position].nextMessage(from: source) {
                send(body, to: node)
            }
            if let news = currentRole.leadership?.peers[position].releaseNews(from: source) {
                send(.lease(.released(news)), to: node)
            }
        }
        if endsReign { completeTransfer() }
        dropRemovedPeers()
    }

    // MARK: Follower

    mutating func answerAppend(_ request: AppendRequest, from leader: NodeID) {
        learnOfLeases(from: request)
        guard let match = extendLog(by: request, from: leader) else { return }
        commitIndex = max(commitIndex, min(request.commit, match))
        releaseAsFollower(told: request.released)
        answer(.accepted(matchIndex: match), round: request.round, to: leader)
    }

    /// Answers a leader's append or heartbeat, or without a round its snapshot.
    mutating func answer(_ outcome: AppendResponse.Outcome, round: UInt64, to leader: NodeID) {
        toldPublished = publishedIndex
        let response = AppendResponse(
            outcome: outcome, round: round, published: publishedIndex, covers: options.coversAppended,
            leaseRequest: leaseRequestIfDue(round: round))
        send(.appendResponse(response), to: leader)
    }

    /// - Returns: The index through which the log now equals the leader's. Nil if that is not known; the leader was
    ///   told then.
    private mutating func extendLog(by request: AppendRequest, from leader: NodeID) -> LogIndex? {
        if request.prevIndex >= commitIndex, log.term(at: request.prevIndex) != request.prevTerm {
            guard request.prevIndex > commitIndex else {
                pending.violations.append(.conflictWithCommitted(from: leader, index: request.prevIndex))
                return nil
            }
            reject(request, from: leader)
            return nil
        }
        // What is committed equals the leader's log, whatever part of it the request repeats.
        let first = request.entries.firstIndex { log.term(at: $0.index) != $0.term && $0.index > log.compactedIndex }
        let match = max(request.prevIndex + LogIndex(request.entries.count), commitIndex)
        guard let first else { return match }
        let mismatch = request.entries[first].index
        guard mismatch > commitIndex else {
            pending.violations.append(.conflictWithCommitted(from: leader, index: mismatch))
            return nil
        }
        // Entries that agree are kept, even if the request is an old one and ends before them.
        if mismatch <= log.lastIndex { truncate(from: mismatch) }
        for entry in request.entries[first...] {
            log.append(entry)
            if case .configuration(let configuration) = entry.payload {
                configurations.append(configuration, at: entry.index)
            }
        }
        return match
    }

    private mutating func reject(_ request: AppendRequest, from leader: NodeID) {
        let hint = log.latestAgreement(with: request.prevIndex - 1, term: request.prevTerm)
        answer(
            .rejected(hintIndex: hint, hintTerm: log.term(at: hint) ?? 0), round: request.round, to: leader)
    }

    private mutating func truncate(from first: LogIndex) {
        log.truncate(from: first)
        if has(fault: .configurationNotRolledBack) { return }
        configurations.truncate(from: first)
    }
}
