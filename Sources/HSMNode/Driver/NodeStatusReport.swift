public import PoolState
public import Raft

/// Where a node stands in consensus.
public struct NodeStanding: Hashable, Sendable {
    public let role: RaftRole
    public let term: Term
    public let leader: NodeID?
    public let commitIndex: LogIndex
    /// The last index that is applied and saved.
    public let appliedIndex: LogIndex
    public let lastIndex: LogIndex
    /// The term of the entry at `lastIndex`.
    public let lastTerm: Term
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
    public let configuration: PoolConfiguration
    /// By id.
    public let peers: [Peer]
    public let halted: HaltReason?

    /// What is known of another member.
    public struct Peer: Hashable, Sendable {
        public let node: NodeID
        /// Nil if the peer never told.
        public let isSealed: Bool?
        public let appliedIndex: LogIndex
        /// Nanoseconds since its last status; nil if there was none.
        public let silentFor: Nanoseconds?
        public let version: String?
        /// The highest version of a pool that its program knows; nil if the peer never told.
        public let knownVersion: PoolVersion?
    }
}
