/// SplitMix64 (Steele, Lea & Flood 2014): small, and the same on every machine. For timeouts and request ids, where
/// only difference between nodes matters, never for secrets.
struct SplitMix64: Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number from `range`; the bias of the remainder does not matter for timeouts.
    mutating func next(in range: Range<UInt64>) -> UInt64 {
        let width = range.upperBound - range.lowerBound
        return width == 0 ? range.lowerBound : range.lowerBound + next() % width
    }
}
