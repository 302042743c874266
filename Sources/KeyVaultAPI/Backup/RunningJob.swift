import Backup
import CryptographicModule
import Logging
import PoolState
import RequestPipeline
import StrictJSON
import Synchronization

/// A job that this node runs: it tells the pool every few seconds how far it is, and at the end how it went.
final class RunningJob: Sendable {
    /// Well within the time after which a silent node is taken for dead.
    private static let reportInterval = Duration.seconds(3)
    /// How often a command is repeated that the pool couldn't take, or a computation that the node couldn't.
    private static let attempts = 20
    private static let pause = Duration.milliseconds(500)

    struct Progress: Hashable {
        var items: UInt64 = 0
        var bytes: UInt64 = 0
        /// Staged, of a restore.
        var keys = 0
        /// What a restore brings, for people.
        var report = ""
    }

    /// As it was begun, or taken over.
    let record: JobRecord
    /// The log entry that did so.
    let begunAt: UInt64
    let services: PipelineServices
    private let progress = Mutex(Progress())

    var order: JobOrder { record.order }

    init(record: JobRecord, begunAt: UInt64, services: PipelineServices) {
        self.record = record
        self.begunAt = begunAt
        self.services = services
    }

    func update(_ body: (inout Progress) -> Void) { progress.withLock { body(&$0) } }

    private var id: Logger.Metadata { ["job": "\(Hexadecimal.encode(order.id))", "kind": "\(order.kind)"] }

    /// Does the work and ends the job.
    func run(_ work: @escaping @Sendable (RunningJob) async throws -> Void) async {
        let reporting = Task { await report() }
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await work(self))
        } catch {
            outcome = .failure(error)
        }
        reporting.cancel()
        await end(outcome)
    }

    private func report() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.reportInterval)
            guard !Task.isCancelled else { return }
            let now = progress.withLock { $0 }
            // What isn't taken now is said again soon.
            _ = try? await services.pool.submit(
                .reportJob(id: order.id, items: now.items, bytes: now.bytes), origin: .node)
        }
    }

    private func end(_ outcome: Result<Void, any Error>) async {
        let failure: any Error
        do {
            try outcome.get()
            let done = progress.withLock { $0 }
            try await submit(
                .completeJob(
                    id: order.id, items: done.items, bytes: done.bytes, keys: done.keys, report: done.report))
            services.logger.notice(
                "job succeeded", metadata: id.merging(["items": "\(done.items)", "bytes": "\(done.bytes)"]) { $1 })
            services.recordEnd(of: order, done)
            return
        } catch {
            failure = error
        }
        services.logger.error("job failed", metadata: id.merging(["cause": "\(failure)"]) { $1 })
        services.recordEnd(of: order, nil, JobFailure(failure))
        do {
            try await submit(.failJob(id: order.id, JobFailure(failure), onlyIfSilent: false))
        } catch {
            // The pool ends it by itself when nothing is heard of it any more.
            services.logger.error("a failed job wasn't ended", metadata: id.merging(["cause": "\(error)"]) { $1 })
        }
    }

    /// Submits a command, again and again where the pool can't take it now: it takes effect once.
    func submit(_ command: PoolCommand) async throws {
        let origin = ProposalOrigin(principal: nil, authentication: .node, proposalID: Random.bytes(16))
        var attempt = 0
        while true {
            let committed: Committed
            do throws(PoolUnavailable) {
                committed = try await services.pool.submit(command, origin: origin)
            } catch {
                attempt += 1
                guard attempt < Self.attempts, error != .sealed, error != .shuttingDown else {
                    throw JobRefused.unavailable(error)
                }
                try await Task.sleep(for: Self.pause)
                continue
            }
            if case .refused(let refusal) = committed.outcome { throw JobRefused.refused(refusal) }
            return
        }
    }

    /// Runs a computation, again and again where requests leave no room for it: they may be sent anew one by one, and a
    /// job would have to begin from its beginning.
    func compute<Value: Sendable>(_ work: @escaping @Sendable () throws(CryptoError) -> Value) async throws -> Value {
        var attempt = 0
        while true {
            do throws(APIError) {
                return try await services.computation.run(work)
            } catch {
                attempt += 1
                guard error == .tooManyRequests, attempt < Self.attempts else { throw error }
            }
            try await Task.sleep(for: Self.pause)
        }
    }
}

