import Raft

/// Compares the clock that leases are counted by with the raw oscillator, reading by reading: with the last one, which
/// shows a clock that jumped or stood still, and with one from seconds ago, which shows a wrong rate.
///
/// The oscillator paces it: a clock that stands still would put the next comparison off for ever.
struct ClockWatch {
    private var last: ClockCheck.Reading?
    private var anchor: ClockCheck.Reading?

    private static let anchorLife: Nanoseconds = 4_000_000_000

    /// Takes a reading in; one that comes before `interval` has passed since the last says too little and is left out.
    /// After one that shows a fault, comparing begins anew.
    mutating func check(
        _ reading: ClockCheck.Reading, interval: Nanoseconds, _ parameters: LeaseParameters
    ) -> ClockCheck.Verdict {
        if let last, reading.rawBefore.since(last.rawAfter) < interval { return .good }
        for earlier in [last, anchor] {
            guard let earlier else { continue }
            let verdict = ClockCheck.compare(earlier, reading, parameters)
            guard verdict == .good else {
                last = reading
                anchor = reading
                return verdict
            }
        }
        last = reading
        if anchor.map({ reading.rawBefore.since($0.rawAfter) > Self.anchorLife }) ?? true { anchor = reading }
        return .good
    }
}
