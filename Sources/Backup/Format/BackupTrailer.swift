import CryptographicModule
import SecurityDomain

/// The end of a backup: how much it holds, the digest of each chunk, and the pool's signature over all of it, so that
/// who has no key can tell a whole and unchanged backup from another.
struct BackupTrailer: Hashable {
    let headerDigest: [UInt8]
    let items: UInt64
    /// Of the plaintext.
    let bytes: UInt64
    /// SHA-256 of each chunk as it stands in the file.
    let chunkDigests: [[UInt8]]

    private static let label = "QBKT"
    private static let envelope = "QBKS"

    private func encode() -> [UInt8] {
        var writer = FieldWriter(label: Self.label, reserving: 256 + chunkDigests.count * 32)
        writer.field(headerDigest)
        writer.field(items)
        writer.field(bytes)
        writer.field(Array(chunkDigests.joined()))
        return writer.bytes
    }

    /// - Parameter key: the pool's attestation key.
    func signed(by key: SystemSigningKey) throws(CryptoError) -> [UInt8] {
        let content = encode()
        var writer = FieldWriter(label: Self.envelope, reserving: content.count + 128)
        writer.field(content)
        writer.field(try key.sign(digest: Digest.sha256(content)))
        return writer.bytes
    }

    /// - Throws: ``BackupFault/signatureInvalid`` unless the key has signed it.
    init(decoding bytes: [UInt8], signer: PublicKey) throws(BackupFault) {
        let content: [UInt8]
        let signature: [UInt8]
        do {
            (content, signature) = try FieldReader.read(
                bytes, document: "trailer", label: Self.envelope, limit: BackupLimits.trailerBytes
            ) { reader in
                (try reader.bytes(upTo: BackupLimits.trailerBytes), try reader.bytes(exactly: 64))
            }
            self = try Self.decode(content)
        } catch {
            throw .malformed("\(error)")
        }
        let isGood: Bool
        do throws(CryptoError) {
            isGood = try VerificationKey(checking: signer)
                .verify(algorithm: .ES256, digest: Digest.sha256(content), signature: signature)
        } catch {
            throw .signatureInvalid
        }
        guard isGood else { throw .signatureInvalid }
    }

    private init(headerDigest: [UInt8], items: UInt64, bytes: UInt64, digests: [UInt8]) {
        self.init(
            headerDigest: headerDigest, items: items, bytes: bytes,
            chunkDigests: stride(from: 0, to: digests.count, by: 32).map { Array(digests[$0..<$0 + 32]) })
    }

    init(headerDigest: [UInt8], items: UInt64, bytes: UInt64, chunkDigests: [[UInt8]]) {
        self.headerDigest = headerDigest
        self.items = items
        self.bytes = bytes
        self.chunkDigests = chunkDigests
    }

    private static func decode(_ bytes: [UInt8]) throws -> BackupTrailer {
        try FieldReader.read(bytes, document: "trailer", label: label, limit: BackupLimits.trailerBytes) { reader in
            let headerDigest = try reader.bytes(exactly: 32)
            let items: UInt64 = try reader.integer()
            let count: UInt64 = try reader.integer()
            let digests = try reader.bytes(upTo: BackupLimits.chunks * 32)
            guard digests.count.isMultiple(of: 32) else { throw reader.malformed("digests of chunks") }
            return BackupTrailer(headerDigest: headerDigest, items: items, bytes: count, digests: digests)
        }
    }
}
