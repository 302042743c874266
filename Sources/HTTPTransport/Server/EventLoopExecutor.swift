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

extension NIOIsolatedEventLoop {
    /// Runs `work` after the loop has looked for events on its other connections.
    ///
    /// A task that is merely executed runs before that: a loop empties its queue first, and what tasks add to it too.
    func afterOthers(_ work: @escaping () -> Void) {
        scheduleTask(in: .microseconds(50), work)
    }
}
