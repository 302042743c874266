import PoolState
import Raft

/// The next step from the members that are to those that are wanted.
///
/// The state says what is wanted: which members it knows, which of them have to go, which come in whose place. A node
/// comes as a learner, and becomes a voter when it has caught up; in the same step goes the one that it replaces.
struct MembershipPlan: Hashable {
    let voters: Set<NodeID>
    let learners: Set<NodeID>

    /// Nil if there is nothing to do, or if the step would leave nobody who decides.
    ///
    /// - Parameter isReady: whether a learner has caught up and answers requests.
    init?(from configuration: PoolConfiguration, members: [MemberRecord], isReady: (NodeID) -> Bool) {
        var voters = configuration.voters
        var learners = configuration.learners
        for member in members {
            let node = NodeID(member.node)
            switch member.standing {
            case .leaving:
                voters.remove(node)
                learners.remove(node)
            case .member where learners.contains(node) && isReady(node):
                learners.remove(node)
                voters.insert(node)
                if let replaced = member.replaces {
                    voters.remove(NodeID(replaced))
                    learners.remove(NodeID(replaced))
                }
            case .member where !configuration.isMember(node):
                learners.insert(node)
            case .member, .distrusted:
                break
            }
        }
        guard !voters.isEmpty, voters != configuration.voters || learners != configuration.learners else { return nil }
        self.voters = voters
        self.learners = learners
    }

    private init(voters: Set<NodeID>, learners: Set<NodeID>) {
        self.voters = voters
        self.learners = learners
    }

    /// Whether those who decide after the step are there to decide: a majority of them. Else nobody might ever lead
    /// again, neither with the new voters nor back to the former ones.
    func isDecided(by takesPart: (NodeID) -> Bool) -> Bool { voters.count(where: takesPart) * 2 > voters.count }

    /// What of the step leaves the voters as they are; nil if nothing does.
    func withoutVoters(of configuration: PoolConfiguration) -> MembershipPlan? {
        let staying = learners.union(configuration.learners.intersection(voters))
        guard staying != configuration.learners else { return nil }
        return MembershipPlan(voters: configuration.voters, learners: staying)
    }
}
