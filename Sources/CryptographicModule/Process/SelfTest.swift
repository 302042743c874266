import COpenSSL

/// One known answer: an algorithm that the module depends on, with an answer that was computed elsewhere.
///
/// The private-key parts need the secure heap.
enum SelfTest: String, CaseIterable, Sendable {
    case sha256 = "SHA-256"
    case sha384 = "SHA-384"
    case sha512 = "SHA-512"
    case hmac = "HMAC-SHA-256"
    case keyDerivation = "SP 800-108 key derivation"
    case aesGCM = "AES-256-GCM"
    case aesCBCHMAC = "A256CBC-HS512"
    case rsaPKCS1 = "RSASSA-PKCS1-v1_5"
    case rsaPSS = "RSASSA-PSS"
    case rsaOAEP = "RSA-OAEP-256"
    case ecdsa = "ECDSA"
    case ecdh = "ECDH"
    case hmac384 = "HMAC-SHA-384"
    case hmac512 = "HMAC-SHA-512"
    case aesCBC = "AES-CBC"
    case aesKeyWrap = "AES key wrap"
    case aesKeyWrapPad = "AES key wrap with padding"
    case rsaOAEPSHA1 = "RSA-OAEP"
    case rsaesPKCS1 = "RSAES-PKCS1-v1_5"
    case ed25519 = "Ed25519"

    /// The answer as it has to be.
    var expected: [UInt8] {
        let text =
            switch self {
            case .sha256: SelfTestVectors.sha256
            case .sha384: SelfTestVectors.sha384
            case .sha512: SelfTestVectors.sha512
            case .hmac: SelfTestVectors.hmac
            case .keyDerivation: SelfTestVectors.kdf
            case .aesGCM: SelfTestVectors.gcm
            case .aesCBCHMAC: SelfTestVectors.jwe
            case .rsaPKCS1: SelfTestVectors.pkcs1
            case .rsaPSS: SelfTestVectors.pss
            case .rsaOAEP: SelfTestVectors.oaep
            case .ecdsa: SelfTestVectors.ecdsa
            case .ecdh: SelfTestVectors.ecdh
            case .hmac384: SelfTestVectors.hmac384
            case .hmac512: SelfTestVectors.hmac512
            case .aesCBC: SelfTestVectors.cbc
            case .aesKeyWrap: SelfTestVectors.wrapped
            case .aesKeyWrapPad: SelfTestVectors.paddedWrapped
            case .rsaOAEPSHA1: SelfTestVectors.oaepSHA1
            case .rsaesPKCS1: SelfTestVectors.rejected
            case .ed25519: SelfTestVectors.ed25519
            }
        return SelfTestVectors.bytes(text)
    }

    /// Computes, and compares with the answer that is given.
    func passes(expecting answer: [UInt8]) -> Bool {
        do {
            return try run(answer)
        } catch {
            return false
        }
    }

    private func run(_ answer: [UInt8]) throws -> Bool {
        switch self {
        case .sha256: Digest.sha256(Array("abc".utf8)) == answer
        case .sha384: Digest.sha384(Array("abc".utf8)) == answer
        case .sha512: Digest.sha512(Array("abc".utf8)) == answer
        case .hmac: try Self.checkHMAC(QK_SHA256, 32, answer)
        case .hmac384: try Self.checkHMAC(QK_SHA384, 48, answer)
        case .hmac512: try Self.checkHMAC(QK_SHA512, 64, answer)
        case .keyDerivation:
            try KeyDerivation.derive(
                try Self.secret(Array(0..<32)), label: "quorate/1/self-test", context: [Array("field".utf8)], bits: 352
            ).equals(answer)
        case .aesGCM: try Self.checkGCM(answer)
        case .aesCBCHMAC: try Self.checkCBCHMAC(answer)
        case .rsaPKCS1: try Self.checkRSA(QK_PKCS1, answer)
        case .rsaPSS: try Self.checkRSA(QK_PSS, answer)
        case .rsaOAEP: try Self.rsaKey().decryptOAEP(answer).equals(Array("self-test".utf8))
        case .ecdsa: try Self.checkECDSA(answer)
        case .ecdh:
            try Self.ecKey().agree(with: SelfTestVectors.bytes(SelfTestVectors.peer)).equals(answer)
        case .aesCBC: try Self.checkCBC(answer)
        case .aesKeyWrap:
            try Self.checkWrap(QK_KW, SelfTestVectors.wrapKey, SelfTestVectors.wrapPlaintext, answer)
        case .aesKeyWrapPad:
            try Self.checkWrap(QK_KWP, SelfTestVectors.paddedWrapKey, SelfTestVectors.paddedWrapPlaintext, answer)
        case .rsaOAEPSHA1: try Self.decrypted(QK_OAEP_SHA1, answer).isEqual(to: Array("self-test".utf8))
        case .rsaesPKCS1:
            try Self.decrypted(QK_RSAES_PKCS1, SelfTestVectors.bytes(SelfTestVectors.rejectedCiphertext))
                .isEqual(to: answer)
        case .ed25519: try Self.checkEd25519(answer)
        }
    }

