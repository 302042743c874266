import Backup
import CryptographicModule
import Logging
import PoolState
public import RequestPipeline
import SecurityDomain
import StrictJSON

/// Backups by the pool's schedule: begins what is due, and removes what has served its time.
public struct ScheduledBackups: Sendable {
    /// Removals of one round: each may take the time of several requests.
    private static let removals = 20

    let services: PipelineServices
    let desk: BackupDesk

    /// - Parameter desk: the one that the routes have.
    public init(services: PipelineServices, desk: BackupDesk) {
        self.services = services
        self.desk = desk
    }

    private var state: PoolState { services.pool.latestView.state }
    private var now: Int64 { services.clock.unixMilliseconds() / 1000 }

    // MARK: Beginning

    /// Begins the backup that is due. Only the leader asks for it; a second one may do the same at the same time, and
    /// the log takes it once.
    public func beginDue() async {
        guard services.custody.unsealed != nil, let plan = state.backupPlan, state.runningJob == nil,
            let due = state.dueBackup(at: now)
        else { return }
        do {
            let begun = try await Self.begin(plan.schedule, due: due, services, desk)
            guard case .applied = begun.outcome else {
                return services.logger.info("a backup that is due waits", metadata: ["cause": "\(begun.outcome)"])
            }
            if let order = begun.record?.order { services.recordOwnDoing("FullBackupIfDue", order.auditDetails) }
            services.logger.notice(
                "began a backup by the schedule", metadata: ["job": "\(Hexadecimal.encode(begun.job))"])
        } catch {
            services.logger.error("a backup that is due can't be begun", metadata: ["cause": "\(error)"])
        }
    }

    /// What became of the wish to begin a backup.
    struct Beginning {
        let job: [UInt8]
        let outcome: CommandOutcome
        let record: JobRecord?
    }

    /// Begins a backup by the schedule on this node.
    ///
    /// - Parameter due: nil where somebody asks for it out of turn.
    static func begin(
        _ schedule: BackupSchedule, due: Int64?, _ services: PipelineServices, _ desk: BackupDesk
    ) async throws -> Beginning {
        guard let keyring = services.custody.unsealed?.keyring else { throw BackupFault.keysUnavailable }
        let id = Random.bytes(16)
        let folder = BackupPlace.folder(
            pool: services.identity.poolName, milliseconds: services.clock.unixMilliseconds(), id: id)
        // The schedule's token is bound to the schedule, and a job's to the job.
        let token = schedule.sealedToken.isEmpty
            ? [] : try keyring.sealJobToken(
                try keyring.openJobToken(schedule.sealedToken, job: schedule.id), job: id)
        let order = JobOrder(
            id: id, kind: .backup, node: desk.node, place: "\(schedule.container)/\(folder)", folder: folder,
            sealedToken: token, usesManagedIdentity: schedule.usesManagedIdentity)
        let committed = try await services.pool.submit(
            .beginScheduledBackup(order, schedule: schedule.id, due: due), origin: .node)
        guard committed.outcome == .applied, let record = committed.view.state.job(id) else {
            return Beginning(job: id, outcome: committed.outcome, record: nil)
        }
        let job = RunningJob(record: record, begunAt: committed.index, services: services)
        JobWork.start(job, desk) { try BackupPlace(of: $0.order, keyring, desk) }
        return Beginning(job: id, outcome: committed.outcome, record: record)
    }

    // MARK: Removing

    /// First a backup is marked in the log, then it is removed where it is, then it is forgotten: whoever leads goes on
    /// where another one stopped, and none removes what is still counted on, by a restore neither.
    ///
    /// - Returns: whether it makes sense to go on soon: nothing failed.
    public func removeSurplus() async -> Bool {
        guard let keyring = services.custody.unsealed?.keyring else { return true }
        do {
            for backup in state.surplusBackups.filter({ !isAwaited($0) }).prefix(Self.removals) {
                _ = try await services.pool.submit(.retireBackup(backup.id), origin: .node)
            }
            // What is marked and where it lies: of one moment, since the schedule may get another place at any time.
            let state = state
            // By lot: those that the store keeps may be more than one round tries.
            let retired = state.backupsBySchedule.filter(\.isRetired).shuffled().prefix(Self.removals)
            guard let schedule = state.backupPlan?.schedule, !retired.isEmpty else { return true }
            let container = try BackupPlace(of: schedule, keyring, desk).container
            var refused: BackupStoreFault?
            // Each takes a while, and a restore may have begun meanwhile.
            for backup in retired where !isAwaited(backup) {
                do {
                    try await remove(backup, container)
                } catch let fault as BackupStoreFault {
                    // What the store keeps, on hold or another's, doesn't keep the others. Nothing is asked of one that
                    // doesn't answer.
                    if case .unreachable = fault { throw fault }
                    refused = fault
                }
            }
            if let refused { throw refused }
            return true
        } catch {
            services.logger.error("old backups can't be removed", metadata: ["cause": "\(error)"])
            return false
        }
    }

    /// Whether a restore from it is under way, or waits for officers to approve it.
    private func isAwaited(_ backup: ScheduledBackup) -> Bool {
        let state = state
        guard let container = state.backupPlan?.schedule.container else { return false }
        let places = backup.folders.map { "\(container)/\($0)" }
        if let order = state.restoreOrder, order.expires > now, places.contains(order.place) { return true }
        return state.runningJob.map { places.contains($0.order.place) } ?? false
    }

    private func remove(_ backup: ScheduledBackup, _ container: any BackupContainer) async throws {
        for folder in backup.folders { try await container.remove(folder: folder, object: BackupPlace.object) }
        _ = try await services.pool.submit(.forgetBackup(backup.id), origin: .node)
        services.recordOwnDoing(
            "BackupRemoveIfDue",
            OperationDetails(extra: [
                ("jobId", Hexadecimal.encode(backup.id)), ("place", container.uri),
                ("folder", backup.folders.joined(separator: " ")),
            ]))
        services.logger.notice("removed an old backup", metadata: ["folder": "\(backup.folder)"])
    }

    // MARK: Alarm

    /// What is wrong with the pool's backups; nil where nothing is, or there is no schedule.
    public func alarm() -> String? {
        guard let plan = state.backupPlan, plan.isOverdue(at: now) else { return nil }
        return "no backup has succeeded for longer than the \(plan.schedule.alarmAfter) s that the schedule allows"
    }
}
