import Backup
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// Begins a job: it runs on this node, and its state is the pool's.
enum JobStart {
    /// - Parameter place: that of the order; `nil` where it names none.
    static func begin(
        _ order: JobOrder, _ place: BackupPlace?, _ context: RequestContext, _ desk: BackupDesk
    ) async throws(APIError) -> APIResponse {
        let committed = try await context.submit(.beginJob(order))
        if case .refused(let refusal) = committed.outcome { throw error(refusal, context) }
        guard let record = committed.view.state.job(order.id) else {
            throw .internalFailure("a job that was applied isn't in the state")
        }
        let job = RunningJob(record: record, begunAt: committed.index, services: context.services)
        JobWork.start(job, desk) { _ in place }
        return answer(record, context)
    }

    static func answer(_ record: JobRecord, _ context: RequestContext) -> APIResponse {
        var response = JobAnswer.response(record, status: 202)
        response.audit = record.order.auditDetails
        let collection = record.order.kind.isBackup ? "backup" : "restore"
        response.headers = [
            (
                "azure-asyncoperation",
                "\(context.host.baseURL)/\(collection)/\(Hexadecimal.encode(record.id))/pending"
            ),
            ("retry-after", "0"),
        ]
        return response
    }

    static func error(_ refusal: Refusal, _ context: RequestContext) -> APIError {
        switch refusal {
        case .jobRunning:
            .conflict("A backup or restore is under way. The pool runs one at a time: ask for its status, and wait.")
        case .keyEncryptionChangeUnderWay:
            .conflict(
                "Stored keys are being sealed under a new key-encryption key, which takes a minute or so. Ask again "
                    + "when 'hsmctl pool rotate-kek --status' says that it has ended.")
        case .backupNeeded:
            .conflict(
                "A full restore replaces every key of the pool, and no full backup of them succeeded in the last 30 "
                    + "minutes. Make one first.")
        case .restoreOrderNotFound:
            .notFound("RestoreOrderNotFound", "The order was withdrawn, replaced, or its officers are others by now.")
        case .restoreOrderExpired: .conflict("The time of the officers' approval is over: order the restore again.")
        case .restoreNotApproved: .forbidden("A quorum of the officers in office has to approve this restore first.")
        case .restoreOtherThanApproved:
            .conflict("Officers have approved the restore from another place. Name that, or withdraw the order.")
        default: CommandRefusals.error(refusal, context)
        }
    }
}

/// The status of a job, whichever node runs it.
enum JobStatusRoute {
    static func answer(
        _ context: RequestContext, _ desk: BackupDesk, isMeant: (JobKind) -> Bool
    ) async throws(APIError) -> APIResponse {
        guard let id = context.parameters["id"].flatMap(Hexadecimal.decode), var job = context.view.state.job(id),
            isMeant(job.order.kind)
        else { throw .notFound("JobNotFound", "There is no such job, or it is forgotten: the last 32 are known.") }
        if job.isSilent(at: context.receivedAt) {
            // Who asks for the job finds out first that its node is silent.
            await JobTakeover(services: context.services, desk: desk).attempt(job)
            job = context.services.pool.latestView.state.job(id) ?? job
        }
        var response = JobAnswer.response(job, status: 200)
        if job.status == .running { response.headers = [("retry-after", "1")] }
        return response
    }
}

/// A job as clients see it.
enum JobAnswer {
    static func response(_ job: JobRecord, status: Int) -> APIResponse {
        .object(status: status) { write(job, &$0) }
    }

    private static func write(_ job: JobRecord, _ writer: inout JSONWriter) {
        writer.member("status", word(job.status))
        writer.member("statusDetails", details(job))
        writer.member("error") { writer in
            guard job.status != .succeeded else { return writer.null() }
            writer.object { writer in
                member("code", job.failure?.code, &writer)
                member("message", job.failure?.message, &writer)
                member("innererror", nil, &writer)
            }
        }
        writer.member("startTime", job.started)
        writer.member("endTime") { writer in
            if let ended = job.ended { writer.integer(ended) } else { writer.null() }
        }
        writer.member("jobId", Hexadecimal.encode(job.id))
        if job.order.kind.isBackup { member("azureStorageBlobContainerUri", job.order.place, &writer) }
    }

    private static func member(_ name: String, _ text: String?, _ writer: inout JSONWriter) {
        writer.member(name) { writer in
            if let text { writer.string(text) } else { writer.null() }
        }
    }

    static func word(_ status: JobStatus) -> String {
        switch status {
        case .running: "InProgress"
        case .succeeded: "Succeeded"
        case .failed: "Failed"
        }
    }

    /// How far it is.
    private static func details(_ job: JobRecord) -> String {
        "\(job.items) items, \(job.bytes) bytes" + (job.report.isEmpty ? "" : "; \(job.report)")
    }
}
