import Raft

/// How often one member may have something: a few times at once, then once in an interval.
struct Allowance {
    private let burst: UInt64
    private let refill: Nanoseconds
    private var left: UInt64
    private var countedAt: Instant

    private init(burst: UInt64, refill: Nanoseconds, now: Instant) {
        (self.burst, self.refill, left, countedAt) = (burst, refill, burst, now)
    }

    /// Of grants, each of which is an entry of the log: a few at once, since a reply can be lost and a node can be
    /// restarted twice in a row; then one in ten seconds.
    static func ofGrants(now: Instant) -> Allowance { Allowance(burst: 3, refill: 10_000_000_000, now: now) }

    /// Of looks at its requests, each of which is a signature to check and a read: a node that waits for approval asks
    /// every second.
    static func ofRequests(now: Instant) -> Allowance { Allowance(burst: 20, refill: 500_000_000, now: now) }

    /// Of words on whom the pool has: one with each connection, and a few while nodes come and go.
    static func ofNotices(now: Instant) -> Allowance { Allowance(burst: 20, refill: 1_000_000_000, now: now) }

    mutating func take(now: Instant) -> Bool {
        let earned = now > countedAt ? (now.nanoseconds - countedAt.nanoseconds) / refill : 0
        if earned > 0 {
            left = min(burst, left + earned)
            countedAt = now
        }
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
