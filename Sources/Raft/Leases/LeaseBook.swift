/// A leader's account of leases: what each member has asked for, until when it may hold one, and which view it has
/// confirmed.
struct LeaseBook: Sendable {
    struct Request: Sendable {
        let id: LeaseRequestID
        let receivedAt: Instant
        /// The round that was under way then. Only later ones count.
        let receivedIn: UInt64
        /// The commit index then.
        let commit: LogIndex
        /// The first round that was begun since.
        var round: UInt64?
    }

    fileprivate struct Booking: Sendable {
        var end: Instant
        var request: LeaseRequestID
        var receivedIn: UInt64
    }

    fileprivate struct Account: Sendable {
        /// Until when the member may hold leases that cannot be surrendered, because nobody knows which they are.
        var unnamedEnd = Instant(nanoseconds: 0)
        /// The leases that this leader granted to the member's present process.
        var booking: Booking?
        var requests: [Request] = []
        var confirmed: LogIndex = 0
        /// Reads of the member wait for what its log holds through here.
        var covered: LogIndex = 0
        var wasGranted = false
        var discipline = HolderDiscipline()
    }

    private var accounts: [NodeID: Account] = [:]
    /// What a holder must have confirmed to be granted a lease.
    private var commits: CommitTimes

    /// Requests of one member that are kept while no round confirms any.
    private static let mostRequests = 4

    /// - Parameter end: Until when any of `members` may hold a lease of an earlier leader.
    init(members: [NodeID], bookedTo end: Instant, committed: LogIndex) {
        commits = CommitTimes(committed: committed)
        for member in members { accounts[member, default: Account()].unnamedEnd = end }
    }

    // MARK: Requests

    /// The member has sent this with its answer to `echoedRound`.
    mutating func add(_ request: Request, of node: NodeID, echo echoedRound: UInt64) {
        var account = accounts[node, default: Account()]
        account.endBefore(process: request.id.process, alive: echoedRound)
        guard !account.requests.contains(where: { $0.id == request.id }) else { return }
        if account.requests.count == Self.mostRequests { account.requests.removeLast() }
        account.requests.append(request)
        accounts[node] = account
    }

    /// A round begins: all requests that are here were received before it.
    mutating func roundBegan(_ round: UInt64) {
        for node in accounts.keys {
            for position in accounts[node]?.requests.indices ?? 0..<0
            where accounts[node]?.requests[position].round == nil {
                accounts[node]?.requests[position].round = round
            }
        }
    }

    /// Members with a request whose round, or a later one, is `round` at most; ascending.
    func confirmed(through round: UInt64) -> [NodeID] {
        accounts.filter { $0.value.requests.contains { ($0.round ?? .max) <= round } }.keys.sorted()
    }

    /// The member's last request that is confirmed by `round`. It and those before it are no longer open.
    mutating func take(of node: NodeID, through round: UInt64) -> Request? {
        guard let last = accounts[node]?.requests.lastIndex(where: { ($0.round ?? .max) <= round }) else { return nil }
        let request = accounts[node]?.requests[last]
        accounts[node]?.requests.removeFirst(last + 1)
        return request
    }

    /// Members that wait, had no lease of this leader yet, and for whose requests no round has begun.
    var newcomers: [NodeID] {
        accounts.filter { _, account in
            !account.wasGranted && !account.requests.isEmpty && account.requests.allSatisfy { $0.round == nil }
        }.keys.sorted()
    }

    // MARK: Bookings

    /// Notes that the member may hold a lease on the leader's clock until `end`.
    mutating func book(_ request: Request, for node: NodeID, until end: Instant) {
        var account = accounts[node, default: Account()]
        account.wasGranted = true
        var booking = Booking(end: end, request: request.id, receivedIn: request.receivedIn)
        if let earlier = account.booking {
            if earlier.request.process == request.id.process {
                if earlier.request.counter > request.id.counter { booking.request = earlier.request }
                booking.receivedIn = max(earlier.receivedIn, request.receivedIn)
                booking.end = max(earlier.end, end)
            } else {
                account.unnamedEnd = max(account.unnamedEnd, earlier.end)
            }
        }
        account.booking = booking
        accounts[node] = account
    }

