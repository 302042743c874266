import DequeModule

/// Work that waits, of many owners who take turns: whoever has much of it gets no more of the threads than the others.
///
/// An owner whose work has waited for too long for some time gets no more of it in until that is over: what is taken
/// is done within about that time, and what isn't taken costs little. Times are of one monotonic clock, in nanoseconds.
struct FairQueue<Owner: Hashable, Work> {
    private struct Share {
        var waiting: Deque<(work: Work, since: UInt64)> = []
        var running = 0
        var delay = StandingDelay()
        var count: Int { waiting.count + running }
    }

    private let limit: Int
    private let limitOfOne: Int
    private let longestWait: UInt64
    private var shares: [Owner: Share] = [:]
    /// Owners with waiting work; the first is next.
    private var turns: Deque<Owner> = []
    /// How much waits or runs.
    private(set) var count = 0

    /// - Parameters:
    ///   - limit: how much work may wait or run at once.
    ///   - limitOfOne: how much of that may be one owner's.
    ///   - longestWait: how long an owner's work may wait, other than for a moment.
    init(limit: Int, limitOfOne: Int, longestWait: UInt64) {
        self.limit = limit
        self.limitOfOne = limitOfOne
        self.longestWait = longestWait
    }

    /// False, and nothing is added, if too much waits, or what waits does so for too long.
    mutating func add(_ work: Work, of owner: Owner, at now: UInt64) -> Bool {
        guard count < limit else { return false }
        if let share = shares[owner] {
            guard share.count < limitOfOne else { return false }
            let isSlow = share.delay.stands(at: now, forLongerThan: longestWait)
            guard share.waiting.isEmpty || !isSlow else { return false }
        }
        if shares[owner]?.waiting.isEmpty ?? true { turns.append(owner) }
        shares[owner, default: Share()].waiting.append((work, now))
        count += 1
        return true
    }

    /// What is to be done next. Its owner's next turn comes after everybody else's.
    mutating func next(at now: UInt64) -> (owner: Owner, work: Work)? {
        guard let owner = turns.popFirst(), let (work, since) = shares[owner]?.waiting.popFirst() else { return nil }
        shares[owner]?.running += 1
        shares[owner]?.delay.note(waited: now - min(since, now), at: now, limit: longestWait)
        if shares[owner]?.waiting.isEmpty == false { turns.append(owner) }
        return (owner, work)
    }

    /// What ``next()`` gave is done.
    mutating func finish(_ owner: Owner) {
        shares[owner]?.running -= 1
        if shares[owner]?.count == 0 { shares[owner] = nil }
        count -= 1
    }

    /// Nothing waits, and nothing runs.
    var isEmpty: Bool { count == 0 }
}
