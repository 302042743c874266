/// A request method (RFC 9110 section 9). Methods are case-sensitive: `get` is not `GET`.
public enum HTTPMethod: Hashable, Sendable {
    case get
    case head
    case post
    case put
    case patch
    case delete
    case options
    /// A well-formed token that none of the cases above names.
    case other(String)

    /// Makes the method that `rawValue` names.
    public init(_ rawValue: String) {
        switch rawValue {
        case "GET": self = .get
        case "HEAD": self = .head
        case "POST": self = .post
        case "PUT": self = .put
        case "PATCH": self = .patch
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        default: self = .other(rawValue)
        }
    }

    /// The method as it is written on the wire.
    public var rawValue: String {
        switch self {
        case .get: return "GET"
        case .head: return "HEAD"
        case .post: return "POST"
        case .put: return "PUT"
        case .patch: return "PATCH"
        case .delete: return "DELETE"
        case .options: return "OPTIONS"
        case .other(let name): return name
        }
    }
}

extension HTTPMethod: CustomStringConvertible {
    public var description: String { rawValue }
}

/// The protocol version that a request arrived with.
public enum HTTPVersion: Hashable, Sendable {
    case http1_0
    case http1_1
    case http2
}
