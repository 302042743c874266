/// Whether what waits does so for too long, and not for a moment only.
///
/// A burst makes a queue that goes away by itself; where more comes than can be done, it stays. What tells the two
/// apart is how long the wait has been above the limit without a break (Nichols and Jacobson, "Controlling Queue
/// Delay", 2012).
struct StandingDelay {
    /// Since when everything that was taken from the queue had waited for too long.
    private var since: UInt64?

    /// Something was taken from the queue at `now`.
    mutating func note(waited: UInt64, at now: UInt64, limit: UInt64) {
        since = waited > limit ? since ?? now : nil
    }

    /// Whether the wait has been too long for as long as it may be.
    func stands(at now: UInt64, forLongerThan limit: UInt64) -> Bool {
        guard let since else { return false }
        return now - min(since, now) >= limit
    }
}
