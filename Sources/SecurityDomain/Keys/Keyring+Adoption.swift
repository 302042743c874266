public import CryptographicModule

/// A new pool's keys under the root of one that was lost. The keys themselves stay; only what seals them changes.
extension Keyring {
    /// What the pool's state is told when it takes over a security domain.
    public struct Adoption: Sendable {
        /// The pool's keyring, sealed under the adopted root.
        public let sealed: SealedKeyring
        /// The adopted root, sealed under the root in force until now.
        public let bridge: SealedRecord
    }

    /// Seals this pool's keys under the root of `domain`.
    ///
    /// - Throws: `SecurityDomainError.wrongPool` where the domain is this pool's own.
    public func adopting(_ domain: OpenedDomain) throws -> Adoption {
        guard domain.identity.poolID != identity.poolID else { throw SecurityDomainError.wrongPool }
        let root = domain.root
        let poolID = identity.poolID
        let wrapping = try root.wrappingKey(poolID: poolID)
        let adopted = PoolIdentity(
            poolID: poolID, securityDomainID: domain.identity.securityDomainID, generation: root.generation,
            keyCheckValue: try root.checkValue(poolID: poolID), identityKey: identity.identityKey,
            createdAt: identity.createdAt, domainPoolID: domain.identity.domainPoolID)
        let middleKeys = try openedKeys.middleKeys.map { entry in
            try KeySealing.seal(
                entry.key, role: entry.role, under: wrapping, poolID: poolID, generation: root.generation)
        }
        let bridge = try sealRoot(root, of: adopted)
        return Adoption(
            sealed: SealedKeyring(identity: adopted, middleKeys: middleKeys, systemKeys: sealed.systemKeys),
            bridge: bridge)
    }

    /// Follows the pool to the root that it has adopted: the same keys once more, under that root. Drop this keyring.
    ///
    /// - Throws: `SecurityDomainError.rootMismatch` where the bridge doesn't lead to the keyring's root;
    ///   `.sealedKeyRejected` where the keyring lacks keys of this one.
    public func following(_ adopted: SealedKeyring, bridge: SealedRecord) throws -> Keyring {
        let successor = try openRoot(bridge, of: adopted.identity)
        // A key-encryption key may have been retired, and the pool's own keys sealed under the next one.
        let lasting = sealed.middleKeys.filter { $0.role != .keyEncryption }
        guard Set(lasting.map(\.id)).isSubset(of: adopted.middleKeys.map(\.id)),
            adopted.systemKeys.map(\.publicKey) == sealed.systemKeys.map(\.publicKey)
        else { throw SecurityDomainError.sealedKeyRejected("keyring") }
        return try Keyring.unseal(root: successor, material: adopted)
    }

    /// This pool's keyring with the keys by which another pool of the security domain has sealed backups of single
    /// keys, so that those open here.
    ///
    /// - Throws: `SecurityDomainError.malformed` where there would be more keys than a keyring holds.
    public func accepting(singleKeyBackupsOf other: BackupKeys) throws -> SealedKeyring {
        let known = Set(sealed.middleKeys.map(\.id))
        let wrapping = try root.wrappingKey(poolID: identity.poolID)
        let added = try other.singleKeyBackupKeys.filter { !known.contains($0.id) }.map { key in
            try KeySealing.seal(
                key, role: .singleKeyBackup, under: wrapping, poolID: identity.poolID, generation: root.generation)
        }
        // Of several keys of a role the last is the current one.
        var keys = sealed.middleKeys
        let place = keys.firstIndex { $0.role == .singleKeyBackup } ?? keys.endIndex
        keys.insert(contentsOf: added, at: place)
        return try SealedKeyring.decode(
            SealedKeyring(identity: identity, middleKeys: keys, systemKeys: sealed.systemKeys).encode())
    }

    /// A key that seals backups of single keys, by the id that their records name.
    public func singleKeyBackupKey(id: [UInt8]) -> SecretKey? { keys(.singleKeyBackup).first { $0.id == id } }
}
