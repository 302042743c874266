import COpenSSL

/// A key in OpenSSL's form with contexts prepared for its uses.
///
/// Unchecked: the C object is made for any number of threads at once and may be closed at any time (see qk_key.h); it
/// is freed only when
/// no reference to this object is left.
final class LoadedKey: @unchecked Sendable {
    let key: OpaquePointer

    private init(_ key: OpaquePointer) { self.key = key }

    static func make(
        _ what: String, _ body: (UnsafeMutablePointer<OpaquePointer?>) -> qk_status
    ) throws(CryptoError) -> LoadedKey {
        var key: OpaquePointer?
        try CryptoError.check(body(&key), what)
        guard let key else { throw .internalFailure(what) }
        return LoadedKey(key)
    }

    /// From PKCS#8 DER.
    static func load(privateKey pkcs8: borrowing Secret) throws(CryptoError) -> LoadedKey {
        try pkcs8.withUnsafeBytes { bytes throws(CryptoError) in
            try make("private key") { qk_key_load_private(bytes.bound, bytes.count, $0) }
        }
    }

    static func load(publicKey spki: [UInt8]) throws(CryptoError) -> LoadedKey {
        try ModuleHealth.shared.requireNoFailure()
        return try make("public key") { qk_key_load_public(spki, spki.count, $0) }
    }

    static func load(pem: borrowing Secret, passphrase: borrowing Secret) throws(CryptoError) -> LoadedKey {
        try pem.withUnsafeBytes { text throws(CryptoError) in
            try passphrase.withUnsafeBytes { phrase throws(CryptoError) in
                try make("private key file") { qk_key_load_pem(text.bound, text.count, phrase.bound, phrase.count, $0) }
            }
        }
    }

    /// `nil` where the key is encrypted.
    static func load(pem: borrowing Secret) throws(CryptoError) -> LoadedKey? {
        try pem.withUnsafeBytes { text throws(CryptoError) in
            var key: OpaquePointer?
            let status = qk_key_load_pem(text.bound, text.count, nil, 0, &key)
            if status == QK_PASSPHRASE_NEEDED { return nil }
            try CryptoError.check(status, "private key file")
            return key.map(LoadedKey.init)
        }
    }

    static func generateRSA(bits: Int, exponent: [UInt8]) throws(CryptoError) -> LoadedKey {
        try make("RSA key generation") { qk_key_generate_rsa(UInt32(bits), exponent, exponent.count, $0) }
    }

    static func generateEC(_ curve: EllipticCurve) throws(CryptoError) -> LoadedKey {
        try make("EC key generation") { qk_key_generate_ec(curve.identifier, $0) }
    }

    static func generateEd25519() throws(CryptoError) -> LoadedKey {
        try make("Ed25519 key generation") { qk_key_generate_ed25519($0) }
    }

    /// A symmetric key of 16, 24 or 32 bytes.
    static func load(octets: borrowing Secret) throws(CryptoError) -> LoadedKey {
        try octets.withUnsafeBytes { bytes throws(CryptoError) in
            try make("symmetric key") { qk_key_load_octets(bytes.bound, bytes.count, $0) }
        }
    }

    deinit { qk_key_free(key) }

    /// Frees the material now, or as soon as the last thread that is using it is done. Later uses fail.
    func close() { qk_key_close(key) }

    var isRSA: Bool { qk_key_get_type(key) == QK_RSA }
    var bits: Int { Int(qk_key_get_bits(key)) }
    /// The longest value in bytes that PKCS #1 v1.5 pads for signing; 0 for a key that isn't RSA.
    var bareLimit: Int { qk_bare_limit(key) }

    /// SubjectPublicKeyInfo.
    func spkiDER() throws(CryptoError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 1024)
        var length = 0
        try CryptoError.check(qk_key_export_public(key, &buffer, buffer.count, &length), "public key")
        return Array(buffer.prefix(length))
    }

    /// PKCS#8 DER in secure memory.
    func exportPrivate() throws(CryptoError) -> Secret {
        var bytes: UnsafeMutablePointer<UInt8>?
        var length = 0
        try CryptoError.check(qk_key_export_private(key, &bytes, &length), "private key")
        guard let bytes else { throw .internalFailure("private key") }
        return Secret(adopting: bytes, count: length)
    }

    /// - Returns: `nil` when the key was closed before it could be used.
    func sign(_ scheme: qk_scheme, _ hash: qk_hash, _ digest: [UInt8]) throws(CryptoError) -> [UInt8]? {
        var status = QK_OK
        let signature = [UInt8](unsafeUninitializedCapacity: Int(QK_SIGNATURE_MAX)) { target, count in
            var length = 0
            status = qk_key_sign(key, scheme, hash, digest, digest.count, target.baseAddress, &length)
            count = status == QK_OK ? length : 0
        }
        if status == QK_CLOSED { return nil }
        try CryptoError.check(status, "signature")
        return signature
    }

    func verify(
        _ scheme: qk_scheme, _ hash: qk_hash, _ digest: [UInt8], _ signature: [UInt8]
    ) throws(CryptoError) -> Bool {
        var valid: Int32 = 0
        let status = qk_key_verify(key, scheme, hash, digest, digest.count, signature, signature.count, &valid)
        try CryptoError.check(status, "verification")
        return valid == 1
    }

    func isEC(on curve: EllipticCurve) -> Bool {
        qk_key_get_type(key) == QK_EC && qk_key_get_curve(key) == curve.identifier
    }

    /// The uncompressed point, 65 bytes; P-256 only.
    func agreementPoint() throws(CryptoError) -> [UInt8] {
        var point = [UInt8](repeating: 0, count: 65)
        try CryptoError.check(qk_ecdh_point(key, &point), "ECDH")
        return point
    }

    func agree(with point: [UInt8]) throws -> Secret {
        guard point.count == 65 else { throw CryptoError.malformed("ECDH point") }
        return try Secret(count: 32) { target in
            try CryptoError.check(qk_ecdh_agree(key, point, target.bound), "ECDH")
        }
    }

    /// Whether this key made the certificate's signature.
    func signed(certificate: OpaquePointer) throws(CryptoError) -> Bool {
        var valid: Int32 = 0
        try CryptoError.check(qk_certificate_check_signature(certificate, key, &valid), "certificate signature")
        return valid == 1
    }

    /// A certificate for this key, signed by `signer`, DER.
    func certificate(
        commonName: String, signedBy signer: LoadedKey, named issuer: String, notBefore: Int64, notAfter: Int64
    ) throws(CryptoError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var length = 0
        let status = qk_certificate_make(
            key, commonName, signer.key, issuer, notBefore, notAfter, &buffer, buffer.count, &length)
        try CryptoError.check(status, "certificate")
        return Array(buffer.prefix(length))
    }
}

extension EllipticCurve {
    var identifier: qk_curve {
        switch self {
        case .p256: QK_P256
        case .p384: QK_P384
        case .p521: QK_P521
        case .p256K: QK_P256K
        }
    }
}
