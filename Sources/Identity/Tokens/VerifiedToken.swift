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

/// What kind of principal a token speaks for.
public enum PrincipalKind: String, Hashable, Sendable {
    case servicePrincipal
    case user
    case managedIdentity
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
    /// The principal in the pool's directory, lower-case GUID text: the `oid` claim for the one issuer that owns the
    /// directory, a GUID derived from issuer and `oid` for any other (see ``PrincipalMapping``).
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
    /// By the claim `idtyp`: a user for `user`, a service principal for anything else or nothing.
    public let kind: PrincipalKind
    /// Mapped group identifiers, for issuers whose groups are believed; empty for the embedded issuer, whose groups
    /// come from the pool view.
    public let groups: [String]
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
    /// The generation of the issuer's key set under which the signature was checked. Compare it with the generation in
    /// the pool view that authorizes the request.
    public let keySetGeneration: UInt64

    init(
        claims: TokenClaims, trust: IssuerTrust, accepted: AcceptedAudience, principal: MappedPrincipal, key: TokenKey,
        generation: UInt64
    ) {
        issuer = claims.issuer
        audience = accepted.text
        audienceKind = accepted.kind
        principalID = principal.text
        principalBytes = principal.bytes
        objectID = claims.objectID
        tenant = claims.tenant
        applicationID = claims.applicationID
        userName = claims.userName
        kind = claims.principalKind
        groups = trust.mappedGroups(of: claims)
        notBefore = claims.notBefore
        expiry = claims.expiry
        keyID = key.keyID
        tokenID = claims.tokenID
        credentialGeneration = claims.credentialGeneration
        keySetGeneration = generation
    }
}
