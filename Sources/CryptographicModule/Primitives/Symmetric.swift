import COpenSSL

/// Comparison whose time depends on the lengths only.
public enum SecureCompare {
    /// Whether both are the same bytes. Texts of different lengths are told apart at once.
    public static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && qk_equal(left, right, left.count) == 1
    }
}

/// OpenSSL's generators, one for public values and one for secrets.
public enum Random {
    /// Bytes for what may be seen: identifiers, salts, nonces.
    public static func bytes(_ count: Int) -> [UInt8] {
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { target, filled in
            // A generator that can't be seeded must stop the process: anything else would give predictable values.
            let status = qk_random_public(target.baseAddress, count)
            precondition(status == QK_OK, "the random generator failed")
            filled = count
        }
    }

    /// Bytes for a secret, straight into secure memory.
    public static func secret(_ count: Int) throws -> Secret {
        try Secret(count: count) { target in
            try CryptoError.check(qk_random_private(target.bound, count), "random bytes")
        }
    }
}

/// HMAC (RFC 2104).
public enum MAC {
    /// 32 bytes.
    public static func hmacSHA256(key: SecretKey, _ data: [UInt8]) throws -> [UInt8] {
        try key.withSecret { try hmac(QK_SHA256, 32, $0, data) }
    }

    /// 64 bytes.
    public static func hmacSHA512(key: SecretKey, _ data: [UInt8]) throws -> [UInt8] {
        try key.withSecret { try hmac(QK_SHA512, 64, $0, data) }
    }

    static func hmac(_ hash: qk_hash, _ length: Int, _ key: borrowing Secret, _ data: [UInt8]) throws -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: length)
        let status = key.withUnsafeBytes { qk_hmac(hash, $0.baseAddress, $0.count, data, data.count, &tag) }
        try CryptoError.check(status, "HMAC")
        return tag
    }
}

/// The one key derivation: SP 800-108r1 counter mode, HMAC-SHA-512, one block.
public enum KeyDerivation {
    /// Each field of the context is prefixed by its length, u32 big-endian, so that no two contexts share an encoding.
    /// - Parameter bits: a multiple of 8, at most 512.
    public static func derive(_ key: borrowing Secret, label: String, context: [[UInt8]], bits: Int) throws -> Secret {
        var bytes: [UInt8] = []
        for field in context {
            withUnsafeBytes(of: UInt32(field.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: field)
        }
        return try deriveRawContext(key, label: label, contextBytes: bytes, bits: bits)
    }

    /// The same with a shared key.
    /// - Throws: ``CryptoError/operationNotPermitted(_:)`` once the key was destroyed.
    public static func derive(_ key: SecretKey, label: String, context: [[UInt8]], bits: Int) throws -> Secret {
        let result = try key.withSecret { ResultBox(try derive($0, label: label, context: context, bits: bits)) }
        return result.take()
    }

    /// The same with the context's bytes as they are, for formats that fix them.
    public static func deriveRawContext(
        _ key: borrowing Secret, label: String, contextBytes: [UInt8], bits: Int
    ) throws -> Secret {
        precondition(
            bits > 0 && bits <= 512 && bits.isMultiple(of: 8), "one block of SP 800-108 gives at most 512 bits")
        let labelBytes = Array(label.utf8)
        return try key.withUnsafeBytes { keyBytes in
            try Secret(count: bits / 8) { target in
                let status = qk_kdf(
                    keyBytes.baseAddress, keyBytes.count, labelBytes, labelBytes.count, contextBytes,
                    contextBytes.count, target.bound, target.count)
                try CryptoError.check(status, "key derivation")
            }
        }
    }
}

/// Carries a secret out of a closure that can only return copyable values.
final class ResultBox {
    private var secret: Secret?

    init(_ secret: consuming Secret) { self.secret = consume secret }

