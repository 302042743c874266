/// What a key of the pool's own shall be.
public enum SystemKeySpecification: Hashable, Sendable {
    case rsa(bits: Int)
    case ec(EllipticCurve)
}

/// A signing key that the pool itself uses: token signing, pool identity, node authority.
public final class SystemSigningKey: Sendable {
    /// The half that everybody may know.
    public let publicKey: PublicKey
    private let key: LoadedKey

    private init(_ key: LoadedKey) throws(CryptoError) {
        self.key = key
        publicKey = try PublicKey(spkiDER: try key.spkiDER())
    }

    /// Makes a new key, for RSA with the exponent 65537.
    /// - Throws: ``CryptoError`` where the module's self-tests have failed, or OpenSSL can't make it.
    public static func generate(_ specification: SystemKeySpecification) throws -> SystemSigningKey {
        try ModuleHealth.shared.requireGood()
        switch specification {
        case .rsa(let bits): return try SystemSigningKey(try .generateRSA(bits: bits, exponent: [1, 0, 1]))
        case .ec(let curve): return try SystemSigningKey(try .generateEC(curve))
        }
    }

    /// - Throws: ``CryptoError/authenticationFailed``; ``CryptoError/keyRejected(_:)`` where the key isn't of the
    ///   specified kind.
    public convenience init(
        opening record: SealedRecord, under kek: SecretKey, associatedData: [UInt8],
        specification: SystemKeySpecification
    ) throws {
        try ModuleHealth.shared.requireGood()
        let pkcs8 = try Sealing.open(record, under: kek, associatedData: associatedData)
        try self.init(try LoadedKey.load(privateKey: pkcs8))
        switch (specification, publicKey) {
        case (.rsa(let bits), .rsa) where key.bits == bits: break
        case (.ec(let wanted), .ec(let curve, _, _)) where curve == wanted: break
        default: throw CryptoError.keyRejected("a system key of another kind")
        }
    }

    /// The private key as a record, which only who has the key-encryption key and the same associated data can open.
    public func sealed(under kek: SecretKey, associatedData: [UInt8]) throws -> SealedRecord {
        try Sealing.seal(try key.exportPrivate(), under: kek, associatedData: associatedData)
    }

    /// RS256, or ECDSA r ‖ s with the digest that fits the curve.
    public func sign(digest: [UInt8]) throws(CryptoError) -> [UInt8] {
        let algorithm: SignatureAlgorithm =
            switch publicKey {
            case .rsa: .RS256
            case .ec(.p256, _, _): .ES256
            case .ec(.p384, _, _): .ES384
            case .ec(.p521, _, _): .ES512
            case .ec(.p256K, _, _): .ES256K
            case .ed25519: throw .unsupported("system keys of this kind")
            }
        guard digest.count == algorithm.digestLength else {
            throw .wrongDigestLength(expected: algorithm.digestLength, got: digest.count)
        }
        guard let signature = try key.sign(algorithm.scheme, algorithm.hash, digest) else {
            throw .operationNotPermitted("the key was destroyed")
        }
        return signature
    }

    /// A certificate for another key of the pool, or for this one, DER.
    /// - Parameters:
    ///   - commonName, issuer: at most 64 characters each.
    ///   - notBefore, notAfter: seconds since 1970-01-01T00:00:00Z.
    public func certificate(
        for subject: SystemSigningKey, commonName: String, issuer: String, notBefore: Int64, notAfter: Int64
    ) throws(CryptoError) -> [UInt8] {
        try subject.key.certificate(
            commonName: commonName, signedBy: key, named: issuer, notBefore: notBefore, notAfter: notAfter)
    }

    /// Wipes the key; every later use fails.
    public func destroy() { key.close() }
}
