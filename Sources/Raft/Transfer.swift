extension Raft {
    /// Hands leadership to `target`: no proposals are taken until it has the whole log and was told to campaign, and
    /// either leads or the longest election timeout has passed (Ongaro 2014, section 3.10). Ignored unless this node
    /// leads and `target` is another voter.
    public mutating func transferLeadership(to target: NodeID, now: Instant) {
        observe(now)
        guard case .leader(let leadership) = currentRole, target != options.id,
            configurations.inForce.configuration.voters.contains(target), leadership.transfer?.target != target
        else { return }
        currentRole.leadership?.transfer = Transfer(
            target: target, deadline: now.advanced(by: options.electionTimeoutMaximum))
        flushIsDue = true
        continueTransfer(caughtUp: target)
    }

    /// The node that leadership is being handed to.
    public var transferTarget: NodeID? { currentRole.leadership?.transfer?.target }

    /// Tells the target to campaign, once it has the whole log.
    mutating func continueTransfer(caughtUp node: NodeID) {
        guard case .leader(let leadership) = currentRole, let transfer = leadership.transfer, transfer.target == node,
            !transfer.isRequested, let position = leadership.position(of: node),
            leadership.peers[position].match == log.lastIndex
        else { return }
        currentRole.leadership?.transfer?.isRequested = true
        send(.timeoutNow, to: node)
    }

    mutating func receiveTimeoutNow(from node: NodeID) {
        guard case .follower(let following) = currentRole, following.leader == node, isPromotable else { return }
        standForElection(isTransfer: true)
    }
}
