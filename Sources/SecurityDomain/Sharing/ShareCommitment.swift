import CryptographicModule

/// A public value that fixes one share of one pool, security domain and root generation:
/// C_x = SHA-256("quorate/1/share" ‖ pool ‖ security domain ‖ g ‖ x ‖ share).
///
/// A damaged, repeated or foreign share is so named at once, without spending the others. A share has 256 bits of
/// entropy, so that its commitment can't be searched.
public struct ShareCommitment: Hashable, Sendable {
    /// 32 bytes.
    public let digest: [UInt8]

    /// Bytes of ``digest``.
    public static let length = 32

    /// - Throws: `SecurityDomainError.malformed` unless `digest` has 32 bytes.
    public init(digest: [UInt8]) throws {
        guard digest.count == Self.length else {
            throw SecurityDomainError.malformed(document: "share commitment", reason: "\(digest.count) bytes")
        }
        self.digest = digest
    }

    /// The commitment to `share`; the share is hashed in secure memory.
    public init(to share: Share, poolID: [UInt8], securityDomainID: [UInt8], generation: UInt32) throws {
        var writer = FieldWriter(label: "quorate/1/share")
        writer.field(poolID)
        writer.field(securityDomainID)
        writer.field(generation)
        writer.field(share.x)
        let message = try Secret(count: writer.bytes.count + share.words.count) { target in
            target.copyBytes(from: writer.bytes)
            share.words.withUnsafeBytes { words in
                UnsafeMutableRawBufferPointer(rebasing: target[writer.bytes.count...]).copyBytes(from: words)
            }
        }
        digest = message.withUnsafeBytes { Digest.sha256($0) }
    }

    func matches(_ other: ShareCommitment) -> Bool {
        SecureCompare.equal(digest, other.digest)
    }
}
