import COpenSSL

/// A key that was wrapped elsewhere for a key of this pool, and what it shall become.
public struct TransferTemplate: Sendable {
    /// 16 bytes.
    public var poolID: [UInt8]
    /// The key's name, which its versions share.
    public var name: String
    /// 16 bytes.
    public var version: [UInt8]
    /// The kind that the key has to be of.
    public var keyType: KeyType
    /// The curve that the key has to be on; `nil` where any will do.
    public var curve: EllipticCurve?
    /// RSA-OAEP (SHA-1) of an AES key, as long as the modulus, then AES key wrap with padding (RFC 5649) of the key:
    /// PKCS #8 of a pair, the bytes of a symmetric key. PKCS #11 calls this CKM_RSA_AES_KEY_WRAP.
    public var wrapped: [UInt8]
    /// All that the key may be used for.
    public var operations: KeyOperations
    /// Seconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// `nil` for a key that never leaves the pool unsealed.
    public var export: ExportTerms?

    public init(
        poolID: [UInt8], name: String, version: [UInt8], keyType: KeyType, curve: EllipticCurve?, wrapped: [UInt8],
        operations: KeyOperations, createdAt: Int64, export: ExportTerms? = nil
    ) {
        self.poolID = poolID
        self.name = name
        self.version = version
        self.keyType = keyType
        self.curve = curve
        self.wrapped = wrapped
        self.operations = operations
        self.createdAt = createdAt
        self.export = export
    }
}

extension CryptographicModule {
    /// Unwraps a key with one of the pool's, checks it as ``importKey(_:)`` does, and seals it. It is open in secure
    /// memory for that time, and never outside the module.
    ///
    /// - Parameters:
    ///   - template: what the key shall be, and the wrapped key.
    ///   - header: of the key that unwraps, which must be for `import` and nothing else.
    ///   - recordDigest: of the same key.
    ///   - fetch: reads the same key's record where it isn't in memory.
    /// - Throws: ``CryptoError/invalidParameter(name:reason:)``; one reason for whatever is wrong with the wrapping,
    ///   since each would help to forge one.
    public func importTransferred(
        _ template: TransferTemplate, header: KeyHeader, recordDigest: [UInt8],
        fetch: () throws(CryptoError) -> SealedRecord
    ) throws(CryptoError) -> GeneratedKey {
        let kek = try currentKEK()
        let place = KeyPlace(
            poolID: template.poolID, name: template.name, version: template.version, operations: template.operations,
            createdAt: template.createdAt, export: template.export)
        let opened = try use(header, recordDigest, fetch, to: .import, named: "import", if: { $0.keyType == .rsaHSM }) {
            key throws(CryptoError) in try key.unwrapTransferred(template.wrapped)
        }
        let material = opened.take()
        return try sealing {
            try material.withUnsafeBytes { bytes in
                if template.keyType == .octHSM {
                    try Self.check(octets: bytes, name: "key.key_hsm")
                    return try seal(octets: try Secret(copying: bytes), place, kek)
                }
                return try seal(pkcs8: bytes, template, place, kek)
            }
        }
    }

    private func seal(
        pkcs8 bytes: UnsafeRawBufferPointer, _ template: TransferTemplate, _ place: KeyPlace, _ kek: SecretKey
    ) throws -> GeneratedKey {
        switch (PrivateKeyInfo(parsing: bytes), template.keyType) {
        case (.rsa(let numbers)?, .rsaHSM):
            let key = try LoadedKey.importRSA(numbers: numbers.map { bytes[part: $0] })
            return try seal(key, .rsaHSM, bits: key.bits, place, kek)
        case (.ec(let curve, let scalar, let x, let y)?, .ecHSM) where template.curve == nil || template.curve == curve:
            let key = try LoadedKey.importEC(curve, numbers: [scalar, x, y].map { bytes[part: $0] })
            return try seal(key, .ecHSM, curve: curve, bits: curve.bits, place, kek)
        case (.ed25519(let seed)?, .okpHSM):
            let key = try LoadedKey.importEd25519(seed: bytes[part: seed])
            return try seal(key, .okpHSM, bits: KeyHeader.ed25519Bits, place, kek)
        case (nil, _):
            throw CryptoError.invalidParameter(
                name: "key.key_hsm", reason: "what it wraps isn't a private key in the form of PKCS #8")
        default:
            throw CryptoError.invalidParameter(
                name: "key.key_hsm", reason: "what it wraps is of another type than 'kty' or 'crv' say")
        }
    }
}

extension LoadedKey {
    /// The longest wrapped key in bytes: PKCS #8 of RSA-4096, with room.
    private static let wrappedLimit = 8192

    /// - Returns: `nil` when the key was closed before it could be used.
    fileprivate func unwrapTransferred(_ wrapped: [UInt8]) throws(CryptoError) -> ResultBox? {
        let modulus = bits / 8
        guard wrapped.count >= modulus + 16, wrapped.count - modulus <= Self.wrappedLimit else {
            throw Self.unusable
        }
        do {
            guard let key = try transferKey(Array(wrapped.prefix(modulus))) else { return nil }
            let rest = Array(wrapped.dropFirst(modulus))
            var length = 0
            let whole = try Secret(count: rest.count) { target in
                try CryptoError.check(
                    qk_aes_unwrap(key.key, QK_KWP, rest, rest.count, target.bound, &length), "transferred key")
            }
            return try whole.withUnsafeBytes { ResultBox(try Secret(copying: $0[part: 0..<length])) }
        } catch CryptoError.secureMemoryExhausted {
            throw .secureMemoryExhausted
        } catch CryptoError.authenticationFailed {
            throw Self.unusable
        } catch let error as CryptoError {
            throw error
        } catch {
            throw .internalFailure("unwrapping a key")
        }
    }

    private static var unusable: CryptoError {
        .invalidParameter(name: "key.key_hsm", reason: "its ciphertext can't be unwrapped with the key that it names")
    }

    /// The AES key in the first part. Where that part is no good, a random key takes its place, so that a wrong padding
    /// goes the same way as a wrong second part (Manger, CRYPTO 2001).
    private func transferKey(_ encrypted: [UInt8]) throws -> LoadedKey? {
        let substitute = try Random.secret(32)
        var length = 0
        let opened = try Secret(count: Int(QK_MODULUS_MAX)) { target in
            let status = qk_rsa_decrypt(key, QK_OAEP_SHA1, encrypted, encrypted.count, target.bound, &length)
            if status == QK_AUTHENTICATION_FAILED {
                length = 0
            } else if status == QK_CLOSED {
                length = -1
            } else {
                try CryptoError.check(status, "transferred key")
            }
        }
        guard length >= 0 else { return nil }
        guard [16, 24, 32].contains(length) else { return try LoadedKey.load(octets: substitute) }
        let octets = try opened.withUnsafeBytes { try Secret(copying: $0[part: 0..<length]) }
        return try LoadedKey.load(octets: octets)
    }
}
