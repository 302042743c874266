/// A token bucket for frames that bring no request further: PING, SETTINGS, PRIORITY, WINDOW_UPDATE, RST_STREAM, and
/// DATA of a few bytes. Each costs us work and the peer next to nothing, so a peer may send only as many as its
/// requests, what leaves of their answers, and the passing of time pay for. Of unknown types libnghttp2 tells nothing:
/// it skips them, and that is all they cost.
struct FrameBudget {
    private static let perSecond: UInt64 = 100
    private static let perRequest = 20
    /// Some clients give room anew for each 4 KiB that they have taken, to the stream and to the connection.
    private static let bytesPerFrame = 2048

    private let burst: Int
    private var tokens: Int
    private var refilledAt: UInt64

    init(burst: Int, now: UInt64) {
        self.burst = burst
        tokens = burst
        refilledAt = now
    }

    /// Takes one token; false when there is none left.
    mutating func charge(now: UInt64) -> Bool {
        if tokens > 0 {
            tokens -= 1
            return true
        }
        let elapsed = now > refilledAt ? now - refilledAt : 0
        let earned = elapsed / (1_000_000_000 / FrameBudget.perSecond)
        guard earned > 0 else { return false }
        refilledAt = now
        tokens = min(burst, Int(clamping: earned)) - 1
        return true
    }

    /// A request has arrived: it pays for the frames around it.
    mutating func credit() { add(FrameBudget.perRequest) }

    /// A DATA frame of an answer with so many bytes leaves: it pays for the room that the peer gives for others.
    mutating func credit(sent bytes: Int) { add(bytes / FrameBudget.bytesPerFrame) }

    private mutating func add(_ count: Int) { tokens = min(burst, tokens + count) }
}
