public import CryptographicModule
import StrictJSON

/// Makes the signed form of a statement: a compact JWS (RFC 7515) with ES256.
public enum SignedStatement {
    /// The `typ` of the JWS.
    public static let type = "quorate-attestation+jws"

    /// - Parameter key: the pool's attestation key, EC P-256.
    public static func make(_ statement: KeyStatement, signedBy key: SystemSigningKey) throws -> String {
        var header = JSONWriter()
        header.object { writer in
            writer.member("alg", "ES256")
            writer.member("typ", type)
        }
        let signed = Base64URL.encode(header.bytes) + "." + Base64URL.encode(statement.encode())
        return signed + "." + Base64URL.encode(try key.sign(digest: Digest.sha256(Array(signed.utf8))))
    }

    static let maximumBytes = 32 * 1024

    /// The statement of a JWS whose signature is good.
    static func open(_ text: [UInt8], by key: PublicKey) throws(AttestationRefusal) -> KeyStatement {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.count <= maximumBytes, parts.count == 3, let head = Base64URL.decode(parts[0]),
            let payload = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2]),
            case .object(let header)? = try? JSONReader.parse(head)
        else { throw .malformed("a statement isn't a compact JWS") }
        guard header.members.count == 2, header["alg"] == .string("ES256"), header["typ"] == .string(type) else {
            throw .malformed("a statement's header isn't that of an attestation")
        }
        let digest = Digest.sha256(Array(text[..<(text.count - parts[2].count - 1)]))
        let verdict = try? VerificationKey(checking: key)
            .verify(algorithm: .ES256, digest: digest, signature: signature)
        guard verdict == true else { throw .badSignature }
        return try KeyStatement(decoding: payload)
    }
}