    // MARK: The longer ones

    private static var message: [UInt8] { Digest.sha256(Array("sample".utf8)) }

    private static func secret(_ bytes: [UInt8]) throws -> Secret { try Secret(copying: bytes) }

    private static func rsaKey() throws -> LoadedKey {
        try .load(privateKey: try secret(SelfTestVectors.bytes(SelfTestVectors.rsaPrivateKey)))
    }

    private static func ecKey() throws -> LoadedKey {
        try .load(privateKey: try secret(SelfTestVectors.bytes(SelfTestVectors.ecPrivateKey)))
    }

    private static func checkEd25519(_ answer: [UInt8]) throws -> Bool {
        let signer = try LoadedKey.load(privateKey: try secret(SelfTestVectors.bytes(SelfTestVectors.ed25519Key)))
        let spki = PublicKey.ed25519(x: SelfTestVectors.bytes(SelfTestVectors.ed25519Public)).spkiDER()
        let verifier = try LoadedKey.load(publicKey: spki)
        let message: [UInt8] = [0xAF, 0x82]
        return try signer.sign(QK_ED25519_PURE, QK_NO_HASH, message) == answer
            && verifier.verify(QK_ED25519_PURE, QK_NO_HASH, message, answer)
            && !verifier.verify(QK_ED25519_PURE, QK_NO_HASH, message.changed, answer)
    }

    private static func checkGCM(_ answer: [UInt8]) throws -> Bool {
        let (nonce, data) = ([UInt8](0..<12), Array("data".utf8))
        let plain = try secret(Array("self-test".utf8))
        let sealed = try AESGCM.seal(plain, key: try secret(Array(0..<32)), nonce: nonce, associatedData: data)
        guard sealed.ciphertext + sealed.tag == answer else { return false }
        let opened = try AESGCM.open(
            sealed.ciphertext, tag: sealed.tag, key: try secret(Array(0..<32)), nonce: nonce, associatedData: data)
        return opened.equals(Array("self-test".utf8))
            && refuses {
                _ = try AESGCM.open(
                    sealed.ciphertext, tag: sealed.tag.changed, key: try secret(Array(0..<32)), nonce: nonce,
                    associatedData: data)
            }
    }

    private static func checkHMAC(_ hash: qk_hash, _ length: Int, _ answer: [UInt8]) throws -> Bool {
        try MAC.hmac(hash, length, try secret(Array("Jefe".utf8)), Array("what do ya want for nothing?".utf8)) == answer
    }

    private static func checkCBC(_ answer: [UInt8]) throws -> Bool {
        let key = try LoadedKey.load(octets: try secret(SelfTestVectors.bytes(SelfTestVectors.cbcKey)))
        let (iv, plaintext) = ([UInt8](0..<16), SelfTestVectors.bytes(SelfTestVectors.cbcPlaintext))
        guard try plaintext.withUnsafeBytes({ try key.encryptCBC(iv: iv, $0) }) == answer,
            let padded = try plaintext.withUnsafeBytes({ try key.encryptCBCPadded(iv: iv, $0) })
        else { return false }
        return try key.decryptCBC(iv: iv, answer)?.isEqual(to: plaintext) == true
            && key.decryptCBCPadded(iv: iv, padded)?.isEqual(to: plaintext) == true
            && refuses { _ = try key.decryptCBCPadded(iv: iv, answer) }
    }

