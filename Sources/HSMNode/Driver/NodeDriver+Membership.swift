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

    /// Puts a wanted change into the log, and leaves a joint configuration once it is committed.
    func proposeMembership(chain: EntryChain) {
        if let next = raft.configurationToLeaveJoint { _ = propose(.configuration(next), chain: chain) }
        guard let wish = membership.take() else { return }
        let joint = raft.configuration.joint(voters: wish.voters, learners: wish.learners)
        let refusal = propose(.configuration(joint), chain: chain)
        completions.append { wish.completion(refusal) }
    }
}
