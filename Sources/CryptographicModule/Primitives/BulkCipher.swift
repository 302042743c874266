import COpenSSL

/// AES-256-GCM of data that isn't secret by itself, such as records that are sealed already: it lies in ordinary
/// memory, unlike what ``AESGCM`` opens. The key must be used for one nonce only.
public enum BulkCipher {
    /// Bytes that a tag adds.
    public static let overhead = 16

    /// - Parameter nonce: 12 bytes.
    /// - Returns: ciphertext ‖ tag[16].
    public static func seal(
        _ plaintext: [UInt8], key: SecretKey, nonce: [UInt8], associatedData: [UInt8]
    ) throws -> [UInt8] {
        try key.withSecret { key in
            guard key.count == 32, nonce.count == 12 else { throw CryptoError.malformed("AES-GCM key or nonce length") }
            var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
            var tag = [UInt8](repeating: 0, count: overhead)
            let status = key.withUnsafeBytes { keyBytes in
                qk_gcm_seal(
                    keyBytes.bound, nonce, associatedData, associatedData.count, plaintext, plaintext.count,
                    &ciphertext, &tag)
            }
            try CryptoError.check(status, "AES-GCM")
            return ciphertext + tag
        }
    }

    /// - Throws: ``CryptoError/authenticationFailed`` for any change; nothing of the plaintext is then released.
    public static func open(
        _ sealed: [UInt8], key: SecretKey, nonce: [UInt8], associatedData: [UInt8]
    ) throws -> [UInt8] {
        guard sealed.count >= overhead else { throw CryptoError.authenticationFailed }
        let ciphertext = Array(sealed.dropLast(overhead))
        let tag = Array(sealed.suffix(overhead))
        return try key.withSecret { key in
            guard key.count == 32, nonce.count == 12 else { throw CryptoError.malformed("AES-GCM key or nonce length") }
            var plaintext = [UInt8](repeating: 0, count: ciphertext.count)
            let status = key.withUnsafeBytes { keyBytes in
                qk_gcm_open(
                    keyBytes.bound, nonce, associatedData, associatedData.count, ciphertext, ciphertext.count, tag,
                    &plaintext)
            }
            try CryptoError.check(status, "AES-GCM")
            return plaintext
        }
    }
}
