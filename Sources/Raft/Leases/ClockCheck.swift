/// Comparing clocks: whether one that leases are counted by is still good enough.
///
/// A detector speaks only after the fact, so it is a second line of defence: the first is that clocks keep within the
/// error that the pool allows for.
public enum ClockCheck {
    /// One reading of the clock that leases are counted by (it goes on while the machine sleeps), taken between two
    /// readings of the raw oscillator, which nobody slews.
    public struct Reading: Hashable, Sendable {
        public let rawBefore: Instant
        public let lease: Instant
        public let rawAfter: Instant

        public init(rawBefore: Instant, lease: Instant, rawAfter: Instant) {
            self.rawBefore = rawBefore
            self.lease = lease
            self.rawAfter = rawAfter
        }
    }

    /// What became of the lease clock between two readings.
    public enum Verdict: Hashable, Sendable {
        case good
        /// The clock advanced less than it may: leases that are counted by it last too long.
        case slow
        /// It advanced more: either the machine slept, or what was booked by it ended too early.
        case fast
    }

    /// How the lease clock advanced between two readings, by the oscillator. A pause within a reading only makes the
    /// check more lenient.
    public static func compare(_ first: Reading, _ second: Reading, _ parameters: LeaseParameters) -> Verdict {
        let advance = second.lease.since(first.lease)
        let least = second.rawBefore.since(first.rawAfter)
        let most = second.rawAfter.since(first.rawBefore)
        if advance < least - least / 100 * parameters.clockError { return .slow }
        return advance > most + most / 100 * parameters.clockError + Nanoseconds(parameters.clockError) ? .fast : .good
    }

    /// What a holder and a leader have noted about one lease.
    public struct Stamp: Hashable, Sendable {
        /// Before the request was sent, and after the grant had arrived, on the holder's clock.
        public let sent: Instant
        public let granted: Instant
        /// When the request arrived, on the leader's clock.
        public let received: Instant

        public init(sent: Instant, granted: Instant, received: Instant) {
            self.sent = sent
            self.granted = granted
            self.received = received
        }
    }

    /// Whether the two clocks can both be good. The leader's receipts of two requests lie between the sending of the
    /// first and the arrival of the second grant, so its clock cannot have advanced by more than the holder's,
    /// stretched.
    public static func agree(_ first: Stamp, _ second: Stamp, _ parameters: LeaseParameters) -> Bool {
        second.received.since(first.received) <= parameters.stretched(second.granted.since(first.sent))
    }
}

/// The stamps of one leader's grants to compare the next one with: the last one shows a clock that stood still, one
/// from seconds ago a clock that runs at a wrong rate.
struct GrantStamps: Sendable {
    private var term: Term = 0
    private var last: ClockCheck.Stamp?
    private var anchor: ClockCheck.Stamp?

    private static let anchorLife: Nanoseconds = 4_000_000_000

    /// Notes the stamp, and says whether the clocks agree.
    mutating func add(_ stamp: ClockCheck.Stamp, term: Term, _ parameters: LeaseParameters) -> Bool {
        if term != self.term { self = GrantStamps() }
        let agree = [last, anchor].allSatisfy { $0.map { ClockCheck.agree($0, stamp, parameters) } ?? true }
        self.term = term
        guard agree else {
            last = stamp
            anchor = stamp
            return false
        }
        if anchor.map({ stamp.granted.since($0.granted) > Self.anchorLife }) ?? true { anchor = stamp }
        last = stamp
        return true
    }
}
