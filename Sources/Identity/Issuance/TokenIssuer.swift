import CryptographicModule
import StrictJSON

/// Whom a token is issued to.
public struct TokenSubject: Hashable, Sendable {
    /// The principal, lower-case GUID text: becomes `oid` and `sub`.
    public var principalID: String
    /// The client application: becomes `appid` and `azp`.
    public var applicationID: String
    /// Becomes `idtyp`: `user` for a user, `app` for all others.
    public var kind: PrincipalKind
    /// The name of a user, for display only.
    public var userName: String?
    /// The generation of the credential that was shown. A token of an older generation is refused once the credential
    /// is changed.
    public var credentialGeneration: UInt32

    public init(
        principalID: String, applicationID: String, kind: PrincipalKind = .servicePrincipal, userName: String? = nil,
        credentialGeneration: UInt32
    ) {
        self.principalID = principalID
        self.applicationID = applicationID
        self.kind = kind
        self.userName = userName
        self.credentialGeneration = credentialGeneration
    }
}

/// A token and how long it is good for.
public struct IssuedToken: Sendable {
    /// The compact serialization. A secret: never log it.
    public let token: String
    /// Seconds until it expires.
    public let lifetime: Int64
    /// Unix seconds at which it expires.
    public let expiry: Int64
    /// The `jti` claim, which may be logged.
    public let tokenID: String
}

/// Issues the pool's own access tokens (RFC 9068), and no others.
public final class TokenIssuer: Sendable {
    /// The longest lifetime that is issued, in seconds.
    public static let maximumLifetime = TokenVerifier.maximumLifetime
    /// The lifetime of an access token unless the pool says otherwise, in seconds. Clients discard a token in its last
    /// five minutes.
    public static let defaultLifetime: Int64 = 3600

    /// The `iss` text.
    public let issuer: String
    /// The `tid` claim.
    public let tenant: String
    private let signer: any TokenSigner

    public init(issuer: String, tenant: String, signer: any TokenSigner) {
        self.issuer = issuer
        self.tenant = tenant
        self.signer = signer
    }

    /// The name of the signing key.
    public var keyID: String { signer.keyID }

    /// Issues an access token.
    ///
    /// - Parameters:
    ///   - audience: one of the pool's fixed audiences, as the client wrote it.
    ///   - now: Unix seconds.
    ///   - lifetime: seconds, cut to ``maximumLifetime``.
    /// - Throws: whatever the signer throws: the pool is sealed, for example.
    public func issue(
        to subject: TokenSubject, audience: String, now: Int64, lifetime: Int64 = TokenIssuer.defaultLifetime
    ) throws -> IssuedToken {
        let lifetime = min(max(lifetime, 1), Self.maximumLifetime)
        let tokenID = Self.randomIdentifier()
        var claims = JSONWriter(capacity: 640)
        claims.object { claims in
            claims.member("iss", issuer)
            claims.member("aud", audience)
            claims.member("tid", tenant)
            claims.member("oid", subject.principalID)
            claims.member("sub", subject.principalID)
            claims.member("iat", now)
            claims.member("nbf", now)
            claims.member("exp", now + lifetime)
            claims.member("ver", "1.0")
            claims.member("appid", subject.applicationID)
            claims.member("azp", subject.applicationID)
            claims.member("idtyp", subject.kind == .user ? "user" : "app")
            if let name = subject.userName { claims.member("upn", name) }
            claims.member("jti", tokenID)
            claims.member("qcg", subject.credentialGeneration)
        }
        let token = try sign(claims.bytes)
        return IssuedToken(token: token, lifetime: lifetime, expiry: now + lifetime, tokenID: tokenID)
    }

    private func sign(_ claims: [UInt8]) throws -> String {
        var header = JSONWriter(capacity: 128)
        header.object { header in
            header.member("typ", "at+jwt")
            header.member("alg", "RS256")
            header.member("kid", signer.keyID)
        }
        let signed = Base64URL.encode(header.bytes) + "." + Base64URL.encode(claims)
        let signature = try signer.sign(sha256: Digest.sha256(Array(signed.utf8)))
        return signed + "." + Base64URL.encode(signature)
    }

    private static func randomIdentifier() -> String {
        Base64URL.encode(Random.bytes(16))
    }
}
