import Glibc

/// Nanoseconds of the machine's monotonic clock, for time-outs and for slicing work.
enum MonotonicClock {
    static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

extension Duration {
    /// Whole nanoseconds; nothing below zero, and at most 292 years.
    var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        guard seconds < 9_000_000_000 else { return UInt64(Int64.max) }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}

extension TransportTimeouts {
    /// The deadlines in the unit that the connections reckon with.
    struct Nanoseconds {
        let firstRequest: UInt64
        let idle: UInt64
        let request: UInt64
        let writeStall: UInt64
    }

    var nanoseconds: Nanoseconds {
        Nanoseconds(
            firstRequest: firstRequest.clampedNanoseconds, idle: idle.clampedNanoseconds,
            request: request.clampedNanoseconds, writeStall: writeStall.clampedNanoseconds)
    }

    /// How often a connection looks for passed deadlines: a quarter of the shortest, 20 ms to 5 s.
    var checkInterval: Duration {
        let shortest = min(firstRequest, idle, request, writeStall)
        return min(max(shortest / 4, .milliseconds(20)), .seconds(5))
    }
}