/// Why the pool doesn't go along with a job.
enum JobRefused: Error {
    case refused(Refusal)
    case unavailable(PoolUnavailable)
    case keyNotInBackup(String)
    /// It isn't the backup that officers have approved.
    case otherBackup
    /// The node hasn't followed yet to the root that rules, or to keys that are new.
    case keyringIsBehind
    case tooLarge
    /// With all of its versions it doesn't fit into one command, and not every member takes it in several.
    case keyTooLarge(String)
}

extension JobFailure {
    /// What a client sees of a failure. None of these errors holds a secret.
    init(_ error: any Error) {
        switch error {
        case let fault as BackupStoreFault:
            // Names in it may be as long as a request allows.
            self.init(code: fault.code, message: String(fault.description.prefix(500)))
        case let fault as BackupFault:
            self.init(code: "BackupRejected", message: "The backup was refused: \(fault). Nothing was changed.")
        case JobRefused.keyNotInBackup(let name):
            self.init(code: "KeyNotFound", message: "The backup holds no key '\(name)'. Nothing was changed.")
        case JobRefused.tooLarge:
            self.init(
                code: "LimitExceeded",
                message: "The backup is larger than a node can restore at once. Nothing was changed. Restore its keys "
                    + "one by one.")
        case JobRefused.keyTooLarge(let name):
            self.init(
                code: "LimitExceeded",
                message: "The key '\(name)' has more than 1 MiB of versions with their tags and release policies. It "
                    + "can be restored once every node runs a program that knows version \(PoolVersion.dividedKeys) "
                    + "of the pool: 'hsmctl pool status' shows it. Nothing was changed.")
        case JobRefused.otherBackup:
            self.init(
                code: "BackupRejected",
                message: "The backup isn't the one that the officers have approved: another one is in its place. "
                    + "Nothing was changed.")
        case JobRefused.keyringIsBehind:
            self.init(
                code: "ServiceUnavailable",
                message: "This node is about to follow a change of the pool's keys. Nothing was changed: start the "
                    + "restore again.")
        case JobRefused.refused(let refusal): self = Self.refused(refusal)
        case JobRefused.unavailable(let why):
            let answer = APIError(why)
            self.init(code: answer.code, message: answer.message)
        case let error as APIError where error == .tooManyRequests:
            self.init(
                code: "ServiceUnavailable",
                message: "This node had too much to do to seal the keys of the backup. Nothing was changed. Start "
                    + "again when there is less, or at another node.")
        case CryptoError.secureMemoryExhausted:
            self.init(
                code: "ServiceUnavailable",
                message: "This node's protected memory for keys is full. Nothing was changed. Start again, at another "
                    + "node.")
        case is CryptoError:
            self.init(
                code: "BackupRejected", message: "A key of the backup doesn't open, or can't be sealed here. "
                    + "Nothing was changed.")
        default: self = Self.inside
        }
    }

    private static let inside = JobFailure(
        code: "InternalServerError", message: "The job failed. The node's log has the cause.")

    /// The pool's refusal of a step: cause and cure, and no name out of the program. No job should meet the others.
    private static func refused(_ refusal: Refusal) -> JobFailure {
        switch refusal {
        case .restoreConsequencesChanged:
            JobFailure(
                code: "Conflict",
                message: "Principals, roles or settings of the pool were changed since the restore was ordered: it "
                    + "would bring what the officers weren't shown. Nothing was changed. Withdraw the order ('hsmctl "
                    + "backup withdraw-restore') and order the restore again.")
        case .notActivated:
            JobFailure(
                code: "Conflict",
                message: "Nobody is in office who could approve the restore: the pool doesn't know its officers yet, "
                    + "and the backup doesn't name those of its root. Order it with one that was made under this root.")
        case .invalidRestoreOrder:
            JobFailure(
                code: "LimitExceeded",
                message: "The restore would change more than officers can be shown (256 KiB of text). Restore keys "
                    + "only, or into a new pool.")
        case .lastAdministrator:
            JobFailure(
                code: "Forbidden",
                message: "The restore would leave no administrator who is enabled and has a secret. Nothing was "
                    + "changed. Assign the role at '/' to another such principal, and start again.")
        case .restoreOrderNotFound:
            JobFailure(
                code: "RestoreOrderNotFound",
                message: "The order was withdrawn or replaced. Nothing was changed. Order the restore again.")
        case .retiredKeyEncryption: JobFailure(JobRefused.keyringIsBehind)
        case .jobNotFound, .jobNotRunning, .jobOfOtherNode:
            JobFailure(
                code: "Conflict",
                message: "The pool heard nothing of this node for too long. Another one has gone on with the job, or "
                    + "it has failed: its status says which.")
        default: inside
        }
    }
}
