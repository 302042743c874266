import AccessControl
import Identity
import PoolState

/// Why a caller counts as unauthenticated. The text names nothing of the token.
struct AuthenticationRefusal: Error {
    let message: String

    static let noBearerToken = AuthenticationRefusal(message: "The Authorization header holds no bearer token.")
    static let principalNotHonoured = AuthenticationRefusal(
        message: "The token's principal is unknown, disabled, or has a new credential.")
}

/// Turns the bearer token of a request into a principal that the pool's current state honours.
enum Authenticator {
    /// Checks form, signature and validity. Verified tokens are remembered by digest, so that a later sight costs one look-up.
    ///
    /// - Parameter value: the `Authorization` header.
    static func verify(_ value: [UInt8], tokens: TokenVerifier, now: Int64) -> Result<VerifiedToken, AuthenticationRefusal> {
        let scheme = Array("bearer ".utf8)
        guard value.count > scheme.count, zip(value, scheme).allSatisfy({ $0 | 0x20 == $1 }) else {
            return .failure(.noBearerToken)
        }
        return value.withUnsafeBytes { bytes in
            tokens.verify(UnsafeRawBufferPointer(rebasing: bytes[scheme.count...]), for: .dataPlane, now: now)
                .mapError { AuthenticationRefusal(message: $0.message) }
        }
    }

    /// The token's principal, if it exists, is enabled, and has not changed its credential since the token was issued.
    static func principal(of token: VerifiedToken, in view: PoolView) -> Result<AuthenticatedPrincipal, AuthenticationRefusal> {
        guard let objectID = GUID(bytes: token.principalBytes), let record = view.state.principal(objectID),
            record.enabled, record.credentialGeneration == token.credentialGeneration
        else { return .failure(.principalNotHonoured) }
        return .success(
            AuthenticatedPrincipal(
                objectID: objectID, clientID: record.clientID, displayName: record.displayName, groups: record.groups))
    }
}
