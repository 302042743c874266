import Glibc
import NIOPosix

/// Threads of long computations stand back behind those that read, refuse and answer requests: where the processors are
/// all taken, a node goes on to answer at once that it is, and to send heartbeats.
enum ThreadPriority {
    private final class Mark: Sendable {}
    private static let done = ThreadSpecificVariable<Mark>()
    /// Of the scale of nice(1): a third of the share of a usual thread.
    private static let niceness: Int32 = 5

    /// For the calling thread, the first time; it has no effect where the system doesn't let it.
    static func standBack() {
        guard done.currentValue == nil else { return }
        done.currentValue = Mark()
        // 0 is the calling thread: Linux keeps the value of each thread apart.
        _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, niceness)
    }
}
