import COpenSSL

/// One side of an ECDH on P-256 (SP 800-56A section 5.7.1.2), ephemeral unless it is read from a file. The private half
/// never leaves secure memory, except into a file that is asked for.
public final class KeyAgreement: Sendable {
    /// The uncompressed point, 65 bytes.
    public let publicPoint: [UInt8]
    private let key: LoadedKey

    private init(_ key: LoadedKey) throws(CryptoError) {
        self.key = key
        publicPoint = try key.agreementPoint()
    }

    /// Makes an ephemeral pair.
    /// - Throws: ``CryptoError`` where the module's self-tests have failed, or OpenSSL can't make it.
    public static func generate() throws -> KeyAgreement {
        try ModuleHealth.shared.requireGood()
        return try KeyAgreement(try .generateEC(.p256))
    }

    /// The shared secret, 32 bytes: to be put through a key derivation, never used as a key itself.
    /// - Throws: ``CryptoError/malformed(_:)`` for a point that isn't on the curve.
    public func agree(with point: [UInt8]) throws -> Secret { try key.agree(with: point) }

    /// From a private key that isn't encrypted.
    /// - Throws: ``CryptoError/unsupported(_:)`` for a key of another kind than EC P-256; another error where `pem`
    ///   holds no key that can be read.
    public convenience init(pem: borrowing Secret) throws(CryptoError) {
        try ModuleHealth.shared.requireGood()
        guard let key = try LoadedKey.load(pem: pem) else { throw CryptoError(QK_PASSPHRASE_NEEDED, "key agreement") }
        guard key.isEC(on: .p256) else { throw .unsupported("a key of another kind than EC P-256") }
        try self.init(key)
    }

    /// Writes the private half to a new file of mode 0600, as PEM (RFC 7468). When this returns it is on the disk, with
    /// its name.
    /// - Throws: ``CryptoError/internalFailure(_:)`` where the file exists, or can't be written or flushed.
    public func write(toNewFile path: String) throws(CryptoError) {
        try CryptoError.check(qk_key_write_pem(key.key, path), "writing a key file")
    }
}
