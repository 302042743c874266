import COpenSSL

/// Encryption, key wrapping and message authentication with stored keys.
///
/// The first three parameters are those of
/// ``CryptographicModule/sign(header:recordDigest:fetch:algorithm:digest:)``. Each method throws
/// ``CryptoError/invalidParameter(name:reason:)`` for a value that the algorithm can't take, and
/// ``CryptoError/authenticationFailed`` for a ciphertext that isn't one of this key, without saying why.
extension CryptographicModule {
    /// The longest value in bytes that AES encrypts, decrypts or wraps at once.
    public static let maximumValueLength = 64 * 1024

    /// - Parameters:
    ///   - iv: for AES-CBC 16 bytes; `nil` lets the module draw them at random. For AES-GCM always `nil`.
    ///   - associatedData: authenticated by AES-GCM; other algorithms ignore it.
    public func encrypt(
        header: KeyHeader, recordDigest: [UInt8], fetch: () throws(CryptoError) -> SealedRecord,
        algorithm: EncryptionAlgorithm, plaintext: SensitiveBytes, iv: [UInt8]? = nil, associatedData: [UInt8] = []
    ) throws(CryptoError) -> EncryptedValue {
        try use(header, recordDigest, fetch, to: .encrypt, named: "encrypt", if: algorithm.fits) {
            key throws(CryptoError) in
            try plaintext.withUnsafeBytes { plain throws(CryptoError) in
                try encrypt(key, algorithm, plain, iv: iv, associatedData, version: header.version)
            }
        }
    }

    /// - Parameters:
    ///   - iv: as ``encrypt(header:recordDigest:fetch:algorithm:plaintext:iv:associatedData:)`` gave it. RSA ignores
    ///     it.
    ///   - tag: for AES-GCM 16 bytes; other algorithms ignore it.
    /// - Returns: the plaintext. With RSA1_5 something of a random length, where the ciphertext's padding is wrong.
    public func decrypt(
        header: KeyHeader, recordDigest: [UInt8], fetch: () throws(CryptoError) -> SealedRecord,
        algorithm: EncryptionAlgorithm, ciphertext: [UInt8], iv: [UInt8]? = nil, tag: [UInt8]? = nil,
        associatedData: [UInt8] = []
    ) throws(CryptoError) -> SensitiveBytes {
        try use(header, recordDigest, fetch, to: .decrypt, named: "decrypt", if: algorithm.fits) {
            key throws(CryptoError) in
            try decrypt(key, algorithm, ciphertext, iv: iv ?? [], tag: tag ?? [], associatedData)
        }
    }

    /// Encrypts a key of the caller's.
    public func wrap(
        header: KeyHeader, recordDigest: [UInt8], fetch: () throws(CryptoError) -> SealedRecord,
        algorithm: KeyWrapAlgorithm, key plaintext: SensitiveBytes
    ) throws(CryptoError) -> [UInt8] {
        try use(header, recordDigest, fetch, to: .wrapKey, named: "wrapKey", if: algorithm.fits) {
            key throws(CryptoError) in
            try plaintext.withUnsafeBytes { plain throws(CryptoError) in
                if let padding = algorithm.rsa?.padding {
                    try Self.requireLimit(plain.count, key.messageLimit(padding))
                    return try key.encrypt(padding, plain)
                }
                if algorithm == .aesKeyWrapPad {
                    guard !plain.isEmpty else { throw .invalidParameter(name: "value", reason: "it is empty") }
                } else if plain.count < 16 || !plain.count.isMultiple(of: 8) {
                    throw .invalidParameter(name: "value", reason: "it must have 16 bytes or more, a multiple of 8")
                }
                try Self.requireLimit(plain.count, Self.maximumValueLength)
                return try key.wrap(algorithm.mode, plain)
            }
        }
    }

    /// Decrypts a key of the caller's.
    public func unwrap(
        header: KeyHeader, recordDigest: [UInt8], fetch: () throws(CryptoError) -> SealedRecord,
        algorithm: KeyWrapAlgorithm, wrapped: [UInt8]
    ) throws(CryptoError) -> SensitiveBytes {
        try use(header, recordDigest, fetch, to: .unwrapKey, named: "unwrapKey", if: algorithm.fits) {
            key throws(CryptoError) in
            if let padding = algorithm.rsa?.padding { return try Self.decryptRSA(key, padding, wrapped) }
            return try key.unwrap(algorithm.mode, wrapped)
        }
    }

    /// HMAC of a message with a symmetric key; needs `sign`.
    public func authenticate(
        header: KeyHeader, recordDigest: [UInt8], fetch: () throws(CryptoError) -> SealedRecord,
        algorithm: MACAlgorithm, message: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try Self.requireLimit(message.count, Self.maximumValueLength)
        return try use(header, recordDigest, fetch, to: .sign, named: "sign", if: algorithm.fits) {
            key throws(CryptoError) in try key.authenticate(algorithm, message)
        }
    }

