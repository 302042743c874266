import NodeEnvironment
import Raft
import Synchronization

/// The clocks of one node: each runs at a rate of its own and shows a time of its own.
final class SimulatedClock: NodeClock {
    /// True time in nanoseconds, set by the world. Atomic only because a clock has to be Sendable.
    private let time = Atomic<UInt64>(0)
    private let offset: UInt64
    /// How much too fast the node's clock runs, in parts per million.
    private let drift: Int64
    /// For how long the machine has slept, which its oscillator has not counted. Nanoseconds.
    private let slept = Atomic<UInt64>(0)
    /// True time at which the clock stopped.
    private let stoppedAt = Atomic<UInt64>(.max)
    /// How far its civil clock is off, in milliseconds.
    private let civilOffset: Int64

    init(offset: UInt64, drift: Int64, civilOffset: Int64) {
        self.offset = offset
        self.drift = drift
        self.civilOffset = civilOffset
    }

    var trueTime: UInt64 {
        get { time.load(ordering: .relaxed) }
        set { time.store(newValue, ordering: .relaxed) }
    }

    func now() -> Instant {
        Instant(nanoseconds: begin + scaled(min(trueTime, stoppedAt.load(ordering: .relaxed))))
    }

    /// The machine sleeps: its clock jumps ahead of the oscillator.
    func sleep(nanoseconds: UInt64) {
        slept.wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    /// The clock stands still from now on.
    func stop() {
        stoppedAt.store(trueTime, ordering: .relaxed)
    }

    /// What the clock would have shown when true time began.
    private var begin: UInt64 { offset + slept.load(ordering: .relaxed) }

    /// True time is what a perfect oscillator shows.
    func reading() -> ClockCheck.Reading {
        let oscillator = Instant(nanoseconds: trueTime)
        return ClockCheck.Reading(rawBefore: oscillator, lease: now(), rawAfter: oscillator)
    }

    /// 2023-11-14 and later: any date will do.
    func unixMilliseconds() -> Int64 { 1_700_000_000_000 + Int64(trueTime / 1_000_000) + civilOffset }

    /// The earliest true time at which `now` has reached `instant`.
    func trueTime(of instant: Instant) -> UInt64 {
        guard instant < .distantFuture else { return .max }
        guard instant.nanoseconds > begin else { return 0 }
        let local = instant.nanoseconds - begin
        let rate = UInt64(1_000_000 + drift)
        var result = local / rate * 1_000_000 + local % rate * 1_000_000 / rate
        while scaled(result) < local { result += 1 }
        return result
    }

    private func scaled(_ time: UInt64) -> UInt64 {
        let rate = UInt64(1_000_000 + drift)
        return time / 1_000_000 * rate + time % 1_000_000 * rate / 1_000_000
    }
}
