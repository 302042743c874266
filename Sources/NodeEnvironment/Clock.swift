public import Raft

/// The node's only source of time.
///
/// `now` runs while the machine sleeps (CLOCK_BOOTTIME), never goes back and is comparable only within one process.
/// `unixMilliseconds` is the civil clock: it stamps proposals and may jump.
public protocol NodeClock: Sendable {
    /// Time since an arbitrary origin, in nanoseconds.
    func now() -> Instant
    /// A reading of the clock behind `now` between two of the raw oscillator (CLOCK_MONOTONIC_RAW), to compare them.
    func reading() -> ClockCheck.Reading
    /// Milliseconds since 1970-01-01T00:00:00Z.
    func unixMilliseconds() -> Int64
}

/// The node's only source of randomness that isn't key material: identifiers and timeouts.
public protocol NodeRandom: AnyObject {
    /// A uniformly distributed number.
    func uint64() -> UInt64
    /// `count` uniformly distributed bytes.
    func bytes(_ count: Int) -> [UInt8]
}
