/// Finds the highest rate that meets an objective, by trials at one rate after the other.
///
/// The rate grows by a half until a trial fails, then the gap is halved until it is small. A trial's outcome scatters,
/// so a rate that just failed isn't tried again a little lower than it is worth.
public struct MaximumSearch: Sendable {
    /// The search ends when the best known rate is within this share of the lowest failing one.
    public static let precision = 0.05
    private static let growth = 1.5
    private static let most = 24

    /// The highest rate that has met the objective.
    public private(set) var best: Double?
    /// The lowest rate that has missed it.
    public private(set) var worst: Double?
    /// Whether ``worst`` says more of the generator than of the pool, which may do more than ``best``.
    public private(set) var isLimitedByGenerator = false
    private var trials = 0
    private let first: Double

    /// - Parameter first: the rate to begin with, requests a second.
    public init(startingAt first: Double) { self.first = max(1, first) }

    /// The rate of the next trial; `nil` when the search is over.
    public var next: Double? {
        guard trials < Self.most else { return nil }
        switch (best, worst) {
        case (nil, nil): return first
        case (let best?, nil): return best * Self.growth
        case (nil, let worst?): return worst > 2 ? worst / 2 : nil
        case (let best?, let worst?): return worst / best > 1 + Self.precision ? (best + worst) / 2 : nil
        }
    }

    /// - Parameters:
    ///   - isMet: whether the objective was met at `rate`.
    ///   - isLimitedByGenerator: whether the generator was at its limit there.
    public mutating func take(rate: Double, isMet: Bool, isLimitedByGenerator: Bool = false) {
        trials += 1
        if isMet {
            best = max(best ?? 0, rate)
        } else if rate < worst ?? .infinity {
            worst = rate
            self.isLimitedByGenerator = isLimitedByGenerator
        }
    }
}

/// What a pool shall keep to.
public struct LatencyObjective: Hashable, Sendable {
    /// The percentile that is looked at: more than 0, at most 100.
    public let percent: Double
    /// The latency at ``percent`` may be this and no more.
    public let microseconds: UInt64

    public init(percent: Double, microseconds: UInt64) {
        self.percent = percent
        self.microseconds = microseconds
    }

    /// Reads `p99<=5ms`, `p99.9<20ms` or `p50<=800us`.
    public init?(_ text: String) {
        guard text.hasPrefix("p"), let sign = text.firstIndex(of: "<"),
            let percent = Double(text[text.index(after: text.startIndex)..<sign]), percent > 0, percent <= 100
        else { return nil }
        var limit = text[text.index(after: sign)...]
        if limit.first == "=" { limit = limit.dropFirst() }
        let units = [("ms", 1000.0), ("us", 1), ("s", 1_000_000)]
        guard let (unit, factor) = units.first(where: { limit.hasSuffix($0.0) }),
            let number = Double(limit.dropLast(unit.count)), number > 0, number * factor < 6e8
        else { return nil }
        self.init(percent: percent, microseconds: UInt64(number * factor))
    }

    /// Whether the run kept to it: the latency, 98 % of what was asked for answered in time, and every request sent, of
    /// which at most one in a thousand was not answered as asked, be it for load; these count as the slowest. A
    /// generator that lost a process shows nothing.
    public func isMet(by report: LoadReport) -> Bool {
        let counts = report.all.cell.counts
        let asked = report.offeredRate ?? report.all.rate
        // Of the last requests the answers may come after the measured time, and yet within the objective's.
        let underWay = asked * Double(microseconds) / 1e6 + 1
        let isAnsweredInTime = report.all.rate * report.seconds + underWay >= 0.98 * asked * report.seconds
        // Latencies are those of good answers: of all requests the percentile is a higher one of theirs.
        let ofGood = percent * Double(counts.total) / Double(max(1, counts.good))
        return counts.good > 0 && report.processLostAt == nil && report.unsent + report.homeless == 0
            && Double(counts.bad) <= Double(counts.total) / 1000
            && isAnsweredInTime && ofGood <= 100
            && report.all.cell.latency.microseconds(atPercentile: ofGood) <= microseconds
    }
}
