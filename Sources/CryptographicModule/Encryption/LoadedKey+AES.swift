import COpenSSL

/// What a symmetric key does. Every method gives `nil` when the key was closed before it could be used.
extension LoadedKey {
    /// AES-GCM (SP 800-38D). The nonce must never have been used with the key.
    func sealGCM(
        nonce: [UInt8], _ plaintext: UnsafeRawBufferPointer, _ associatedData: [UInt8]
    ) throws(CryptoError) -> (ciphertext: [UInt8], tag: [UInt8])? {
        var tag = [UInt8](repeating: 0, count: 16)
        let ciphertext = try filled(plaintext.count, "AES-GCM") { target in
            qk_aes_gcm_seal(
                key, nonce, associatedData, associatedData.count, plaintext.baseAddress, plaintext.count, target, &tag)
        }
        return ciphertext.map { ($0, tag) }
    }

    /// - Throws: ``CryptoError/authenticationFailed`` for any change; nothing of the plaintext is then released.
    func openGCM(
        nonce: [UInt8], tag: [UInt8], _ ciphertext: [UInt8], _ associatedData: [UInt8]
    ) throws(CryptoError) -> SensitiveBytes? {
        try opened(ciphertext.count, "AES-GCM") { target, length in
            length = ciphertext.count
            return qk_aes_gcm_open(
                key, nonce, associatedData, associatedData.count, ciphertext, ciphertext.count, tag, target)
        }
    }

    /// AES-CBC (SP 800-38A); zeros fill the last block.
    func encryptCBC(iv: [UInt8], _ plaintext: UnsafeRawBufferPointer) throws(CryptoError) -> [UInt8]? {
        let whole = SensitiveBytes(capacity: (plaintext.count + 15) / 16 * 16) { target in
            target.copyMemory(from: plaintext)
            return (plaintext.count + 15) / 16 * 16
        }
        return try whole.withUnsafeBytes { blocks throws(CryptoError) in
            try filled(blocks.count, "AES-CBC") { qk_aes_cbc(key, 1, iv, blocks.baseAddress, blocks.count, $0) }
        }
    }

    /// - Parameter ciphertext: a multiple of 16 bytes.
    func decryptCBC(iv: [UInt8], _ ciphertext: [UInt8]) throws(CryptoError) -> SensitiveBytes? {
        try opened(ciphertext.count, "AES-CBC") { target, length in
            length = ciphertext.count
            return qk_aes_cbc(key, 0, iv, ciphertext, ciphertext.count, target)
        }
    }

    /// AES-CBC with the padding of RFC 5652 section 6.3.
    func encryptCBCPadded(iv: [UInt8], _ plaintext: UnsafeRawBufferPointer) throws(CryptoError) -> [UInt8]? {
        try filled(plaintext.count / 16 * 16 + 16, "AES-CBC") { target in
            qk_aes_cbc_pad_encrypt(key, iv, plaintext.baseAddress, plaintext.count, target)
        }
    }

    /// - Throws: ``CryptoError/authenticationFailed`` for a wrong length as for a wrong padding.
    func decryptCBCPadded(iv: [UInt8], _ ciphertext: [UInt8]) throws(CryptoError) -> SensitiveBytes? {
        try opened(ciphertext.count, "AES-CBC") { target, length in
            qk_aes_cbc_pad_decrypt(key, iv, ciphertext, ciphertext.count, target, &length)
        }
    }

    /// AES key wrap (RFC 3394, RFC 5649). The length has been checked.
    func wrap(_ mode: qk_wrap_mode, _ plaintext: UnsafeRawBufferPointer) throws(CryptoError) -> [UInt8]? {
        var length = 0
        let wrapped = try filled(plaintext.count + 16, "AES key wrap") { target in
            qk_aes_wrap(key, mode, plaintext.baseAddress, plaintext.count, target, &length)
        }
        return wrapped.map { Array($0.prefix(length)) }
    }

    /// - Throws: ``CryptoError/authenticationFailed`` for a wrong length as for every other change.
    func unwrap(_ mode: qk_wrap_mode, _ wrapped: [UInt8]) throws(CryptoError) -> SensitiveBytes? {
        try opened(wrapped.count, "AES key wrap") { target, length in
            qk_aes_unwrap(key, mode, wrapped, wrapped.count, target, &length)
        }
    }

    /// HMAC (RFC 2104).
    func authenticate(_ algorithm: MACAlgorithm, _ message: [UInt8]) throws(CryptoError) -> [UInt8]? {
        try filled(algorithm.length, "HMAC") { target in
            qk_key_hmac(key, algorithm.hash, message, message.count, target)
        }
    }

    private func filled(
        _ count: Int, _ what: String, _ body: (UnsafeMutablePointer<UInt8>?) -> qk_status
    ) throws(CryptoError) -> [UInt8]? {
        var status = QK_OK
        let bytes = [UInt8](unsafeUninitializedCapacity: max(count, 1)) { target, filled in
            status = body(target.baseAddress)
            filled = status == QK_OK ? count : 0
        }
        if status == QK_CLOSED { return nil }
        try CryptoError.check(status, what)
        return bytes
    }

    /// - Parameter body: gets room for `capacity` bytes; sets how many are meant.
    private func opened(
        _ capacity: Int, _ what: String, _ body: (UnsafeMutablePointer<UInt8>?, inout Int) -> qk_status
    ) throws(CryptoError) -> SensitiveBytes? {
        var status = QK_OK
        let bytes = SensitiveBytes(capacity: capacity) { target in
            var length = 0
            status = body(target.bound, &length)
            return status == QK_OK ? length : 0
        }
        if status == QK_CLOSED { return nil }
        try CryptoError.check(status, what)
        return bytes
    }
}
