public import CryptographicModule

/// A public key that an issuer signs tokens with.
public struct TokenKey: Hashable, Sendable {
    /// The `kid` that tokens name it by: an opaque map key, at most 256 bytes.
    public let keyID: String
    /// RSA of 2048, 3072 or 4096 bits, or on P-256, P-384 or P-521: no other is of use for a token.
    public let key: PublicKey
    /// The only algorithm that the key is for, where the issuer states one.
    public let algorithm: SignatureAlgorithm?

    /// Checks nothing. ``TokenVerifier/setKeys(issuer:keys:generation:)`` refuses a key that is of no use.
    public init(keyID: String, key: PublicKey, algorithm: SignatureAlgorithm? = nil) {
        self.keyID = keyID
        self.key = key
        self.algorithm = algorithm
    }
}

extension TokenKey {
    /// The sizes of RSA keys that the cryptographic module works with.
    private static let modulusBits: Set<Int> = [2048, 3072, 4096]
    /// Of an RSA exponent: with a longer one OpenSSL works for short moduli only.
    private static let maximumExponentBytes = 8

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

    /// Whether the key is strong enough to be trusted at all, and one that the cryptographic module takes: with any
    /// other each signature would seem bad.
    var isAcceptable: Bool {
        guard !keyID.isEmpty, keyID.utf8.count <= 256 else { return false }
        guard case .rsa(let modulus, let exponent) = key else { return true }
        return Self.isUsable(modulus: modulus, exponent: exponent)
    }

    /// Whether big-endian numbers are an RSA key of a size that is worked with, from the modulus' highest set bit on,
    /// and both odd, as those of every RSA key are. An exponent of 1 encrypts nothing.
    static func isUsable(modulus: [UInt8], exponent: [UInt8]) -> Bool {
        let n = modulus.drop { $0 == 0 }
        let e = exponent.drop { $0 == 0 }
        guard let highest = n.first, let lowestOfN = n.last, let lowestOfE = e.last else { return false }
        guard modulusBits.contains(n.count * 8 - highest.leadingZeroBitCount) else { return false }
        guard !lowestOfN.isMultiple(of: 2), !lowestOfE.isMultiple(of: 2) else { return false }
        return e.count <= maximumExponentBytes && (e.count > 1 || lowestOfE > 1)
    }
}
