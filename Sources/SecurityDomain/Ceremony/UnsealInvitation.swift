import CryptographicModule

/// What a node hands to the officers when a ceremony begins: its terms, the exchange key, the commitments, signed by
/// the node.
public struct UnsealInvitation: Hashable, Sendable {
    /// To be believed once ``verify(nodeKeyDigest:)`` has succeeded, like all that is here.
    public let terms: CeremonyTerms
    /// What the shares belong to. In a ceremony that goes by the officers' file, the first 16 bytes of its digest.
    public let securityDomainID: [UInt8]
    /// The pool that the shares were made for.
    public let domainPoolID: [UInt8]
    /// How many officers are needed.
    public let required: Int
    /// In order of x; none in a ceremony that goes by the officers' file.
    public let commitments: [ShareCommitment]
    /// Certificate of the exchange key, DER.
    public let exchangeCertificate: [UInt8]
    /// SubjectPublicKeyInfo of the node's identity key, DER. People compare its SHA-256 with what another node shows.
    public let nodeKey: [UInt8]
    private var signature: [UInt8]

    private static let document = "unseal invitation"
    private static let label = "QUI2"
    private static let maximumCertificateLength = 8192
    private static let maximumSignatureLength = 256
    /// Ceiling of the byte form.
    public static let maximumLength = 16 * 1024

    init(
        terms: CeremonyTerms, subject: CeremonySubject, exchangeCertificate: [UInt8], nodeKey: FileSigningKey
    ) throws {
        self.terms = terms
        securityDomainID = subject.securityDomainID
        domainPoolID = subject.domainPoolID
        required = subject.required
        commitments = subject.commitments
        self.exchangeCertificate = exchangeCertificate
        self.nodeKey = nodeKey.spkiDER
        signature = []
        signature = try nodeKey.sign(unsigned)
    }

    private init(from reader: inout FieldReader) throws {
        terms = try CeremonyTerms(from: &reader)
        securityDomainID = try reader.bytes(exactly: PoolIdentity.identifierLength)
        domainPoolID = try reader.bytes(exactly: PoolIdentity.identifierLength)
        required = Int(try reader.integer(UInt32.self))
        var commitments: [ShareCommitment] = []
        for _ in 0..<(try reader.count(upTo: Officers.countRange.upperBound)) {
            commitments.append(try ShareCommitment(digest: try reader.bytes(exactly: ShareCommitment.length)))
        }
        self.commitments = commitments
        exchangeCertificate = try reader.bytes(upTo: Self.maximumCertificateLength)
        nodeKey = try reader.bytes(upTo: PoolIdentity.maximumPublicKeyLength)
        signature = try reader.bytes(upTo: Self.maximumSignatureLength)
    }

    private func writeUnsigned(to writer: inout FieldWriter) {
        terms.write(to: &writer)
        writer.field(securityDomainID)
        writer.field(domainPoolID)
        writer.field(UInt32(required))
        writer.field(UInt32(commitments.count))
        for commitment in commitments { writer.field(commitment.digest) }
        writer.field(exchangeCertificate)
        writer.field(nodeKey)
    }

    /// What the node signs.
    private var unsigned: [UInt8] {
        var writer = FieldWriter(label: "quorate/1/unseal-invitation", reserving: 4096)
        writeUnsigned(to: &writer)
        return writer.bytes
    }

    /// The one byte form.
    public func encode() -> [UInt8] {
        var writer = FieldWriter(label: Self.label, reserving: 4096)
        writeUnsigned(to: &writer)
        writer.field(signature)
        return writer.bytes
    }

    /// Reads the byte form strictly. ``verify(nodeKeyDigest:)`` tells whether to believe it.
    public static func decode(_ bytes: [UInt8]) throws -> UnsealInvitation {
        try FieldReader.read(bytes, document: document, label: label, limit: maximumLength) { reader in
            try UnsealInvitation(from: &reader)
        }
    }

    /// Checks the node's signature, and that the exchange certificate holds the key that the terms name.
    ///
    /// - Parameter nodeKeyDigest: SHA-256 of the SubjectPublicKeyInfo of the node that the officer means; nil only
    ///   where a person has compared it.
    /// - Returns: SubjectPublicKeyInfo of the exchange key.
    public func verify(nodeKeyDigest: [UInt8]?) throws -> [UInt8] {
        if let nodeKeyDigest, !SecureCompare.equal(Digest.sha256(nodeKey), nodeKeyDigest) {
            throw SecurityDomainError.authenticationFailed("the node that invites")
        }
        guard FileSigningKey.verify(spkiDER: nodeKey, message: unsigned, signature: signature) else {
            throw SecurityDomainError.authenticationFailed(Self.document)
        }
        let exchangeKey = try X509Certificate(der: exchangeCertificate).spkiDER
        guard SecureCompare.equal(Digest.sha256(exchangeKey), terms.exchangeKeyDigest) else {
            throw SecurityDomainError.authenticationFailed("the exchange key")
        }
        return exchangeKey
    }
}
