import Audit
import CryptographicModule
import HSMNode
import KeyVaultAPI
import Logging
import PoolState
import Raft
import RequestPipeline
import SecurityDomain

/// What has to be done without anybody asking: keys whose retention has run out are purged, keys whose rules ask for it
/// get new versions, jobs of dead nodes and changes of the key-encryption key go on, ceremonies that officers have left
/// unfinished end, and counted refusals reach the audit log even when nobody knocks any more.
struct Housekeeping: Sendable {
    /// Making an RSA key takes seconds, and the threads are there for requests too.
    private static let rotationsPerRound = 10

    /// This one's id.
    let node: UInt64
    let runtime: NodeRuntime
    let takeover: JobTakeover
    let rewrapping: KeyRewrapping
    let custody: any KeyCustody
    let ceremonies: OpenCeremonies
    let module: CryptographicModule
    let computation: any ComputationPool
    /// What key identifiers in audit records begin with.
    let baseURL: String
    let audit: AuditLog
    let anonymous: AnonymousSampler
    let alarms: AlarmJournal
    let logger: Logger

    /// Ends when its task is cancelled.
    func run() async {
        var round = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(5))
            guard !Task.isCancelled else { break }
            ceremonies.expire(now: SystemClock().unixMilliseconds() / 1000)
            await takeOverSilentJob()
            await holdRoot()
            await rewrapping.tend()
            round += 1
            guard round.isMultiple(of: 3) else { continue }
            if let summary = anonymous.flush(time: SystemClock().unixMilliseconds()) { audit.append(summary) { _ in } }
            OverusedKeys.raiseAlarms(of: module, in: runtime.latestView.state, to: alarms)
            await purgeDueKeys()
            await rotateDueKeys()
        }
    }

    private func purgeDueKeys() async {
        guard runtime.latestStanding.role == .leader, custody.unsealed != nil else { return }
        let purges = DuePurges(pool: runtime, baseURL: baseURL, audit: audit, logger: logger)
        await purges.purge(now: SystemClock().unixMilliseconds() / 1000)
    }

    /// A backup or restore whose node is gone goes on at the leader, unless somebody asked for it at another node
    /// before.
    private func takeOverSilentJob() async {
        guard runtime.latestStanding.role == .leader, custody.unsealed != nil,
            let job = runtime.latestView.state.runningJob, job.isSilent(at: SystemClock().unixMilliseconds())
        else { return }
        await takeover.attempt(job)
    }

    /// Every member says once that it holds a root that rules since a change, and that its disk knows of it. The leader
    /// says it again, since the last one that was missing may have been removed instead.
    private func holdRoot() async {
        let state = runtime.latestView.state
        guard let change = state.rootChange, change.committed != nil, let pool = state.pool,
            custody.unsealed?.keyring.identity.generation == pool.rootGeneration,
            !change.holders.contains(node) || runtime.latestStanding.role == .leader,
            // What is published may not be stored yet.
            await runtime.save()
        else { return }
        do {
            _ = try await runtime.submit(.holdRoot(id: change.id, node: node), origin: .node)
        } catch {
            logger.info("the end of a change of the root waits for the pool", metadata: ["cause": "\(error)"])
        }
    }

    /// Only the leader does it. A new leader may repeat what the old one has proposed: the state machine takes one
    /// rotation of a version only, and none that isn't due by the log's own time.
    private func rotateDueKeys() async {
        guard runtime.latestStanding.role == .leader, custody.unsealed != nil else { return }
        let now = SystemClock().unixMilliseconds() / 1000
        var rotated = 0
        var last: String?
        repeat {
            let page = runtime.latestView.state.keys(after: last, limit: 500)
            guard let end = page.last else { break }
            last = end.name
            for key in page where key.isRotationDue(at: now) {
                guard rotated < Self.rotationsPerRound else { return }
                rotated += 1
                guard await rotate(key, now: now) else { return }
            }
        } while !Task.isCancelled
    }

    /// - Returns: whether it makes sense to go on with other keys.
    private func rotate(_ key: KeyRecord, now: Int64) async -> Bool {
        guard let pool = runtime.latestView.state.pool else { return false }
        let module = module
        do {
            let command = try await computation.run { () throws(CryptoError) in
                try KeyRotation.command(for: key, poolID: pool.poolID, now: now, onlyIfDue: true, module: module)
            }
            let committed = try await runtime.submit(command, origin: .node)
            guard case .key(let name, let version) = committed.outcome else { return true }
            logger.notice("made a new version of a key by its rotation policy", metadata: ["key": "\(name)"])
            let identifier = KeyRotation.identifier(baseURL: baseURL, name: name, version: version)
            let event = AuditEvent(
                time: SystemClock().unixMilliseconds(), operationName: "KeyRotateIfDue", status: 200,
                details: AuditDetails(keyID: identifier), policyIndex: committed.index)
            audit.append(event) { _ in }
            return true
        } catch {
            logger.info("a rotation that is due waits", metadata: ["key": "\(key.name)", "cause": "\(error)"])
            return false
        }
    }
}
