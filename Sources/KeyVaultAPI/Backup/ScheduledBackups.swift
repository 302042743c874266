public import Backup
import CryptographicModule
import Logging
import PoolState
public import RequestPipeline
import SecurityDomain
import StrictJSON
import Synchronization

/// Keeps a schedule of backups: on the node that leads, which begins one when it is due, says so when there is no good
/// one for too long, and removes those that aren't kept any more.
public final class ScheduledBackups: Sendable {
    /// An alarm that lasts is repeated, in seconds.
    private static let alarmInterval: Int64 = 3600

    private let services: PipelineServices
    private let desk: BackupDesk
    private let schedule: BackupSchedule
    /// Reads the token that opens the container.
    private let token: @Sendable (_ file: String) throws -> String
    private let state = Mutex(State())

    private struct State {
        var alarmed: Int64?
        /// The backup after which was cleaned up last.
        var tidied: [UInt8] = []
    }

    public init(
        services: PipelineServices, desk: BackupDesk, schedule: BackupSchedule,
        token: @escaping @Sendable (_ file: String) throws -> String
    ) {
        self.services = services
        self.desk = desk
        self.schedule = schedule
        self.token = token
    }

    /// Does what is due; asked every few seconds while this node leads and is unsealed.
    public func tend() async {
        let pool = services.pool.latestView.state
        guard pool.phase == .activated, let record = pool.pool else { return }
        let jobs = pool.jobs.filter { $0.order.kind == .backup && $0.order.container == schedule.container }
        let newest = jobs.first { $0.status == .succeeded }
        let situation = BackupSchedule.Situation(
            newest: newest?.started, attempted: jobs.first?.started, since: record.created)
        let now = services.clock.unixMilliseconds() / 1000
        raiseAlarm(situation, now)
        if pool.runningJob == nil, schedule.isDue(situation, now: now) { await begin() }
        if let newest, state.withLock({ $0.tidied != newest.id }) {
            await tidy()
            state.withLock { $0.tidied = newest.id }
        }
    }

    private func raiseAlarm(_ situation: BackupSchedule.Situation, _ now: Int64) {
        guard schedule.isOverdue(situation, now: now) else { return state.withLock { $0.alarmed = nil } }
        let isNew = state.withLock { state in
            if let alarmed = state.alarmed, now < alarmed + Self.alarmInterval { return false }
            state.alarmed = now
            return true
        }
        guard isNew else { return }
        let age = situation.newest.map { "\(now - $0) s" } ?? "there is none"
        services.logger.critical(
            "alarm: the newest good backup is too old",
            metadata: ["container": "\(schedule.container)", "age": "\(age)", "most": "\(schedule.alarmAge) s"])
    }

    private func begin() async {
        do {
            let id = Random.bytes(16)
            let place = try BackupPlace(
                scheduled: schedule.container, token: try schedule.tokenFile.map(token), desk)
            guard let keyring = services.custody.unsealed?.keyring else { return }
            let folder = BackupPlace.folder(
                pool: services.identity.poolName, milliseconds: services.clock.unixMilliseconds(), id: id)
            let order = JobOrder(
                id: id, kind: .backup, node: desk.node, place: "\(place.container.uri)/\(folder)", folder: folder,
                sealedToken: try place.sealedToken(job: id, keyring))
            let committed = try await services.pool.submit(.beginJob(order), origin: .node)
            guard committed.outcome == .applied, let record = committed.view.state.job(id) else { return }
            services.logger.notice("a scheduled backup begins", metadata: ["place": "\(order.place)"])
            let job = RunningJob(record: record, begunAt: committed.index, services: services)
            JobWork.start(job, desk) { _ in place }
        } catch {
            services.logger.error("a scheduled backup could not begin", metadata: ["cause": "\(error)"])
        }
    }

    /// Removes what isn't kept any more, of this pool's backups in the schedule's own container.
    private func tidy() async {
        do {
            let place = try BackupPlace(
                scheduled: schedule.container, token: try schedule.tokenFile.map(token), desk)
            guard let folders = try await place.container.folders() else { return }
            for folder in schedule.retention.expired(folders, pool: services.identity.poolName) {
                try await place.container.remove(folder: folder, object: BackupPlace.object)
                services.logger.notice("a backup is kept no longer", metadata: ["folder": "\(folder)"])
            }
        } catch {
            services.logger.error("old backups could not be removed", metadata: ["cause": "\(error)"])
        }
    }
}