    /// Whether `code` is the HMAC of the message; needs `verify`. Takes a time that does not depend on where the two
    /// differ.
    public func isAuthentic(
        header: KeyHeader, recordDigest: [UInt8], fetch: () throws(CryptoError) -> SealedRecord,
        algorithm: MACAlgorithm, message: [UInt8], code: [UInt8]
    ) throws(CryptoError) -> Bool {
        try Self.requireLimit(message.count, Self.maximumValueLength)
        return try use(header, recordDigest, fetch, to: .verify, named: "verify", if: algorithm.fits) {
            key throws(CryptoError) in
            try key.authenticate(algorithm, message).map { SecureCompare.equal($0, code) }
        }
    }

    /// Key versions (16-byte ids) that have made more than 2^32 AES-GCM encryptions on this node since it was unsealed.
    /// They are due for replacement; at 2^40 a version refuses.
    public func keysToReplace() -> [[UInt8]] { nonces.overused() }

    // MARK: By algorithm

    private func encrypt(
        _ key: LoadedKey, _ algorithm: EncryptionAlgorithm, _ plain: UnsafeRawBufferPointer, iv: [UInt8]?,
        _ associatedData: [UInt8], version: [UInt8]
    ) throws(CryptoError) -> EncryptedValue? {
        if let padding = algorithm.padding {
            try Self.requireLimit(plain.count, key.messageLimit(padding))
            return try key.encrypt(padding, plain).map { EncryptedValue(ciphertext: $0) }
        }
        try Self.requireLimit(plain.count, Self.maximumValueLength)
        try Self.requireLimit(associatedData.count, Self.maximumValueLength, "aad")
        if algorithm.mode == .gcm {
            guard iv == nil else { throw .invalidParameter(name: "iv", reason: "the service makes it") }
            let nonce = try nonces.next(for: version)
            return try key.sealGCM(nonce: nonce, plain, associatedData).map {
                EncryptedValue(ciphertext: $0.ciphertext, iv: nonce, tag: $0.tag)
            }
        }
        let iv = iv ?? Random.bytes(algorithm.ivLength)
        try Self.requireLength(iv, algorithm.ivLength, "iv")
        if algorithm.mode == .cbcPadded {
            return try key.encryptCBCPadded(iv: iv, plain).map { EncryptedValue(ciphertext: $0, iv: iv) }
        }
        guard !plain.isEmpty else { throw .invalidParameter(name: "value", reason: "it is empty") }
        return try key.encryptCBC(iv: iv, plain).map { EncryptedValue(ciphertext: $0, iv: iv) }
    }

    private func decrypt(
        _ key: LoadedKey, _ algorithm: EncryptionAlgorithm, _ ciphertext: [UInt8], iv: [UInt8], tag: [UInt8],
        _ associatedData: [UInt8]
    ) throws(CryptoError) -> SensitiveBytes? {
        if let padding = algorithm.padding { return try Self.decryptRSA(key, padding, ciphertext) }
        try Self.requireLimit(ciphertext.count, Self.maximumValueLength + 16)
        try Self.requireLimit(associatedData.count, Self.maximumValueLength, "aad")
        try Self.requireLength(iv, algorithm.ivLength, "iv")
        switch algorithm.mode {
        case .gcm:
            try Self.requireLength(tag, algorithm.tagLength, "tag")
            return try key.openGCM(nonce: iv, tag: tag, ciphertext, associatedData)
        case .cbcPadded: return try key.decryptCBCPadded(iv: iv, ciphertext)
        case .cbc, .rsa:
            guard !ciphertext.isEmpty, ciphertext.count.isMultiple(of: 16) else {
                throw .invalidParameter(name: "value", reason: "its length must be a multiple of 16 bytes, and not 0")
            }
            return try key.decryptCBC(iv: iv, ciphertext)
        }
    }

    private static func decryptRSA(
        _ key: LoadedKey, _ padding: qk_rsa_padding, _ ciphertext: [UInt8]
    ) throws(CryptoError) -> SensitiveBytes? {
        var isClosed = false
        let message = try SensitiveBytes(capacity: Int(QK_MODULUS_MAX)) { target throws(CryptoError) in
            guard let length = try key.decrypt(padding, ciphertext, into: target) else {
                isClosed = true
                return 0
            }
            return length
        }
        return isClosed ? nil : message
    }

    private static func requireLimit(_ count: Int, _ limit: Int, _ name: String = "value") throws(CryptoError) {
        guard count <= limit else {
            throw .invalidParameter(name: name, reason: "it has \(count) bytes, and at most \(limit) will do")
        }
    }

    private static func requireLength(_ bytes: [UInt8], _ length: Int, _ name: String) throws(CryptoError) {
        guard bytes.count == length else {
            throw .invalidParameter(name: name, reason: "it must have \(length) bytes, not \(bytes.count)")
        }
    }
}
