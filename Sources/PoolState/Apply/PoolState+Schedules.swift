import AccessControl
import HashTreeCollections

/// Backups by a schedule: whoever leads proposes what is due, and the log's own time decides, so that a backup is begun
/// once however often leaders change.
extension PoolState {
    /// The interval, by its beginning, whose backup is to be begun; nil where there is nothing to do.
    ///
    /// One that failed is tried again after a while, until the next interval begins.
    ///
    /// - Parameter now: Unix time in seconds.
    public func dueBackup(at now: Int64) -> Int64? {
        guard let plan = backupPlan, let interval = plan.schedule.retention.interval else { return nil }
        let due = interval.start(of: now)
        guard scheduledBackups.values.allSatisfy({ $0.taken < due }) else { return nil }
        guard let attempt = plan.attempt, attempt.due >= due else { return due }
        guard let job = job(attempt.job) else {
            return now - attempt.began >= PoolLimits.backupRetry ? due : nil
        }
        guard job.status == .failed, let ended = job.ended else { return nil }
        return now - ended >= PoolLimits.backupRetry ? due : nil
    }

    /// When the next backup is made by the schedule, Unix time in seconds; in the past where it is due, nil where there
    /// is no schedule.
    ///
    /// - Parameter now: Unix time in seconds.
    public func nextBackup(at now: Int64) -> Int64? {
        guard let interval = backupPlan?.schedule.retention.interval else { return nil }
        return dueBackup(at: now) ?? interval.start(of: now) + interval.length
    }

    /// What the schedule made and didn't remove yet, the newest first.
    public var backupsBySchedule: [ScheduledBackup] {
        scheduledBackups.values.sorted { ($0.taken, $0.job) > ($1.taken, $1.job) }
    }

    /// Those that have served their time and aren't marked yet, the oldest first.
    public var surplusBackups: [ScheduledBackup] {
        backupPlan?.schedule.retention.surplus(of: scheduledBackups.values.filter { !$0.isRetired }) ?? []
    }

    // MARK: Commands

    mutating func setBackupSchedule(
        _ schedule: BackupSchedule?, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard let schedule else {
            guard backupPlan != nil else { throw .noBackupSchedule }
            backupPlan = nil
            changes.remove(.backupPlan, RowKey.single)
            return forgetScheduledBackups(&changes)
        }
        guard pool.phase.mayHoldKeys else { throw .notActivated }
        guard schedule.isValid else { throw .invalidBackupSchedule }
        let isSamePlace = backupPlan?.schedule.container == schedule.container
        // In another place the pool removes nothing any more: what opens it is forgotten.
        if !isSamePlace { forgetScheduledBackups(&changes) }
        setPlan(
            BackupPlan(
                schedule: schedule, set: now, attempt: isSamePlace ? backupPlan?.attempt : nil,
                newestGood: backupPlan?.newestGood ?? newestBackup),
            &changes)
    }

    /// - Parameter due: nil where somebody asks for it out of turn.
    mutating func beginScheduledBackup(
        _ order: JobOrder, schedule: [UInt8], due: Int64?, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard var plan = backupPlan, plan.schedule.id == schedule, let interval = plan.schedule.retention.interval
        else { throw .noBackupSchedule }
        guard due == nil || due == dueBackup(at: now) else { throw .backupNotDue }
        guard order.kind == .backup, order.container == plan.schedule.container else { throw .invalidJob }
        try beginJob(order, in: pool, &changes)
        plan.attempt = BackupPlan.Attempt(job: order.id, due: interval.start(of: now), began: now)
        setPlan(plan, &changes)
    }

    /// A backup has succeeded: it is the newest good one, and where the schedule made it, one to be removed some day.
    mutating func noteBackup(_ job: JobRecord, _ changes: inout StateChanges) {
        guard var plan = backupPlan, job.order.kind == .backup, job.status == .succeeded else { return }
        plan.newestGood = max(plan.newestGood ?? 0, job.started)
        setPlan(plan, &changes)
        guard plan.attempt?.job == job.id else { return }
        if scheduledBackups.count >= PoolLimits.scheduledBackups, let oldest = backupsBySchedule.last {
            forget(oldest, &changes)
        }
        set(
            ScheduledBackup(
                job: job.identifier, folder: job.order.folder, taken: job.started, bytes: job.bytes, isRetired: false),
            &changes)
    }

    /// Marks a backup that is to be removed. From then on nobody counts on it, and any leader may remove it.
    mutating func retireBackup(_ id: [UInt8], _ changes: inout StateChanges) throws(Refusal) {
        guard var backup = GUID(bytes: id).flatMap({ scheduledBackups[$0] }) else { throw .scheduledBackupNotFound }
        guard surplusBackups.contains(backup) else { throw .backupIsKept }
        backup.isRetired = true
        set(backup, &changes)
    }

    /// It was removed.
    mutating func forgetBackup(_ id: [UInt8], _ changes: inout StateChanges) throws(Refusal) {
        guard let backup = GUID(bytes: id).flatMap({ scheduledBackups[$0] }) else { throw .scheduledBackupNotFound }
        guard backup.isRetired else { throw .backupIsKept }
        forget(backup, &changes)
    }

    // MARK: Records

    private var newestBackup: Int64? {
        jobRecords.values.filter { $0.order.kind == .backup && $0.status == .succeeded }.map(\.started).max()
    }

    private mutating func setPlan(_ plan: BackupPlan, _ changes: inout StateChanges) {
        backupPlan = plan
        changes.store(plan)
    }

    private mutating func set(_ backup: ScheduledBackup, _ changes: inout StateChanges) {
        scheduledBackups[backup.job] = backup
        changes.store(backup)
    }

    private mutating func forget(_ backup: ScheduledBackup, _ changes: inout StateChanges) {
        scheduledBackups[backup.job] = nil
        changes.remove(.scheduledBackup, backup.rowKey)
    }

    private mutating func forgetScheduledBackups(_ changes: inout StateChanges) {
        for backup in backupsBySchedule { forget(backup, &changes) }
    }

    /// The commands on schedules.
    mutating func executeOnSchedule(
        _ command: PoolCommand, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        switch command {
        case .setBackupSchedule(let schedule): try setBackupSchedule(schedule, in: pool, &changes)
        case .beginScheduledBackup(let order, let schedule, let due):
            try beginScheduledBackup(order, schedule: schedule, due: due, in: pool, &changes)
        case .retireBackup(let id): try retireBackup(id, &changes)
        case .forgetBackup(let id): try forgetBackup(id, &changes)
        default: throw .invalidProposal
        }
    }
}
