/// One side of an ephemeral ECDH on P-256 (SP 800-56A section 5.7.1.2). The private half never leaves secure memory.
public final class KeyAgreement: Sendable {
    /// The uncompressed point, 65 bytes.
    public let publicPoint: [UInt8]
    private let key: LoadedKey

    private init(_ key: LoadedKey) throws(CryptoError) {
        self.key = key
        publicPoint = try key.agreementPoint()
    }

    public static func generate() throws -> KeyAgreement {
        try ModuleHealth.shared.requireGood()
        return try KeyAgreement(try .generateEC(.p256))
    }

    /// The shared secret, 32 bytes: to be put through a key derivation, never used as a key itself.
    /// - Throws: ``CryptoError/malformed(_:)`` for a point that isn't on the curve.
    public func agree(with point: [UInt8]) throws -> Secret { try key.agree(with: point) }
}
