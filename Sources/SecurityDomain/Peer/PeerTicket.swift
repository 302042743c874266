public import CryptographicModule

/// The continuity ticket of a node: who shows that he has the latest one has not been restored from an older image.
///
/// The node keeps it; the pool's state keeps only its digest.
public final class PeerTicket: Sendable {
    private let key: SecretKey
    /// SHA-256 of the ticket.
    public let digest: [UInt8]

    static let length = 32

    /// - Throws: `SecurityDomainError.malformed` unless it has 32 bytes.
    public init(_ secret: consuming Secret) throws {
        guard secret.count == Self.length else {
            throw SecurityDomainError.malformed(document: "ticket", reason: "\(secret.count) bytes")
        }
        digest = secret.withUnsafeBytes { Digest.sha256($0) }
        key = SecretKey(consuming: secret, id: Array(repeating: 0, count: 16))
    }

    /// HMAC-SHA-256 of a request's transcript under the ticket.
    func proof(of transcript: [UInt8]) throws -> [UInt8] {
        try MAC.hmacSHA256(key: key, transcript)
    }

    /// The ticket's bytes, for the node's own folder and for the sealed reply.
    public func withSecret<Value>(_ body: (borrowing Secret) throws -> Value) throws -> Value {
        try key.withSecret(body)
    }
}
