import NIOCore

/// How long to wait before calling a peer again: doubling from `minimum` to `maximum`, each time somewhere between
/// half and the whole of it, so that the nodes of a restarted pool don't call one another in step.
struct Backoff {
    let minimum: TimeAmount
    let maximum: TimeAmount
    private var failures = 0

    init(minimum: TimeAmount, maximum: TimeAmount) {
        self.minimum = minimum
        self.maximum = maximum
    }

    mutating func succeeded() {
        failures = 0
    }

    /// - Parameter random: 0..<1.
    mutating func next(random: Double) -> TimeAmount {
        let doubled = minimum.nanoseconds << Int64(min(failures, 16))
        failures += 1
        let full = min(doubled, maximum.nanoseconds)
        return .nanoseconds(full / 2 + Int64(Double(full / 2) * random))
    }
}
