/// The leader's side of leases.
extension Raft {
    private var grants: Bool { options.reads == .lease }

    // MARK: Requests

    /// What a member's answer says about leases, after it was counted for everything that was asked before.
    mutating func receiveLeaseNews(of response: AppendResponse, from node: NodeID, isLatest: Bool) {
        guard grants else { return }
        if response.published > 0 || response.leaseRequest != nil,
            let position = currentRole.leadership?.position(of: node)
        {
            currentRole.leadership?.peers[position].knowsLeases = true
        }
        currentRole.leadership?.book.confirm(response.published, by: node, isLatest: isLatest)
        if let id = response.leaseRequest { receiveLeaseRequest(id, from: node, echo: response.round) }
        releaseEntries()
    }

    private mutating func receiveLeaseRequest(_ id: LeaseRequestID, from node: NodeID, echo: UInt64) {
        guard let round = currentRole.leadership?.round else { return }
        var request = LeaseBook.Request(id: id, receivedAt: now, receivedIn: round, commit: commitIndex)
        if has(fault: .leaseByEarlierRound) { request.round = 1 }
        currentRole.leadership?.book.add(request, of: node, echo: echo)
        if has(fault: .leaseWithoutRound) { grantLeases() }
    }

    /// The leader is a holder like the others: its role alone does not tell it that it has not been deposed. Its
    /// request has arrived when the round begins that is to confirm it.
    mutating func askOwnLease() {
        guard grants, mayHoldLeases, role == .leader else { return }
        receiveLeaseRequest(leaseRequests.make(now: now), from: options.id, echo: .max)
    }

    /// Members that this leader has granted nothing yet need not wait for the next heartbeat.
    mutating func beginLeaseRoundIfDue() {
        guard grants, hasCommittedInTerm, let newcomers = currentRole.leadership?.book.newcomers, !newcomers.isEmpty
        else { return }
        watchHolders()
        if newcomers.contains(where: { mayHold($0) }) { beginRound() }
    }

    // MARK: Grants

    /// Grants what was asked before a round began that a quorum has answered, by a leader that knows what was committed
    /// before it: the answers prove that no later leader had been elected when the requests came, so whatever is
    /// committed since, is by this leader, which has the holder in its book.
    mutating func grantLeases() {
        guard grants, role == .leader else { return }
        guard hasCommittedInTerm || has(fault: .leaseBeforeTermCommit) else { return }
        let round = has(fault: .leaseWithoutRound) ? .max : answeredRound
        guard let nodes = currentRole.leadership?.book.confirmed(through: round), !nodes.isEmpty else { return }
        watchHolders()
        for node in nodes {
            guard let request = currentRole.leadership?.book.take(of: node, through: round), mayHold(node) else {
                continue
            }
            grant(request, to: node)
        }
    }

    /// Leases go to members by a committed configuration that do not leave, so that every later leader knows whom it
    /// has to wait for; and to nobody who would hold up writes.
    private func mayHold(_ node: NodeID) -> Bool {
        guard currentRole.leadership?.book.isSuspended(node, now: now) == false else { return false }
        let isAdmitted = committedConfiguration.isMember(node) || has(fault: .leaseBeforeAdmission)
        return isAdmitted && (configuration.isStaying(node) || has(fault: .removedNotWaitedFor))
    }

    /// Booking and floor belong together: an entry that is released before this has an index up to the floor, and one
    /// after it waits for the booking. The booking counts from the arrival of the request, which is later than the
    /// holder's counting, and on this clock lasts no less than a lease on the holder's.
    private mutating func grant(_ request: LeaseBook.Request, to node: NodeID) {
        let length = has(fault: .leaseBookedWithoutDrift) ? options.leases.length : options.leases.bookedLength
        if !has(fault: .leaseNotBooked) {
            currentRole.leadership?.book.book(request, for: node, until: request.receivedAt.advanced(by: length))
        }
        let floor = has(fault: .leaseFloorAtReceipt) ? request.commit : commitIndex
        let grant = LeaseGrant(request: request.id, floor: floor, receivedAt: request.receivedAt)
        if node == options.id {
            accept(grant, isOwn: true)
        } else {
            send(.lease(.grant(grant)), to: node)
        }
    }

    mutating func watchHolders() {
        guard grants else { return }
        currentRole.leadership?.book.watch(configurations.members, now: now, unit: options.leases.length)
    }

    // MARK: Release

    /// Releases what is committed and honoured by every member, except those who cannot hold a lease any more: it is in
    /// the member's view, or in its log, and reads that it touches wait for the view. This node's own log does not
    /// count, for it notes nothing of what it proposes. Members are the nodes of both halves of the configuration in
    /// force, learners, and this node. What is released stays so: later grants have higher floors. Behind a lost quorum
    /// there may be holders that are members no more: until their leases have run out nothing is released.
    mutating func releaseEntries() {
        guard role == .leader, releasedIndex < commitIndex else { return }
        guard grants else {
            releasedIndex = commitIndex
            return
        }
        guard hasCommittedInTerm, now >= unknownLeasesEnd, let book = currentRole.leadership?.book else { return }
        var reached = commitIndex
        if !has(fault: .releasedOnCommit) {
            for node in configurations.members where book.end(of: node) > now {
                reached = min(reached, book.honoured(by: node))
            }
        }
        guard reached > releasedIndex else { return }
        newsArose(isUrgent: releasedIndex < currentRole.leadership?.urgentThrough ?? 0)
        releasedIndex = reached
    }

    /// When a lease ends that holds up a release.
    var nextRelease: Instant {
        guard grants, releasedIndex < commitIndex, let book = currentRole.leadership?.book else {
            return .distantFuture
        }
        guard now >= unknownLeasesEnd else { return unknownLeasesEnd }
        let ends = configurations.members.map { book.end(of: $0) }.filter { $0 > now }
        return ends.min() ?? .distantFuture
    }

    mutating func receiveSurrender(_ id: LeaseRequestID, from node: NodeID) {
        currentRole.leadership?.book.surrender(id, of: node)
        releaseEntries()
    }

    mutating func receiveConfirmation(_ index: LogIndex, from node: NodeID) {
        guard grants, currentRole.leadership?.position(of: node) != nil else { return }
        currentRole.leadership?.book.confirm(index, by: node, isLatest: false)
        releaseEntries()
    }
}
