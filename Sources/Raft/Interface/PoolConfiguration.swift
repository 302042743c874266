/// Who belongs to the pool, and who decides.
///
/// While `outgoingVoters` is not empty the configuration is joint: elections, commits and reads need a majority of
/// `voters` *and* a majority of `outgoingVoters` (Ongaro & Ousterhout 2014, section 6).
public struct PoolConfiguration: Hashable, Sendable {
    /// Those who decide; while the configuration is joint, its new half. Empty only in ``empty``: such a configuration
    /// is refused as a proposal.
    public var voters: Set<NodeID>
    /// The old half of a joint configuration, those who stay included; empty in one that is not joint.
    public var outgoingVoters: Set<NodeID>
    /// Members that receive the log and count for nothing.
    public var learners: Set<NodeID>
    /// Learners that leave: members while the configuration is joint, and then no more. Like voters they leave in two
    /// steps, so that no log lacks a node that may still hold a lease.
    public var outgoingLearners: Set<NodeID>

    /// Checks nothing. A set that no pool can have, such as one where a voter is a learner too, is refused where it is
    /// proposed, received or restored.
    public init(
        voters: Set<NodeID>, outgoingVoters: Set<NodeID> = [], learners: Set<NodeID> = [],
        outgoingLearners: Set<NodeID> = []
    ) {
        self.voters = voters
        self.outgoingVoters = outgoingVoters
        self.learners = learners
        self.outgoingLearners = outgoingLearners
    }

    /// The joint configuration by which these become the members.
    public func joint(voters: Set<NodeID>, learners: Set<NodeID>) -> PoolConfiguration {
        PoolConfiguration(
            voters: voters, outgoingVoters: self.voters, learners: learners,
            outgoingLearners: self.learners.subtracting(voters).subtracting(learners))
    }

    /// The configuration of a node that has not been told of any pool. It decides nothing, so its node never campaigns.
    public static let empty = PoolConfiguration(voters: [])

    /// Whether it names nobody: the node has not been told of any pool.
    public var isEmpty: Bool { size == 0 }

    /// Whether a change of the members is under way: both halves have to agree to whatever is decided.
    public var isJoint: Bool { !outgoingVoters.isEmpty }

    /// Everyone of either half, and the learners.
    public var members: Set<NodeID> { voters.union(outgoingVoters).union(learners).union(outgoingLearners) }

    /// Whether `node` counts in an election or commit, in either half.
    public func isVoter(_ node: NodeID) -> Bool {
        voters.contains(node) || outgoingVoters.contains(node)
    }

    /// Whether `node` is one of ``members``: it gets the log, whether or not it counts.
    public func isMember(_ node: NodeID) -> Bool {
        isVoter(node) || learners.contains(node) || outgoingLearners.contains(node)
    }

    /// Whether `node` is a member and will still be one when the configuration is not joint any more.
    public func isStaying(_ node: NodeID) -> Bool {
        voters.contains(node) || learners.contains(node)
    }

    var size: Int { voters.count + outgoingVoters.count + learners.count + outgoingLearners.count }
}
