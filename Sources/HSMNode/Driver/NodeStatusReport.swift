public import PoolState
public import Raft

/// Where a node stands in consensus.
public struct NodeStanding: Hashable, Sendable {
    /// What the node is in `term`. A leader may have lost its office without knowing of it yet.
    public let role: RaftRole
    /// The highest term that the node knows of. While it is stalled this may not be on its disk yet.
    public let term: Term
    /// Who leads `term`, as far as this node knows: itself, or another one whose sign of life it has had; nil if it
    /// knows of none.
    public let leader: NodeID?
    /// The last index that the node knows to be committed. A sealed node has applied less.
    public let commitIndex: LogIndex
    /// The last index that the published view holds. That may be up to ``NodeOptions/saveInterval`` ahead of what is
    /// saved, and longer while the disk is full. Without a view, as on a sealed node, the last index that is saved.
    public let appliedIndex: LogIndex
    /// The end of the log in memory, committed or not.
    public let lastIndex: LogIndex
    /// The term of the entry at `lastIndex`.
    public let lastTerm: Term
    /// Whether the node lacks the pool's keys.
    public let isSealed: Bool
    /// Whether the node waits for room on its disk. What it has in memory may be ahead of what it has written.
    public let isStalled: Bool

    init(_ consensus: RaftStanding, appliedIndex: LogIndex, isSealed: Bool, isStalled: Bool) {
        role = consensus.role
        term = consensus.term
        leader = consensus.leader
        commitIndex = consensus.commitIndex
        lastIndex = consensus.lastIndex
        lastTerm = consensus.lastTerm
        self.appliedIndex = appliedIndex
        self.isSealed = isSealed
        self.isStalled = isStalled
    }
}

/// How a node stands, for status pages and metrics. Nothing in it is secret.
public struct NodeStatusReport: Hashable, Sendable {
    /// The node that reports.
    public let node: NodeID
    public let standing: NodeStanding
    /// The last index that was cut off the log.
    public let compactedIndex: LogIndex
    /// The pool's version, for all that the node has applied.
    public let poolVersion: PoolVersion
    /// The highest version of a pool that the node's program knows.
    public let knownVersion: PoolVersion
    /// Writes that wait here for their outcome.
    public let pendingSubmissions: Int
    /// Reads that wait here.
    public let pendingReads: Int
    /// The configuration in force: the last one in the node's log, committed or not.
    public let configuration: PoolConfiguration
    /// By id.
    public let peers: [Peer]
    /// Why the node has stopped; nil while it runs.
    public let halted: HaltReason?

    /// What is known of another member.
    public struct Peer: Hashable, Sendable {
        public let node: NodeID
        /// Nil if the peer never told.
        public let isSealed: Bool?
        /// By its last status; 0 if the peer never told.
        public let appliedIndex: LogIndex
        /// Nanoseconds since its last status; nil if there was none.
        public let silentFor: Nanoseconds?
        /// Of its software, by its last status; nil if the peer never told.
        public let version: String?
        /// The highest version of a pool that its program knows; nil if the peer never told.
        public let knownVersion: PoolVersion?
    }
}
