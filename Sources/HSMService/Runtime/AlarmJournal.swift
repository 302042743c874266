import Logging
import Raft
import Synchronization

/// Logs alarms without letting anybody fill the disk by causing them: the same text once a minute, with how often it
/// was held back.
final class AlarmJournal: Sendable {
    private struct Seen {
        var loggedAt: Instant
        var heldBack = 0
    }

    private static let interval: UInt64 = 60_000_000_000
    /// Texts that are told apart; beyond that the oldest are forgotten.
    private static let maximumTexts = 256

    private let logger: Logger
    private let seen = Mutex<[String: Seen]>([:])

    init(logger: Logger) { self.logger = logger }

    func log(_ text: String, now: Instant = SystemClock().now()) {
        let heldBack: Int? = seen.withLock { seen in
            if var known = seen[text], now.nanoseconds < known.loggedAt.nanoseconds + Self.interval {
                known.heldBack += 1
                seen[text] = known
                return nil
            }
            if seen.count >= Self.maximumTexts, let oldest = seen.min(by: { $0.value.loggedAt < $1.value.loggedAt }) {
                seen[oldest.key] = nil
            }
            let before = seen.updateValue(Seen(loggedAt: now), forKey: text)
            return before?.heldBack ?? 0
        }
        guard let heldBack else { return }
        var metadata: Logger.Metadata = ["alarm": "\(text)"]
        if heldBack > 0 { metadata["heldBack"] = "\(heldBack)" }
        logger.warning("alarm", metadata: metadata)
    }
}
