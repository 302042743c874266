import COpenSSL

/// RSA towards officers and exchange keys: RSA-OAEP-256 and RSASSA-PSS with SHA-256 (RFC 8017).
public enum RSAEnvelope {
    /// - Parameter spki: the receiver's SubjectPublicKeyInfo.
    public static func encrypt(_ secret: borrowing Secret, to spki: [UInt8]) throws -> [UInt8] {
        try LoadedKey.load(publicKey: spki).encryptOAEP(secret)
    }

    /// Whether the signature over `message` is that of the key. Malformed input is a bad signature.
    public static func verifyPSS(publicKey spki: [UInt8], message: [UInt8], signature: [UInt8]) -> Bool {
        guard let key = try? LoadedKey.load(publicKey: spki), key.isRSA else { return false }
        return (try? key.verify(QK_PSS, QK_SHA256, Digest.sha256(message), signature)) ?? false
    }
}

/// An officer's private key, on the officer's own machine.
public final class RSAPrivateKey: Sendable {
    private let key: LoadedKey

    /// - Parameter passphrase: called only when the PEM is encrypted.
    public init(pem: borrowing Secret, passphrase: () throws -> Secret) throws {
        try ModuleHealth.shared.requireGood()
        if let key = try LoadedKey.load(pem: pem) {
            self.key = key
        } else {
            key = try LoadedKey.load(pem: pem, passphrase: try passphrase())
        }
        guard key.isRSA else { throw CryptoError.keyRejected("it isn't an RSA key") }
    }

    /// SubjectPublicKeyInfo.
    public func spkiDER() throws -> [UInt8] { try key.spkiDER() }

    /// Decrypts RSA-OAEP with SHA-256 (RFC 8017 section 7.1).
    /// - Throws: ``CryptoError`` for what wasn't encrypted to this key, or once the key was destroyed.
    public func decrypt(_ ciphertext: [UInt8]) throws -> Secret { try key.decryptOAEP(ciphertext) }

    /// Signs SHA-256 of the message with RSASSA-PSS (RFC 8017 section 8.1).
    /// - Throws: ``CryptoError/operationNotPermitted(_:)`` once the key was destroyed.
    public func signPSS(_ message: [UInt8]) throws -> [UInt8] {
        guard let signature = try key.sign(QK_PSS, QK_SHA256, Digest.sha256(message)) else {
            throw CryptoError.operationNotPermitted("the key was destroyed")
        }
        return signature
    }
}

/// A node's exchange key: shares and restore blobs are encrypted to it. In memory only.
public final class RSAExchangeKey: Sendable {
    /// Its certificate, signed by the node's identity key.
    public let certificateDER: [UInt8]
    private let key: LoadedKey

    /// - Parameters:
    ///   - bits: of the RSA key that is made.
    ///   - commonName: of the subject.
    ///   - node: whose identity key signs the certificate.
    ///   - notBefore: seconds since 1970-01-01T00:00:00Z.
    ///   - notAfter: likewise.
    public init(
        bits: Int, commonName: String, signedBy node: FileSigningKey, notBefore: Int64, notAfter: Int64
    ) throws {
        try ModuleHealth.shared.requireGood()
        key = try .generateRSA(bits: bits, exponent: [1, 0, 1])
        certificateDER = try node.certificate(
            for: key, commonName: commonName, notBefore: notBefore, notAfter: notAfter)
    }

    /// Decrypts RSA-OAEP with SHA-256 (RFC 8017 section 7.1).
    /// - Throws: ``CryptoError`` for what wasn't encrypted to this key, or once the key was destroyed.
    public func decrypt(_ ciphertext: [UInt8]) throws -> Secret { try key.decryptOAEP(ciphertext) }

    /// Wipes the key; every later use fails.
    public func destroy() { key.close() }
}
