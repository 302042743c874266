public import CryptographicModule

/// An unsealed node's answer: the root key and the next ticket, encrypted to the requester's ephemeral key, signed by
/// the node.
public struct PeerUnsealReply: Hashable, Sendable {
    /// The transcript of the request that is answered.
    public let transcript: [UInt8]
    /// Log index of the grant; the requester applies past it before it serves.
    public let grantIndex: UInt64
    /// The node that answers.
    public let node: UInt64
    let ephemeralKey: [UInt8]
    let ciphertext: [UInt8]
    let authenticationTag: [UInt8]
    private var signature: [UInt8]

    private static let document = "unseal reply"
    private static let label = "QPR1"
    private static let contentsLabel = "QPC1"
    private static let digestLength = 32
    private static let authenticationTagLength = 16
    private static let maximumContentsLength = 512
    /// Ceiling of the byte form.
    public static let maximumLength = 4096

    // MARK: Making

    /// Seals the root for a request that the caller has verified and whose grant is committed at `grantIndex`.
    ///
    /// - Parameters:
    ///   - ticket: the ticket whose digest the grant names.
    ///   - node: the answering node, `nodeKey` its identity key.
    public init(
        to request: PeerUnsealRequest, grantIndex: UInt64, root: RootKey, ticket: PeerTicket, node: UInt64,
        nodeKey: FileSigningKey
    ) throws {
        let ephemeral = try KeyAgreement.generate()
        transcript = request.transcript
        self.grantIndex = grantIndex
        self.node = node
        ephemeralKey = ephemeral.publicPoint
        let binding = Self.binding(
            transcript: request.transcript, grantIndex: grantIndex, node: node, ephemeralKey: ephemeral.publicPoint)
        let key = try Self.contentKey(try ephemeral.agree(with: request.ephemeralKey), binding: binding)
        let sealed = try AESGCM.seal(
            try Self.contents(root: root, ticket: ticket), key: key, nonce: Self.zeroNonce, associatedData: binding)
        ciphertext = sealed.ciphertext
        authenticationTag = sealed.tag
        signature = []
        signature = try nodeKey.sign(signedMessage)
    }

    /// Each key encrypts one message, so its nonce can be fixed.
    private static let zeroNonce = [UInt8](repeating: 0, count: 12)

    /// What the encryption is bound to: the request's transcript, the grant, who answers, with which key.
    private static func binding(
        transcript: [UInt8], grantIndex: UInt64, node: UInt64, ephemeralKey: [UInt8]
    ) -> [UInt8] {
        var writer = FieldWriter(label: "quorate/1/peer-unseal-binding", reserving: 256)
        writer.field(transcript)
        writer.field(grantIndex)
        writer.field(node)
        writer.field(ephemeralKey)
        return writer.bytes
    }

    private static func contentKey(_ shared: consuming Secret, binding: [UInt8]) throws -> Secret {
        try KeyDerivation.derive(
            shared, label: "quorate/1/peer-unseal", context: [Digest.sha256(binding)], bits: 256)
    }

    /// Label, generation, root, ticket; assembled in secure memory.
    private static func contents(root: RootKey, ticket: PeerTicket) throws -> Secret {
        var writer = FieldWriter(label: contentsLabel)
        writer.field(root.generation)
        return try SecretFields.append(to: writer.bytes, root: root, ticket: ticket)
    }

    private var signedMessage: [UInt8] {
        var writer = FieldWriter(label: "quorate/1/peer-unseal-reply", reserving: 512)
        writeUnsigned(to: &writer)
        return writer.bytes
    }

    // MARK: Opening

    /// What a reply brings.
    public struct Contents: Sendable {
        /// Not compared with the pool's key check value yet: ``Keyring/unseal(root:material:)`` does that.
        public let root: RootKey
        /// The ticket that the node keeps for next time.
        public let ticket: PeerTicket
        public let grantIndex: UInt64
    }

    /// Verifies and opens the reply.
    ///
    /// - Parameter nodeKey: the SubjectPublicKeyInfo (DER) that the configuration pins for the node that was asked.
    func open(
        transcript: [UInt8], node: UInt64, nodeKey: [UInt8], agree: ([UInt8]) throws -> Secret
    ) throws -> Contents {
        guard SecureCompare.equal(self.transcript, transcript) else { throw PeerUnsealRefusal.otherRequest }
        guard self.node == node, FileSigningKey.verify(spkiDER: nodeKey, message: signedMessage, signature: signature)
        else {
            throw PeerUnsealRefusal.badSignature(node: node)
        }
        let binding = Self.binding(
            transcript: transcript, grantIndex: grantIndex, node: node, ephemeralKey: ephemeralKey)
        let plaintext: Secret
        do {
            let key = try Self.contentKey(try agree(ephemeralKey), binding: binding)
            plaintext = try AESGCM.open(
                ciphertext, tag: authenticationTag, key: key, nonce: Self.zeroNonce, associatedData: binding)
        } catch {
            throw PeerUnsealRefusal.doesNotOpen
        }
        return try plaintext.withUnsafeBytes { buffer in
            try FieldReader.read(
                buffer, document: Self.document, label: Self.contentsLabel, limit: Self.maximumContentsLength
            ) { reader in
                let generation = try reader.integer(UInt32.self)
                return Contents(
                    root: try RootKey(try reader.secret(exactly: RootKey.length), generation: generation),
                    ticket: try PeerTicket(try reader.secret(exactly: PeerTicket.length)), grantIndex: grantIndex)
            }
        }
    }

    // MARK: Byte form

    private func writeUnsigned(to writer: inout FieldWriter) {
        writer.field(transcript)
        writer.field(grantIndex)
        writer.field(node)
        writer.field(ephemeralKey)
        writer.field(ciphertext)
        writer.field(authenticationTag)
    }

    /// The one byte form.
    public func encode() -> [UInt8] {
        var writer = FieldWriter(label: Self.label, reserving: 1024)
        writeUnsigned(to: &writer)
        writer.field(signature)
        return writer.bytes
    }

    /// Reads the byte form strictly; nothing is verified yet.
    public static func decode(_ bytes: [UInt8]) throws -> PeerUnsealReply {
        try FieldReader.read(bytes, document: document, label: label, limit: maximumLength) { reader in
            try PeerUnsealReply(from: &reader)
        }
    }

    private init(from reader: inout FieldReader) throws {
        transcript = try reader.bytes(exactly: Self.digestLength)
        grantIndex = try reader.integer()
        node = try reader.integer()
        ephemeralKey = try reader.bytes(exactly: PeerUnsealRequest.pointLength)
        ciphertext = try reader.bytes(upTo: Self.maximumContentsLength)
        authenticationTag = try reader.bytes(exactly: Self.authenticationTagLength)
        signature = try reader.bytes(upTo: PeerUnsealRequest.maximumSignatureLength)
    }
}
