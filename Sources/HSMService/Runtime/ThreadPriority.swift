import Glibc
import NIOPosix

/// Threads of long computations stand back behind those that read, refuse and answer requests, and the thread of
/// consensus goes before all: where the processors are all taken, a node goes on to answer at once that it is, and to
/// send heartbeats.
enum ThreadPriority {
    private final class Mark: Sendable {}
    private static let done = ThreadSpecificVariable<Mark>()
    /// Of the scale of nice(1): a third of the share of a usual thread.
    private static let niceness: Int32 = 5
    /// SCHED_RESET_ON_FORK of <sched.h>, which shows it to GNU sources only.
    private static let resetOnFork: Int32 = 0x4000_0000

    /// The calling thread runs as soon as it has something to do, whatever else the machine does, other groups of
    /// processes included: their share of the processors is what nice(1) can't change. For a thread that works little.
    /// Threads that it starts are like any other: the runtime may start one for somebody's slow work from here.
    ///
    /// - Returns: false where the system doesn't let it; the thread is then like any other.
    static func goFirst() -> Bool {
        var parameters = sched_param()
        parameters.sched_priority = sched_get_priority_min(SCHED_RR)
        // 0 is the calling thread.
        return sched_setscheduler(0, SCHED_RR | resetOnFork, &parameters) == 0
    }

    /// For the calling thread, the first time; it has no effect where the system doesn't let it.
    static func standBack() {
        guard done.currentValue == nil else { return }
        done.currentValue = Mark()
        // 0 is the calling thread: Linux keeps the value of each thread apart.
        _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, niceness)
    }
}
