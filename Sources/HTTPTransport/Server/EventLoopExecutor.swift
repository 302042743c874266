import NIOCore

/// A connection's event loop as the place where its work runs.
struct EventLoopExecutor: ConnectionExecutor {
    let loop: any EventLoop

    var isCurrent: Bool { loop.inEventLoop }

    func enqueue(_ work: @escaping @Sendable () -> Void) {
        loop.execute(work)
    }
}

/// Tells a connection's handler to finish what it has begun, take nothing new, and close.
struct ConnectionShouldDrain {}

extension Duration {
    var timeAmount: TimeAmount { .nanoseconds(Int64(clamping: clampedNanoseconds)) }
}
