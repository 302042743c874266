import NIOCore
import NIOHTTP1
import NIOSSL
import NIOTLS
import Synchronization

/// Builds the pipeline of an accepted connection: TLS, the choice of protocol, and the handler for it.
final class ConnectionInitializer: Sendable {
    /// Of HTTP/1.1 little is read at once: the decoder makes requests of all that has come, and they wait for the
    /// answers before theirs, each a dozen times as large as it was sent.
    private static let http1Buffers = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 16 * 1024)

    private let configuration: HTTPServerConfiguration
    private let sink: any RequestSink
    private let registry: ConnectionRegistry
    private let tls: Mutex<NIOSSLContext?>
    private let descriptors: @Sendable () -> Int
    private let companies: Mutex<[ObjectIdentifier: NIOLoopBound<LoopCompany>]> = Mutex([:])
    let load = TransportLoad()

    /// - Parameter descriptors: how many there are for connections.
    init(
        configuration: HTTPServerConfiguration, sink: any RequestSink, registry: ConnectionRegistry,
        tls: NIOSSLContext?, descriptors: @escaping @Sendable () -> Int = { Descriptors.forClients() }
    ) {
        self.configuration = configuration
        self.sink = sink
        self.registry = registry
        self.tls = Mutex(tls)
        self.descriptors = descriptors
    }

    /// Connections that are accepted from now on use this certificate.
    func replaceTLS(_ context: NIOSSLContext) {
        tls.withLock { $0 = context }
    }

    /// Runs on the connection's loop. A failure closes the connection.
    func initialize(_ channel: any Channel) -> EventLoopFuture<Void> {
        let source = SourceShares.Source(channel.remoteAddress)
        guard admit(source) else { return channel.close() }
        guard registry.add(channel) else {
            load.removeConnection()
            if let source { load.shares.remove(source) }
            return channel.close()
        }
        channel.closeFuture.whenComplete { [registry, load] _ in
            registry.remove(channel)
            load.removeConnection()
            if let source { load.shares.remove(source) }
        }
        return channel.eventLoop.makeCompletedFuture {
            guard let context = tls.withLock({ $0 }) else { return try addHTTP1(channel, isEncrypted: false) }
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
            try addNegotiation(channel)
        }
    }

    /// Counts a connection, unless there are too many, of this source or of all, or too few descriptors for others.
    private func admit(_ source: SourceShares.Source?) -> Bool {
        let limits = configuration.limits
        let most = min(limits.maximumConnections, descriptors())
        guard load.addConnection(limit: most) else { return false }
        guard let source, !load.shares.add(source, limit: limits.share(of: most)) else { return true }
        load.removeConnection()
        return false
    }

    private func addNegotiation(_ channel: any Channel) throws {
        let deadline = channel.eventLoop.scheduleTask(in: configuration.timeouts.handshake.timeAmount) {
            channel.close(promise: nil)
        }
        channel.closeFuture.whenComplete { _ in deadline.cancel() }
        let negotiation = ApplicationProtocolNegotiationHandler { [self] result, channel in
            deadline.cancel()
            return channel.eventLoop.makeCompletedFuture {
                if case .negotiated("h2") = result {
                    try addHTTP2(channel)
                } else {
                    try addHTTP1(channel, isEncrypted: true)
                }
                if registry.isDraining { channel.close(promise: nil) }
            }
        }
        try channel.pipeline.syncOperations.addHandlers([negotiation, CloseOnErrorHandler()])
    }

    private func addHTTP2(_ channel: any Channel) throws {
        let company = company(of: channel.eventLoop)
        let engine = try HTTP2ServerEngine(
            connection: makeContext(channel, isEncrypted: true), sink: sink, limits: configuration.limits,
            timeouts: configuration.timeouts, load: load, dates: company.dates, headers: company.headers,
            tokens: company.tokens, turns: company.turns, now: MonotonicClock.now())
        try channel.pipeline.syncOperations.addHandler(
            NGHTTP2Handler(engine: engine, timeouts: configuration.timeouts))
    }

    private func addHTTP1(_ channel: any Channel, isEncrypted: Bool) throws {
        var decoderLimits = NIOHTTPDecoderLimitConfiguration()
        decoderLimits.maxHeaderFieldSize = configuration.limits.maximumHeaderListBytes
        decoderLimits.maxHeaderListSize = configuration.limits.maximumHeaderListBytes
        decoderLimits.maxHeaderFieldCount = configuration.limits.maximumHeaderFields
        try channel.syncOptions?.setOption(.recvAllocator, value: ConnectionInitializer.http1Buffers)
        try channel.syncOptions?.setOption(.maxMessagesPerRead, value: 1)
        let pipeline = channel.pipeline.syncOperations
        let watch = HTTP1ByteWatch()
        try pipeline.addHandler(watch)
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: true, withErrorHandling: false, withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: decoderLimits)
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        let place = ChannelPipeline.SynchronousOperations.Position.after(decoder)
        try pipeline.addHandler(HTTP1PartWatch(watch: watch), position: place)
        try pipeline.addHandler(
            HTTP1Handler(
                connection: makeContext(channel, isEncrypted: isEncrypted), sink: sink, limits: configuration.limits,
                timeouts: configuration.timeouts, load: load, dates: company(of: channel.eventLoop).dates,
                watch: watch))
    }

    private func makeContext(_ channel: any Channel, isEncrypted: Bool) -> ConnectionContext {
        ConnectionContext(
            remoteAddress: channel.remoteAddress?.ipAddress ?? "", isEncrypted: isEncrypted,
            executor: EventLoopExecutor(loop: channel.eventLoop))
    }

    private func company(of loop: any EventLoop) -> LoopCompany {
        companies.withLock { companies in
            if let found = companies[ObjectIdentifier(loop)] { return found }
            let made = NIOLoopBound(LoopCompany(loop: loop, sink: sink), eventLoop: loop)
            companies[ObjectIdentifier(loop)] = made
            return made
        }.value
    }
}

/// Closes a connection whose handshake failed, before there is a handler for its protocol.
private final class CloseOnErrorHandler: ChannelInboundHandler {
    typealias InboundIn = Any

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
