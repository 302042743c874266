/// What an access token is for. Every route accepts exactly one kind, so that a token for the directory opens no key
/// and the reverse.
public enum TokenAudience: String, Hashable, Sendable, CaseIterable {
    /// The key store itself.
    case dataPlane
    /// The resource-management facade.
    case resourceManager
    /// The directory facade.
    case directory
    /// The token issuer, as the addressee of client assertions.
    case issuer
}

/// What kind of principal a token is issued to.
public enum PrincipalKind: String, Hashable, Sendable {
    case servicePrincipal
    case user
}

/// The claims of a token whose signature, issuer, audience and times were checked.
///
/// A class, because it is handed from the cache to every request: passing it on costs one reference count.
public final class VerifiedToken: Sendable {
    /// The `iss` claim.
    public let issuer: String
    /// The `aud` claim that was accepted, as written in the token.
    public let audience: String
    /// What the accepted audience is for.
    public let audienceKind: TokenAudience
    /// The principal in the pool's directory: the `oid` claim as lower-case GUID text.
    public let principalID: String
    /// The sixteen bytes of ``principalID``.
    public let principalBytes: [UInt8]
    /// The `oid` claim as the issuer wrote it, for the audit record.
    public let objectID: String
    /// The `tid` claim.
    public let tenant: String
    /// The `appid` or `azp` claim: the client application.
    public let applicationID: String?
    /// The `upn` or `preferred_username` claim. For the audit record only; it decides nothing.
    public let userName: String?
    /// Unix seconds from which the token is valid.
    public let notBefore: Int64
    /// Unix seconds from which the token is no longer valid.
    public let expiry: Int64
    /// The `kid` of the key that signed it.
    public let keyID: String
    /// The `jti` claim.
    public let tokenID: String?
    /// The private claim `qcg`: the generation of the credential with which the token was obtained. 0 when the issuer
    /// states none.
    public let credentialGeneration: UInt32

    init(claims: TokenClaims, accepted: AcceptedAudience, principal: MappedPrincipal, key: TokenKey) {
        issuer = claims.issuer
        audience = accepted.text
        audienceKind = accepted.kind
        principalID = principal.text
        principalBytes = principal.bytes
        objectID = claims.objectID
        tenant = claims.tenant
        applicationID = claims.applicationID
        userName = claims.userName
        notBefore = claims.notBefore
        expiry = claims.expiry
        keyID = key.keyID
        tokenID = claims.tokenID
        credentialGeneration = claims.credentialGeneration
    }
}
