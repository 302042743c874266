import Glibc

/// When the writer's thread runs where the processors are all taken. Where one is free it makes no difference.
///
/// A single record's writer is a thread like any other. Where many records come, each would wait for the writer's turn
/// twice, before its flush and behind it, and the flushes are few: then the writer goes first (sched(7), SCHED_RR).
///
/// On the writer's thread only.
struct WriterScheduling {
    /// SCHED_RESET_ON_FORK of <sched.h>, which shows it to GNU sources only.
    private static let resetOnFork: Int32 = 0x4000_0000

    private var goesFirst = false

    /// For what comes next. It has no effect where the system doesn't let it.
    mutating func set(goesFirst next: Bool) {
        guard next != goesFirst else { return }
        goesFirst = next
        var parameters = sched_param()
        parameters.sched_priority = next ? sched_get_priority_min(SCHED_RR) : 0
        // 0 is the calling thread.
        _ = sched_setscheduler(0, next ? SCHED_RR | Self.resetOnFork : SCHED_OTHER, &parameters)
    }
}
