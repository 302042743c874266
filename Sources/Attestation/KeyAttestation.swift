public import CryptographicModule
import StrictJSON

/// An attestation as the protocol carries it, in `attributes.attestation`.
public struct KeyAttestation: Hashable, Sendable {
    /// The `version` that names this form.
    public static let version = "QUORATE-1"

    /// PEM: the certificate of the attestation key, then that of the pool's identity key.
    public var certificates: [UInt8]
    /// A compact JWS (RFC 7515) as bytes: the statement about the private half, or about the symmetric key.
    public var privateKeyStatement: [UInt8]
    /// `nil` for a symmetric key.
    public var publicKeyStatement: [UInt8]?

    public init(certificates: [UInt8], privateKeyStatement: [UInt8], publicKeyStatement: [UInt8]?) {
        self.certificates = certificates
        self.privateKeyStatement = privateKeyStatement
        self.publicKeyStatement = publicKeyStatement
    }

    /// Reads the answer of the attestation route: a key bundle.
    /// - Throws: ``AttestationRefusal/malformed(_:)``, also for an attestation of another version.
    public init(keyBundle bytes: [UInt8]) throws(AttestationRefusal) {
        guard case .object(let bundle)? = try? JSONReader.parse(bytes),
            case .object(let attributes)? = bundle["attributes"],
            case .object(let attestation)? = attributes["attestation"]
        else { throw .malformed("the answer isn't a key with an attestation") }
        guard attestation["version"] == .string(Self.version) else {
            throw .malformed("the attestation's version isn't \(Self.version)")
        }
        func member(_ name: String) throws(AttestationRefusal) -> [UInt8]? {
            guard let value = attestation[name] else { return nil }
            guard case .string(let text) = value, let bytes = Base64URL.decode(text) else {
                throw .malformed("the attestation's '\(name)' isn't base64url")
            }
            return bytes
        }
        guard let certificates = try member("certificatePemFile"),
            let privateKeyStatement = try member("privateKeyAttestation")
        else { throw .malformed("the attestation lacks 'certificatePemFile' or 'privateKeyAttestation'") }
        self.init(
            certificates: certificates, privateKeyStatement: privateKeyStatement,
            publicKeyStatement: try member("publicKeyAttestation"))
    }
}

/// Why an attestation isn't believed.
public enum AttestationRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    case malformed(String)
    /// The certificates aren't a chain from the attestation key to one identity key.
    case badChain
    /// The identity key is that of another pool than the one that was expected.
    case otherPool
    case badSignature
    /// The two statements contradict each other, or the key that was expected.
    case contradiction(String)
    /// The statement answers another question, or an older one.
    case wrongNonce

    public var description: String {
        switch self {
        case .malformed(let what): "The attestation is malformed: \(what)."
        case .badChain:
            "The attestation's certificates don't lead from an attestation key to a pool's identity key."
        case .otherPool: "The attestation is of another pool: its identity key isn't the one that was expected."
        case .badSignature: "A statement of the attestation wasn't signed with the pool's attestation key."
        case .contradiction(let what): "The attestation contradicts itself, or the key that was expected: \(what)."
        case .wrongNonce: "The attestation wasn't made for this request: its nonce is another one, or missing."
        }
    }
}

/// Checks attestations: the same for whoever reads one, with nothing but the pool's identity known beforehand.
public struct AttestationVerifier: Sendable {
    /// SHA-256 of the SubjectPublicKeyInfo of the pool's identity key, which the reader has learnt by another way.
    private let identity: [UInt8]

    /// - Parameter identityDigest: SHA-256 of the SubjectPublicKeyInfo (DER) of the pool's identity key, known
    ///   beforehand.
    public init(identityDigest: [UInt8]) { identity = identityDigest }

    /// What the pool states of the key, if all of it can be believed.
    ///
    /// - Parameters:
    ///   - publicKey: the public key that the reader has, for example from a certificate; `nil` to take the stated one.
    ///   - nonce: what the reader sent along; `nil` if nothing.
    public func verify(
        _ attestation: KeyAttestation, publicKey: PublicKey? = nil, nonce: String? = nil
    ) throws(AttestationRefusal) -> KeyStatement {
        let signer = try attestationKey(attestation.certificates)
        let statement = try SignedStatement.open(attestation.privateKeyStatement, by: signer)
        guard statement.subject == .privateKey else {
            throw .contradiction("'privateKeyAttestation' is about another half")
        }
        if let bytes = attestation.publicKeyStatement {
            var other = try SignedStatement.open(bytes, by: signer)
            guard other.subject == .publicKey else {
                throw .contradiction("'publicKeyAttestation' is about another half")
            }
            other.subject = .privateKey
            guard other == statement else { throw .contradiction("its two statements differ") }
        } else if statement.publicKey != nil {
            throw .contradiction("the statement about the public key is missing")
        }
        guard publicKey == nil || publicKey == statement.publicKey else {
            throw .contradiction("the public key is another one")
        }
        guard nonce == nil || nonce == statement.nonce else { throw .wrongNonce }
        return statement
    }

    /// The attestation key, vouched for by the expected identity key.
    private func attestationKey(_ pem: [UInt8]) throws(AttestationRefusal) -> PublicKey {
        guard pem.count <= SignedStatement.maximumBytes, let chain = try? X509Certificate.chain(pem: pem),
            chain.count == 2, (try? chain[0].isSigned(bySPKI: chain[1].spkiDER)) == true,
            (try? chain[1].isSigned(bySPKI: chain[1].spkiDER)) == true,
            chain[0].subject.hasPrefix("CN=quorate attestation "), let key = chain[0].publicKey
        else { throw .badChain }
        guard SecureCompare.equal(Digest.sha256(chain[1].spkiDER), identity) else { throw .otherPool }
        return key
    }
}
