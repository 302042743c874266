import AccessControl
import Identity
import PoolState

/// Why a caller counts as unauthenticated. The text names nothing of the token.
struct AuthenticationRefusal: Error {
    let message: String
    /// Whether the token may have been good once, so that a fresh one could be better.
    let isOutdated: Bool

    init(message: String, isOutdated: Bool = false) {
        self.message = message
        self.isOutdated = isOutdated
    }

    init(_ rejection: TokenRejection) {
        self.init(message: rejection.message, isOutdated: rejection == .unknownKey)
    }

    static let noToken = AuthenticationRefusal(message: "The request needs an access token.")
    static let severalHeaders = AuthenticationRefusal(message: "The request has more than one Authorization header.")
    static let noBearerToken = AuthenticationRefusal(message: "The Authorization header holds no bearer token.")
    static let recoveryIsOver = AuthenticationRefusal(
        message: "The token is from before this node was unsealed.", isOutdated: true)
    static let principalNotHonoured = AuthenticationRefusal(
        message: "The token's principal is unknown, disabled, or has a new credential.", isOutdated: true)
}

/// Turns the bearer token of a request into a principal that the pool's current state honours.
enum Authenticator {
    /// Checks form, signature and validity. Verified tokens are remembered by digest, so that a later sight costs one
    /// look-up.
    ///
    /// - Parameter value: the `Authorization` header.
    static func verify(
        _ value: [UInt8], tokens: TokenVerifier, for audience: TokenAudience, now: Int64
    ) -> Result<VerifiedToken, AuthenticationRefusal> {
        value.withUnsafeBytes { bytes in
            guard bytes.count > scheme.utf8CodeUnitCount, isScheme(bytes) else { return .failure(.noBearerToken) }
            let token = UnsafeRawBufferPointer(rebasing: bytes[scheme.utf8CodeUnitCount...])
            return tokens.verify(token, for: audience, now: now).mapError { AuthenticationRefusal($0) }
        }
    }

    private static let scheme: StaticString = "bearer "

    /// - Parameter bytes: at least as many as the word has.
    private static func isScheme(_ bytes: UnsafeRawBufferPointer) -> Bool {
        for position in 0..<scheme.utf8CodeUnitCount where !isSame(bytes[position], scheme.utf8Start[position]) {
            return false
        }
        return true
    }

    /// The token's principal, if it exists, is enabled, and has not changed its credential since the token was issued.
    ///
    /// - Parameter last: the caller of the connection's last request, which is returned where it is the same.
    static func principal(
        of token: VerifiedToken, in view: PoolView, last: AuthenticatedPrincipal?
    ) -> Result<AuthenticatedPrincipal, AuthenticationRefusal> {
        guard let objectID = GUID(bytes: token.principalBytes), let record = view.principal(objectID),
            record.enabled, record.credentialGeneration == token.credentialGeneration
        else { return .failure(.principalNotHonoured) }
        if let last, last.isOf(record, in: view) { return .success(last) }
        return .success(AuthenticatedPrincipal(record, in: view))
    }

    /// Compares a byte with one in lower case; letters in either case (RFC 9110 section 11.1).
    private static func isSame(_ byte: UInt8, _ lowered: UInt8) -> Bool {
        byte == lowered || (byte | 0x20 == lowered && (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte))
    }
}
