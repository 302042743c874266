import Synchronization

/// Where the work of one connection runs: an event loop, or in a test the calling thread.
public protocol ConnectionExecutor: Sendable {
    /// Whether the calling code runs there already.
    var isCurrent: Bool { get }
    /// Runs `work` there, later; in the order of the calls. After the executor has stopped, `work` may be dropped.
    func enqueue(_ work: @escaping @Sendable () -> Void)
}

/// Takes finished responses on the connection's loop.
protocol ResponseReceiver: AnyObject {
    /// - Parameter inBatch: whether `deliveriesEnded` follows, so that sending can wait for it.
    func deliver(_ response: HTTPResponse, stream: Int32, inBatch: Bool)
    /// The last of a batch of responses from other threads has been delivered.
    func deliveriesEnded()
}

/// One connection as its requests see it.
///
/// Unchecked because `memo`, `receiver`, `isInTurn` and `isDelivering` are confined to the connection's loop, which the
/// compiler can't see: they are touched only where `executor.isCurrent` holds. Everything else is immutable or behind
/// the mutex.
public final class ConnectionContext: @unchecked Sendable {
    private enum Delivery {
        case response(HTTPResponse, stream: Int32)
        case work(@Sendable () -> Void)
    }

    /// The peer's address as text, without its port.
    public let remoteAddress: String
    /// Whether the connection is under TLS.
    public let isEncrypted: Bool
    /// A slot for whoever handles the requests, such as the last token that was verified on this connection.
    /// Read and written on the connection's loop only.
    public var memo: (any AnyObject & Sendable)?
    /// Whether a request is being handed over as one of several that came together, so that the sink will hear of the
    /// end of the turn (``RequestSink/turnEnded()``). Read on the connection's loop only.
    public internal(set) var isInTurn = false
    /// Whether answers and work of other threads are being taken.
    private var isDelivering = false

    weak var receiver: (any ResponseReceiver)?
    private let executor: any ConnectionExecutor
    private let deliveries = Mutex<[Delivery]>([])

    /// Makes the context of one connection.
    public init(remoteAddress: String, isEncrypted: Bool = true, executor: any ConnectionExecutor = InlineExecutor()) {
        self.remoteAddress = remoteAddress
        self.isEncrypted = isEncrypted
        self.executor = executor
    }

    /// Whether the calling code runs on the connection's loop.
    public var isOnLoop: Bool { executor.isCurrent }

    /// Runs `work` on the connection's loop, never before this call returns unless the executor runs inline. Work and
    /// responses that other threads hand over at the same time share one hop.
    public func execute(_ work: @escaping @Sendable () -> Void) {
        if executor.isCurrent {
            executor.enqueue(work)
        } else {
            hand(over: .work(work))
        }
    }

    /// Answers one stream. Any thread.
    func complete(stream: Int32, with response: HTTPResponse) {
        if executor.isCurrent {
            receiver?.deliver(response, stream: stream, inBatch: isDelivering)
        } else {
            hand(over: .response(response, stream: stream))
        }
    }

    private func hand(over delivery: sending Delivery) {
        let isFirst = deliveries.withLock { waiting in
            waiting.append(delivery)
            return waiting.count == 1
        }
        guard isFirst else { return }
        executor.enqueue { self.takeDeliveries() }
    }

    private func takeDeliveries() {
        let taken = deliveries.withLock { waiting in
            let all = waiting
            waiting = []
            return all
        }
        isDelivering = true
        for delivery in taken {
            switch delivery {
            case .response(let response, let stream): receiver?.deliver(response, stream: stream, inBatch: true)
            case .work(let work): work()
            }
        }
        isDelivering = false
        receiver?.deliveriesEnded()
    }
}

/// Tasks that prefer a connection run on its loop.
extension ConnectionContext: TaskExecutor {
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// Runs everything at once on the calling thread: for tests and for engines without a loop.
public struct InlineExecutor: ConnectionExecutor {
    public init() {}
    public var isCurrent: Bool { true }
    public func enqueue(_ work: @escaping @Sendable () -> Void) { work() }
}
