import CryptographicModule

/// Client secrets that the pool generates.
///
/// A secret is 32 random bytes in base64url. 256 bits of entropy need no stretching, so a plain SHA-256 is stored, and
/// a secret can be checked while the pool is sealed.
public enum ClientSecret {
    /// A new secret: shown once to whoever asked for it, and its digest for the pool state.
    ///
    /// - Throws: when the module has no secure memory left.
    public static func generate() throws -> (text: String, hash: [UInt8]) {
        let random = try Random.secret(32)
        let text = random.withUnsafeBytes { Base64URL.encode(Array($0)) }
        return (text, Digest.sha256(Array(text.utf8)))
    }

    /// Whether `secret` is the one with this digest. Constant time.
    ///
    /// - Parameter hash: `nil` for an unknown or disabled client; the same work is done and the answer is no, so that
    ///   the time of the answer doesn't tell which clients exist.
    public static func matches(_ secret: PresentedSecret, hash: [UInt8]?) -> Bool {
        let digest = secret.withUnsafeBytes { Digest.sha256($0) }
        let isSame = SecureCompare.equal(digest, hash ?? nobody)
        return isSame && hash != nil
    }

    /// As ``matches(_:hash:)-(PresentedSecret,_)`` for bytes already at hand.
    public static func matches(_ secret: [UInt8], hash: [UInt8]?) -> Bool {
        matches(PresentedSecret(secret), hash: hash)
    }

    /// What the digests of unknown clients are compared with.
    private static let nobody = [UInt8](repeating: 0, count: 32)
}
