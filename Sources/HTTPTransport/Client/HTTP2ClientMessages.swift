/// A request of the HTTP/2 client.
public struct HTTP2ClientRequest: Sendable {
    public var method: HTTPMethod
    public var scheme: String
    /// `host` or `host:port`: what HTTP/1.1 has in the field `Host`.
    public var authority: String
    /// Path and query, percent-encoded.
    public var path: String
    /// Further fields; names in lower case.
    public var headers: [(String, String)]
    /// The engine adds `content-length`; the fields must not hold it.
    public var body: [UInt8]

    public init(
        method: HTTPMethod, scheme: String = "https", authority: String, path: String, headers: [(String, String)] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.headers = headers
        self.body = body
    }
}

/// A complete response as the HTTP/2 client received it.
public struct HTTP2ClientResponse: Sendable {
    /// Of the final response; interim ones are left out.
    public var status: Int
    /// Fields of the final response, those behind its body included. With more than 256 the exchange fails.
    public var headers: HTTPFields
    public var body: [UInt8]

    public init(status: Int, headers: HTTPFields, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Why the HTTP/2 client has no response.
public enum HTTP2ClientError: Error, Hashable, Sendable {
    /// The server reset the stream before its response was complete; with the error code of RFC 9113 section 7.
    case reset(code: UInt32)
    /// The connection ended, or can't open another stream.
    case connectionClosed
    /// The request must not be sent as it is. Nothing of it was sent.
    case badRequest(String)
    /// The server broke the protocol, or a limit of the client.
    case badResponse(String)
}
