/// A leader's reign, counted from 1. Zero is "before any election".
public typealias Term = UInt64

/// A position in the replicated log, counted from 1. Zero is the position before the first entry.
public typealias LogIndex = UInt64

/// A length of time on one node's clock, in nanoseconds.
public typealias Nanoseconds = UInt64

/// The name of a node in the pool. A value is never used for a second node, not even after the first one was removed or
/// lost its data: a node that forgot what it promised must not be taken for the one that made the promise.
public struct NodeID: Hashable, Comparable, Sendable {
    /// Zero means nobody and is never a member.
    public let rawValue: UInt64

    public init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    public static func < (left: NodeID, right: NodeID) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension NodeID: CustomStringConvertible {
    public var description: String { String(rawValue) }
}

/// A reading of the node's own clock, which must only move forward while the process lives. Readings of different nodes
/// have nothing to do with each other and never travel.
public struct Instant: Hashable, Comparable, Sendable {
    /// Since an origin that the driver's clock chooses, the same one for a whole process.
    public let nanoseconds: UInt64

    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    public static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The end of all time: the deadline of what never comes due.
    public static let distantFuture = Instant(nanoseconds: .max)

    /// The instant that lies `duration` later; saturates at `distantFuture`.
    public func advanced(by duration: Nanoseconds) -> Instant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration)
        return overflow ? .distantFuture : Instant(nanoseconds: sum)
    }

    /// How long ago `earlier` was; zero if it lies ahead.
    public func since(_ earlier: Instant) -> Nanoseconds {
        nanoseconds > earlier.nanoseconds ? nanoseconds - earlier.nanoseconds : 0
    }
}
