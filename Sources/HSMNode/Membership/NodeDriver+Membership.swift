import NodeEnvironment
import PoolState
import Raft

/// Changing who belongs to the pool. Both steps of joint consensus are tagged, so only an unsealed leader makes them.
extension NodeDriver {
    func changeMembers(
        voters: Set<NodeID>, learners: Set<NodeID>, _ completion: @escaping (ProposalRefusal?) -> Void
    ) {
        guard raft.role == .leader, case .unsealed = seal else {
            let leader = raft.leader == id ? nil : raft.leader
            return completions.append { completion(.notLeader(leader: leader)) }
        }
        let wish = MembershipChange.Wanted(voters: voters, learners: learners, completion: completion)
        if !membership.add(wish) { completions.append { completion(.configurationChangePending) } }
    }

    /// As leader: makes the pool's members, one step at a time, those that its state wants. A step is judged only from
    /// a state that holds the last one; a new leader goes on where its predecessor stopped. A step after which nobody
    /// might decide waits, and learners come meanwhile: one of them may replace who is missed. This needs no timer: a
    /// leader is awake at each heartbeat.
    func tendMembership() {
        guard now >= membershipDue, raft.role == .leader, raft.isEstablishedLeader, case .unsealed = seal,
            let view = published
        else { return }
        membershipDue = now.advanced(by: options.membershipInterval)
        guard !raft.configuration.isJoint, view.appliedIndex >= raft.configurationIndex else { return }
        let goal = raft.commitIndex - min(raft.commitIndex, options.promotionLag)
        let progress = raft.progress
        let plan = MembershipPlan(from: raft.configuration, members: view.state.members) { node in
            guard let peer = progress.first(where: { $0.node == node }), peer.state == .replicate else { return false }
            return peer.matchIndex >= goal && peers.isServing(node, from: goal, now: now)
        }
        guard let plan else { return membership.goesOn() }
        guard let step = possible(plan, progress) else { return }
        // Refused only while something else is under way: then it is planned anew.
        _ = membership.add(
            MembershipChange.Wanted(voters: step.voters, learners: step.learners, completion: { _ in }))
    }

    /// As much of the step as can be taken now.
    private func possible(_ plan: MembershipPlan, _ progress: [PeerProgress]) -> MembershipPlan? {
        func takesPart(_ node: NodeID) -> Bool {
            if node == id { return true }
            guard !raft.distrusted.contains(node), let peer = progress.first(where: { $0.node == node }) else {
                return false
            }
            // A new leader takes everybody for heard of at its election; what they have acknowledged it has been told.
            return peer.matchIndex > 0 && now.since(peer.lastHeard) < options.raft.electionTimeoutMaximum
        }
        guard plan.voters != raft.configuration.voters, !plan.isDecided(by: takesPart) else {
            membership.goesOn()
            return plan
        }
        if membership.waits(now: now, patience: options.peerSilence) {
            environment.observer.alarm(.memberChangeWaits(for: plan.voters.filter { !takesPart($0) }.sorted()))
        }
        return plan.withoutVoters(of: raft.configuration)
    }

    /// Puts a wanted change into the log, and leaves a joint configuration once it is committed.
    func proposeMembership(chain: EntryChain) {
        if let next = raft.configurationToLeaveJoint { _ = propose(.configuration(next), chain: chain) }
        guard let wish = membership.take() else { return }
        let joint = raft.configuration.joint(voters: wish.voters, learners: wish.learners)
        let refusal = propose(.configuration(joint), chain: chain)
        completions.append { wish.completion(refusal) }
    }

    /// The state has taken in another configuration, or what is known of members has changed.
    func membershipApplied() {
        let state = applied.state
        let known = state.members.filter { $0.standing == .distrusted }.map { NodeID($0.node) }
        raft.distrust(suspects.union(known))
        if state.wasRemoved(id.rawValue) { leave() }
    }

    /// The node belongs to the pool no more. It stops serving, and says so; its id is of no use any longer.
    private func leave() {
        guard !isRemoved else { return }
        isRemoved = true
        environment.observer.alarm(.removed)
        sealNow()
    }

    /// A member's disk was put back to an earlier state: what it acknowledged counts no more, here at once, and by the
    /// log on every node.
    func distrust(_ node: NodeID) {
        guard suspects.insert(node).inserted else { return }
        environment.observer.alarm(.memberForgot(node))
        raft.distrust(raft.distrusted.union(suspects))
        suspectsDue = now
    }

    /// Tells the pool of members that have forgotten, until its state says so. Sealed, the node can't; and a time
    /// without a leader, in which nothing is taken, is when such a member does the most harm.
    func reportSuspects() {
        guard !suspects.isEmpty, now >= suspectsDue, case .unsealed = seal else { return }
        suspectsDue = now.advanced(by: options.submitTimeout)
        for member in applied.state.members where member.standing == .member && suspects.contains(NodeID(member.node)) {
            submit(.distrustNode(member.node), origin: .node) { _ in }
        }
    }
}
