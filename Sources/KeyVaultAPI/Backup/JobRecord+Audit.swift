import PoolState
import RequestPipeline
import StrictJSON

/// What audit records say of a job. The answer to who asked for it goes long before it ends: its end has a record of
/// its own.
extension JobOrder {
    /// Which job, and what it reads or writes. The place holds no credentials.
    var auditDetails: OperationDetails {
        var extra = [("jobId", Hexadecimal.encode(id)), ("place", place), ("folder", folder)]
        if let key { extra.append(("key", key)) }
        return OperationDetails(extra: extra)
    }
}

extension JobKind {
    /// The operation that the end of a job is recorded as.
    fileprivate var ending: String {
        switch self {
        case .backup: "FullBackupEnd"
        case .backupCheck: "PreFullBackupEnd"
        case .restore: "FullRestoreEnd"
        case .restoreCheck: "PreFullRestoreEnd"
        case .keyRestore: "SelectiveKeyRestoreEnd"
        case .restoreOrder: "RestoreOrderEnd"
        }
    }
}

extension PipelineServices {
    /// - Parameter done: how much was read or written; nil where the job has failed.
    func recordEnd(of order: JobOrder, _ done: RunningJob.Progress?, _ failure: JobFailure? = nil) {
        var details = order.auditDetails
        if let done { details.extra += [("items", "\(done.items)"), ("bytes", "\(done.bytes)")] }
        recordOwnDoing(
            order.kind.ending, status: failure == nil ? 200 : 500,
            failure: failure.map { "\($0.code): \($0.message)" }, details)
    }
}
