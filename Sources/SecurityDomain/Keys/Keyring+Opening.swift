public import CryptographicModule

/// What comes out when a pool is made.
public struct GenesisSecrets: Sendable {
    /// The provisional root key; it reaches the officers with the first download.
    public let root: RootKey
    /// What the pool's first command stores.
    public let sealedKeyring: SealedKeyring
}

extension Keyring {
    /// Makes all keys of a new pool: root generation 0, one middle key of each role, and the pool's own key pairs.
    ///
    /// - Parameters:
    ///   - poolID: 16 bytes.
    ///   - securityDomainID: 16 bytes.
    ///   - createdAt: seconds since 1970.
    public static func create(
        poolID: [UInt8], securityDomainID: [UInt8], createdAt: Int64
    ) throws -> (keyring: Keyring, genesis: GenesisSecrets) {
        let root = try RootKey.generate(generation: 0)
        var opened = OpenedKeys()
        opened.middleKeys = try MiddleKeyRole.allCases.map { role in
            (role, SecretKey(consuming: try Random.secret(KeySealing.middleKeyLength), id: Random.bytes(16)))
        }
        opened.systemKeys = try SystemKeyRole.allCases.map { ($0, try SystemSigningKey.generate($0.specification)) }
        let identity = PoolIdentity(
            poolID: poolID, securityDomainID: securityDomainID, generation: root.generation,
            keyCheckValue: try root.checkValue(poolID: poolID),
            identityKey: try opened.current(.poolIdentity).publicKey.spkiDER(), createdAt: createdAt)
        try identity.checkLengths()
        let wrapping = try root.wrappingKey(poolID: poolID)
        let kek = try opened.current(.keyEncryption)
        let sealed = SealedKeyring(
            identity: identity,
            middleKeys: try opened.middleKeys.map { entry in
                try KeySealing.seal(
                    entry.key, role: entry.role, under: wrapping, poolID: poolID, generation: root.generation)
            },
            systemKeys: try opened.systemKeys.map { entry in
                try KeySealing.seal(
                    entry.key, role: entry.role, id: Random.bytes(16), createdAt: createdAt, under: kek, poolID: poolID)
            })
        let keyring = try Keyring(root: root, sealed: sealed, opened: opened)
        return (keyring, GenesisSecrets(root: root, sealedKeyring: sealed))
    }

    /// Opens the keyring that the pool's state stores.
    ///
    /// - Throws: `SecurityDomainError.wrongGeneration`; `.rootMismatch` when the root does not give the key check
    ///   value; `.sealedKeyRejected` naming the key that is damaged, missing, or of another pool or generation.
    public static func unseal(root: RootKey, material: SealedKeyring) throws -> Keyring {
        let identity = material.identity
        guard root.generation == identity.generation else {
            throw SecurityDomainError.wrongGeneration(expected: identity.generation, got: root.generation)
        }
        guard SecureCompare.equal(try root.checkValue(poolID: identity.poolID), identity.keyCheckValue) else {
            throw SecurityDomainError.rootMismatch
        }
        let wrapping = try root.wrappingKey(poolID: identity.poolID)
        var opened = OpenedKeys()
        opened.middleKeys = try material.middleKeys.map { sealed in
            (sealed.role, try KeySealing.open(sealed, under: wrapping, identity: identity))
        }
        let keks = opened.middleKeys.filter { $0.role == .keyEncryption }.map(\.key)
        opened.systemKeys = try material.systemKeys.map { sealed in
            (sealed.role, try open(sealed, among: keks, identity: identity))
        }
        guard try opened.current(.poolIdentity).publicKey.spkiDER() == identity.identityKey else {
            throw SecurityDomainError.sealedKeyRejected(SystemKeyRole.poolIdentity.name)
        }
        return try Keyring(root: root, sealed: material, opened: opened)
    }

    /// The same with the root as it came out of a ceremony or from a peer.
    public static func unseal(
        root: consuming Secret, generation: UInt32, material: SealedKeyring
    ) throws -> Keyring {
        try unseal(root: try RootKey(root, generation: generation), material: material)
    }

    private static func open(
        _ sealed: SealedKeyring.SystemKey, among keks: [SecretKey], identity: PoolIdentity
    ) throws -> SystemSigningKey {
        guard let kek = keks.first(where: { $0.id == sealed.record.kekID }) else {
            throw SecurityDomainError.sealedKeyRejected(sealed.role.name)
        }
        return try KeySealing.open(sealed, under: kek, identity: identity)
    }
}
