import COpenSSL

/// A node's identity key: EC P-256 in a PEM file that only the node's user can read.
public final class FileSigningKey: Sendable {
    /// SubjectPublicKeyInfo.
    public let spkiDER: [UInt8]
    private let key: LoadedKey

    /// - Throws: ``CryptoError/keyRejected(_:)`` for a file that is a link, another's, open to others, encrypted, or
    ///   holds no P-256 key.
    public init(path: String) throws {
        try ModuleHealth.shared.requireGood()
        let pem = try Secret.reading(keyFile: path)
        guard let key = try LoadedKey.load(pem: pem) else {
            throw CryptoError.keyRejected("private key file \(path): it is encrypted")
        }
        spkiDER = try key.spkiDER()
        guard case .ec(.p256, _, _) = try PublicKey(spkiDER: spkiDER) else {
            throw CryptoError.keyRejected("private key file \(path): it isn't an EC P-256 key")
        }
        self.key = key
    }

    /// ECDSA over SHA-256 of the message, DER.
    public func sign(_ message: [UInt8]) throws -> [UInt8] {
        guard let signature = try key.sign(QK_ECDSA_DER, QK_SHA256, Digest.sha256(message)) else {
            throw CryptoError.operationNotPermitted("the key was destroyed")
        }
        return signature
    }

    /// Whether `signature` over `message` was made by the key with this SubjectPublicKeyInfo. Malformed input is a bad
    /// signature.
    public static func verify(spkiDER: [UInt8], message: [UInt8], signature: [UInt8]) -> Bool {
        guard let key = try? LoadedKey.load(publicKey: spkiDER), !key.isRSA else { return false }
        return (try? key.verify(QK_ECDSA_DER, QK_SHA256, Digest.sha256(message), signature)) ?? false
    }

    func certificate(
        for subject: LoadedKey, commonName: String, notBefore: Int64, notAfter: Int64
    ) throws(CryptoError) -> [UInt8] {
        try subject.certificate(
            commonName: commonName, signedBy: key, named: "quorate node", notBefore: notBefore, notAfter: notAfter)
    }
}
