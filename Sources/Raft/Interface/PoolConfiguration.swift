/// Who belongs to the pool, and who decides.
///
/// While `outgoingVoters` is not empty the configuration is joint: elections, commits and reads need a majority of
/// `voters` *and* a majority of `outgoingVoters` (Ongaro & Ousterhout 2014, section 6).
public struct PoolConfiguration: Hashable, Sendable {
    public var voters: Set<NodeID>
    public var outgoingVoters: Set<NodeID>
    /// Members that receive the log and count for nothing.
    public var learners: Set<NodeID>

    public init(voters: Set<NodeID>, outgoingVoters: Set<NodeID> = [], learners: Set<NodeID> = []) {
        self.voters = voters
        self.outgoingVoters = outgoingVoters
        self.learners = learners
    }

    /// The configuration of a node that has not been told of any pool. It decides nothing, so its node never campaigns.
    public static let empty = PoolConfiguration(voters: [])

    public var isEmpty: Bool { voters.isEmpty && outgoingVoters.isEmpty && learners.isEmpty }

    public var isJoint: Bool { !outgoingVoters.isEmpty }

    /// Everyone of either half, and the learners.
    public var members: Set<NodeID> { voters.union(outgoingVoters).union(learners) }

    /// Whether `node` counts in an election or commit, in either half.
    public func isVoter(_ node: NodeID) -> Bool {
        voters.contains(node) || outgoingVoters.contains(node)
    }

    public func isMember(_ node: NodeID) -> Bool {
        isVoter(node) || learners.contains(node)
    }

    var size: Int { voters.count + outgoingVoters.count + learners.count }
}
