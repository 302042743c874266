import StrictJSON

/// An answer of the token endpoint, ready to be sent.
public struct TokenEndpointResponse: Hashable, Sendable {
    public let status: Int
    /// A JSON object. It holds the access token, if there is one: never log it.
    public let body: [UInt8]
    /// Header fields beside the content length: the answer must not be stored (RFC 6749, 5.1).
    public let headers: [Field]

    public struct Field: Hashable, Sendable {
        public let name: String
        public let value: String
    }

    private static let fixedHeaders = [
        Field(name: "Content-Type", value: "application/json; charset=utf-8"),
        Field(name: "Cache-Control", value: "no-store"),
        Field(name: "Pragma", value: "no-cache"),
    ]

    init(status: Int, body: [UInt8], challenge: String? = nil) {
        self.status = status
        self.body = body
        headers = Self.fixedHeaders + (challenge.map { [Field(name: "WWW-Authenticate", value: $0)] } ?? [])
    }

    /// The answer that carries an access token.
    ///
    /// - Parameter resource: echoed in the form of the older token endpoint.
    public init(_ issued: IssuedToken, resource: String? = nil) {
        var writer = JSONWriter(capacity: issued.token.utf8.count + 256)
        writer.object { writer in
            writer.member("token_type", "Bearer")
            writer.member("expires_in", issued.lifetime)
            writer.member("ext_expires_in", issued.lifetime)
            writer.member("expires_on", issued.expiry)
            if let resource { writer.member("resource", resource) }
            writer.member("access_token", issued.token)
        }
        self.init(status: 200, body: writer.bytes)
    }
}

/// Why the token endpoint refuses (RFC 6749, 5.2). The texts name no client and no secret.
public enum OAuthError: Error, Hashable, Sendable {
    /// Unknown client, wrong secret, disabled principal: one answer for all, so that it tells nothing.
    case invalidClient
    /// The request lacks a parameter, repeats one, or is malformed; the text names what is wrong.
    case invalidRequest(String)
    case unsupportedGrantType
    /// The scope or resource is none of the pool's audiences.
    case invalidScope
    /// Too many failed attempts of this client from this source.
    case slowDown
    /// The pool can issue no token now: sealed, or without a quorum.
    case temporarilyUnavailable

    public var status: Int {
        switch self {
        // 401 rather than 400: clients keep a 400 of this endpoint for a minute and would not see a corrected secret.
        case .invalidClient: 401
        case .invalidRequest, .unsupportedGrantType, .invalidScope: 400
        case .slowDown: 429
        case .temporarilyUnavailable: 503
        }
    }

    /// The `error` member.
    public var code: String {
        switch self {
        case .invalidClient: "invalid_client"
        case .invalidRequest: "invalid_request"
        case .unsupportedGrantType: "unsupported_grant_type"
        case .invalidScope: "invalid_scope"
        case .slowDown: "slow_down"
        case .temporarilyUnavailable: "temporarily_unavailable"
        }
    }

    /// The `error_description` member, which clients show to people.
    public var message: String {
        switch self {
        case .invalidClient: "The client is unknown, disabled, or its credential is not valid."
        case .invalidRequest(let problem): "The request is malformed: \(problem)."
        case .unsupportedGrantType: "The grant type is not supported."
        case .invalidScope: "The scope or resource is not one that this issuer serves."
        case .slowDown: "Too many failed attempts. Wait before the next one."
        case .temporarilyUnavailable: "No token can be issued at the moment."
        }
    }

    /// The answer to send. It never carries `Retry-After`: clients would refuse to ask again before it has passed,
    /// whatever was corrected.
    public var response: TokenEndpointResponse {
        var writer = JSONWriter(capacity: 192)
        writer.object { writer in
            writer.member("error", code)
            writer.member("error_description", message)
        }
        return TokenEndpointResponse(
            status: status, body: writer.bytes, challenge: self == .invalidClient ? "Basic realm=\"token\"" : nil)
    }
}
