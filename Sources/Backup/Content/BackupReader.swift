import CryptographicModule
public import SecurityDomain

/// Reads a backup's content piece by piece, with the keys of a pool of the same security domain.
///
/// What it gives is authentic as far as it has come, but whole only with the summary at the end: nothing may be changed
/// by it before that.
public struct BackupReader {
    /// What comes next: the header, then the contents of each chunk, decrypted, then the summary.
    public enum Piece: Hashable, Sendable {
        case header(BackupHeader)
        case items([BackupItem])
        case summary(BackupSummary)
    }

    private let keyring: Keyring
    private let formerRoots: [[UInt8]]
    private var scanner = BackupScanner()
    private var contentKey: SecretKey?
    /// What opens the records of the backup; nil before the header was read.
    public private(set) var keys: BackupKeys?
    private var items: UInt64 = 0
    private var bytes: UInt64 = 0

    /// - Parameter formerRoots: as the pool's record has them: a backup may be from before a change of the root.
    public init(keyring: Keyring, formerRoots: [[UInt8]] = []) {
        self.keyring = keyring
        self.formerRoots = formerRoots
    }

    /// SHA-256 of the header, which authenticates every chunk; empty before the header was read.
    public var headerDigest: [UInt8] { scanner.headerDigest }

    /// The next bytes of the file.
    public mutating func feed(_ bytes: [UInt8]) { scanner.feed(bytes) }

    /// Says that the file ends here; after ``next()`` has given the summary.
    ///
    /// - Throws: ``BackupFault/truncated`` before that, ``BackupFault/bytesAfterEnd`` if something follows on the
    ///   trailer.
    public func finish() throws(BackupFault) { try scanner.finish() }

    /// - Returns: nil until more was fed.
    public mutating func next() throws(BackupFault) -> Piece? {
        switch try scanner.next() {
        case nil: return nil
        case .header(let header):
            try open(header)
            return .header(header)
        case .chunk(let index, let isLast, let sealed): return .items(try open(index, isLast, sealed))
        case .summary(let summary):
            guard summary.items == items, summary.contentBytes == bytes else { throw .countMismatch }
            return .summary(summary)
        }
    }

    private mutating func open(_ header: BackupHeader) throws(BackupFault) {
        do {
            let keys = try keyring.backupKeys(of: header.keyring, formerRoots: formerRoots)
            contentKey = try keys.contentKey(backupID: header.backupID)
            self.keys = keys
        } catch SecurityDomainError.wrongSecurityDomain {
            throw .otherSecurityDomain
        } catch SecurityDomainError.wrongGeneration(let backup, let pool) {
            throw .otherGeneration(backup: backup, pool: pool)
        } catch SecurityDomainError.rootMismatch {
            throw .otherSecurityDomain
        } catch let error as SecurityDomainError {
            throw .keyringRejected("\(error)")
        } catch {
            throw .keysUnavailable
        }
    }

    private mutating func open(
        _ index: UInt32, _ isLast: Bool, _ sealed: [UInt8]
    ) throws(BackupFault) -> [BackupItem] {
        guard let contentKey else { throw .malformed("a chunk before the header") }
        let chunk: [UInt8]
        do {
            chunk = try BulkCipher.open(
                sealed, key: contentKey, nonce: BackupFrame.nonce(index, isLast: isLast),
                associatedData: scanner.headerDigest)
        } catch CryptoError.authenticationFailed {
            throw .chunkDamaged(index)
        } catch {
            throw .keysUnavailable
        }
        let found = try BackupItem.decode(chunk)
        items += UInt64(found.count)
        bytes += UInt64(chunk.count)
        return found
    }
}
