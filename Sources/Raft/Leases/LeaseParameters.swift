/// How the nodes of a pool make sure that a read is current. One choice for all nodes of a pool: a leader that grants
/// no leases does not wait for those that its predecessor granted.
public enum ReadMode: Hashable, Sendable {
    /// Each read, or batch of reads, costs a round trip to the leader and from there to a quorum.
    case readIndex
    /// Every member holds a lease, and answers from its own view while it lasts.
    case lease
}

/// What all nodes of a pool agree on about leases.
public struct LeaseParameters: Hashable, Sendable {
    /// How long a lease lasts, on the clock of its holder.
    public var length: Nanoseconds = 750_000_000
    /// By how much any clock may run too fast or too slow, in percent: while t passes, a clock advances by at least
    /// t - t * error and at most t + t * error.
    public var clockError: UInt64 = 10

    public init() {}

    /// For how long the leader waits, on its own clock, for a lease to end: its clock may be the fastest there is, and
    /// the holder's the slowest.
    public var bookedLength: Nanoseconds { stretched(length) }

    /// The most that one clock can advance while another one advances by `time`; rounded up.
    public func stretched(_ time: Nanoseconds) -> Nanoseconds {
        let slowest = 100 - clockError
        let (product, overflow) = time.multipliedReportingOverflow(by: 100 + clockError)
        return overflow ? .max : product / slowest + (product % slowest == 0 ? 0 : 1)
    }

    var areValid: Bool { length > 0 && length <= Limits.longestTimeout && clockError < 100 }
}
