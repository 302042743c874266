import AccessControl
import NIOCore
import NIOPosix
import RequestPipeline
import Synchronization

/// Threads for slow cryptography behind a bounded queue in which callers take turns.
final class CryptoThreads: ComputationPool {
    private typealias Work = @Sendable () -> Void

    private let threads: NIOThreadPool
    private let queue: Mutex<FairQueue<GUID?, Work>>

    /// - Parameters:
    ///   - count: how many threads; 0 means one per core.
    ///   - limit: how much work may wait or run at once; half of it for one caller.
    ///   - longestWait: how long a caller's work may wait, in milliseconds, before no more of it is taken.
    init(count: Int, limit: Int, longestWait: Int) {
        threads = NIOThreadPool(numberOfThreads: count > 0 ? count : System.coreCount)
        queue = Mutex(
            FairQueue(
                limit: limit, limitOfOne: max(1, limit / 2), longestWait: UInt64(max(0, longestWait)) * 1_000_000))
        threads.start()
    }

    func submit(for caller: GUID?, _ work: @escaping @Sendable () -> Void) -> Bool {
        guard queue.withLock({ $0.add(work, of: caller, at: Self.now()) }) else { return false }
        // Not this work, but whatever is due when a thread is free: there is as much of it as was submitted.
        threads.submit { [self] state in
            guard let (caller, work) = queue.withLock({ $0.next(at: Self.now()) }) else { return }
            defer { queue.withLock { $0.finish(caller) } }
            ThreadPriority.standBack()
            if case .active = state { work() }
        }
        return true
    }

    /// Whether all threads have nothing to do.
    var isIdle: Bool { queue.withLock { $0.isEmpty } }

    var hasOtherWork: Bool { queue.withLock { $0.count > 1 } }

    /// Of a monotonic clock, in nanoseconds.
    private static func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds }

    func shutdown() async { try? await threads.shutdownGracefully() }
}
