/// What one node says to another.
public struct RaftMessage: Hashable, Sendable {
    /// The sender, which the driver has authenticated. A message from node 0 is ignored.
    public let from: NodeID
    /// A message that reaches anybody else is ignored.
    public let to: NodeID
    /// The sender's term; in a pre-vote request, and in the answer that grants one, the term that would be campaigned
    /// in.
    public let term: Term
    public let body: Body

    public init(from: NodeID, to: NodeID, term: Term, body: Body) {
        self.from = from
        self.to = to
        self.term = term
        self.body = body
    }

    /// `lastIndex` and `lastTerm` name the last entry of the sender's log.
    public enum Body: Hashable, Sendable {
        /// "Would you vote for me?" Changes nothing at the receiver (Ongaro 2014, section 9.6).
        case preVoteRequest(lastIndex: LogIndex, lastTerm: Term)
        case preVoteResponse(granted: Bool)
        /// `isTransfer`: the old leader asked for this election, so that its being alive is no reason to refuse.
        case voteRequest(lastIndex: LogIndex, lastTerm: Term, isTransfer: Bool)
        /// `age`: how long ago the voter last answered any leader, on its own clock. Zero is the safe end.
        case voteResponse(granted: Bool, age: Nanoseconds = 0)
        case append(AppendRequest)
        case appendResponse(AppendResponse)
        /// A member asks the leader for an index that is safe to read at. `id` is the asker's own.
        case readIndexRequest(id: UInt64)
        case readIndexResponse(id: UInt64, index: LogIndex)
        /// The leader asks the receiver to campaign at once (Ongaro 2014, section 3.10).
        case timeoutNow
        /// The receiver lacks entries that the leader no longer has; it needs this snapshot instead.
        case snapshotOffer(SnapshotDescriptor)
        case lease(LeaseMessage)
    }
}

/// Entries for a follower's log, or none: then it is a heartbeat. Both prove the leader's authority and ask for an
/// answer.
public struct AppendRequest: Hashable, Sendable {
    /// The entry that must be in the follower's log before `entries` may follow it.
    public let prevIndex: LogIndex
    /// The term of that entry; 0 if and only if `prevIndex` is.
    public let prevTerm: Term
    /// Contiguous from `prevIndex` + 1 on, of terms that do not fall and none of which is above the message's.
    public let entries: [LogEntry]
    /// The leader's commit index. A follower takes it only as far as its log is proved equal by this very request.
    public let commit: LogIndex
    /// The number, within the leader's term, of the latest round of heartbeats that was begun before this was sent.
    /// The answer repeats it, which proves that it was given after that round began.
    public let round: UInt64
    /// Through where entries are released. Nil from a leader that grants no leases: all that is committed is released.
    public let released: LogIndex?

    public init(
        prevIndex: LogIndex, prevTerm: Term, entries: [LogEntry], commit: LogIndex, round: UInt64,
        released: LogIndex? = nil
    ) {
        self.prevIndex = prevIndex
        self.prevTerm = prevTerm
        self.entries = entries
        self.commit = commit
        self.round = round
        self.released = released
    }

    /// The same request without its entries.
    public var withoutEntries: AppendRequest { keeping([]) }

    /// The same request with the entries before `index` only.
    public func keepingEntries(before index: LogIndex) -> AppendRequest {
        keeping(Array(entries.prefix { $0.index < index }))
    }

    private func keeping(_ entries: [LogEntry]) -> AppendRequest {
        AppendRequest(
            prevIndex: prevIndex, prevTerm: prevTerm, entries: entries, commit: commit, round: round,
            released: released)
    }
}

/// The answer to an append or a heartbeat.
public struct AppendResponse: Hashable, Sendable {
    /// Whether the follower's log holds what the request goes on from.
    public enum Outcome: Hashable, Sendable {
        /// The follower's log, made durable before this left, equals the leader's up to here.
        case accepted(matchIndex: LogIndex)
        /// The follower has no such previous entry. The logs can agree at `hintIndex` at the latest, where the follower
        /// has an entry of `hintTerm`.
        case rejected(hintIndex: LogIndex, hintTerm: Term)
    }

    public let outcome: Outcome
    /// As in the request.
    public let round: UInt64
    /// The follower answers reads from a view that holds everything through here.
    public let published: LogIndex
    /// Whether reads that an entry of the follower's log touches wait there, from before this left until their view
    /// holds the entry. The leader may then release entries through the match index as if the follower had published
    /// them.
    public let covers: Bool
    /// The follower asks for a lease.
    public let leaseRequest: LeaseRequestID?

    public init(
        outcome: Outcome, round: UInt64, published: LogIndex = 0, covers: Bool = false,
        leaseRequest: LeaseRequestID? = nil
    ) {
        self.outcome = outcome
        self.round = round
        self.published = published
        self.covers = covers
        self.leaseRequest = leaseRequest
    }
}

/// Names a snapshot: the state after applying everything through `index`.
public struct SnapshotDescriptor: Hashable, Sendable {
    public let index: LogIndex
    /// The term of the entry at `index`.
    public let term: Term
    /// The configuration in force at `index`, and not a newer one that the maker's log may hold. Empty where no entry
    /// up to there holds one: then it is the one that the founders of the pool were started with.
    public let configuration: PoolConfiguration

    public init(index: LogIndex, term: Term, configuration: PoolConfiguration) {
        self.index = index
        self.term = term
        self.configuration = configuration
    }
}