    func take() -> Secret {
        // Called exactly once, right after the closure returned the box.
        guard let secret = secret.take() else { preconditionFailure("a secret is taken once") }
        return secret
    }
}

extension UnsafeMutableRawBufferPointer {
    var bound: UnsafeMutablePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeRawBufferPointer {
    var bound: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

/// AES-256-GCM (SP 800-38D) with a 16-byte tag. The key must be used for one nonce only.
public enum AESGCM {
    /// Encrypts and authenticates.
    /// - Parameters:
    ///   - key: 32 bytes.
    ///   - nonce: 12 bytes.
    /// - Throws: ``CryptoError/malformed(_:)`` for a key or nonce of another length.
    public static func seal(
        _ plaintext: borrowing Secret, key: borrowing Secret, nonce: [UInt8], associatedData: [UInt8]
    ) throws -> (ciphertext: [UInt8], tag: [UInt8]) {
        guard key.count == 32, nonce.count == 12 else { throw CryptoError.malformed("AES-GCM key or nonce length") }
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
        var tag = [UInt8](repeating: 0, count: 16)
        let status = key.withUnsafeBytes { keyBytes in
            plaintext.withUnsafeBytes { plain in
                qk_gcm_seal(
                    keyBytes.bound, nonce, associatedData, associatedData.count, plain.baseAddress, plain.count,
                    &ciphertext, &tag)
            }
        }
        try CryptoError.check(status, "AES-GCM")
        return (ciphertext, tag)
    }

    /// - Throws: ``CryptoError/authenticationFailed`` for any change; nothing of the plaintext is then released.
    public static func open(
        _ ciphertext: [UInt8], tag: [UInt8], key: borrowing Secret, nonce: [UInt8], associatedData: [UInt8]
    ) throws -> Secret {
        guard key.count == 32, nonce.count == 12 else { throw CryptoError.malformed("AES-GCM key or nonce length") }
        guard tag.count == 16 else { throw CryptoError.authenticationFailed }
        return try key.withUnsafeBytes { keyBytes in
            try Secret(count: ciphertext.count) { target in
                let status = qk_gcm_open(
                    keyBytes.bound, nonce, associatedData, associatedData.count, ciphertext, ciphertext.count, tag,
                    target.bound)
                try CryptoError.check(status, "AES-GCM")
            }
        }
    }
}

/// A256CBC-HS512 (RFC 7518 section 5.2.5): the content encryption of the security-domain file.
public enum AESCBCHMAC {
    /// - Parameters: key: 64 bytes, MAC key first; iv: 16 bytes.
    public static func encrypt(
        _ plaintext: borrowing Secret, key: borrowing Secret, iv: [UInt8], associatedData: [UInt8]
    ) throws -> (ciphertext: [UInt8], tag: [UInt8]) {
        guard key.count == 64, iv.count == 16 else { throw CryptoError.malformed("A256CBC-HS512 key or IV length") }
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count / 16 * 16 + 16)
        var length = 0
        var tag = [UInt8](repeating: 0, count: 32)
        let status = key.withUnsafeBytes { keyBytes in
            plaintext.withUnsafeBytes { plain in
                qk_cbc_hmac_seal(
                    keyBytes.bound, iv, associatedData, associatedData.count, plain.baseAddress, plain.count,
                    &ciphertext, &length, &tag)
            }
        }
        try CryptoError.check(status, "A256CBC-HS512")
        return (Array(ciphertext.prefix(length)), tag)
    }

    /// - Throws: ``CryptoError/authenticationFailed`` unless the tag has 32 bytes and is right.
    public static func decrypt(
        _ ciphertext: [UInt8], tag: [UInt8], key: borrowing Secret, iv: [UInt8], associatedData: [UInt8]
    ) throws -> Secret {
        guard key.count == 64, iv.count == 16 else { throw CryptoError.malformed("A256CBC-HS512 key or IV length") }
        guard tag.count == 32 else { throw CryptoError.authenticationFailed }
        guard let buffer = qk_secure_alloc(max(ciphertext.count, 1)) else { throw CryptoError.secureMemoryExhausted }
        defer { qk_secure_free(buffer, max(ciphertext.count, 1)) }
        var length = 0
        let status = key.withUnsafeBytes { keyBytes in
            qk_cbc_hmac_open(
                keyBytes.bound, iv, associatedData, associatedData.count, ciphertext, ciphertext.count, tag,
                buffer.assumingMemoryBound(to: UInt8.self), &length)
        }
        try CryptoError.check(status, "A256CBC-HS512")
        return try Secret(copying: UnsafeRawBufferPointer(start: buffer, count: length))
    }
}
