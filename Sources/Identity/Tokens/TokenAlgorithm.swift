public import CryptographicModule

/// A public key that an issuer signs tokens with.
public struct TokenKey: Hashable, Sendable {
    /// The `kid` that tokens name it by: an opaque map key, at most 256 bytes.
    public let keyID: String
    /// RSA of 2048 bits or more, or on P-256, P-384 or P-521: no other is of use for a token.
    public let key: PublicKey
    /// The only algorithm that the key is for, where the issuer states one.
    public let algorithm: SignatureAlgorithm?

    /// Checks nothing. ``TokenVerifier/setKeys(issuer:keys:generation:)`` refuses a key that is too weak.
    public init(keyID: String, key: PublicKey, algorithm: SignatureAlgorithm? = nil) {
        self.keyID = keyID
        self.key = key
        self.algorithm = algorithm
    }
}

extension TokenKey {
    /// The shortest RSA modulus that tokens may be signed with.
    static let minimumModulusBits = 2048

    /// Whether the key may check signatures of `algorithm`: the type and curve must be those of the algorithm, so that
    /// no header can make an RSA key's bytes be used as anything else.
    func fits(_ algorithm: SignatureAlgorithm) -> Bool {
        if let only = self.algorithm, only != algorithm { return false }
        return switch (algorithm, key) {
        case (.RS256, .rsa), (.RS384, .rsa), (.RS512, .rsa), (.PS256, .rsa), (.PS384, .rsa), (.PS512, .rsa): true
        case (.ES256, .ec(.p256, _, _)), (.ES384, .ec(.p384, _, _)), (.ES512, .ec(.p521, _, _)): true
        default: false
        }
    }

    /// Whether the key is strong enough to be trusted at all.
    var isAcceptable: Bool {
        guard !keyID.isEmpty, keyID.utf8.count <= 256 else { return false }
        guard case .rsa(let modulus, _) = key else { return true }
        return Self.isLongEnough(modulus: modulus)
    }

    /// Whether a big-endian modulus has ``minimumModulusBits``, from its highest set bit on.
    static func isLongEnough(modulus: [UInt8]) -> Bool {
        let significant = modulus.drop { $0 == 0 }
        guard let first = significant.first else { return false }
        return significant.count * 8 - first.leadingZeroBitCount >= minimumModulusBits
    }
}
