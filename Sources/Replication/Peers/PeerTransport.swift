public import Logging
public import NIOCore
import NIOPosix
import NIOSSL
public import NodeEnvironment
public import Raft
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The connections between the nodes of a pool: mutual TLS 1.3 with pinned keys, carrying length-framed Protocol
/// Buffers.
///
/// Safe on any thread. Whoever holds the transport tells it the configuration in force with ``setPeers(_:)``; a node
/// that isn't in it is neither called nor let in, and one that was is cut off at once.
public final class PeerTransport: PeerNetwork, Sendable {
    private struct State {
        var outboxes: [NodeID: PeerOutbox] = [:]
        var hub: NIOLoopBound<PeerHub>?
        var listener: (any Channel)?
    }

    private let configuration: PeerTransportConfiguration
    private let handlers: PeerHandlers
    private let loop: any EventLoop
    private let logger: Logger
    private let tls: PeerTLS
    private let state = Mutex(State())

    /// Reads and checks the TLS files; opens no socket.
    ///
    /// - Parameters: - group: one of its loops carries all peer traffic. - expectedPins: what the configuration in
    ///   force has on record for this node's own key; empty to skip the check, on a node that hasn't been told of its
    ///   pool.
    /// - Throws: ``PeerTransportError``
    public init(
        configuration: PeerTransportConfiguration, expectedPins: [[UInt8]] = [], handlers: PeerHandlers,
        group: any EventLoopGroup, logger: Logger
    ) throws(PeerTransportError) {
        self.configuration = configuration
        self.handlers = handlers
        self.logger = logger
        loop = group.next()
        tls = try Self.loadTLS(configuration.tls, uri: configuration.uri, pins: expectedPins)
    }

    private static func loadTLS(
        _ files: PeerTLSFiles, uri: String, pins: [[UInt8]]
    ) throws(PeerTransportError) -> PeerTLS {
        let loaded = try PeerTLS(files, ownURI: uri, now: time(nil))
        guard pins.isEmpty || pins.contains(loaded.own.keyDigest) else {
            throw .ownKeyNotPinned(path: files.certificateChain)
        }
        return loaded
    }

    /// SHA-256 of this node's SubjectPublicKeyInfo: what the others have to pin.
    public var ownPin: [UInt8] { tls.own.keyDigest }

    /// What accepts connections; nil before the start.
    var listener: (any Channel)? { state.withLock { $0.listener } }

    /// Listens for the other nodes. They are called once ``setPeers(_:)`` has named them.
    ///
    /// - Returns: the port, which differs from the configured one if that is 0.
    public func start() async throws(PeerTransportError) -> Int {
        let address = "\(configuration.host):\(configuration.port)"
        do {
            let hub = try await makeHub().get()
            let listener = try await listen(hub).get()
            state.withLock { state in
                state.hub = hub
                state.listener = listener
            }
            return listener.localAddress?.port ?? configuration.port
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .addressInUse(address)
        } catch {
            throw .cannotListen(address: address, reason: "\(error)")
        }
    }

    private func makeHub() -> EventLoopFuture<NIOLoopBound<PeerHub>> {
        loop.submit { [loop, configuration, tls, handlers, logger] in
            let hub = PeerHub(
                loop: loop, configuration: configuration, tls: tls, handlers: handlers, logger: logger)
            return NIOLoopBound(hub, eventLoop: loop)
        }
    }

    private func listen(_ hub: NIOLoopBound<PeerHub>) -> EventLoopFuture<any Channel> {
        ServerBootstrap(group: loop, childGroup: loop)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause(logger: hub.value.logger))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                guard let session = hub.value.accept() else {
                    hub.value.report(
                        .tooMany, address: channel.remoteAddress?.description ?? "unknown", wasAccepted: true)
                    return channel.eventLoop.makeFailedFuture(PeerRefusal.tooMany)
                }
                return channel.eventLoop.makeCompletedFuture {
                    let tls = NIOSSLServerHandler(context: hub.value.tls.server)
                    try channel.pipeline.syncOperations.addHandlers([tls, session])
                }
            }
            .bind(host: configuration.host, port: configuration.port)
    }

    // MARK: - The configuration in force

    /// Replaces the members that this node talks to. Records of this node itself are left out. Call after
    /// ``start()``.
    public func setPeers(_ records: [PeerRecord]) {
        let directory = PeerDirectory(records, own: configuration.node)
        onHub { state in
            let limit = configuration.limits.queueBytes
            let old = state.outboxes
            state.outboxes = directory.byNode.mapValues { old[$0.node] ?? PeerOutbox(limit: limit) }
            let outboxes = state.outboxes
            return { $0.setDirectory(directory, outboxes: outboxes) }
        }
    }

    /// Moves this node into another epoch: all connections are made anew.
    public func setEpoch(_ epoch: UInt64) {
        onHub { _ in { $0.setEpoch(epoch) } }
    }

    /// Runs what `prepare` returns on the loop. Prepared under the lock, so that what two threads do reaches the loop
    /// in the order of their turns.
    private func onHub(_ prepare: (inout sending State) -> @Sendable (PeerHub) -> Void) {
        state.withLock { state in
            let work = prepare(&state)
            guard let hub = state.hub else { return }
            loop.execute { work(hub.value) }
        }
    }

    // MARK: - Sending and stopping

    /// Hands the message to the event loop, or writes it at once if called there. Dropped if there is no connection, or
    /// if too much waits for that peer.
    public func send(_ message: PeerMessage, to node: NodeID) {
        let target = state.withLock { state in (state.outboxes[node], state.hub) }
        guard let outbox = target.0, let hub = target.1, outbox.append(message) else { return }
        if loop.inEventLoop { return hub.value.drain(node) }
        loop.execute { hub.value.drain(node) }
    }

    /// How many messages never left, per peer.
    public var droppedMessages: [NodeID: UInt64] {
        state.withLock { $0.outboxes }.mapValues(\.dropped)
    }

    /// Stops listening and closes all connections. The transport can't be started again.
    public func shutdown() async {
        let (hub, listener) = state.withLock { state in (state.hub, state.listener) }
        guard let hub else { return }
        // Failing to close means that it was closed.
        try? await listener?.close().get()
        try? await loop.submit { hub.value.shutDown() }.get()
    }
}
