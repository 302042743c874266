import Audit
import Logging
import PoolState

/// Purges keys whose retention has run out.
///
/// Only the leader does it, so that members don't propose the same thing at the same time. The state machine decides by
/// the log's own time whether a key is due.
struct DuePurges: Sendable {
    /// Due keys that one round purges: the log is there for others too.
    private static let perRound = 100

    let pool: any Pool
    /// What key identifiers in audit records begin with.
    let baseURL: String
    let audit: AuditLog
    let logger: Logger

    /// One round.
    ///
    /// - Parameter now: Unix seconds by this node's clock: what to propose.
    func purge(now: Int64) async {
        var purged = 0
        var last: String?
        repeat {
            let page = pool.latestView.state.deletedKeys(after: last, limit: 500)
            guard let end = page.last else { break }
            last = end.name
            for key in page where key.deletion.map({ $0.scheduledPurgeAt <= now }) ?? false {
                guard purged < Self.perRound else { return }
                purged += 1
                do {
                    let committed = try await pool.submit(.purgeKey(name: key.name, onlyIfDue: true), origin: .node)
                    // Another leader may have been quicker.
                    guard case .applied = committed.outcome else { continue }
                    audit.append(record(of: key.name, policyIndex: committed.index)) { _ in }
                    logger.notice("purged a key at the end of its retention", metadata: ["key": "\(key.name)"])
                } catch {
                    return logger.info("a due key waits for the pool", metadata: ["cause": "\(error)"])
                }
            }
        } while !Task.isCancelled
    }

    /// The record of a purge that nobody asked for.
    private func record(of name: String, policyIndex: UInt64) -> AuditEvent {
        AuditEvent(
            time: SystemClock().unixMilliseconds(), operationName: "KeyPurgeIfDue", status: 204,
            details: AuditDetails(keyID: "\(baseURL)/deletedkeys/\(name)"), policyIndex: policyIndex)
    }
}
