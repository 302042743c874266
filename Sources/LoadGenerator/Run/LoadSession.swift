import HTTPTransport
import NIOCore
import NIOPosix
import Synchronization

/// One process's part of a load: connected first, then run once.
public final class LoadSession: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let links: NIOLoopBound<[NodeLink]>
    private let worker: NIOLoopBoundBox<LoadWorker?>
    private let isStopped = Atomic(false)
    private let plan: LoadPlan

    private init(_ plan: LoadPlan, _ group: MultiThreadedEventLoopGroup, _ links: NIOLoopBound<[NodeLink]>) {
        self.plan = plan
        self.group = group
        self.links = links
        loop = group.next()
        worker = .makeEmptyBox(eventLoop: loop)
    }

    /// Opens all connections of the plan.
    ///
    /// - Parameter patience: how long a node may take for a connection and for its handshake, each; also later, when a
    ///   connection that has ended is made again.
    /// - Throws: ``TransportError`` of the first node that can't be connected to.
    public static func connect(_ plan: LoadPlan, patience: Duration = .seconds(5)) async throws -> LoadSession {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        do {
            let links = try await loop.flatSubmit {
                let links = plan.nodes.enumerated().map { index, node in
                    NodeLink(
                        index: index, node: node, connections: plan.connections, loop: loop,
                        connect: { overTLS($0, plan.authorityFile, loop, patience) })
                }
                let bound = NIOLoopBound(links, eventLoop: loop)
                let opened = EventLoopFuture.whenAllComplete(links.map { $0.open() }, on: loop)
                return opened.flatMapThrowing { results -> NIOLoopBound<[NodeLink]> in
                    for result in results { try result.get() }
                    return bound
                }.flatMapError { error -> EventLoopFuture<NIOLoopBound<[NodeLink]>> in
                    closed(bound, loop).flatMapThrowing { throw error }
                }
            }.get()
            return LoadSession(plan, group, links)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private static func closed(_ links: NIOLoopBound<[NodeLink]>, _ loop: any EventLoop) -> EventLoopFuture<Void> {
        EventLoopFuture.andAllComplete(links.value.map { $0.close() }, on: loop)
    }

    private static func overTLS(
        _ node: LoadPlan.Node, _ authorityFile: String?, _ loop: any EventLoop, _ patience: Duration
    ) -> EventLoopFuture<any LoadConnection> {
        let trust = authorityFile.map { HTTP2Client.Trust.certificates(file: $0) } ?? .system
        let made = loop.makePromise(of: (any LoadConnection).self)
        made.completeWithTask {
            try await HTTP2Client.connect(
                host: node.host, port: node.port, trust: trust, group: loop, timeout: patience)
        }
        return made.futureResult
    }

    /// Runs the load; one sample for each second, in order. The stream ends with the load.
    ///
    /// - Parameter time: when it begins, nanoseconds of the monotonic clock; now, where it has passed.
    public func run(at time: UInt64 = 0) -> AsyncStream<LoadSample> {
        let (stream, continuation) = AsyncStream.makeStream(of: LoadSample.self)
        loop.execute { [self] in
            let worker = LoadWorker(
                plan, links: links.value, loop: loop, emit: { continuation.yield($0) },
                finished: { continuation.finish() })
            self.worker.value = worker
            worker.start(at: max(time, NIODeadline.now().uptimeNanoseconds))
            if isStopped.load(ordering: .acquiring) { worker.stop() }
        }
        return stream
    }

    /// Ends the load early, also before it has begun: what is under way has a second to be answered.
    public func stop() {
        isStopped.store(true, ordering: .releasing)
        loop.execute { self.worker.value?.stop() }
    }

    /// Has the requests from now on sent with other tokens, one for each principal of the plan: its own don't last for
    /// ever.
    public func use(tokens: [String]) { loop.execute { self.worker.value?.use(tokens: tokens) } }

    /// Frees threads and sockets.
    public func close() async {
        try? await loop.flatSubmit { Self.closed(self.links, self.loop) }.get()
        try? await group.shutdownGracefully()
    }

    /// Nanoseconds of the clock that ``run(at:)`` goes by. All processes of a machine share it.
    public static func now() -> UInt64 { NIODeadline.now().uptimeNanoseconds }
}
