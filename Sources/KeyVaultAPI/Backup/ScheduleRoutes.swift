import AccessControl
import Backup
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// The schedule by which the pool backs itself up. Where backups go is a matter of security: only to a place that the
/// node's file allows, and only administrators say which.
enum ScheduleRoutes {
    private static let path = "/quorate/v1/backup-schedule"

    static func endpoints(_ desk: BackupDesk) -> [Endpoint] {
        [
            Endpoint(
                .get, path, operation: "BackupScheduleGet", access: .dataAction(.backupScheduleRead, .root),
                isVersioned: false,
                handler: .inline { context throws(APIError) in try answer(context.view.state, context) }),
            Endpoint(
                .put, path, operation: "BackupScheduleSet", access: .dataAction(.backupScheduleWrite, .root),
                isVersioned: false,
                handler: .asynchronous { context throws(APIError) in
                    let schedule = try read(context, desk)
                    return try answer(try await context.apply(.setBackupSchedule(schedule)).state, context)
                }),
            Endpoint(
                .delete, path, operation: "BackupScheduleDelete", access: .dataAction(.backupScheduleWrite, .root),
                isVersioned: false,
                handler: .asynchronous { context throws(APIError) in
                    guard context.view.state.backupPlan != nil else { throw none }
                    _ = try await context.apply(.setBackupSchedule(nil))
                    return APIResponse(status: 204)
                }),
            Endpoint(
                .post, path + "/run", operation: "BackupScheduleRun", access: .dataAction(.backupStart, .root),
                isVersioned: false,
                handler: .asynchronous { context throws(APIError) in try await run(context, desk) }),
        ]
    }

    private static let none = APIError.notFound("BackupScheduleNotFound", "The pool has no schedule of backups.")

    // MARK: Setting

    private static func read(_ context: RequestContext, _ desk: BackupDesk) throws(APIError) -> BackupSchedule {
        let fields = try context.fields()
        let place = try BackupPlace(fields, desk)
        guard let keep = try fields.section("keep") else { throw .badParameter("The parameter 'keep' is required.") }
        let retention = BackupRetention(
            hourly: try count(.hourly, "hourly", keep), daily: try count(.daily, "daily", keep),
            weekly: try count(.weekly, "weekly", keep))
        guard let interval = retention.interval else {
            throw .badParameter("The parameter 'keep' keeps nothing: give 'hourly', 'daily' or 'weekly' a number.")
        }
        let alarm = try fields.integer("alarmAfterSeconds") ?? 2 * interval.length
        guard BackupSchedule.alarms.contains(alarm), alarm >= interval.length else {
            throw .badParameter(
                "The parameter 'alarmAfterSeconds' must be from \(interval.length), the time between two backups, to "
                    + "\(BackupSchedule.alarms.upperBound).")
        }
        let id = Random.bytes(16)
        return BackupSchedule(
            id: id, container: place.container.uri, sealedToken: try place.sealedToken(job: id, context),
            usesManagedIdentity: place.usesManagedIdentity, retention: retention, alarmAfter: alarm)
    }

    private static func count(
        _ interval: BackupInterval, _ name: String, _ keep: Fields
    ) throws(APIError) -> Int {
        let limit = BackupRetention.limits[interval] ?? 0
        guard let number = try keep.integer(name) else { return 0 }
        guard (0...Int64(limit)).contains(number) else {
            throw .badParameter("The parameter 'keep.\(name)' must be from 0 to \(limit).")
        }
        return Int(number)
    }

    // MARK: Out of turn

    private static func run(_ context: RequestContext, _ desk: BackupDesk) async throws(APIError) -> APIResponse {
        guard let plan = context.view.state.backupPlan else { throw none }
        let begun: ScheduledBackups.Beginning
        do {
            begun = try await ScheduledBackups.begin(plan.schedule, due: nil, context.services, desk)
        } catch let unavailable as PoolUnavailable {
            throw APIError(unavailable)
        } catch {
            throw .internalFailure("a backup by the schedule can't be begun: \(error)")
        }
        if case .refused(let refusal) = begun.outcome { throw JobStart.error(refusal, context) }
        guard let record = begun.record else { throw .internalFailure("a job that was applied isn't in the state") }
        return JobStart.answer(record, context)
    }

    // MARK: Answer

    private static func answer(_ state: PoolState, _ context: RequestContext) throws(APIError) -> APIResponse {
        guard let plan = state.backupPlan else { throw none }
        let now = context.receivedAt / 1000
        return .object { write(plan, state, now: now, &$0) }
    }

    private static func write(_ plan: BackupPlan, _ state: PoolState, now: Int64, _ writer: inout JSONWriter) {
        let schedule = plan.schedule
        writer.member("storageResourceUri", schedule.container)
        writer.member("useManagedIdentity", schedule.usesManagedIdentity)
        writer.member("keep") { writer in
            writer.object { writer in
                writer.member("hourly", schedule.retention.hourly)
                writer.member("daily", schedule.retention.daily)
                writer.member("weekly", schedule.retention.weekly)
            }
        }
        writer.member("alarmAfterSeconds", schedule.alarmAfter)
        writer.member("set", plan.set)
        if let newest = plan.newestGood { writer.member("newestBackup", newest) }
        writer.member("isOverdue", plan.isOverdue(at: now))
        if let next = state.nextBackup(at: now) { writer.member("nextBackup", next) }
        if let attempt = plan.attempt { writer.member("lastAttempt") { $0.object { write(attempt, state, &$0) } } }
        writer.member("backups") { writer in
            writer.array { writer in
                for backup in state.backupsBySchedule { writer.object { write(backup, &$0) } }
            }
        }
    }

    private static func write(_ attempt: BackupPlan.Attempt, _ state: PoolState, _ writer: inout JSONWriter) {
        writer.member("jobId", Hexadecimal.encode(attempt.job))
        writer.member("began", attempt.began)
        guard let job = state.job(attempt.job) else { return }
        writer.member("status", JobAnswer.word(job.status))
        guard let failure = job.failure else { return }
        writer.member("code", failure.code)
        writer.member("message", failure.message)
    }

    private static func write(_ backup: ScheduledBackup, _ writer: inout JSONWriter) {
        writer.member("jobId", Hexadecimal.encode(backup.id))
        writer.member("folder", backup.folder)
        writer.member("taken", backup.taken)
        writer.member("bytes", backup.bytes)
        writer.member("isBeingRemoved", backup.isRetired)
    }
}
