/// What the node is in its term, with what it knows as that and as nothing else.
enum Role: Sendable {
    case follower(Following)
    case preCandidate(Candidacy)
    case candidate(Candidacy)
    case leader(Leadership)
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

    func position(of node: NodeID) -> Int? {
        peers.firstIndex { $0.node == node }
    }
}

/// Leadership on its way to another node.
struct Transfer: Sendable {
    let target: NodeID
    let deadline: Instant
    var isRequested = false
}

extension Role {
    var kind: RaftRole {
        switch self {
        case .follower: .follower
        case .preCandidate: .preCandidate
        case .candidate: .candidate
        case .leader: .leader
        }
    }

    /// The leader's state, changed in place; nil in any other role.
    var leadership: Leadership? {
        get {
            guard case .leader(let leadership) = self else { return nil }
            return leadership
        }
        _modify {
            guard case .leader(let held) = self else {
                var none: Leadership?
                yield &none
                return
            }
            // While it is lent, `self` must not hold a second reference to its arrays: they would be copied.
            self = .follower(Following())
            var lent: Leadership? = held
            yield &lent
            if let lent { self = .leader(lent) }
        }
    }

    /// The follower's state, changed in place; nil in any other role.
    var following: Following? {
        get {
            guard case .follower(let following) = self else { return nil }
            return following
        }
        _modify {
            guard case .follower(let held) = self else {
                var none: Following?
                yield &none
                return
            }
            self = .candidate(Candidacy())
            var lent: Following? = held
            yield &lent
            if let lent { self = .follower(lent) }
        }
    }
}
