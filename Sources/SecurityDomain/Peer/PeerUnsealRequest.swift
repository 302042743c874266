import CryptographicModule

/// A sealed node's request to an unsealed one for the root key, signed by the node's identity key.
///
/// It names the pool, the epoch, the node and the node's present life (boot nonce), and carries a key that this life
/// alone holds: an answer is of no use to anybody else, and not to a later life of the same node.
public struct PeerUnsealRequest: Hashable, Sendable {
    /// 16 bytes.
    public let poolID: [UInt8]
    /// Of the pool, as the sealed node knows it: a request of another epoch is refused.
    public let epoch: UInt64
    /// Who asks: the signature tells whether it is so.
    public let node: UInt64
    /// 32 random bytes, new at every start of the process.
    public let bootNonce: [UInt8]
    /// The requester's ephemeral P-256 point, uncompressed.
    public let ephemeralKey: [UInt8]
    /// What the machine says of itself; compared with what it said last time.
    public let bootFacts: [UInt8]
    /// HMAC of the transcript under the node's ticket, where it has one.
    public let ticketProof: [UInt8]?
    private var signature: [UInt8]

    private static let document = "unseal request"
    private static let label = "QPU1"
    /// Bytes.
    public static let bootNonceLength = 32
    static let pointLength = 65
    static let maximumBootFactsLength = 4096
    static let maximumSignatureLength = 256
    /// Ceiling of the byte form.
    public static let maximumLength = 8192

    /// Signs a request.
    ///
    /// - Parameter ticket: the last ticket that the node was given, if any.
    init(
        poolID: [UInt8], epoch: UInt64, node: UInt64, bootNonce: [UInt8], ephemeralKey: [UInt8], bootFacts: [UInt8],
        ticket: PeerTicket?, nodeKey: FileSigningKey
    ) throws {
        guard poolID.count == PoolIdentity.identifierLength, bootNonce.count == Self.bootNonceLength,
            ephemeralKey.count == Self.pointLength, bootFacts.count <= Self.maximumBootFactsLength
        else { throw SecurityDomainError.malformed(document: Self.document, reason: "a field of a wrong length") }
        self.poolID = poolID
        self.epoch = epoch
        self.node = node
        self.bootNonce = bootNonce
        self.ephemeralKey = ephemeralKey
        self.bootFacts = bootFacts
        ticketProof = try ticket?.proof(
            of: Self.transcript(
                poolID: poolID, epoch: epoch, node: node, bootNonce: bootNonce, ephemeralKey: ephemeralKey,
                bootFacts: bootFacts))
        signature = []
        signature = try nodeKey.sign(signedMessage)
    }

    // MARK: Transcript

    /// SHA-256 over everything that the request says; the reply is bound to it.
    public var transcript: [UInt8] {
        Self.transcript(
            poolID: poolID, epoch: epoch, node: node, bootNonce: bootNonce, ephemeralKey: ephemeralKey,
            bootFacts: bootFacts)
    }

    private static func transcript(
        poolID: [UInt8], epoch: UInt64, node: UInt64, bootNonce: [UInt8], ephemeralKey: [UInt8], bootFacts: [UInt8]
    ) -> [UInt8] {
        var writer = FieldWriter(label: "quorate/1/peer-unseal", reserving: 512)
        writer.field(poolID)
        writer.field(epoch)
        writer.field(node)
        writer.field(bootNonce)
        writer.field(ephemeralKey)
        writer.field(bootFacts)
        return Digest.sha256(writer.bytes)
    }

    private var signedMessage: [UInt8] {
        var writer = FieldWriter(label: "quorate/1/peer-unseal-request")
        writer.field(transcript)
        writer.field(ticketProof ?? [])
        return writer.bytes
    }

    // MARK: Checks

    /// Checks that the request is for this pool and epoch and was signed by the node it names.
    ///
    /// Membership, live sessions, absence and rate are the caller's to check.
    ///
    /// - Parameter nodeKey: the SubjectPublicKeyInfo (DER) that the configuration in force pins for ``node``.
    public func verify(poolID: [UInt8], epoch: UInt64, nodeKey: [UInt8]) throws(PeerUnsealRefusal) {
        guard self.poolID == poolID else { throw .wrongPool }
        guard self.epoch == epoch else { throw .wrongEpoch(expected: epoch, got: self.epoch) }
        guard FileSigningKey.verify(spkiDER: nodeKey, message: signedMessage, signature: signature) else {
            throw .badSignature(node: node)
        }
    }

    /// Whether the request was made with this ticket.
    public func proves(_ ticket: PeerTicket) throws -> Bool {
        guard let ticketProof else { return false }
        return SecureCompare.equal(ticketProof, try ticket.proof(of: transcript))
    }

    /// Hashes, one over the other, that a code takes. Whoever has stolen the node's key and wants a request of his own
    /// with the same code has to try some hundred million ephemeral keys, each at this price.
    private static let codeRounds = 1 << 16

    /// Eight digits for a person to compare at both nodes, where an unseal waits for approval. Takes some tens of
    /// milliseconds.
    public var comparisonCode: String {
        var digest = Digest.sha256(Array("quorate/1/unseal-code".utf8) + transcript)
        for _ in 1..<Self.codeRounds { digest = Digest.sha256(digest) }
        let number = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 100_000_000
        let digits = String(number)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }

    // MARK: Byte form

    /// The one byte form.
    public func encode() -> [UInt8] {
        var writer = FieldWriter(label: Self.label, reserving: 1024)
        writer.field(poolID)
        writer.field(epoch)
        writer.field(node)
        writer.field(bootNonce)
        writer.field(ephemeralKey)
        writer.field(bootFacts)
        writer.field(ticketProof ?? [])
        writer.field(signature)
        return writer.bytes
    }

    /// Reads the byte form strictly; nothing is verified yet.
    public static func decode(_ bytes: [UInt8]) throws -> PeerUnsealRequest {
        try FieldReader.read(bytes, document: document, label: label, limit: maximumLength) { reader in
            try PeerUnsealRequest(from: &reader)
        }
    }

    private init(from reader: inout FieldReader) throws {
        poolID = try reader.bytes(exactly: PoolIdentity.identifierLength)
        epoch = try reader.integer()
        node = try reader.integer()
        bootNonce = try reader.bytes(exactly: Self.bootNonceLength)
        ephemeralKey = try reader.bytes(exactly: Self.pointLength)
        bootFacts = try reader.bytes(upTo: Self.maximumBootFactsLength)
        let proof = try reader.bytes(upTo: 32)
        guard proof.isEmpty || proof.count == 32 else {
            throw reader.malformed("a ticket proof of \(proof.count) bytes")
        }
        ticketProof = proof.isEmpty ? nil : proof
        signature = try reader.bytes(upTo: Self.maximumSignatureLength)
    }
}
