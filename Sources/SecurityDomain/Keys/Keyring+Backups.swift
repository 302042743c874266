public import CryptographicModule

/// The keys that open one full backup: those of the pool that made it, at the time it was made.
public struct BackupKeys: Sendable {
    /// Of the pool that made the backup.
    public let identity: PoolIdentity
    private let backupKey: SecretKey
    private let keks: [SecretKey]
    /// Those that seal its backups of single keys.
    let singleKeyBackupKeys: [SecretKey]

    init(
        identity: PoolIdentity, backupKey: SecretKey, keks: [SecretKey], singleKeyBackupKeys: [SecretKey] = []
    ) {
        self.singleKeyBackupKeys = singleKeyBackupKeys
        self.identity = identity
        self.backupKey = backupKey
        self.keks = keks
    }

    /// The key that the content of one backup is encrypted with: KDF(BKP, `quorate/1/backup-file`, backup id).
    ///
    /// - Parameter backupID: 32 bytes that no two backups share.
    public func contentKey(backupID: [UInt8]) throws -> SecretKey {
        let secret = try KeyDerivation.derive(
            backupKey, label: "quorate/1/backup-file", context: [backupID], bits: 256)
        return SecretKey(consuming: secret, id: Array(backupID.prefix(16)))
    }

    /// The key that seals a record of the backup, by the id that the record names.
    public func keyEncryptionKey(id: [UInt8]) -> SecretKey? { keks.first { $0.id == id } }
}

extension Keyring {
    /// The keys for a backup that this pool makes now.
    public func backupKeys() throws -> BackupKeys {
        BackupKeys(identity: identity, backupKey: backupKey, keks: [kek])
    }

    /// The keys of a backup, from the keyring that it carries. That opens where its keys are among those that this
    /// pool has itself, whatever became of its root since; else with the root that the backup was made under, which is
    /// the one in force or a former one.
    ///
    /// - Parameter formerRoots: as the pool's record has them.
    /// - Throws: `SecurityDomainError.wrongSecurityDomain` for a backup of another one; `.wrongGeneration` where
    ///   neither its keys nor its root are here; `.rootMismatch`; `.sealedKeyRejected`.
    public func backupKeys(of carried: SealedKeyring, formerRoots chain: [[UInt8]] = []) throws -> BackupKeys {
        guard carried.identity.securityDomainID == identity.securityDomainID else {
            throw SecurityDomainError.wrongSecurityDomain
        }
        if let held = held(carried) { return held }
        let generation = carried.identity.generation
        let former = generation < root.generation ? try formerRoots(chain) : []
        let opened = try Keyring.unseal(
            root: former.first { $0.generation == generation } ?? root, material: carried)
        return BackupKeys(
            identity: carried.identity, backupKey: opened.backupKey, keks: opened.keys(.keyEncryption),
            singleKeyBackupKeys: opened.keys(.singleKeyBackup))
    }

    private func held(_ carried: SealedKeyring) -> BackupKeys? {
        guard carried.identity.poolID == identity.poolID,
            let current = carried.middleKeys.last(where: { $0.role == .backup }),
            let backupKey = keys(.backup).first(where: { $0.id == current.id })
        else { return nil }
        let needed = carried.middleKeys.filter { $0.role == .keyEncryption }.map(\.id)
        let keks = keys(.keyEncryption).filter { needed.contains($0.id) }
        guard keks.count == needed.count else { return nil }
        return BackupKeys(identity: carried.identity, backupKey: backupKey, keks: keks)
    }
}
