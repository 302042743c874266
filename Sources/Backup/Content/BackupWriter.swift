import CryptographicModule
public import SecurityDomain

/// Writes a backup piece by piece; holds one chunk in memory.
public struct BackupWriter {
    private let header: BackupHeader
    private let headerDigest: [UInt8]
    private let contentKey: SecretKey
    private let signer: SystemSigningKey
    private var pending: [UInt8] = []
    /// Taken in so far.
    public private(set) var items: UInt64 = 0
    /// Of the content, taken in so far.
    public private(set) var bytes: UInt64 = 0
    private var digests: [[UInt8]] = []

    /// Begins a backup with the keys of the pool that it is of.
    ///
    /// - Returns: the writer, and the first bytes of the file.
    public static func begin(
        _ header: BackupHeader, keyring: Keyring
    ) throws(BackupFault) -> (writer: BackupWriter, bytes: [UInt8]) {
        let encoded = header.encode()
        guard encoded.count <= BackupLimits.headerBytes else { throw .malformed("the header is too long") }
        let prelude = BackupFrame.prelude(encoded)
        do {
            let key = try keyring.backupKeys().contentKey(backupID: header.backupID)
            let writer = BackupWriter(
                header: header, headerDigest: Digest.sha256(prelude), contentKey: key, signer: keyring.attestationKey)
            return (writer, prelude)
        } catch {
            throw .keysUnavailable
        }
    }

    private init(header: BackupHeader, headerDigest: [UInt8], contentKey: SecretKey, signer: SystemSigningKey) {
        self.header = header
        self.headerDigest = headerDigest
        self.contentKey = contentKey
        self.signer = signer
    }

    /// Takes an item in.
    ///
    /// - Returns: what is to be written now; empty while the chunk isn't full.
    public mutating func add(_ item: BackupItem) throws(BackupFault) -> [UInt8] {
        let count = item.encodedCount
        guard count <= header.chunkSize else { throw .malformed("an item of \(count) bytes is longer than a chunk") }
        let fits = pending.isEmpty || pending.count + count <= header.chunkSize
        let full = try fits ? [] : chunk(isLast: false)
        item.append(to: &pending)
        items += 1
        bytes += UInt64(count)
        return full
    }

    /// Ends the backup.
    ///
    /// - Returns: the rest of the file.
    public mutating func finish() throws(BackupFault) -> [UInt8] {
        let last = try chunk(isLast: true)
        let trailer = BackupTrailer(headerDigest: headerDigest, items: items, bytes: bytes, chunkDigests: digests)
        do throws(CryptoError) {
            let body = try trailer.signed(by: signer)
            return last + BackupFrame.encode(.trailer, UInt32(digests.count), headerDigest: headerDigest, body)
        } catch {
            throw .keysUnavailable
        }
    }

    private mutating func chunk(isLast: Bool) throws(BackupFault) -> [UInt8] {
        guard digests.count < BackupLimits.chunks else { throw .malformed("more than \(BackupLimits.chunks) chunks") }
        let index = UInt32(digests.count)
        let sealed: [UInt8]
        do {
            sealed = try BulkCipher.seal(
                pending, key: contentKey, nonce: BackupFrame.nonce(index, isLast: isLast),
                associatedData: headerDigest)
        } catch {
            throw .keysUnavailable
        }
        pending.removeAll(keepingCapacity: true)
        digests.append(Digest.sha256(sealed))
        return BackupFrame.encode(isLast ? .lastChunk : .chunk, index, headerDigest: headerDigest, sealed)
    }
}
