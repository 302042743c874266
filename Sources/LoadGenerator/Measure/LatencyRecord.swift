import Histogram

/// Latencies in a histogram of constant relative precision (HdrHistogram): three digits, 1 µs to 10 minutes.
public struct LatencyRecord: Sendable {
    private var histogram = Histogram<UInt64>(
        lowestDiscernibleValue: 1, highestTrackableValue: Self.longest, numberOfSignificantValueDigits: .three)

    /// Microseconds. Anything longer counts as this.
    private static let longest: UInt64 = 600_000_000

    public init() {}

    public var count: UInt64 { histogram.totalCount }
    public var isEmpty: Bool { histogram.totalCount == 0 }

    /// Rounds to microseconds. What is shorter than 1 µs counts as 1 µs, what is longer than 10 minutes as 10 minutes.
    public mutating func record(nanoseconds: UInt64) {
        record(microseconds: (nanoseconds + 500) / 1000, count: 1)
    }

    mutating func record(microseconds: UInt64, count: UInt64) {
        _ = histogram.record(min(max(microseconds, 1), Self.longest), count: count)
    }

    /// Values go over with the precision of a record, so sums of records lose nothing more.
    public mutating func add(_ other: LatencyRecord) {
        for (value, count) in other.buckets { record(microseconds: value, count: count) }
    }

    /// Forgets all values.
    public mutating func reset() { histogram.reset() }

    /// The latency in microseconds that `percent` of all did not exceed; 0 without any.
    public func microseconds(atPercentile percent: Double) -> UInt64 {
        isEmpty ? 0 : histogram.valueAtPercentile(percent)
    }

    /// Microseconds; 0 without any.
    public var longestMicroseconds: UInt64 { isEmpty ? 0 : histogram.maxRecorded }
    /// Microseconds; 0 without any.
    public var meanMicroseconds: Double { isEmpty ? 0 : histogram.mean }

    /// Recorded values in microseconds and how often each occurred, ascending.
    public var buckets: [(microseconds: UInt64, count: UInt64)] {
        isEmpty ? [] : histogram.recordedValues().map { ($0.value, $0.count) }
    }
}