    private static func checkWrap(
        _ mode: qk_wrap_mode, _ octets: String, _ plaintext: String, _ answer: [UInt8]
    ) throws -> Bool {
        let key = try LoadedKey.load(octets: try secret(SelfTestVectors.bytes(octets)))
        let plaintext = SelfTestVectors.bytes(plaintext)
        guard try plaintext.withUnsafeBytes({ try key.wrap(mode, $0) }) == answer else { return false }
        return try key.unwrap(mode, answer)?.isEqual(to: plaintext) == true
            && refuses { _ = try key.unwrap(mode, answer.changed) }
    }

    private static func decrypted(_ padding: qk_rsa_padding, _ ciphertext: [UInt8]) throws -> SensitiveBytes {
        let key = try rsaKey()
        return try SensitiveBytes(capacity: Int(QK_MODULUS_MAX)) { try key.decrypt(padding, ciphertext, into: $0) ?? 0 }
    }

    private static func checkCBCHMAC(_ answer: [UInt8]) throws -> Bool {
        let text = """
            A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy \
            without inconvenience
            """
        let key = SelfTestVectors.bytes(SelfTestVectors.jweKey)
        let iv = SelfTestVectors.bytes(SelfTestVectors.jweIV)
        let data = Array("The second principle of Auguste Kerckhoffs".utf8)
        let sealed = try AESCBCHMAC.encrypt(
            try secret(Array(text.utf8)), key: try secret(key), iv: iv, associatedData: data)
        guard sealed.ciphertext + sealed.tag == answer else { return false }
        let opened = try AESCBCHMAC.decrypt(
            sealed.ciphertext, tag: sealed.tag, key: try secret(key), iv: iv, associatedData: data)
        return opened.equals(Array(text.utf8))
            && refuses {
                _ = try AESCBCHMAC.decrypt(
                    sealed.ciphertext, tag: sealed.tag.changed, key: try secret(key), iv: iv, associatedData: data)
            }
    }

    /// PKCS#1 v1.5 has one right signature; PSS is made anew and verified beside the one that is known.
    private static func checkRSA(_ scheme: qk_scheme, _ answer: [UInt8]) throws -> Bool {
        let key = try rsaKey()
        guard let made = try key.sign(scheme, QK_SHA256, message) else { return false }
        guard scheme == QK_PSS || made == answer else { return false }
        return try key.verify(scheme, QK_SHA256, message, answer) && key.verify(scheme, QK_SHA256, message, made)
            && !key.verify(scheme, QK_SHA256, message.changed, made)
    }

    private static func checkECDSA(_ answer: [UInt8]) throws -> Bool {
        let point = SelfTestVectors.bytes(SelfTestVectors.ecPublicPoint)
        let spki = PublicKey.ec(.p256, x: Array(point[1..<33]), y: Array(point[33...])).spkiDER()
        let (signer, verifier) = (try ecKey(), try LoadedKey.load(publicKey: spki))
        guard let made = try signer.sign(QK_ECDSA_RAW, QK_SHA256, message) else { return false }
        return try verifier.verify(QK_ECDSA_RAW, QK_SHA256, message, answer)
            && verifier.verify(QK_ECDSA_RAW, QK_SHA256, message, made)
            && !verifier.verify(QK_ECDSA_RAW, QK_SHA256, message.changed, made)
    }

    private static func refuses(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch {
            return error as? CryptoError == .authenticationFailed
        }
    }
}

extension [UInt8] {
    /// The same with one bit of the first byte changed.
    fileprivate var changed: [UInt8] { [self[0] ^ 1] + dropFirst() }
}

extension SensitiveBytes {
    fileprivate func isEqual(to bytes: [UInt8]) -> Bool {
        withUnsafeBytes { own in own.count == bytes.count && qk_equal(own.baseAddress, bytes, own.count) == 1 }
    }
}

extension Secret {
    fileprivate borrowing func equals(_ bytes: [UInt8]) -> Bool {
        withUnsafeBytes { own in own.count == bytes.count && qk_equal(own.baseAddress, bytes, own.count) == 1 }
    }
}
