public import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

/// One HTTP/2 connection over TLS to one server. Requests share it; up to the server's limit they are in progress at
/// once, and the others wait.
public final class HTTP2Client: Sendable {
    /// Whom the client believes.
    public enum Trust: Hashable, Sendable {
        /// The authorities that the system trusts.
        case system
        /// The certificates of a PEM file, and nobody else.
        case certificates(file: String)
        /// The certificates in PEM format, and nobody else.
        case pem([UInt8])
    }

    private let channel: any Channel
    private let handler: NIOLoopBound<HTTP2ClientHandler>

    private init(channel: any Channel, handler: NIOLoopBound<HTTP2ClientHandler>) {
        self.channel = channel
        self.handler = handler
    }

    /// Where completions run.
    public var eventLoop: any EventLoop { channel.eventLoop }

    /// Connects, checks the server's certificate against its name, and agrees on HTTP/2.
    ///
    /// - Parameters:
    ///   - serverName: the name that the certificate must have, if that is not `host`.
    ///   - timeout: for connecting and for the handshake, each.
    /// - Throws: `TransportError.certificate`, `.tls` or `.cannotConnect`.
    public static func connect(
        host: String, port: Int, serverName: String? = nil, trust: Trust, group: any EventLoopGroup,
        timeout: Duration = .seconds(10)
    ) async throws(TransportError) -> HTTP2Client {
        let tls = try makeContext(trust)
        let loop = group.next()
        let negotiated = loop.makePromise(of: NIOLoopBound<HTTP2ClientHandler>.self)
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(timeout.timeAmount)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try addHandlers(channel, tls: tls, serverName: serverName ?? host, negotiated: negotiated)
                }
            }
        do {
            let channel = try await bootstrap.connect(host: host, port: port).get()
            let deadline = channel.eventLoop.scheduleTask(in: timeout.timeAmount) {
                negotiated.fail(TransportError.cannotConnect(host: host, port: port, reason: "handshake timed out"))
            }
            defer { deadline.cancel() }
            do {
                return HTTP2Client(channel: channel, handler: try await negotiated.futureResult.get())
            } catch {
                channel.close(promise: nil)
                throw error
            }
        } catch {
            negotiated.fail(error)
            throw (error as? TransportError) ?? .cannotConnect(host: host, port: port, reason: "\(error)")
        }
    }

    private static func makeContext(_ trust: Trust) throws(TransportError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["h2"]
        if case .certificates(let file) = trust {
            guard let roots = try? NIOSSLCertificate.fromPEMFile(file), !roots.isEmpty else {
                throw .certificate(file: file, reason: "holds no certificate in PEM format, or can't be read")
            }
            configuration.trustRoots = .certificates(roots)
        }
        if case .pem(let bytes) = trust {
            guard let roots = try? NIOSSLCertificate.fromPEMBytes(bytes), !roots.isEmpty else {
                throw .certificate(file: "the given text", reason: "holds no certificate in PEM format")
            }
            configuration.trustRoots = .certificates(roots)
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .tls(reason: "\(error)")
        }
    }

    private static func addHandlers(
        _ channel: any Channel, tls: NIOSSLContext, serverName: String,
        negotiated: EventLoopPromise<NIOLoopBound<HTTP2ClientHandler>>
    ) throws {
        // An address can't be a server name in the handshake; the certificate is then checked against the address.
        let isAddress = (try? SocketAddress(ipAddress: serverName, port: 0)) != nil
        let handler = try NIOSSLClientHandler(context: tls, serverHostname: isAddress ? nil : serverName)
        let negotiation = ApplicationProtocolNegotiationHandler { result, channel in
            channel.eventLoop.makeCompletedFuture {
                guard case .negotiated("h2") = result else {
                    throw TransportError.tls(reason: "the server does not speak HTTP/2")
                }
                let handler = HTTP2ClientHandler(engine: try HTTP2ClientEngine())
                try channel.pipeline.syncOperations.addHandler(handler)
                negotiated.succeed(NIOLoopBound(handler, eventLoop: channel.eventLoop))
            }
        }
        try channel.pipeline.syncOperations.addHandlers([
            handler, negotiation, NegotiationFailureHandler(negotiated),
        ])
    }

    /// Sends a request. Any thread; `completion` runs on the client's loop.
    public func send(
        _ request: HTTP2ClientRequest,
        completion: @escaping @Sendable (Result<HTTP2ClientResponse, HTTP2ClientError>) -> Void
    ) {
        if channel.eventLoop.inEventLoop {
            handler.value.submit(request, completion: completion)
        } else {
            channel.eventLoop.execute { self.handler.value.submit(request, completion: completion) }
        }
    }

    /// Sends a request and waits for its response.
    public func send(_ request: HTTP2ClientRequest) async throws(HTTP2ClientError) -> HTTP2ClientResponse {
        let result = await withCheckedContinuation { continuation in
            send(request) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// The same, for so long at most. A connection whose server takes longer is closed, with all that is in progress;
    /// that takes up to five seconds more where the server doesn't end TLS either.
    public func send(
        _ request: HTTP2ClientRequest, within limit: Duration
    ) async throws(HTTP2ClientError) -> HTTP2ClientResponse {
        let deadline = ContinuousClock.now + limit
        let alarm = channel.eventLoop.scheduleTask(in: limit.timeAmount) { self.abandon() }
        defer { alarm.cancel() }
        do throws(HTTP2ClientError) {
            return try await send(request)
        } catch .connectionClosed where ContinuousClock.now >= deadline {
            throw .badResponse("none came within \(limit)")
        }
    }

    /// Lets what is in progress finish, then closes the connection.
    public func close() async {
        channel.eventLoop.execute { self.handler.value.finish() }
        try? await channel.closeFuture.get()
    }

    /// Completes on the client's loop when the connection has ended, whoever ended it.
    public var closed: EventLoopFuture<Void> { channel.closeFuture }

    /// Closes the connection now; requests in progress fail.
    public func abandon() { channel.close(promise: nil) }
}

/// Reports why there is no HTTP/2 connection; after that it only closes what has failed.
private final class NegotiationFailureHandler: ChannelInboundHandler {
    typealias InboundIn = Any

    private let negotiated: EventLoopPromise<NIOLoopBound<HTTP2ClientHandler>>

    init(_ negotiated: EventLoopPromise<NIOLoopBound<HTTP2ClientHandler>>) {
        self.negotiated = negotiated
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        negotiated.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        negotiated.fail(ChannelError.eof)
        context.fireChannelInactive()
    }
}
