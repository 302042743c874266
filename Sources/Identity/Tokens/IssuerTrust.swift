public import CryptographicModule

/// One accepted audience.
public struct AcceptedAudience: Hashable, Sendable {
    /// What tokens carry as `aud`. Slashes at its end make no difference.
    public let text: String
    /// What a token for it opens.
    public let kind: TokenAudience

    public init(_ text: String, _ kind: TokenAudience) {
        self.text = text
        self.kind = kind
    }
}

/// What is believed of one issuer. Replicated, security-class configuration: nothing of it is computed from a request.
/// The `oid` of its tokens *is* the principal, and must be a GUID.
public struct IssuerTrust: Hashable, Sendable {
    /// The exact `iss` text.
    public let issuer: String
    /// The `tid` that its tokens must carry.
    public let tenant: String
    /// What tokens may be signed with. A key that is for one algorithm only narrows it further.
    public let algorithms: Set<SignatureAlgorithm>
    /// Accepted `typ` header values, lower case and without `application/`.
    public let types: Set<String>
    /// Seconds by which `exp` may have passed; 0 for tokens whose times were set by the pool itself.
    public let expirySkew: Int64
    /// Seconds by which `nbf` and `iat` may lie ahead.
    public let startSkew: Int64

    public init(
        issuer: String, tenant: String, algorithms: Set<SignatureAlgorithm>, types: Set<String> = ["at+jwt", "jwt"],
        expirySkew: Int64 = 0, startSkew: Int64 = 60
    ) {
        self.issuer = issuer
        self.tenant = tenant
        self.algorithms = algorithms
        self.types = types
        self.expirySkew = expirySkew
        self.startSkew = startSkew
    }

    /// The trust in the pool's own issuer: RS256 access tokens, no tolerance on expiry.
    public static func embedded(issuer: String, tenant: String) -> IssuerTrust {
        IssuerTrust(issuer: issuer, tenant: tenant, algorithms: [.RS256], types: ["at+jwt"])
    }
}

/// The fixed list of audiences that the pool answers to.
///
/// Two entries are the same when they differ only in trailing slashes: clients ask for `https://host` and
/// `https://host/` alike.
public struct AudienceList: Hashable, Sendable {
    private let kinds: [String: TokenAudience]

    /// - Throws: ``TrustError/ambiguousAudience(_:)`` when two kinds share an audience, ``TrustError/emptyAudience``
    ///   for an empty text.
    public init(_ accepted: [AcceptedAudience]) throws(TrustError) {
        var kinds: [String: TokenAudience] = [:]
        for entry in accepted {
            let key = Self.folded(entry.text)
            guard !key.isEmpty else { throw .emptyAudience }
            if let other = kinds[key], other != entry.kind { throw .ambiguousAudience(entry.text) }
            kinds[key] = entry.kind
        }
        self.kinds = kinds
    }

    /// What `text` is an audience for, with or without a trailing slash.
    public func kind(of text: String) -> TokenAudience? {
        kinds[Self.folded(text)]
    }

    /// Whether two texts name one audience.
    public static func isSame(_ text: String, _ other: String) -> Bool { folded(text) == folded(other) }

    private static func folded(_ text: String) -> String {
        var text = Substring(text)
        while text.utf8.last == UInt8(ascii: "/") { text = text.dropLast() }
        return String(text)
    }
}

/// Why a trust configuration was refused.
public enum TrustError: Error, Hashable, Sendable {
    case ambiguousAudience(String)
    case emptyAudience
    /// Each issuer names the pool's principals: of two, one could name those of the other.
    case severalIssuers
    case unknownIssuer(String)
    case duplicateKey(String)
    /// An RSA key is of a size or with an exponent that isn't taken, or a key's name is empty or too long.
    case unacceptableKey(String)
    /// The generation of a key set went backwards.
    case staleGeneration
}
