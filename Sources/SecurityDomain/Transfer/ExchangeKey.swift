public import CryptographicModule
import StrictJSON

/// An RSA key pair of one node that shares, or the master key of a restore blob, are encrypted to. Its private half
/// never leaves the memory of that node.
public final class ExchangeKey: Sendable {
    /// Certificate `CN=transfer-key`, DER, signed by the node's identity key: the clients read nothing but this.
    public let certificate: [UInt8]
    /// SubjectPublicKeyInfo, DER.
    public let publicKey: [UInt8]
    /// Seconds since 1970 from when on the key opens nothing more.
    public let expiresAt: Int64
    private let pair: RSAExchangeKey

    /// Bits of the modulus.
    public static let bits = 3072
    /// How long a key is good for, in seconds.
    public static let lifetime: Int64 = 24 * 60 * 60
    static let commonName = "transfer-key"

    /// Makes a key pair. This takes some tenths of a second.
    ///
    /// - Parameters:
    ///   - nodeKey: the node's identity key, which signs the certificate.
    ///   - now: seconds since 1970.
    public init(nodeKey: FileSigningKey, now: Int64) throws {
        expiresAt = now + Self.lifetime
        pair = try RSAExchangeKey(
            bits: Self.bits, commonName: Self.commonName, signedBy: nodeKey, notBefore: now, notAfter: expiresAt)
        certificate = pair.certificateDER
        publicKey = try X509Certificate(der: certificate).spkiDER
    }

    /// SHA-256 of the certificate, as a blob made for this key names it.
    public var thumbprint: [UInt8] { Digest.sha256(certificate) }

    /// SHA-256 of the SubjectPublicKeyInfo, as ceremonies name it and people compare it.
    public var keyDigest: [UInt8] { Digest.sha256(publicKey) }

    func decrypt(_ encryptedKey: [UInt8]) throws -> Secret {
        try pair.decrypt(encryptedKey)
    }

    /// Wipes the private half.
    public func destroy() {
        pair.destroy()
    }

    // MARK: Documents

    /// The key as a JSON Web Key, text.
    ///
    /// - Parameter keyID: the `kid`, the URL of the transfer key as the client addressed this pool.
    public func webKey(keyID: String) throws -> [UInt8] {
        guard case .rsa(let modulus, let exponent) = try PublicKey(spkiDER: publicKey) else {
            throw SecurityDomainError.cryptography("the exchange key is not RSA")
        }
        var writer = JSONWriter(capacity: 4096)
        writer.object { writer in
            writer.member("kid", keyID)
            writer.member("kty", "RSA")
            writer.member("key_ops", array: ["encrypt", "wrapKey"])
            writer.member("n", Base64URL.encode(modulus))
            writer.member("e", Base64URL.encode(exponent))
            writer.member("alg", "RSA-OAEP-256")
            writer.member("x5c", array: [Base64.encode(certificate)])
            writer.member("x5t", Base64URL.encode(Digest.sha1(certificate)))
            writer.member("x5t#S256", Base64URL.encode(thumbprint))
        }
        return writer.bytes
    }

    /// The answer to `GET /securitydomain/upload`. The key is a JSON *string*: the Azure CLI parses it as text.
    public func transferDocument(keyID: String) throws -> [UInt8] {
        let key = String(decoding: try webKey(keyID: keyID), as: UTF8.self)
        var writer = JSONWriter(capacity: 4096)
        writer.object { writer in
            writer.member("key_format", "jwk")
            writer.member("transfer_key", key)
        }
        return writer.bytes
    }
}
