import Dispatch
import Glibc
import HTTPTransport
import Synchronization

/// Stands for an event loop: runs what other threads hand over when its own thread asks for it.
final class HandedOverWork: ConnectionExecutor {
    private let thread = pthread_self()
    private let waiting = Mutex<[@Sendable () -> Void]>([])
    private let arrived = DispatchSemaphore(value: 0)

    var isCurrent: Bool { pthread_equal(thread, pthread_self()) != 0 }

    func enqueue(_ work: @escaping @Sendable () -> Void) {
        waiting.withLock { $0.append(work) }
        arrived.signal()
    }

    /// Waits until there is something to do, and does it.
    func runNext() {
        arrived.wait()
        let work = waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        work?()
    }
}
