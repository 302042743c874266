import Audit
import HSMNode
import Logging
import PoolState
import Raft
import RequestPipeline

/// What has to be done without anybody asking: keys whose retention has run out are purged, and counted refusals reach
/// the audit log even when nobody knocks any more.
struct Housekeeping: Sendable {
    /// Due keys that one round purges: the log is there for others too.
    private static let purgesPerRound = 100

    let runtime: NodeRuntime
    let custody: any KeyCustody
    let audit: AuditLog
    let anonymous: AnonymousSampler
    let logger: Logger

    /// Ends when its task is cancelled.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(15))
            guard !Task.isCancelled else { break }
            if let summary = anonymous.flush(time: SystemClock().unixMilliseconds()) { audit.append(summary) { _ in } }
            await purgeDueKeys()
        }
    }

    /// Only the leader does it, so that members don't propose the same thing at the same time. The state machine
    /// decides by the log's own time whether a key is due.
    private func purgeDueKeys() async {
        guard runtime.latestStanding.role == .leader, custody.unsealed != nil else { return }
        let now = SystemClock().unixMilliseconds() / 1000
        var purged = 0
        var last: String?
        repeat {
            let page = runtime.latestView.state.deletedKeys(after: last, limit: 500)
            guard let end = page.last else { break }
            last = end.name
            for key in page where key.deletion.map({ $0.scheduledPurgeAt <= now }) ?? false {
                guard purged < Self.purgesPerRound else { return }
                purged += 1
                do {
                    _ = try await runtime.submit(.purgeKey(name: key.name, onlyIfDue: true), origin: .node)
                    logger.notice("purged a key at the end of its retention", metadata: ["key": "\(key.name)"])
                } catch {
                    return logger.info("a due key waits for the pool", metadata: ["cause": "\(error)"])
                }
            }
        } while !Task.isCancelled
    }
}
