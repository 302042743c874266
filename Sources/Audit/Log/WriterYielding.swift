import Glibc

/// Whether the writer's thread gives way to others (sched(7), SCHED_BATCH).
///
/// Where the processors are all taken, a thread that does waits for its turn instead of interrupting one that works:
/// the records that are made meanwhile share its flush. That is good for many records, and bad for a single one, which
/// would wait behind the slow work of others: it ends the yielding. Where a processor is free it makes no difference.
///
/// Guarded by the queue's lock.
struct WriterYielding {
    /// So many records at once are many.
    private static let many = 4
    /// SCHED_BATCH of <sched.h>, which shows it to GNU sources only.
    private static let batch: Int32 = 3

    private var writer: pthread_t?
    private var isOn = false

    /// Whether a batch was one of many records, or of such as wait for others.
    static func isFor(_ batch: AuditBatch) -> Bool { batch.mayGather || batch.due >= many }

    /// On the writer's thread. It has no effect where the system doesn't let it.
    mutating func begin(_ yields: Bool) {
        writer = pthread_self()
        set(yields)
    }

    /// So many records can't wait; where they are few the yielding ends.
    mutating func end(due count: Int) {
        if isOn, count < Self.many { set(false) }
    }

    private mutating func set(_ isDue: Bool) {
        guard isOn != isDue, let writer else { return }
        isOn = isDue
        var parameters = sched_param()
        parameters.sched_priority = 0
        _ = pthread_setschedparam(writer, isDue ? Self.batch : SCHED_OTHER, &parameters)
    }
}
