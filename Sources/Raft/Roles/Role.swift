/// What the node is in its term, with what it knows as that and as nothing else: one of the states is there, the one of
/// its kind, and they come and go with the role as a whole.
///
/// An enum could say so by itself, but what its cases carry can't be changed in place, and a leader changes its state
/// dozens of times for every write.
struct Role: Sendable {
    let kind: RaftRole
    /// The follower's state, to be changed in place.
    var following: Following?
    /// The state of a candidate or pre-candidate, to be changed in place.
    var candidacy: Candidacy?
    /// The leader's state, to be changed in place.
    var leadership: Leadership?

    static func follower(_ following: Following) -> Role { Role(kind: .follower, following: following) }
    static func preCandidate(_ candidacy: Candidacy) -> Role { Role(kind: .preCandidate, candidacy: candidacy) }
    static func candidate(_ candidacy: Candidacy) -> Role { Role(kind: .candidate, candidacy: candidacy) }
    static func leader(_ leadership: Leadership) -> Role { Role(kind: .leader, leadership: leadership) }

    private init(
        kind: RaftRole, following: Following? = nil, candidacy: Candidacy? = nil, leadership: Leadership? = nil
    ) {
        self.kind = kind
        self.following = following
        self.candidacy = candidacy
        self.leadership = leadership
    }
}

/// A follower's view of who leads.
struct Following: Sendable {
    var leader: NodeID?
    /// When the leader last gave a sign of life.
    var lastContact: Instant?
    /// Reads that were forwarded to `leader`.
    var reads = ForwardedReads()
    /// Whether it tells what is released apart from what is committed, so that it grants leases. Nil before it has
    /// sent its first append.
    var leaderGrantsLeases: Bool?
    /// When it was last asked for a lease.
    var lastLeaseRequest: Instant?
}

/// A ballot under way, for `term` or, as a pre-candidate, for the term after it.
struct Candidacy: Sendable {
    private var votes: [(voter: NodeID, granted: Bool)] = []
    /// Until when a lease can last that rests on an answer of one of those who voted for this node.
    private(set) var leasesEnd = Instant(nanoseconds: 0)

    /// The first answer of each voter counts.
    mutating func record(_ voter: NodeID, granted: Bool, leasesEnd end: Instant = Instant(nanoseconds: 0)) {
        guard vote(of: voter) == nil else { return }
        votes.append((voter, granted))
        if granted { leasesEnd = max(leasesEnd, end) }
    }

    func vote(of voter: NodeID) -> Bool? {
        votes.first { $0.voter == voter }?.granted
    }
}

/// What a leader knows of its followers and owes to its callers.
struct Leadership: Sendable {
    /// Ascending by node, so that messages leave in one order on every run. Members other than the leader, and for one
    /// last message those that have just been removed.
    var peers: [Progress]
    /// Rounds of heartbeats are numbered within the term, from 1.
    var round: UInt64 = 1
    var heartbeatDeadline: Instant
    var reads = LeaderReads()
    var transfer: Transfer?
    /// Bytes of entries that are appended and not committed.
    var uncommittedBytes: Int
    var book: LeaseBook
    /// When what was committed or released is to be told at the latest.
    var newsDue: Instant?
    /// Members wait for the news of entries up to here.
    var urgentThrough: LogIndex = 0
    /// Nobody is here who left with the configuration of this index, or an earlier one.
    var prunedThrough: LogIndex = 0

    func position(of node: NodeID) -> Int? {
        peers.firstIndex { $0.node == node }
    }

    func progress(of node: NodeID) -> Progress? {
        peers.first { $0.node == node }
    }

    mutating func forEachPeer(_ change: (inout Progress) -> Void) {
        for position in peers.indices { change(&peers[position]) }
    }

    /// Whatever was asked by now is confirmed by answers to this round.
    mutating func beginRound() {
        round += 1
        book.roundBegan(round)
        forEachPeer { $0.roundBegan() }
    }
}

/// Leadership on its way to another node.
struct Transfer: Sendable {
    let target: NodeID
    let deadline: Instant
    var isRequested = false
}
