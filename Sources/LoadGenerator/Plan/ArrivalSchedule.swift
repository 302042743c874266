import Glibc

/// The times at which requests are due in an open loop, in order: the inverse of the number that has come until then.
///
/// During the warm-up the rate is the first one; then it goes evenly to the last one.
struct ArrivalSchedule {
    private let from: Double
    private let warmUp: Double
    /// Half of the rate's growth, requests a second squared.
    private let halfSlope: Double
    private let end: Double
    private let spacing: LoadPlan.Spacing
    private var random: SplitMix64
    private var arrived = 0.0

    /// When the next request is due, nanoseconds after the start; `nil` when none is due any more.
    private(set) var next: UInt64?

    /// - Parameters:
    ///   - from: rate at the start, requests a second.
    ///   - to: rate at the end.
    ///   - warmUp, duration: nanoseconds.
    ///   - first: after which part of an even gap the first request is due.
    init(
        from: Double, to: Double, spacing: LoadPlan.Spacing, warmUp: UInt64, duration: UInt64, random: SplitMix64,
        first: Double = 1
    ) {
        self.from = from
        self.warmUp = Double(warmUp) / 1e9
        halfSlope = (to - from) / (2 * Double(duration) / 1e9)
        end = Double(warmUp + duration) / 1e9
        self.spacing = spacing
        self.random = random
        if spacing == .even { arrived = first - 1 }
        advance()
    }

    /// Goes on to the next arrival.
    mutating func advance() {
        switch spacing {
        case .even: arrived += 1
        case .random: arrived -= log(1 - random.unit())
        }
        let time = time(of: arrived)
        next = time.isFinite && time < end ? UInt64(time * 1e9) : nil
    }

    /// The time in seconds at which `count` requests have come; infinity where that many never come.
    private func time(of count: Double) -> Double {
        let afterWarmUp = count - from * warmUp
        if afterWarmUp <= 0 { return count / from }
        if abs(halfSlope) < 1e-12 { return warmUp + afterWarmUp / from }
        let discriminant = from * from + 4 * halfSlope * afterWarmUp
        guard discriminant >= 0 else { return .infinity }
        return warmUp + (discriminant.squareRoot() - from) / (2 * halfSlope)
    }
}
