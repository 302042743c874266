/// Keeps leases from a holder that would hold up writes: one that answers the leader and does not apply, or not in
/// time.
///
/// Whoever is behind gets no lease. Whoever was behind while it held one, so that a write had to wait for its end, must
/// stay in sync for a pause before it gets the next; the pause doubles each time up to a minute, and is forgotten after
/// two minutes without a wait.
struct HolderDiscipline: Sendable {
    private var isInSync = false
    private var inSyncSince = Instant(nanoseconds: 0)
    private var pause: Nanoseconds = 0
    private var lastWait = Instant(nanoseconds: 0)

    static let longestPause: Nanoseconds = 60_000_000_000

    mutating func watch(isInSync inSync: Bool, isBooked: Bool, now: Instant, unit: Nanoseconds) {
        if inSync, !isInSync { inSyncSince = now }
        if !inSync, isInSync, isBooked {
            let isForgotten = now.since(lastWait) >= 2 * Self.longestPause
            pause = isForgotten || pause == 0 ? unit : min(pause * 2, Self.longestPause)
            lastWait = now
        }
        isInSync = inSync
    }

    func isSuspended(at now: Instant) -> Bool {
        !isInSync || now.since(inSyncSince) < pause
    }
}

/// When entries were committed, as far as it is not long ago.
struct CommitTimes: Sendable {
    private struct Commit: Sendable {
        var index: LogIndex
        let at: Instant
    }

    /// How long after its commit an entry must be in every holder's view.
    static let patience: Nanoseconds = 100_000_000
    /// Commits that come closer together than this are taken for one.
    private static let grain: Nanoseconds = 5_000_000

    private var recent: [Commit] = []
    private var settled: LogIndex

    init(committed: LogIndex) {
        settled = committed
    }

    mutating func add(_ index: LogIndex, at now: Instant) {
        if let last = recent.last, now.since(last.at) < Self.grain {
            recent[recent.count - 1].index = index
            return
        }
        recent.append(Commit(index: index, at: now))
    }

    /// What every holder must have confirmed by now.
    mutating func due(at now: Instant) -> LogIndex {
        let old = recent.prefix { now.since($0.at) > Self.patience }
        if let last = old.last { settled = max(settled, last.index) }
        recent.removeFirst(old.count)
        return settled
    }
}
