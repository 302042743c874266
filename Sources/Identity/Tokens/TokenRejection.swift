/// Why a token was not accepted. No case carries content of the token, so the reason may be written to the audit record
/// and to the caller.
public enum TokenRejection: String, Error, Hashable, Sendable, CaseIterable {
    /// Longer than ``TokenVerifier/maximumTokenBytes``, or empty.
    case badLength
    /// Not three base64url parts without padding.
    case notCompactJWS
    /// The header is not a strict JSON object with the members a header must have.
    case malformedHeader
    /// A header member that would change how the token is read: `crit`, `b64`, `jku`, `x5u`, `jwk`, `enc`, `zip`.
    case forbiddenHeader
    /// No signature, a symmetric algorithm, or one that this issuer does not use.
    case algorithmNotAllowed
    /// The `typ` of something that is not an access token.
    case wrongType
    /// The claims are not a strict JSON object, or one has the wrong form.
    case malformedClaims
    /// A claim that must be there is not.
    case missingClaim
    /// Nobody configured this issuer.
    case unknownIssuer
    /// The issuer has no key of that name in force.
    case unknownKey
    /// The key is of another type than the algorithm needs.
    case keyTypeMismatch
    case badSignature
    case wrongAudience
    case wrongTenant
    case expired
    case notYetValid
    /// Valid for longer than the ceiling, or for no time at all.
    case badLifetime
    /// The object identifier is not a GUID where it has to be.
    case badObjectID

    /// One sentence for the operator and the caller.
    public var message: String {
        switch self {
        case .badLength: "The token is empty or too long."
        case .notCompactJWS: "The token is not a signed token in compact form."
        case .malformedHeader: "The token's header is malformed."
        case .forbiddenHeader: "The token's header uses a member that is not accepted."
        case .algorithmNotAllowed: "The token's signature algorithm is not accepted."
        case .wrongType: "The token is not an access token."
        case .malformedClaims: "The token's claims are malformed."
        case .missingClaim: "The token lacks a required claim."
        case .unknownIssuer: "The token's issuer is not trusted."
        case .unknownKey: "The token was signed by an unknown key."
        case .keyTypeMismatch: "The token's algorithm does not fit the signing key."
        case .badSignature: "The token's signature is not valid."
        case .wrongAudience: "The token is for another audience."
        case .wrongTenant: "The token is of another tenant."
        case .expired: "The token has expired."
        case .notYetValid: "The token is not valid yet."
        case .badLifetime: "The token's lifetime is not acceptable."
        case .badObjectID: "The token's object identifier is malformed."
        }
    }
}
