extension Raft {
    /// The configuration in force: the last one in the log, committed or not.
    public var configuration: PoolConfiguration { configurations.inForce.configuration }

    /// Who must agree to an election, a commit or a round.
    var quorum: Quorum {
        has(fault: .jointQuorumByOneHalf) ? configurations.quorum.incomingAlone : configurations.quorum
    }

    /// The index of the entry that holds it. Where that was cut off before this start, or a snapshot has taken its
    /// place, the index behind which the log begins.
    public var configurationIndex: LogIndex { configurations.inForce.index }

    /// The last configuration that is known to be committed.
    public var committedConfiguration: PoolConfiguration { configurations.item(at: commitIndex).configuration }

    /// What this leader has to propose to end a joint configuration, once that may be done: the joint one is
    /// committed, and so is an entry of this leader's term, and nobody who leaves can still hold a lease. Nil
    /// otherwise. The driver proposes it, because it makes the tag, and because it knows whether those who leave may go
    /// yet.
    public var configurationToLeaveJoint: PoolConfiguration? {
        guard role == .leader, configuration.isJoint, isChangeAllowed, mayLeaversGo else { return nil }
        return PoolConfiguration(voters: configuration.voters, learners: configuration.learners)
    }

    /// Whether all leases of those who leave have ended. Not only the answer to the removal waits for it, but the very
    /// entry: a leader whose log lacks the node would not know whom to wait for.
    private var mayLeaversGo: Bool {
        guard options.reads == .lease, let leadership = currentRole.leadership else { return true }
        if has(fault: .removedNotWaitedFor) { return true }
        let inForce = configuration
        return configurations.members.allSatisfy { inForce.isStaying($0) || leadership.book.end(of: $0) <= now }
    }

    /// One change at a time, and none before the leader has committed in its term: two leaders could otherwise each
    /// append a change whose quorums do not meet (Ongaro, raft-dev, 2015).
    private var isChangeAllowed: Bool {
        configurations.inForce.index <= commitIndex && hasCommittedInTerm
    }

    func refusal(of proposed: PoolConfiguration) -> ProposalRefusal? {
        guard isChangeAllowed, !configuration.isJoint || mayLeaversGo else { return .configurationChangePending }
        return configuration.allows(next: proposed) ? nil : .invalidConfiguration
    }

    /// As leader: counts by it from now on, and replicates to whoever is new.
    mutating func putInForce(_ configuration: PoolConfiguration, at index: LogIndex) {
        configurations.append(configuration, at: index)
        guard let leadership = currentRole.leadership else { return }
        let known = Set(leadership.peers.map(\.node)).union([options.id])
        for node in configuration.members.subtracting(known) {
            currentRole.leadership?.peers.append(Progress(node: node, next: index, now: now))
        }
        currentRole.leadership?.peers.sort { $0.node < $1.node }
        if let target = leadership.transfer?.target, !configuration.voters.contains(target) {
            currentRole.leadership?.transfer = nil
        }
    }

    /// From now on these members count as dead, whatever they say and have said: their disks were put back to an
    /// earlier state, so that what they acknowledged is no longer there, and what they promised is forgotten.
    public mutating func distrust(_ nodes: Set<NodeID>) {
        guard nodes != distrusted else { return }
        distrusted = nodes
        switch role {
        case .follower: return
        case .preCandidate, .candidate: return becomeFollower(term: term, leader: nil)
        case .leader: break
        }
        guard let leadership = currentRole.leadership else { return }
        for position in leadership.peers.indices where nodes.contains(leadership.peers[position].node) {
            currentRole.leadership?.peers[position].forgetAnswers()
            currentRole.leadership?.book.forgetCover(of: leadership.peers[position].node)
        }
    }

    /// Those who left were sent the committed change once, so that they know; from now on they are strangers.
    mutating func dropRemovedPeers() {
        let inForce = configurations.inForce
        guard inForce.index <= commitIndex, inForce.index > currentRole.leadership?.prunedThrough ?? .max else {
            return
        }
        currentRole.leadership?.prunedThrough = inForce.index
        currentRole.leadership?.peers.removeAll { !inForce.configuration.isMember($0.node) }
        currentRole.leadership?.book.forget { !inForce.configuration.isMember($0) }
    }

    /// A leader that is no voter any more leads until the change is committed by those who stay, tells them, and asks
    /// the one that has most of the log to take over.
    mutating func retireIfRemoved() {
        let inForce = configurations.inForce
        guard inForce.index <= commitIndex, !inForce.configuration.isVoter(options.id) else { return }
        flush()
        guard let leadership = currentRole.leadership else { return }
        let heirs = leadership.peers.filter { inForce.configuration.voters.contains($0.node) }
        if let heir = heirs.max(by: { $0.match < $1.match }) { send(.timeoutNow, to: heir.node) }
        becomeFollower(term: term, leader: nil)
    }
}

extension PoolConfiguration {
    /// Someone decides, nobody is node 0 or both voter and learner, and there are not absurdly many.
    var isWellFormed: Bool {
        guard !voters.isEmpty, size <= 2 * Limits.mostMembers, !isMember(NodeID(0)) else { return false }
        guard outgoingLearners.isDisjoint(with: voters.union(outgoingVoters).union(learners)) else { return false }
        guard isJoint || outgoingLearners.isEmpty else { return false }
        return learners.isDisjoint(with: voters) && learners.isDisjoint(with: outgoingVoters)
    }

    /// Whether `next` may follow this configuration in the log. Voters change in two steps: into a joint configuration
    /// that keeps the present voters as its outgoing half, and out of it. Learners come with any step; they become
    /// voters, or leave, with those two.
    func allows(next: PoolConfiguration) -> Bool {
        guard next.isWellFormed else { return false }
        if isJoint { return !next.isJoint && next.voters == voters && next.learners.isSuperset(of: learners) }
        if !next.isJoint { return next.voters == voters && next.learners.isSuperset(of: learners) }
        return next.outgoingVoters == voters && next.outgoingLearners.isSubset(of: learners)
            && learners.isSubset(of: next.members)
    }
}
