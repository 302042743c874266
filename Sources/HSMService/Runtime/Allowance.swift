import Raft

/// How many grants one member may have: each is an entry of the log. A few at once, since a reply can be lost and a
/// node can be restarted twice in a row; then one in ten seconds.
struct GrantAllowance {
    private static let burst: UInt64 = 3
    private static let refill: UInt64 = 10_000_000_000

    private var left = burst
    private var countedAt: Instant

    init(now: Instant) { countedAt = now }

    mutating func take(now: Instant) -> Bool {
        let earned = now > countedAt ? (now.nanoseconds - countedAt.nanoseconds) / Self.refill : 0
        if earned > 0 {
            left = min(Self.burst, left + earned)
            countedAt = now
        }
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
