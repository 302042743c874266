/// One complete request, body included.
///
/// An object, so that handing it on costs one reference count rather than one for each part.
public final class HTTPRequest: Sendable {
    public let method: HTTPMethod
    /// The path as it was sent, percent-encoding untouched, without the query. It begins with `/`, or is `*`.
    public let path: String
    /// What follows the first `?` of the target, as it was sent; empty where there is none.
    public let query: String
    /// `:authority`, or the `Host` field; empty where an HTTP/1.0 client sent neither.
    public let authority: String
    /// Without pseudo-fields. There is no more than one `authorization` field, for such a request is refused.
    public let headers: HTTPFields
    /// Complete and as it was sent: a content coding isn't undone.
    public let body: [UInt8]
    public let version: HTTPVersion
    /// The connection that the request came over, and that its answer leaves by.
    public let connection: ConnectionContext

    /// The peer's address as text, without its port.
    public var remoteAddress: String { connection.remoteAddress }

    public init(
        method: HTTPMethod, path: String, query: String = "", authority: String, headers: HTTPFields = HTTPFields(),
        body: [UInt8] = [], version: HTTPVersion = .http2, connection: ConnectionContext
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.authority = authority
        self.headers = headers
        self.body = body
        self.version = version
        self.connection = connection
    }
}

extension HTTPRequest: CustomStringConvertible {
    /// Method and path only: query, fields and body may hold secrets.
    public var description: String { "\(method) \(path)" }
}
