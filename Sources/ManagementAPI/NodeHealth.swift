/// How a node stands, for anybody: nothing in it is secret.
public struct NodeHealth: Sendable {
    /// The node's name.
    public let node: String
    /// Its role in consensus.
    public let role: String
    /// Whether it has none of the pool's keys.
    public let isSealed: Bool
    /// How far the pool's activation has come.
    public let phase: String
    /// Raft's term.
    public let term: UInt64
    /// The name of the leader that the node follows; `nil` while it knows none.
    public let leader: String?
    /// The last entry of the log that the node knows to be committed.
    public let commitIndex: UInt64
    /// The index that the node's view is of: applied, and saved 50 ms later at the latest.
    public let appliedIndex: UInt64
    /// The end of its log, and the term of the entry there: of two logs the one with the higher term, then index, has
    /// all that the other has.
    public let lastIndex: UInt64
    /// 0 where the log has never had an entry.
    public let lastTerm: UInt64
    /// Raised by each recovery of the pool.
    public let epoch: UInt64
    /// Whether the node answers reads by itself, without asking the leader.
    public let holdsLease: Bool
    /// Whether the node waits for room on its disk, and takes part in nothing meanwhile.
    public let isDiskFull: Bool
    /// Why its peers don't unseal the node; nil where they do, or none was asked.
    public let waiting: UnsealWaiting?

    public init(
        node: String, role: String, isSealed: Bool, phase: String, term: UInt64, leader: String?, commitIndex: UInt64,
        appliedIndex: UInt64, lastIndex: UInt64 = 0, lastTerm: UInt64 = 0, epoch: UInt64 = 1, holdsLease: Bool = false,
        isDiskFull: Bool = false, waiting: UnsealWaiting? = nil
    ) {
        self.waiting = waiting
        self.isDiskFull = isDiskFull
        self.lastIndex = lastIndex
        self.lastTerm = lastTerm
        self.epoch = epoch
        self.node = node
        self.role = role
        self.isSealed = isSealed
        self.phase = phase
        self.term = term
        self.leader = leader
        self.commitIndex = commitIndex
        self.appliedIndex = appliedIndex
        self.holdsLease = holdsLease
    }
}

/// What a sealed node waits for.
public struct UnsealWaiting: Hashable, Sendable {
    /// Why its peers don't unseal it.
    public let reason: String
    /// Eight digits, by which an administrator approves; nil where no approval helps.
    public let code: String?

    public init(reason: String, code: String?) { (self.reason, self.code) = (reason, code) }
}
