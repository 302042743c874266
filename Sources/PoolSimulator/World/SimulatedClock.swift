import NodeEnvironment
import Raft
import Synchronization

/// The clocks of one node: each runs at a rate of its own, which may change, and shows a time of its own.
///
/// Only the world's thread touches it; the fields are atomic because a clock has to be Sendable.
final class SimulatedClock: NodeClock {
    /// True time in nanoseconds, set by the world.
    private let time = Atomic<UInt64>(0)
    /// What the lease clock showed at the true time `since`, and how much too fast it has run from then on, in parts
    /// per million. A clock at −1,000,000 stands still.
    private let shown: Atomic<UInt64>
    private let since = Atomic<UInt64>(0)
    private let rate: Atomic<Int64>
    /// For how long the oscillator has stood still because the machine was suspended. Nanoseconds.
    private let suspended = Atomic<UInt64>(0)
    /// How far the civil clock is off, in milliseconds.
    private let civil: Atomic<Int64>
    /// Lease clock and oscillator have ever been further apart than the bound allows for.
    private let bent = Atomic<Bool>(false)

    init(offset: UInt64, drift: Int64, civilOffset: Int64) {
        shown = Atomic(offset)
        rate = Atomic(drift)
        civil = Atomic(civilOffset)
    }

    var trueTime: UInt64 {
        get { time.load(ordering: .relaxed) }
        set { time.store(newValue, ordering: .relaxed) }
    }

    /// How much too fast the lease clock runs, in parts per million.
    var drift: Int64 { rate.load(ordering: .relaxed) }

    /// From true time `now` on, which must not lie before the last change, the lease clock runs at another rate.
    func setDrift(_ drift: Int64, at now: UInt64) {
        trueTime = now
        shown.store(self.now().nanoseconds, ordering: .relaxed)
        since.store(now, ordering: .relaxed)
        rate.store(drift, ordering: .relaxed)
    }

    var wasBent: Bool {
        get { bent.load(ordering: .relaxed) }
        set { bent.store(newValue, ordering: .relaxed) }
    }

    var civilOffset: Int64 {
        get { civil.load(ordering: .relaxed) }
        set { civil.store(newValue, ordering: .relaxed) }
    }

    func now() -> Instant {
        let elapsed = trueTime - since.load(ordering: .relaxed)
        return Instant(nanoseconds: shown.load(ordering: .relaxed) + Self.scaled(elapsed, drift))
    }

    /// The machine sleeps: its clock jumps ahead of the oscillator.
    func sleep(nanoseconds: UInt64) {
        shown.wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    /// The clock stands still from now on.
    func stop() {
        setDrift(-1_000_000, at: trueTime)
    }

    /// The machine is suspended, and its oscillator with it, for so long from now on.
    func suspendOscillator(nanoseconds: UInt64) {
        suspended.wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    /// True time is what a perfect oscillator shows, if it was never suspended.
    func reading() -> ClockCheck.Reading {
        let counted = trueTime - min(trueTime, suspended.load(ordering: .relaxed))
        let oscillator = Instant(nanoseconds: counted)
        return ClockCheck.Reading(rawBefore: oscillator, lease: now(), rawAfter: oscillator)
    }

    /// 2023-11-14 and later: any date will do.
    func unixMilliseconds() -> Int64 { 1_700_000_000_000 + Int64(trueTime / 1_000_000) + civilOffset }

    /// The earliest true time at which `now` has reached `instant`, if the rate stays what it is.
    func trueTime(of instant: Instant) -> UInt64 {
        guard instant < .distantFuture, drift > -1_000_000 else { return .max }
        let base = shown.load(ordering: .relaxed)
        guard instant.nanoseconds > base else { return 0 }
        let local = instant.nanoseconds - base
        let rate = UInt64(1_000_000 + drift)
        var elapsed = local / rate * 1_000_000 + local % rate * 1_000_000 / rate
        while Self.scaled(elapsed, drift) < local { elapsed += 1 }
        return since.load(ordering: .relaxed) + elapsed
    }

    private static func scaled(_ time: UInt64, _ drift: Int64) -> UInt64 {
        let rate = UInt64(1_000_000 + drift)
        return time / 1_000_000 * rate + time % 1_000_000 * rate / 1_000_000
    }
}
