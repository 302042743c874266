import COpenSSL

/// How a key is wrapped when it is released: RSA-OAEP of a fresh AES-256 key, then AES key wrap with padding (RFC 5649)
/// of the key. They differ in the hash of OAEP.
public enum ReleaseWrapping: String, Hashable, Sendable, CaseIterable {
    /// SHA-1, as PKCS #11 has it.
    case sha1 = "CKM_RSA_AES_KEY_WRAP"
    case sha256 = "RSA_AES_KEY_WRAP_256"
    case sha384 = "RSA_AES_KEY_WRAP_384"

    var padding: qk_rsa_padding {
        switch self {
        case .sha1: QK_OAEP_SHA1
        case .sha256: QK_OAEP_SHA256
        case .sha384: QK_OAEP_SHA384
        }
    }
}

extension CryptographicModule {
    /// Wraps a stored key for somebody outside: the one way out, open only to keys that were sealed as exportable.
    ///
    /// Whether its policy is fulfilled is the caller's to check; that this is the key's policy is checked here.
    ///
    /// - Parameters:
    ///   - policy: the release policy's bytes; their digest has to be the one that was sealed with the key.
    ///   - target: an RSA key of 2048, 3072 or 4096 bits.
    /// - Returns: the encrypted AES key, as long as the target's modulus, and the wrapped key: PKCS #8 of a pair, the
    ///   bytes of a symmetric key.
    /// - Throws: ``CryptoError/operationNotPermitted(_:)`` for a key that isn't exportable.
    public func release(
        header: KeyHeader, recordDigest: [UInt8], fetch: () throws(CryptoError) -> SealedRecord, policy: [UInt8],
        to target: PublicKey, wrapping: ReleaseWrapping
    ) throws(CryptoError) -> [UInt8] {
        try health.requireGood()
        guard header.exportable, SecureCompare.equal(Digest.sha256(policy), header.releasePolicyDigest) else {
            throw .operationNotPermitted("release")
        }
        guard case .rsa = target else { throw .unsupported("a target key that isn't RSA") }
        let receiver = try LoadedKey.load(publicKey: target.spkiDER())
        let record = try fetch()
        guard SecureCompare.equal(Digest.sha256(record.bytes), recordDigest) else { throw .authenticationFailed }
        do {
            let material = try Sealing.open(
                record, under: try kek(for: record), associatedData: header.associatedData())
            let transport = try Random.secret(32)
            let wrapped = try material.withUnsafeBytes { bytes in
                try LoadedKey.load(octets: transport).wrap(QK_KWP, bytes)
            }
            let encrypted = try transport.withUnsafeBytes { bytes in
                try receiver.encrypt(wrapping.padding, bytes)
            }
            guard let wrapped, let encrypted else { throw CryptoError.internalFailure("releasing a key") }
            return encrypted + wrapped
        } catch let error as CryptoError {
            throw error
        } catch {
            throw .internalFailure("releasing a key")
        }
    }

    /// Proves that this node has the key, and that the header is the one which it was sealed with.
    /// - Throws: ``CryptoError/authenticationFailed`` where they don't belong together.
    public func confirm(
        header: KeyHeader, recordDigest: [UInt8], fetch: () throws(CryptoError) -> SealedRecord
    ) throws(CryptoError) {
        try health.requireGood()
        let entry = try opened(header, recordDigest, fetch)
        guard entry.header == header else { throw .authenticationFailed }
    }
}