    /// Everyone may hold leases until `end` after all.
    mutating func bookAll(_ members: [NodeID], until end: Instant) {
        for node in members {
            accounts[node, default: Account()].unnamedEnd = max(accounts[node]?.unnamedEnd ?? end, end)
        }
    }

    /// The member has dropped all requests and leases of that process up to that one, and so has every lease ended that
    /// stems from one of them.
    mutating func surrender(_ id: LeaseRequestID, of node: NodeID) {
        guard var account = accounts[node] else { return }
        account.requests.removeAll { $0.id.process == id.process && $0.id.counter <= id.counter }
        if let held = account.booking?.request, held.process == id.process, held.counter <= id.counter {
            account.booking = nil
        }
        accounts[node] = account
    }

    /// When the last lease that the member can hold ends.
    func end(of node: NodeID) -> Instant {
        guard let account = accounts[node] else { return Instant(nanoseconds: 0) }
        return max(account.unnamedEnd, account.booking?.end ?? account.unnamedEnd)
    }

    mutating func forget(_ isGone: (NodeID) -> Bool) {
        for node in accounts.keys.filter(isGone) { accounts[node] = nil }
    }

    // MARK: Views

    func confirmed(by node: NodeID) -> LogIndex { accounts[node]?.confirmed ?? 0 }

    /// The member answers from this view on. A lower number than before is that of a later process.
    mutating func confirm(_ index: LogIndex, by node: NodeID, isLatest: Bool) {
        accounts[node, default: Account()].confirm(index, isLatest: isLatest)
    }

    /// The member's log equals the leader's through `index`, and its reads contradict nothing of that.
    mutating func cover(through index: LogIndex, by node: NodeID) {
        accounts[node, default: Account()].cover(index)
    }

    /// The member has forgotten what its log held.
    mutating func forgetCover(of node: NodeID) { accounts[node]?.covered = 0 }

    /// Through where the member's reads contradict no entry: its view holds it, or they wait until it does.
    func honoured(by node: NodeID) -> LogIndex {
        accounts[node].map { max($0.confirmed, $0.covered) } ?? 0
    }

    mutating func committed(through index: LogIndex, at now: Instant) {
        commits.add(index, at: now)
    }

    /// Looks after the holders that lag behind.
    mutating func watch(_ members: [NodeID], now: Instant, unit: Nanoseconds) {
        let due = commits.due(at: now)
        for node in members {
            let isBooked = end(of: node) > now
            accounts[node, default: Account()].watch(due: due, isBooked: isBooked, now: now, unit: unit)
        }
    }

    func isSuspended(_ node: NodeID, now: Instant) -> Bool {
        accounts[node]?.discipline.isSuspended(at: now) ?? true
    }
}

extension LeaseBook.Account {
    /// A node runs one process at a time. One that answers a round which began after another one's request arrived came
    /// later than that one, so the other one is gone, and its leases with it. Without this proof the request may be an
    /// old one that comes late.
    fileprivate mutating func endBefore(process: UInt64, alive round: UInt64) {
        if let held = booking, held.request.process != process, held.receivedIn < round { booking = nil }
        requests.removeAll { $0.id.process != process && $0.receivedIn < round }
    }

    fileprivate mutating func confirm(_ index: LogIndex, isLatest: Bool) {
        confirmed = isLatest ? index : max(confirmed, index)
    }

    fileprivate mutating func cover(_ index: LogIndex) {
        covered = max(covered, index)
    }

    fileprivate mutating func watch(due: LogIndex, isBooked: Bool, now: Instant, unit: Nanoseconds) {
        discipline.watch(isInSync: confirmed >= due, isBooked: isBooked, now: now, unit: unit)
    }
}
