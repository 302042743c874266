import Glibc
import NodeEnvironment
import Raft
import RequestPipeline

/// The machine's clocks.
struct SystemClock: NodeClock, CivilClock {
    /// CLOCK_BOOTTIME: it runs on while the machine sleeps.
    func now() -> Instant { Self.read(CLOCK_BOOTTIME) }

    func reading() -> ClockCheck.Reading {
        let before = Self.read(CLOCK_MONOTONIC_RAW)
        let lease = now()
        return ClockCheck.Reading(rawBefore: before, lease: lease, rawAfter: Self.read(CLOCK_MONOTONIC_RAW))
    }

    private static func read(_ clock: clockid_t) -> Instant {
        var time = timespec()
        clock_gettime(clock, &time)
        return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
    }

    func unixMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
