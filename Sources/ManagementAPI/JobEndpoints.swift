import AccessControl
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// The pool's backups and restores, the newest first.
enum JobEndpoints {
    static let endpoints = [
        Endpoint(
            .get, "/quorate/v1/jobs", operation: "JobList", access: .dataAction(.backupStatus, .root),
            isVersioned: false,
            handler: .inline { context throws(APIError) in
                .object { writer in
                    writer.member("value") { writer in
                        writer.array { writer in
                            for job in context.view.state.jobs { writer.object { write(job, context, &$0) } }
                        }
                    }
                }
            })
    ]

    private static func write(_ job: JobRecord, _ context: RequestContext, _ writer: inout JSONWriter) {
        writer.member("id", Hexadecimal.encode(job.id))
        writer.member("kind", word(job.order.kind))
        writer.member("status", word(job.status))
        let name = context.view.state.member(job.order.node)?.name
        writer.member("node", name ?? "\(job.order.node)")
        writer.member("place", job.order.place)
        if let key = job.order.key { writer.member("key", key) }
        writer.member("started", job.started)
        if let ended = job.ended { writer.member("ended", ended) }
        writer.member("items", job.items)
        writer.member("bytes", job.bytes)
        if !job.report.isEmpty { writer.member("report", job.report) }
        if job.takeovers > 0 { writer.member("takeovers", job.takeovers) }
        if let failure = job.failure {
            writer.member("code", failure.code)
            writer.member("message", failure.message)
        }
    }

    private static func word(_ kind: JobKind) -> String {
        switch kind {
        case .backup: "backup"
        case .backupCheck: "backup-check"
        case .restore: "restore"
        case .restoreCheck: "restore-check"
        case .keyRestore: "key-restore"
        case .restoreOrder: "restore-order"
        }
    }

    private static func word(_ status: JobStatus) -> String {
        switch status {
        case .running: "running"
        case .succeeded: "succeeded"
        case .failed: "failed"
        }
    }
}
