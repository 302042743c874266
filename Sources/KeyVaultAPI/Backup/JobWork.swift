import Backup
import CryptographicModule
import Logging
public import PoolState
public import RequestPipeline
import SecurityDomain
import StrictJSON

/// What a job does, by its kind.
struct JobWork {
    let job: RunningJob
    /// `nil` for a check that names none.
    let place: BackupPlace?
    let desk: BackupDesk

    /// Begins to work on a job.
    static func start(
        _ job: RunningJob, _ desk: BackupDesk, at place: @escaping @Sendable (RunningJob) throws -> BackupPlace?
    ) {
        desk.atWork.insert(job.order.id)
        Task {
            await job.run { try await JobWork(job: $0, place: try place($0), desk: desk).run() }
            desk.atWork.remove(job.order.id)
        }
    }

    private func run() async throws {
        // Without a place there is nothing to look at: that no other job runs was the condition of beginning.
        guard let place else { return }
        let (container, folder) = (place.container, job.order.folder)
        switch job.order.kind {
        case .backup: try await BackupWork(job: job, source: desk.source, container: container, folder: folder).run()
        case .backupCheck: try await container.probe()
        case .restore, .restoreCheck, .keyRestore, .restoreOrder:
            try await RestoreWork(job: job, container: container, folder: folder).run()
        }
    }
}

/// Goes on, on this node, with a job whose node is silent: from its beginning, since what the other one had done may be
/// half-done.
public struct JobTakeover: Sendable {
    let services: PipelineServices
    let desk: BackupDesk

    /// - Parameter desk: the one that the routes have, so that a job isn't taken over from this process itself.
    public init(services: PipelineServices, desk: BackupDesk) {
        self.services = services
        self.desk = desk
    }

    /// Does nothing where another node has been quicker, or the job's node is heard of again.
    public func attempt(_ silent: JobRecord) async {
        let metadata: Logger.Metadata = [
            "job": "\(Hexadecimal.encode(silent.id))", "node": "\(silent.order.node)",
        ]
        guard let keyring = services.custody.unsealed?.keyring, !desk.atWork.contains(silent.id) else { return }
        do {
            guard silent.takeovers < PoolLimits.jobTakeovers else {
                let committed = try await services.pool.submit(
                    .failJob(id: silent.id, .silentNode, onlyIfSilent: true), origin: .node)
                guard committed.outcome == .applied else { return }
                services.recordEnd(of: silent.order, nil, .silentNode)
                return services.logger.error("a job has failed: its nodes died", metadata: metadata)
            }
            let committed = try await services.pool.submit(
                .takeOverJob(id: silent.id, node: desk.node), origin: .node)
            guard committed.outcome == .applied, let record = committed.view.state.job(silent.id) else { return }
            services.logger.notice("went on with the job of a silent node", metadata: metadata)
            let job = RunningJob(record: record, begunAt: committed.index, services: services)
            JobWork.start(job, desk) { [desk] in
                $0.order.place.isEmpty ? nil : try BackupPlace(of: $0.order, keyring, desk)
            }
        } catch {
            services.logger.info(
                "a silent job waits for the pool", metadata: metadata.merging(["cause": "\(error)"]) { $1 })
        }
    }
}
