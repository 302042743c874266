import HTTPTransport

/// What a client sends for many equal requests, in pieces as a socket would give them to the server.
///
/// A connection compresses its header blocks by what went before, so a recording is played from its beginning to a
/// server that has seen nothing yet.
struct RecordedRequests {
    /// How many requests each piece completes.
    static let batch = 16

    /// The preface and the settings.
    let opening: [UInt8]
    let pieces: [[UInt8]]

    /// - Parameter count: a multiple of ``batch``.
    init(_ request: HTTP2ClientRequest, count: Int) throws {
        let client = try HTTP2ClientEngine()
        let server = try SocketlessServer(sink: FixedAnswer(), executor: InlineExecutor())
        opening = Self.exchange(client, server)
        pieces = (0..<count / Self.batch).map { _ in
            for _ in 0..<Self.batch { client.submit(request) { _ in } }
            return Self.exchange(client, server)
        }
    }

    /// Moves bytes in both directions until nothing is left to say; gives the client's.
    private static func exchange(_ client: HTTP2ClientEngine, _ server: SocketlessServer) -> [UInt8] {
        var sent: [UInt8] = []
        while true {
            var turn: [UInt8] = []
            while let piece = client.nextOutput() { turn.append(contentsOf: piece) }
            server.receive(turn)
            let answer = server.output()
            answer.withUnsafeBytes { client.receive($0) }
            sent += turn
            if turn.isEmpty, answer.isEmpty { return sent }
        }
    }
}

/// Answers at once, with what an answer to a request to sign looks like.
struct FixedAnswer: RequestSink {
    private static let headers = [
        ("x-ms-request-id", "0a6f5b1e-58a1-4d57-8f7c-2b8e4c1d9e01"), ("cache-control", "no-cache"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"), ("x-content-type-options", "nosniff"),
        ("x-frame-options", "SAMEORIGIN"), ("content-security-policy", "default-src 'self'"),
        ("x-ms-keyvault-region", "test-region"),
        ("x-ms-keyvault-network-info", "conn_type=Ipv4;addr=192.0.2.7;act_addr_fam=Ipv4;"),
        ("x-ms-server-latency", "0"), ("content-type", "application/json; charset=utf-8"),
    ]
    private static let body = [UInt8](repeating: UInt8(ascii: "x"), count: 210)

    func bodyLimit(method: HTTPMethod, path: String) -> Int { 65_536 }

    func handle(_ request: HTTPRequest, _ responder: Responder) {
        responder.respond(HTTPResponse(status: 200, headers: Self.headers, body: Self.body))
    }
}
