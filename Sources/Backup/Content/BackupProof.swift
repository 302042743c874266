public import CryptographicModule
import PoolState
public import SecurityDomain

/// Finds out, with the keys of a backup, whether it is what a restore needs: the rows make up the state that the header
/// names, and every version of every key is there, opens, and belongs to its public half. Nothing of it is kept.
///
/// Holds the rows, and of the sealed records one chunk.
public struct BackupProof {
    /// What was found.
    public struct Findings: Hashable, Sendable {
        /// Keys in use, whatever the number of their versions.
        public fileprivate(set) var keys = 0
        /// Keys that are deleted and not yet purged.
        public fileprivate(set) var deletedKeys = 0
        /// Of key pairs: each has signed a challenge that its public half has found good.
        public fileprivate(set) var signed = 0
        /// Of symmetric keys: each has opened.
        public fileprivate(set) var opened = 0
        /// Sealed records that no version names: what was put aside for a restore that ran meanwhile.
        public fileprivate(set) var unnamed = 0
        /// In the state that the rows make up.
        public fileprivate(set) var principals = 0
        /// In the state that the rows make up.
        public fileprivate(set) var roleAssignments = 0
    }

    /// Rows together, in bytes.
    private static let limit: UInt64 = 2 << 30

    private let header: BackupHeader
    private let keys: BackupKeys
    private var reader: BackupReader
    private var rows: [RowChange] = []
    private var size: UInt64 = 0
    /// By the digest of their record, once the rows are complete; each leaves with its record.
    private var versions: [[UInt8]: [KeyVersionRecord]]?
    private var findings = Findings()

    /// - Parameter keyring: the one that the backup carries, opened.
    public init(header: BackupHeader, keyring: Keyring) throws(BackupFault) {
        self.header = header
        do {
            keys = try keyring.backupKeys(of: header.keyring)
        } catch {
            throw .keyringRejected("\(error)")
        }
        reader = BackupReader(keyring: keyring)
    }

    /// The next bytes of the file, from its first on.
    public mutating func feed(_ bytes: [UInt8]) throws(BackupFault) {
        reader.feed(bytes)
        while let piece = try reader.next() {
            switch piece {
            case .header(let found): guard found == header else { throw .headerDamaged }
            case .items(let items): for item in items { try take(item) }
            case .summary: break
            }
        }
    }

    /// Says that the file ends here.
    public mutating func finish() throws(BackupFault) -> Findings {
        try reader.finish()
        try completeRows()
        if let missing = versions?.values.first?.first {
            throw .keyUnproven(key: Self.name(missing), reason: "its record isn't there")
        }
        return findings
    }

    private mutating func take(_ item: BackupItem) throws(BackupFault) {
        switch item {
        case .row(let table, let key, let value):
            guard versions == nil else { throw .malformed("a row after the sealed records") }
            size += UInt64(key.count + value.count)
            guard size <= Self.limit else { throw .tooLarge }
            rows.append(RowChange(table: table, key: key, value: value))
        case .blob(let record):
            try completeRows()
            try prove(record)
        }
    }

    /// All rows are in: they have to be the state at the header's index, to the last bit.
    private mutating func completeRows() throws(BackupFault) {
        guard versions == nil else { return }
        let state: PoolState
        do throws(StateCorruption) {
            state = try PoolState(rows: rows)
        } catch {
            throw .stateMismatch
        }
        guard state.root == header.stateRoot else { throw .stateMismatch }
        rows = []
        let (live, deleted) = (state.keys(limit: .max), state.deletedKeys(limit: .max))
        (findings.keys, findings.deletedKeys) = (live.count, deleted.count)
        (findings.principals, findings.roleAssignments) = (state.principals.count, state.roleAssignmentCount)
        versions = Dictionary(grouping: (live + deleted).flatMap(\.versions), by: \.recordDigest)
    }

    private mutating func prove(_ bytes: [UInt8]) throws(BackupFault) {
        guard let named = versions?.removeValue(forKey: Digest.sha256(bytes)) else {
            findings.unnamed += 1
            return
        }
        for version in named {
            do throws(CryptoError) {
                let record = try SealedRecord(parsing: bytes)
                guard let kek = keys.keyEncryptionKey(id: record.kekID) else { throw .authenticationFailed }
                switch try CryptographicModule.prove(
                    record, sealedUnder: kek, header: version.header, publicKey: version.publicKey)
                {
                case .signed: findings.signed += 1
                case .opened: findings.opened += 1
                }
            } catch {
                throw .keyUnproven(key: Self.name(version), reason: "\(error)")
            }
        }
    }

    private static func name(_ version: KeyVersionRecord) -> String {
        "\(version.name), created \(version.created)"
    }
}
