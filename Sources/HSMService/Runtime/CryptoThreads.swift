import NIOPosix
import RequestPipeline
import Synchronization

/// Threads for slow cryptography behind a bounded queue.
final class CryptoThreads: ComputationPool {
    private let threads: NIOThreadPool
    private let waiting = Atomic<Int>(0)
    private let limit: Int

    /// - Parameter limit: how much work may wait or run at once.
    init(count: Int, limit: Int) {
        threads = NIOThreadPool(numberOfThreads: count)
        self.limit = limit
        threads.start()
    }

    func submit(_ work: @escaping @Sendable () -> Void) -> Bool {
        guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= limit else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        threads.submit { [self] state in
            defer { waiting.wrappingSubtract(1, ordering: .relaxed) }
            if case .active = state { work() }
        }
        return true
    }

    func shutdown() async { try? await threads.shutdownGracefully() }
}
