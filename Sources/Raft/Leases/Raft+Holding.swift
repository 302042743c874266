/// The holder's side of leases: every member's, the leader's too.
extension Raft {
    /// All reads of this node are now answered from a view that holds everything through `index`: the view has been
    /// swapped, and whatever else decides reads (indexes of permissions, caches of keys) is consistent with it.
    public mutating func published(through index: LogIndex) {
        guard index > publishedIndex else { return }
        if !isConfirmationOpen { confirmationDue = now.advanced(by: CommitTimes.patience / 5) }
        publishedIndex = index
        guard role == .leader else { return }
        currentRole.leadership?.book.confirm(index, by: options.id, isLatest: true)
        releaseEntries()
    }

    /// Whether this node may hold leases. A node that stops, or cannot answer reads, should not: it would only hold up
    /// writes. It drops what it has, and the leader is told, after those who answer reads (see `RaftOutput.leases`).
    public mutating func setMayHoldLeases(_ mayHold: Bool, now: Instant) {
        observe(now)
        mayHoldLeases = mayHold
        if !mayHold { surrenderLeases() }
    }

    /// The pool reads by rounds, for good: no member was or will be granted a lease, and none is waited for.
    public mutating func forgoLeases(now: Instant) {
        guard options.reads == .lease else { return }
        observe(now)
        surrenderLeases()
        options.reads = .readIndex
        releaseEntries()
    }

    /// The node's clock has done what it must not, so it starts anew with leases: it drops its own, and takes all that
    /// it has measured by this clock for too long. To be called when `ClockCheck.compare` does not find it good.
    public mutating func distrustClock(now: Instant) {
        observe(now)
        lastAnswer = self.now
        currentRole.leadership?.book.bookAll(
            configurations.members, until: self.now.advanced(by: options.leases.bookedLength))
        surrenderLeases()
    }

    /// Drops all leases and requests first, and then says so: what the leader hears is true when it hears it.
    private mutating func surrenderLeases() {
        leases.drop()
        grantStamps = GrantStamps()
        guard let last = leaseRequests.forget() else { return }
        switch role {
        case .leader:
            receiveSurrender(last, from: options.id)
        case .follower:
            guard let leader, currentRole.following?.leaderGrantsLeases == true else { return }
            send(.lease(.surrender(last)), to: leader)
        case .preCandidate, .candidate:
            break
        }
    }

    // MARK: Messages

    mutating func receive(_ message: LeaseMessage, from node: NodeID) {
        switch message {
        case .grant(let grant): accept(grant, isOwn: false)
        case .released(let index):
            if role == .follower, leader == node { releaseAsFollower(told: index) }
        case .published(let index): receiveConfirmation(index, from: node)
        case .surrender(let id): receiveSurrender(id, from: node)
        }
    }

    /// A grant counts from when its request was made, so neither a delay of either message nor one before the request
    /// left makes it last longer. Requests of an earlier process, or dropped ones, are not open.
    mutating func accept(_ grant: LeaseGrant, isOwn: Bool) {
        guard let sentAt = leaseRequests.take(grant.request) ?? unmatchedRequest else { return }
        let parameters = options.leases
        let stamp = ClockCheck.Stamp(sent: sentAt, granted: now, received: grant.receivedAt)
        if !isOwn, !grantStamps.add(stamp, term: term, parameters) { return surrenderLeases() }
        let start = has(fault: .leaseCountedFromReceipt) ? now : sentAt
        leases.add(
            ReadGrant(floor: grant.floor, end: start.advanced(by: parameters.length)), published: publishedIndex)
    }

    /// Nil, but for a planted fault.
    private var unmatchedRequest: Instant? {
        #if PLANTED_FAULTS
            if has(fault: .leaseGrantNotMatched) { return leaseRequests.latestSentAt }
        #endif
        return nil
    }

    // MARK: Follower

    /// A leader that says what is released grants leases; one that does not, has none to wait for.
    mutating func learnOfLeases(from request: AppendRequest) {
        currentRole.following?.leaderGrantsLeases = request.released != nil
    }

    /// Takes over what the leader says is released. From one that grants no leases, all that is committed is.
    mutating func releaseAsFollower(told released: LogIndex?) {
        if let released {
            releasedIndex = max(releasedIndex, released)
        } else if !(currentRole.following?.leaderGrantsLeases ?? (options.reads == .lease)) {
            releasedIndex = max(releasedIndex, commitIndex)
        }
    }

    /// The request to send with the answer to `round`, a few for each length of a lease. Its clock is read before the
    /// answer leaves.
    mutating func leaseRequestIfDue(round: UInt64) -> LeaseRequestID? {
        guard round > 0, options.reads == .lease, mayHoldLeases else { return nil }
        guard currentRole.following?.leaderGrantsLeases == true else { return nil }
        if let last = currentRole.following?.lastLeaseRequest, now.since(last) < options.heartbeatInterval / 2 {
            return nil
        }
        currentRole.following?.lastLeaseRequest = now
        return leaseRequests.make(now: now)
    }

    /// Whether the leader has to hear of this node's view: at once where it may wait for it, else in time for its next
    /// grant, unless an answer has told it by then.
    var owesConfirmation: Bool {
        isConfirmationOpen && (publishedIndex > releasedIndex || now >= confirmationDue)
    }

    /// Whether there is a leader that grants leases and was not told of the published view.
    var isConfirmationOpen: Bool {
        publishedIndex > toldPublished && role == .follower && leader != nil
            && currentRole.following?.leaderGrantsLeases == true
    }

    mutating func confirmView() {
        guard owesConfirmation, role == .follower, let leader else { return }
        toldPublished = publishedIndex
        send(.lease(.published(publishedIndex)), to: leader)
    }

    /// Whether an answer of this node counts as one: they all do.
    func countsAsAnswer(_ response: AppendResponse) -> Bool {
        response.leaseRequest != nil || !has(fault: .onlyLeaseRoundsAreAnswers)
    }
}
