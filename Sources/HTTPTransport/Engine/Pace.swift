/// Until when the answers of an HTTP/2 connection may wait for flow control.
///
/// What leaves earns the time that it takes on the slowest link on which `WriteStall` sees no stall: before it has
/// arrived the peer can't give more room. Each byte earns the time of a byte, so that one now and then keeps nothing
/// alive.
struct Pace {
    /// For so much time may have been earned ahead. Many peers give more room when half of their window has arrived:
    /// this is half of a large one, and what the channel and the system hold.
    static let mostBytes = 128 * 1024

    private let perByte: UInt64
    private let most: UInt64
    private(set) var earned: UInt64

    /// - Parameter stall: how long so little may leave as `WriteStall` takes for nothing, in nanoseconds.
    init(stall: UInt64, now: UInt64) {
        // Bounded so that no sum overflows.
        perByte = min(stall, UInt64.max / 32) / UInt64(WriteStall.leastBytes)
        most = perByte * UInt64(Pace.mostBytes)
        earned = now
    }

    /// An answer begins to leave, and no other is on its way.
    mutating func begin(now: UInt64) { earned = max(earned, now) }

    mutating func sent(_ count: Int, now: UInt64) { earned = min(earned + perByte * UInt64(count), now + most) }

    /// For so many nanoseconds nothing could leave.
    mutating func waited(_ held: UInt64, now: UInt64) { earned = min(earned + held, now + most) }
}
