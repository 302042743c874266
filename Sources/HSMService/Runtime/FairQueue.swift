import DequeModule

/// Work that waits, of many owners who take turns: whoever has much of it gets no more of the threads than the others.
struct FairQueue<Owner: Hashable, Work> {
    private struct Share {
        var waiting: Deque<Work> = []
        var running = 0
        var count: Int { waiting.count + running }
    }

    private let limit: Int
    private let limitOfOne: Int
    private var shares: [Owner: Share] = [:]
    /// Owners with waiting work; the first is next.
    private var turns: Deque<Owner> = []
    private var count = 0

    /// - Parameters:
    ///   - limit: how much work may wait or run at once.
    ///   - limitOfOne: how much of that may be one owner's.
    init(limit: Int, limitOfOne: Int) {
        self.limit = limit
        self.limitOfOne = limitOfOne
    }

    /// False, and nothing is added, if too much waits.
    mutating func add(_ work: Work, of owner: Owner) -> Bool {
        guard count < limit, shares[owner]?.count ?? 0 < limitOfOne else { return false }
        if shares[owner]?.waiting.isEmpty ?? true { turns.append(owner) }
        shares[owner, default: Share()].waiting.append(work)
        count += 1
        return true
    }

    /// What is to be done next. Its owner's next turn comes after everybody else's.
    mutating func next() -> (owner: Owner, work: Work)? {
        guard let owner = turns.popFirst(), let work = shares[owner]?.waiting.popFirst() else { return nil }
        shares[owner]?.running += 1
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
