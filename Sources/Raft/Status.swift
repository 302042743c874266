extension Raft {
    public var id: NodeID { options.id }

    /// Who leads the current term, as far as this node knows.
    public var leader: NodeID? {
        role == .leader ? options.id : currentRole.following?.leader
    }

    /// Where the node stands, as one question: a Raft is a large value, and each question has its price.
    public var standing: RaftStanding {
        RaftStanding(
            role: role, term: term, leader: leader, commitIndex: commitIndex, lastIndex: log.lastIndex,
            lastTerm: log.lastTerm, compactedIndex: log.compactedIndex, logBytes: log.bytes, hasOutput: hasOutput,
            nextDeadline: nextDeadline)
    }

    /// The last entry of the log in memory, be it committed, durable or neither; the compacted index if there is none.
    public var lastIndex: LogIndex { log.lastIndex }
    /// The term of the entry at `lastIndex`; 0 before the first.
    public var lastTerm: Term { log.lastTerm }
    /// The chain tag of the last entry.
    public var lastTag: [UInt8] { log.lastTag }
    /// The log begins behind this index.
    public var compactedIndex: LogIndex { log.compactedIndex }
    /// Everything through here is durable on this node.
    public var durableIndex: LogIndex { log.writes.durable }

    /// How many bytes of entries the log holds.
    public var logBytes: Int { log.bytes }

    /// The last index that can be cut off the log so that at least `kept` bytes of entries stay.
    public func cut(keepingBytes kept: Int) -> LogIndex { log.cut(keepingBytes: kept) }

    /// Whether this node leads and has committed an entry of its own term: from then on its commit index is no older
    /// than anything that was acknowledged before its election.
    public var isEstablishedLeader: Bool { role == .leader && hasCommittedInTerm }

    /// The term of the entry at `index`. Nil where the log does not reach, or no longer reaches.
    public func term(at index: LogIndex) -> Term? { log.term(at: index) }

    /// The chain tag of the entry at `index`; of the compacted index too.
    public func tag(at index: LogIndex) -> [UInt8]? { log.tag(at: index) }

    /// The entries from `first` through `last`, as far as they are held.
    public func entries(from first: LogIndex, to last: LogIndex) -> [LogEntry] {
        Array(log.entries(from: first, through: last))
    }

    /// What a leader knows of the other members, ascending by node. Empty on other nodes.
    public var progress: [PeerProgress] {
        (currentRole.leadership?.peers ?? []).map(PeerProgress.init)
    }
}

/// Where a node stands.
public struct RaftStanding: Hashable, Sendable {
    public let role: RaftRole
    public let term: Term
    /// As ``Raft/leader``.
    public let leader: NodeID?
    /// As ``Raft/commitIndex``.
    public let commitIndex: LogIndex
    /// As ``Raft/lastIndex``.
    public let lastIndex: LogIndex
    public let lastTerm: Term
    /// The log begins behind this index.
    public let compactedIndex: LogIndex
    /// How many bytes of entries the log holds.
    public let logBytes: Int
    /// Whether `takeOutput` would have something.
    public let hasOutput: Bool
    /// When `advance` must be called at the latest.
    public let nextDeadline: Instant
}

/// What the leader knows of one other member.
public struct PeerProgress: Hashable, Sendable {
    /// How the leader brings the member's log up to date.
    public enum State: Hashable, Sendable {
        /// The leader looks for the place where the logs agree.
        case probe
        /// Entries are sent ahead of their answers.
        case replicate
        /// The member needs a snapshot.
        case snapshot
    }

    public let node: NodeID
    public let state: State
    /// The member's durable log equals the leader's up to here.
    public let matchIndex: LogIndex
    /// The next entry to send.
    public let nextIndex: LogIndex
    /// Messages with entries that are unanswered.
    public let inflightMessages: Int
    /// On the leader's clock.
    public let lastHeard: Instant

    init(_ progress: Progress) {
        node = progress.node
        switch progress.state {
        case .probe: state = .probe
        case .replicate: state = .replicate
        case .snapshot: state = .snapshot
        }
        matchIndex = progress.match
        nextIndex = progress.next
        inflightMessages = progress.inflight.count
        lastHeard = progress.lastHeard
    }
}
