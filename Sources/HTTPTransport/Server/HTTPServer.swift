import Glibc
public import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// An HTTPS server: HTTP/2 and HTTP/1.1 on one port, chosen by ALPN, without ALPN HTTP/1.1.
public final class HTTPServer: Sendable {
    private enum State {
        case new
        case starting
        case running(any Channel)
        case stopped
    }

    private static let backlog: Int32 = 1024
    private static let closeNotifyTimeout = TimeAmount.seconds(2)

    /// A connection keeps what it read into last, and most connections rest most of the time: they begin with a buffer
    /// that holds a greeting, and those that bring more get larger ones at once.
    private static let readBuffers = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 65_536)

    private let configuration: HTTPServerConfiguration
    private let registry = ConnectionRegistry()
    private let state = Mutex(State.new)
    private let initializer = Mutex<ConnectionInitializer?>(nil)

    /// Opens no file and no socket. ``validate()`` and ``start(group:sink:)`` find out whether the configuration can
    /// work.
    public init(configuration: HTTPServerConfiguration) {
        self.configuration = configuration
    }

    /// The number of connections that are open.
    public var openConnections: Int { initializer.withLock { $0?.load.openConnections } ?? 0 }

    /// What accepts connections; nil unless the server runs.
    var listener: (any Channel)? {
        state.withLock { state -> (any Channel)? in
            guard case .running(let channel) = state else { return nil }
            return channel
        }
    }

    /// Reads certificate and key, then listens. Connections are spread over the loops of `group`, which must be one of
    /// POSIX sockets.
    ///
    /// The port is never shared with another listener.
    /// - Returns: the port, which is the configured one unless that was 0.
    /// - Throws: a `TransportError` that names what is wrong, ``TransportError/shutDown`` where
    ///   ``shutdown(graceSeconds:)`` was called meanwhile; nothing listens then.
    @discardableResult
    public func start(group: any EventLoopGroup, sink: any RequestSink) async throws(TransportError) -> Int {
        let isFirst = state.withLock { state in
            guard case .new = state else { return false }
            state = .starting
            return true
        }
        guard isFirst else { throw .alreadyStarted }
        do throws(TransportError) {
            let channel = try await listen(group: group, sink: sink)
            let wasStopped = state.withLock { state in
                guard case .starting = state else { return true }
                state = .running(channel)
                return false
            }
            guard !wasStopped else {
                try? await channel.close()
                throw TransportError.shutDown
            }
            return channel.localAddress?.port ?? configuration.port
        } catch {
            state.withLock { $0 = .stopped }
            throw error
        }
    }

    private func listen(group: any EventLoopGroup, sink: any RequestSink) async throws(TransportError) -> any Channel {
        try configuration.limits.validate()
        let tls = try configuration.tls.map { files throws(TransportError) in try makeTLS(files) }
        let initializer = ConnectionInitializer(
            configuration: configuration, sink: sink, registry: registry, tls: tls)
        self.initializer.withLock { $0 = initializer }
        let unsent = configuration.limits.maximumUnsentBytes
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: HTTPServer.backlog)
            // This lets a restarted server listen while old connections time out. SO_REUSEPORT, which would let two
            // processes listen, is never set.
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptPause())
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.recvAllocator, value: HTTPServer.readBuffers)
            .childChannelOption(
                .writeBufferWaterMark, value: ChannelOptions.Types.WriteBufferWaterMark(low: unsent / 4, high: unsent)
            )
            .childChannelInitializer { initializer.initialize($0) }
        do {
            return try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
        } catch {
            throw bindFailure(error)
        }
    }

    /// Finds out, without opening a socket, whether certificate, key and limits can be used.
    public func validate() throws(TransportError) {
        try configuration.limits.validate()
        if let files = configuration.tls { _ = try makeTLS(files) }
    }

    private func makeTLS(_ files: TLSFiles) throws(TransportError) -> NIOSSLContext {
        try ServerTLS.makeContext(files, shutdownTimeout: HTTPServer.closeNotifyTimeout)
    }

    private func bindFailure(_ error: any Error) -> TransportError {
        let (host, port) = (configuration.host, configuration.port)
        guard let failure = error as? IOError else {
            return .cannotBind(host: host, port: port, reason: "the host is unknown or has no usable address")
        }
        if failure.errnoCode == EADDRINUSE { return .addressInUse(host: host, port: port) }
        return .cannotBind(host: host, port: port, reason: String(cString: strerror(failure.errnoCode)))
    }

    /// Reads certificate and key again. Connections that are accepted afterwards use them; if they can't be used,
    /// nothing changes.
    public func reloadCertificate() throws(TransportError) {
        guard let files = configuration.tls, let initializer = initializer.withLock({ $0 }) else { return }
        initializer.replaceTLS(try makeTLS(files))
    }

    /// Stops listening, lets the requests in progress finish, and closes all connections.
    ///
    /// HTTP/2 clients are told in two steps which requests will be served (RFC 9113 section 6.8); HTTP/1.1 connections
    /// end with their current answer. A start that is under way then fails, and closes its listener itself; what that
    /// has accepted is closed here.
    /// - Parameter graceSeconds: after so long whatever is still open is closed.
    public func shutdown(graceSeconds: Int) async {
        let previous = state.withLock { state in
            let previous = state
            state = .stopped
            return previous
        }
        switch previous {
        case .new, .stopped: return
        case .starting: break
        case .running(let listener): try? await listener.close()
        }
        await closeConnections(graceSeconds: graceSeconds)
    }

    private func closeConnections(graceSeconds: Int) async {
        let open = registry.drain()
        guard let loop = open.first?.eventLoop else { return }
        let deadline = loop.scheduleTask(in: .seconds(Int64(max(0, graceSeconds)))) {
            for channel in open { channel.close(promise: nil) }
        }
        for channel in open {
            channel.pipeline.fireUserInboundEventTriggered(ConnectionShouldDrain())
        }
        try? await EventLoopFuture.andAllComplete(open.map(\.closeFuture), on: loop).get()
        deadline.cancel()
    }
}

extension TransportLimits {
    /// - Throws: `TransportError.configuration` where a limit can't work.
    func validate() throws(TransportError) {
        let counts = [
            maximumConnections, maximumConnectionsPerSource,
            maximumConcurrentStreams, maximumHeaderListBytes, maximumHeaderFields,
            maximumBufferedBodyBytes, maximumTotalBufferedBodyBytes, streamResetBurst, streamResetRate,
            maximumContinuations, maximumOutboundAcknowledgements, maximumSettings, controlFrameBurst,
            maximumUnsentBytes,
        ]
        guard counts.allSatisfy({ $0 > 0 && $0 <= Int(UInt32.max) }) else {
            throw .configuration(reason: "a limit of the transport is not positive, or too large")
        }
        guard maximumHeaderListBytes >= 4096, maximumUnsentBytes >= 32 * 1024 else {
            throw .configuration(reason: "a limit of the transport is too small to serve any request")
        }
    }
}
