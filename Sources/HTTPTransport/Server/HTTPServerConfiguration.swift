/// What a server listens on, and what it puts up with.
public struct HTTPServerConfiguration: Sendable {
    /// The address or host name to listen on.
    public var host: String
    /// The port to listen on; 0 lets the system choose.
    public var port: Int
    /// Certificate and key, or nil to serve HTTP/1.1 without TLS (loopback and tests).
    public var tls: TLSFiles?
    /// Each from 1 to 2³² - 1, with at least 4096 for `maximumHeaderListBytes` and 32 KiB for `maximumUnsentBytes`:
    /// with others a server doesn't start.
    public var limits: TransportLimits
    public var timeouts: TransportTimeouts

    public init(
        host: String, port: Int, tls: TLSFiles?, limits: TransportLimits = TransportLimits(),
        timeouts: TransportTimeouts = TransportTimeouts()
    ) {
        self.host = host
        self.port = port
        self.tls = tls
        self.limits = limits
        self.timeouts = timeouts
    }
}

/// Where the server's certificate and key are.
public struct TLSFiles: Hashable, Sendable {
    /// PEM: the server's certificate first, then the intermediates in order.
    public var certificateChain: String
    /// PEM: the key that belongs to the first certificate. The file must not be accessible to group or others.
    public var privateKey: String

    public init(certificateChain: String, privateKey: String) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
    }
}

/// Bounds on what one peer, and all of them together, can make the server hold or do.
public struct TransportLimits: Hashable, Sendable {
    /// Connections open at once in this server; further ones are closed as soon as they are accepted. Fewer where the
    /// process may not have so many descriptors and 256 more.
    public var maximumConnections = 12_288
    /// The same for one source: an IPv4 address, or the first 64 bits of an IPv6 address. Where there are fewer in all,
    /// the same part of them, or as many as this if that is no more than half of them.
    public var maximumConnectionsPerSource = 6_144
    /// HTTP/2 streams open at once on a connection.
    public var maximumConcurrentStreams = 100
    /// Bytes of a request's header fields, each counted as name, value and 32 (RFC 9113 section 6.5.2). More is
    /// answered 431; twice as many end the connection.
    public var maximumHeaderListBytes = 32 * 1024
    /// Fields of a request.
    public var maximumHeaderFields = 128
    /// Bytes of unfinished bodies that one connection may have the server hold, over HTTP/2 with the header fields
    /// before them. A single body may exceed it up to the limit of its own route.
    public var maximumBufferedBodyBytes = 1024 * 1024
    /// The same for all connections together. 16 KiB of them each connection has in any case.
    public var maximumTotalBufferedBodyBytes = 256 * 1024 * 1024
    /// Resets of streams by the peer that are forgiven at once, and per second after that.
    public var streamResetBurst = 200
    public var streamResetRate = 33
    /// CONTINUATION frames after one HEADERS frame.
    public var maximumContinuations = 8
    /// Unsent acknowledgements of PING and SETTINGS frames.
    public var maximumOutboundAcknowledgements = 100
    /// Entries in one SETTINGS frame.
    public var maximumSettings = 32
    /// Frames that bring a request no further (PING, PRIORITY, WINDOW_UPDATE, empty or tiny DATA) which are forgiven
    /// at once; each second forgives 100 more, each request 20, and a frame of its answer one for each 2 KiB.
    public var controlFrameBurst = 2000
    /// Unsent bytes on a connection above which nothing is read from it.
    public var maximumUnsentBytes = 256 * 1024

    public init() {}
}

/// How long a peer may take. The end of ``handshake`` is noticed at once. For the others each connection looks at
/// intervals of a quarter of the shortest of them, but of 20 ms at least and 5 s at most.
public struct TransportTimeouts: Hashable, Sendable {
    /// From accepting to the end of the TLS handshake.
    public var handshake: Duration = .seconds(10)
    /// From then to the first complete request header.
    public var firstRequest: Duration = .seconds(10)
    /// Without a request in progress.
    public var idle: Duration = .seconds(90)
    /// From the first byte of a request to its last.
    public var request: Duration = .seconds(30)
    /// With something to send and the peer taking none of it. With 16 KiB that it takes it has the time anew, with less
    /// as much less. What HTTP/2's flow control lets out has the time that it takes at that rate in addition, at most
    /// eight times as much.
    public var writeStall: Duration = .seconds(30)

    public init() {}
}
