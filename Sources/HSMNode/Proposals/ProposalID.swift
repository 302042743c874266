import NodeEnvironment

/// The 16 bytes that name a proposal, in a form that hashes fast.
struct ProposalID: Hashable {
    private let high: UInt64
    private let low: UInt64

    /// Nil unless there are 16 bytes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        high = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes[8...].reduce(0) { $0 << 8 | UInt64($1) }
    }

    static func random(from source: any NodeRandom) -> ProposalID {
        ProposalID(high: source.uint64(), low: source.uint64())
    }

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    var bytes: [UInt8] {
        [high, low].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) } }
    }
}
