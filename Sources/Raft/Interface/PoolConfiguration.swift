/// Who belongs to the pool, and who decides.
///
/// While `outgoingVoters` is not empty the configuration is joint: elections, commits and reads need a majority of
/// `voters` *and* a majority of `outgoingVoters` (Ongaro & Ousterhout 2014, section 6).
public struct PoolConfiguration: Hashable, Sendable {
    public var voters: Set<NodeID>
    public var outgoingVoters: Set<NodeID>
    /// Members that receive the log and count for nothing.
    public var learners: Set<NodeID>
    /// Learners that leave: members while the configuration is joint, and then no more. Like voters they leave in two
    /// steps, so that no log lacks a node that may still hold a lease.
    public var outgoingLearners: Set<NodeID>

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

    public var isEmpty: Bool { size == 0 }

    public var isJoint: Bool { !outgoingVoters.isEmpty }

    /// Everyone of either half, and the learners.
    public var members: Set<NodeID> { voters.union(outgoingVoters).union(learners).union(outgoingLearners) }

    /// Whether `node` counts in an election or commit, in either half.
    public func isVoter(_ node: NodeID) -> Bool {
        voters.contains(node) || outgoingVoters.contains(node)
    }

    public func isMember(_ node: NodeID) -> Bool {
        isVoter(node) || learners.contains(node) || outgoingLearners.contains(node)
    }

    /// Whether `node` is a member and will still be one when the configuration is not joint any more.
    public func isStaying(_ node: NodeID) -> Bool {
        voters.contains(node) || learners.contains(node)
    }

    var size: Int { voters.count + outgoingVoters.count + learners.count + outgoingLearners.count }
}
