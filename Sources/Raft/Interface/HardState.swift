/// What a node must not forget over a restart, beside its log. Stored as one atomic unit: a node that remembered the
/// term and forgot the vote would vote twice.
public struct HardState: Hashable, Sendable {
    /// The latest term that the node has been in. It never falls.
    public var term: Term
    /// Who got this node's vote in `term`.
    public var vote: NodeID?
    /// A lower bound of the commit index. It may lag, since the leader will tell it again.
    public var commit: LogIndex

    public init(term: Term = 0, vote: NodeID? = nil, commit: LogIndex = 0) {
        self.term = term
        self.vote = vote
        self.commit = commit
    }
}
