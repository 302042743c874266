public import CryptographicModule

/// The keys of an unsealed pool, in the secure memory of one node.
///
/// Middle keys are random and sealed under the wrapping key of the root, so that the root can change without touching
/// what they protect; private keys of the pool are sealed under the key-encryption key.
public final class Keyring: Sendable {
    /// The sealed form that belongs in the pool's state.
    public let sealed: SealedKeyring
    /// The root key in force.
    public let root: RootKey
    /// Seals the records of stored keys.
    public let kek: SecretKey
    /// Derives the keys of full backups.
    public let backupKey: SecretKey
    /// Seals single-key backups.
    public let singleKeyBackupKey: SecretKey
    /// Pepper of password hashes.
    public let passwordPepper: SecretKey
    /// Blinds low-entropy values in the audit log.
    public let auditBlindingKey: SecretKey
    let stateTagKey: SecretKey
    /// Certifies the pool's other keys and signs receipts.
    public let poolIdentityKey: SystemSigningKey
    /// Issues the nodes' certificates.
    public let nodeAuthorityKey: SystemSigningKey
    /// Signs access tokens.
    public let tokenKey: SystemSigningKey
    /// Signs attestations.
    public let attestationKey: SystemSigningKey
    /// Signs what goes out with released keys.
    public let releaseKey: SystemSigningKey
    let certificates = SystemCertificates()

    let openedKeys: OpenedKeys

    /// Everything that was opened, keys that are no longer current included.
    struct OpenedKeys: Sendable {
        var middleKeys: [(role: MiddleKeyRole, key: SecretKey)] = []
        var systemKeys: [(role: SystemKeyRole, key: SystemSigningKey)] = []

        /// Of several keys with one role the last is current.
        func current(_ role: MiddleKeyRole) throws -> SecretKey {
            guard let entry = middleKeys.last(where: { $0.role == role }) else {
                throw SecurityDomainError.sealedKeyRejected(role.name)
            }
            return entry.key
        }

        func current(_ role: SystemKeyRole) throws -> SystemSigningKey {
            guard let entry = systemKeys.last(where: { $0.role == role }) else {
                throw SecurityDomainError.sealedKeyRejected(role.name)
            }
            return entry.key
        }
    }

    /// - Throws: `SecurityDomainError.sealedKeyRejected` naming a role of which there is no key.
    init(root: RootKey, sealed: SealedKeyring, opened: OpenedKeys) throws {
        self.root = root
        self.sealed = sealed
        kek = try opened.current(.keyEncryption)
        stateTagKey = try opened.current(.stateTag)
        backupKey = try opened.current(.backup)
        singleKeyBackupKey = try opened.current(.singleKeyBackup)
        passwordPepper = try opened.current(.passwordPepper)
        auditBlindingKey = try opened.current(.auditBlinding)
        poolIdentityKey = try opened.current(.poolIdentity)
        nodeAuthorityKey = try opened.current(.nodeAuthority)
        tokenKey = try opened.current(.tokenSigning)
        attestationKey = try opened.current(.attestation)
        releaseKey = try opened.current(.keyRelease)
        openedKeys = opened
    }

    /// Pool, security domain, generation.
    public var identity: PoolIdentity { sealed.identity }

    /// Every key of a role that is held, the current one last.
    func keys(_ role: MiddleKeyRole) -> [SecretKey] { openedKeys.middleKeys.filter { $0.role == role }.map(\.key) }

    /// Wipes every key, the root included. Whatever still holds one of them gets errors from now on.
    public func destroy() {
        root.destroy()
        for entry in openedKeys.middleKeys { entry.key.destroy() }
        for entry in openedKeys.systemKeys { entry.key.destroy() }
    }
}
