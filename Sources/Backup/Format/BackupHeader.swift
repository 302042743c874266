public import SecurityDomain

/// What a backup says of itself in the clear. It is authenticated with every chunk and by the trailer's signature.
public struct BackupHeader: Hashable, Sendable {
    /// 32 random bytes: from them and the pool's backup key the content's key derives.
    public let backupID: [UInt8]
    /// As the file has it, at most 64 bytes.
    public let poolName: String
    /// The last log entry that the content contains.
    public let index: UInt64
    /// Raft's term of the entry at ``index``.
    public let term: UInt64
    /// The Merkle root over all rows of the state at that index, 32 bytes.
    public let stateRoot: [UInt8]
    /// Unix time in milliseconds.
    public let createdAt: Int64
    /// The most plaintext bytes that a chunk holds.
    public let chunkSize: Int
    /// The pool's keyring, sealed under its root: with pool, security domain and root generation.
    public let keyring: SealedKeyring

    /// - Parameters:
    ///   - backupID: 32 bytes; with another length the header can't be read.
    ///   - stateRoot: 32 bytes, likewise.
    ///   - chunkSize: 1 to ``BackupLimits/chunkSize``.
    public init(
        backupID: [UInt8], poolName: String, index: UInt64, term: UInt64, stateRoot: [UInt8], createdAt: Int64,
        chunkSize: Int = BackupLimits.chunkSize, keyring: SealedKeyring
    ) {
        self.backupID = backupID
        self.poolName = poolName
        self.index = index
        self.term = term
        self.stateRoot = stateRoot
        self.createdAt = createdAt
        self.chunkSize = chunkSize
        self.keyring = keyring
    }

    private static let label = "QBKH"

    func encode() -> [UInt8] {
        var writer = FieldWriter(label: Self.label, reserving: 8192)
        writer.field(backupID)
        writer.field(poolName)
        writer.field(index)
        writer.field(term)
        writer.field(stateRoot)
        writer.field(createdAt)
        writer.field(UInt32(clamping: chunkSize))
        writer.field(keyring.encode())
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(BackupFault) {
        do {
            self = try FieldReader.read(
                bytes, document: "header", label: Self.label, limit: BackupLimits.headerBytes
            ) { reader in
                let backupID = try reader.bytes(exactly: 32)
                let name = String(decoding: try reader.bytes(upTo: 64), as: UTF8.self)
                let index: UInt64 = try reader.integer()
                let term: UInt64 = try reader.integer()
                let root = try reader.bytes(exactly: 32)
                let createdAt: Int64 = try reader.integer()
                let chunkSize = Int(try reader.integer(UInt32.self))
                guard (1...BackupLimits.chunkSize).contains(chunkSize) else { throw reader.malformed("chunk size") }
                let keyring = try SealedKeyring.decode(try reader.bytes(upTo: BackupLimits.headerBytes))
                return BackupHeader(
                    backupID: backupID, poolName: name, index: index, term: term, stateRoot: root,
                    createdAt: createdAt, chunkSize: chunkSize, keyring: keyring)
            }
        } catch let error as BackupFault {
            throw error
        } catch {
            throw .malformed("\(error)")
        }
    }
}

/// Bounds of the format: whatever a file says, no more than this is taken in.
public enum BackupLimits {
    /// Plaintext of one chunk; no row of the state is longer.
    public static let chunkSize = 1 << 20
    /// With chunks of 1 MiB a backup of 64 GiB.
    public static let chunks = 1 << 16
    /// The header's own fields, without what stands before them in the file.
    public static let headerBytes = 320 << 10
    /// The digests of all chunks and what is signed with them.
    public static let trailerBytes = chunks * 32 + 8192
}
