import COpenSSL

/// Every method gives `nil` when the key was closed before it could be used.
extension LoadedKey {
    /// Encrypts a message of at most ``messageLimit(_:)`` bytes with the public half.
    func encrypt(_ padding: qk_rsa_padding, _ message: UnsafeRawBufferPointer) throws(CryptoError) -> [UInt8]? {
        var status = QK_OK
        let ciphertext = [UInt8](unsafeUninitializedCapacity: Int(QK_MODULUS_MAX)) { target, count in
            var length = 0
            status = qk_rsa_encrypt(key, padding, message.bound, message.count, target.baseAddress, &length)
            count = status == QK_OK ? length : 0
        }
        if status == QK_CLOSED { return nil }
        try CryptoError.check(status, "RSA encryption")
        return ciphertext
    }

    /// - Parameter target: holds `QK_MODULUS_MAX` bytes.
    /// - Returns: the length of the message.
    /// - Throws: ``CryptoError/authenticationFailed`` for whatever is wrong with an OAEP ciphertext, and for a PKCS #1
    ///   ciphertext that can't be one of this key; wrong PKCS #1 padding gives a message that means nothing.
    func decrypt(
        _ padding: qk_rsa_padding, _ ciphertext: [UInt8], into target: UnsafeMutableRawBufferPointer
    ) throws(CryptoError) -> Int? {
        var length = 0
        let status = qk_rsa_decrypt(key, padding, ciphertext, ciphertext.count, target.bound, &length)
        if status == QK_CLOSED { return nil }
        try CryptoError.check(status, "RSA decryption")
        return length
    }

    /// The longest message in bytes; 0 for a key that isn't RSA.
    func messageLimit(_ padding: qk_rsa_padding) -> Int { qk_rsa_message_limit(key, padding) }

    func encryptOAEP(_ plaintext: borrowing Secret) throws(CryptoError) -> [UInt8] {
        let ciphertext = try plaintext.withUnsafeBytes { plain throws(CryptoError) in
            try encrypt(QK_OAEP_SHA256, plain)
        }
        guard let ciphertext else { throw .operationNotPermitted("the key was destroyed") }
        return ciphertext
    }

    func decryptOAEP(_ ciphertext: [UInt8]) throws -> Secret {
        var length = 0
        let whole = try Secret(count: Int(QK_MODULUS_MAX)) { target in
            guard let count = try decrypt(QK_OAEP_SHA256, ciphertext, into: target) else {
                throw CryptoError.operationNotPermitted("the key was destroyed")
            }
            length = count
        }
        return try whole.withUnsafeBytes { try Secret(copying: UnsafeRawBufferPointer(rebasing: $0[..<length])) }
    }
}
