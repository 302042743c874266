public import CryptographicModule
import Synchronization

/// The asking side of a peer unseal: it holds the ephemeral key that the reply is encrypted to, until one reply has
/// been opened.
public final class PeerUnsealSession: Sendable {
    /// What to send.
    public let request: PeerUnsealRequest
    private let ephemeral: Mutex<KeyAgreement?>

    /// Begins a session.
    ///
    /// - Parameters:
    ///   - bootNonce: 32 bytes, the same for the whole life of the process.
    ///   - bootFacts: what the machine says of itself, at most 4096 bytes.
    ///   - ticket: the last ticket that the node was given, if any.
    public init(
        poolID: [UInt8], epoch: UInt64, node: UInt64, bootNonce: [UInt8], bootFacts: [UInt8], ticket: PeerTicket?,
        nodeKey: FileSigningKey
    ) throws {
        let ephemeral = try KeyAgreement.generate()
        request = try PeerUnsealRequest(
            poolID: poolID, epoch: epoch, node: node, bootNonce: bootNonce, ephemeralKey: ephemeral.publicPoint,
            bootFacts: bootFacts, ticket: ticket, nodeKey: nodeKey)
        self.ephemeral = Mutex(ephemeral)
    }

    /// Opens the reply; with success the session is over. A reply that is refused leaves it open, so that a forged one
    /// can't end it.
    ///
    /// - Parameters:
    ///   - node: the node that was asked, `nodeKey` the SubjectPublicKeyInfo (DER) that the configuration pins for it.
    /// - Throws: `PeerUnsealRefusal`, or `SecurityDomainError.malformed`.
    public func open(_ reply: PeerUnsealReply, from node: UInt64, nodeKey: [UInt8]) throws -> PeerUnsealReply.Contents {
        try ephemeral.withLock { ephemeral in
            guard let key = ephemeral else { throw PeerUnsealRefusal.over }
            let contents = try reply.open(transcript: request.transcript, node: node, nodeKey: nodeKey) {
                try key.agree(with: $0)
            }
            ephemeral = nil
            return contents
        }
    }
}
