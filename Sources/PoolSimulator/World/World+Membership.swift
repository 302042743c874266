import HSMNode
import NodeEnvironment
import Raft

/// Nodes come and go.
extension World {
    private enum Change: CaseIterable {
        case addVoter, addLearner, promote, demote, remove, replace, shuffle
    }

    /// Asks the leader to change the members. One that was removed never comes back: its id is used up.
    func changeMembers(_ dice: SimulatedRandom) {
        guard let leader, let process = nodes[leader].process else { return }
        let present = process.driver.report().configuration
        guard !present.isJoint, let change = dice.element(of: Change.allCases) else { return }
        var voters = present.voters
        var learners = present.learners
        let newcomer = dice.element(of: newcomers(besides: present))
        switch change {
        case .addVoter: if let newcomer { voters.insert(newcomer) }
        case .addLearner: if let newcomer { learners.insert(newcomer) }
        case .promote:
            guard let learner = dice.element(of: learners.sorted()) else { return }
            learners.remove(learner)
            voters.insert(learner)
        case .demote:
            guard let voter = dice.element(of: voters.sorted()) else { return }
            voters.remove(voter)
            learners.insert(voter)
        case .remove:
            guard let node = dice.element(of: present.members.sorted()) else { return }
            voters.remove(node)
            learners.remove(node)
        case .replace:
            guard let newcomer, let node = dice.element(of: voters.sorted()) else { return }
            voters.remove(node)
            voters.insert(newcomer)
        case .shuffle:
            // Any quorum of the new voters may lack a quorum of the old ones.
            let candidates = present.members.union(newcomers(besides: present)).sorted()
            voters = Set(candidates.filter { _ in dice.chance(500_000) })
            learners = learners.subtracting(voters)
        }
        guard !voters.isEmpty, voters.count <= profile.mostVoters else { return }
        guard voters != present.voters || learners != present.learners else { return }
        note("members are to be \(voters.sorted()) with learners \(learners.sorted())")
        for node in voters.union(learners).subtracting(present.members).sorted() { putIntoService(node) }
        counters.changesAsked += 1
        tell(leader, .changeMembers(voters: voters, learners: learners) { _ in })
        guard dice.chance(profile.coupsAfterChanges) else { return }
        unheard = (leader, present.members)
        events.add(.coup(leader), at: now + 1 + dice.exponential(mean: profile.meanReignAfterChange))
    }

    /// Whether what the node writes is lost on its way to `receiver`, while its heartbeats arrive.
    func isUnheard(_ node: SimulatedNode, by receiver: NodeID) -> Bool {
        guard let unheard, unheard.leader == node.number else { return false }
        return unheard.by.contains(receiver)
    }

    /// Machines that have never been members.
    private func newcomers(besides present: PoolConfiguration) -> [NodeID] {
        nodes.map(\.id).filter { !present.isMember($0) && !formerMembers.contains($0) }
    }

    private func putIntoService(_ id: NodeID) {
        let node = nodes[Int(id.rawValue) - 1]
        guard !node.isInService else { return }
        node.isInService = true
        // Whoever comes has to know what the pool may have agreed on by then.
        node.isUpgraded = true
        start(node.number)
    }

    /// Notes what is committed about the members. Those who were removed are switched off some time later, or never.
    func learnMembers() {
        while learntConfigurations < checker.log.configurations.count {
            let next = checker.log.configurations[learntConfigurations]
            learntConfigurations += 1
            counters.changes += next.isJoint ? 0 : 1
            guard !next.isJoint else { continue }
            for gone in members.subtracting(next.members).sorted() {
                formerMembers.insert(gone)
                let number = Int(gone.rawValue) - 1
                guard random.chance(700_000) else { continue }
                events.add(.retire(number), at: now + random.exponential(mean: 500_000_000))
            }
            members = next.members
        }
    }

    func retire(_ number: Int) {
        note("node \(number + 1) is switched off")
        crash(number)
        nodes[number].isLost = true
    }
}
