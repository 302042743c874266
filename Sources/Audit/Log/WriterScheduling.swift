import Glibc

/// When the writer's thread runs where the processors are all taken (sched(7)). Where one is free it makes no
/// difference.
///
/// Guarded by the queue's lock.
struct WriterScheduling {
    enum Precedence {
        /// It waits for its turn instead of interrupting a thread that works (SCHED_BATCH). Slow work is interrupted
        /// seldom then, and what it records meanwhile shares a flush.
        case afterOthers
        /// Like any other thread: for a single record.
        case ordinary
        /// It interrupts others (SCHED_RR). Each of many quick records would wait for the writer's turn twice, before
        /// its flush and behind it, and the flushes are few.
        case beforeOthers
    }

    /// So many records of turns in one batch are of many clients.
    private static let many = 4
    /// Of <sched.h>, which shows them to GNU sources only.
    private static let batch: Int32 = 3
    private static let resetOnFork: Int32 = 0x4000_0000

    private var writer: pthread_t?
    private var precedence = Precedence.ordinary

    /// What suits more records like these.
    static func precedence(for batch: AuditBatch) -> Precedence {
        if batch.turned >= many { return .beforeOthers }
        return batch.mayGather ? .afterOthers : .ordinary
    }

    /// On the writer's thread. Where the system doesn't let it, the thread is like any other.
    mutating func begin(_ next: Precedence) {
        writer = pthread_self()
        set(next)
    }

    /// There is a record that can't wait behind the slow work of others.
    mutating func hurry() {
        if precedence == .afterOthers { set(.ordinary) }
    }

    /// The writer's thread ends.
    mutating func end() { writer = nil }

    private mutating func set(_ next: Precedence) {
        guard next != precedence, let writer else { return }
        precedence = next
        var parameters = sched_param()
        let policy: Int32
        switch next {
        case .afterOthers: policy = Self.batch
        case .ordinary: policy = SCHED_OTHER
        case .beforeOthers:
            policy = SCHED_RR | Self.resetOnFork
            parameters.sched_priority = sched_get_priority_min(SCHED_RR)
        }
        guard pthread_setschedparam(writer, policy, &parameters) != 0 else { return }
        precedence = .ordinary
        parameters.sched_priority = 0
        _ = pthread_setschedparam(writer, SCHED_OTHER, &parameters)
    }
}
