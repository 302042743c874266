public import CryptographicModule

/// A new key-encryption key under the root in force, and the end of a former one.
extension Keyring {
    /// Every key-encryption key that opens records, the one that seals last.
    public var keyEncryptionKeys: [SecretKey] { keys(.keyEncryption) }

    /// The same keys and a new key-encryption key, which seals from now on; the pool's own private keys are sealed
    /// under it.
    ///
    /// The result shares the keys with this keyring: drop this one, and destroy nothing of it.
    ///
    /// - Throws: `SecurityDomainError.malformed` where there would be more keys than a keyring holds.
    public func withNewKeyEncryptionKey() throws -> Keyring {
        let key = SecretKey(consuming: try Random.secret(KeySealing.middleKeyLength), id: Random.bytes(16))
        guard openedKeys.middleKeys.count < SealedKeyring.maximumKeys,
            let last = openedKeys.middleKeys.lastIndex(where: { $0.role == .keyEncryption })
        else { throw SecurityDomainError.malformed(document: "sealed keyring", reason: "no room for another key") }
        var opened = openedKeys
        opened.middleKeys.insert((.keyEncryption, key), at: last + 1)
        let wrapping = try root.wrappingKey(poolID: identity.poolID)
        var middleKeys = sealed.middleKeys
        middleKeys.insert(
            try KeySealing.seal(
                key, role: .keyEncryption, under: wrapping, poolID: identity.poolID, generation: root.generation),
            at: last + 1)
        let systemKeys = try zip(sealed.systemKeys, opened.systemKeys).map { sealed, entry in
            try KeySealing.seal(
                entry.key, role: sealed.role, id: sealed.id, createdAt: sealed.createdAt, under: key,
                poolID: identity.poolID)
        }
        return try Keyring(
            root: root,
            sealed: SealedKeyring(identity: identity, middleKeys: middleKeys, systemKeys: systemKeys), opened: opened)
    }

    /// The keyring's sealed form with none but the key-encryption key that seals now.
    ///
    /// - Throws: `SecurityDomainError.sealedKeyRejected` where something of the keyring is still sealed under another.
    public func sealedWithoutFormerKeyEncryptionKeys() throws -> SealedKeyring {
        if let other = sealed.systemKeys.first(where: { $0.record.kekID != kek.id }) {
            throw SecurityDomainError.sealedKeyRejected(other.role.name)
        }
        return SealedKeyring(
            identity: identity,
            middleKeys: sealed.middleKeys.filter { $0.role != .keyEncryption || $0.id == kek.id },
            systemKeys: sealed.systemKeys)
    }
}
