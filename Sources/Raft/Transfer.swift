extension Raft {
    /// Hands leadership to `target`: no proposals are taken until it has the whole log and was told to campaign, and
    /// either leads or the longest election timeout has passed (Ongaro 2014, section 3.10). Ignored unless this node
    /// leads and `target` is another voter.
    public mutating func transferLeadership(to target: NodeID, now: Instant) {
        observe(now)
        guard role == .leader, target != options.id,
            configurations.inForce.configuration.voters.contains(target), transferTarget != target
        else { return }
        currentRole.leadership?.transfer = Transfer(
            target: target, deadline: now.advanced(by: options.electionTimeoutMaximum))
        flushIsDue = true
    }

    /// The node that leadership is being handed to.
    public var transferTarget: NodeID? { currentRole.leadership?.transfer?.target }

    /// Whether the target has the whole log and wasn't told to campaign yet.
    var isTransferRipe: Bool {
        guard let transfer = currentRole.leadership?.transfer, !transfer.isRequested else { return false }
        return currentRole.leadership?.progress(of: transfer.target)?.match == log.lastIndex
    }

    /// Tells the target to campaign. It comes after the news of what is committed: they would be a stranger's once the
    /// target has begun a term of its own, and the others would wait for its first entry to learn them.
    mutating func completeTransfer() {
        guard let target = transferTarget else { return }
        currentRole.leadership?.transfer?.isRequested = true
        send(.timeoutNow, to: target)
    }

    mutating func receiveTimeoutNow(from node: NodeID) {
        guard role == .follower, leader == node, isPromotable else { return }
        standForElection(isTransfer: true)
    }
}
