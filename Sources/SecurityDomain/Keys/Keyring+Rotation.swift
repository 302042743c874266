public import CryptographicModule

/// A new root below which the pool goes on: nothing that is stored has to be touched.
extension Keyring {
    /// The next root beside the one in force.
    public struct Rotation: Sendable {
        /// The pool's keys under the next root.
        public let next: Keyring
        /// The next root, sealed under the one in force: nodes that hold that one follow by it.
        public let bridge: SealedRecord
        /// The root in force, sealed under the next one: the next officers open by it what was sealed before.
        public let wayBack: SealedRecord
    }

    /// Keys by which something is sealed that leaves the pool, or that is only ever made anew: with a new root they are
    /// new, too, so that who once opened the former ones opens nothing that is made from now on.
    private static let renewed: [MiddleKeyRole] = [.backup, .singleKeyBackup, .auditBlinding]

    /// Whether the keyring holds the keys of one more root.
    public var hasRoomForAnotherRoot: Bool {
        sealed.middleKeys.count + Self.renewed.count <= SealedKeyring.maximumKeys
    }

    /// Makes a root of the next generation.
    ///
    /// - Throws: `SecurityDomainError.malformed` where there would be more keys than a keyring holds.
    public func rotatingRoot() throws -> Rotation {
        let next = try underNewRoot()
        return Rotation(
            next: next, bridge: try sealRoot(next.root, of: next.identity),
            wayBack: try next.sealRoot(root, of: identity))
    }

    /// The same keys under a new root of the next generation, and new ones where former officers must not have them.
    ///
    /// The result shares the keys with this keyring: drop this one, and destroy only its root.
    public func underNewRoot() throws -> Keyring {
        let poolID = identity.poolID
        var opened = openedKeys
        for role in Self.renewed {
            guard let last = opened.middleKeys.lastIndex(where: { $0.role == role }) else {
                throw SecurityDomainError.sealedKeyRejected(role.name)
            }
            let key = SecretKey(consuming: try Random.secret(KeySealing.middleKeyLength), id: Random.bytes(16))
            opened.middleKeys.insert((role, key), at: last + 1)
        }
        guard opened.middleKeys.count <= SealedKeyring.maximumKeys else {
            throw SecurityDomainError.malformed(document: "sealed keyring", reason: "\(opened.middleKeys.count) keys")
        }
        let newRoot = try RootKey.generate(generation: identity.generation + 1)
        let wrapping = try newRoot.wrappingKey(poolID: poolID)
        let newIdentity = PoolIdentity(
            poolID: poolID, securityDomainID: identity.securityDomainID, generation: newRoot.generation,
            keyCheckValue: try newRoot.checkValue(poolID: poolID), identityKey: identity.identityKey,
            createdAt: identity.createdAt)
        let middleKeys = try opened.middleKeys.map { entry in
            try KeySealing.seal(
                entry.key, role: entry.role, under: wrapping, poolID: poolID, generation: newRoot.generation)
        }
        let newSealed = SealedKeyring(identity: newIdentity, middleKeys: middleKeys, systemKeys: sealed.systemKeys)
        return try Keyring(root: newRoot, sealed: newSealed, opened: opened)
    }

    /// The keyring that is in force, opened with the next root before that one rules.
    ///
    /// - Parameter wayBack: of the change that is under way.
    public func returning(to ruling: SealedKeyring, by wayBack: SealedRecord) throws -> Keyring {
        try Keyring.unseal(root: try openRoot(wayBack, of: ruling.identity), material: ruling)
    }

    /// The roots of former generations, the oldest first.
    ///
    /// - Parameter chain: as the pool's state has them, each sealed under the next one; the last under this one.
    /// - Throws: `SecurityDomainError.rootMismatch` where the chain is broken.
    public func formerRoots(_ chain: [[UInt8]]) throws -> [RootKey] {
        var roots: [RootKey] = []
        var newer = root
        for record in chain.reversed() {
            guard newer.generation > 0 else { throw SecurityDomainError.rootMismatch }
            newer = try Self.open(
                try SealedRecord(parsing: record), under: newer, generation: newer.generation - 1, of: identity)
            roots.insert(newer, at: 0)
        }
        return roots
    }

    // MARK: Roots sealed under roots

    /// `QBR1` ‖ pool ‖ security domain ‖ generation of the root that is sealed.
    private static func binding(_ identity: PoolIdentity, _ generation: UInt32) -> [UInt8] {
        var writer = FieldWriter(label: "QBR1")
        writer.field(identity.poolID)
        writer.field(identity.securityDomainID)
        writer.field(generation)
        return writer.bytes
    }

    /// Another root, sealed under this one.
    func sealRoot(_ other: RootKey, of identity: PoolIdentity) throws -> SealedRecord {
        let wrapping = try root.wrappingKey(poolID: identity.poolID)
        return try other.withSecret {
            try Sealing.seal($0, under: wrapping, associatedData: Self.binding(identity, other.generation))
        }
    }

    /// The root of `target`, which is sealed under this one.
    ///
    /// - Throws: `SecurityDomainError.wrongPool`; `.rootMismatch` where the record doesn't lead to that root.
    func openRoot(_ record: SealedRecord, of target: PoolIdentity) throws -> RootKey {
        guard target.poolID == identity.poolID else { throw SecurityDomainError.wrongPool }
        let found = try Self.open(record, under: root, generation: target.generation, of: target)
        guard SecureCompare.equal(try found.checkValue(poolID: target.poolID), target.keyCheckValue) else {
            throw SecurityDomainError.rootMismatch
        }
        return found
    }

    private static func open(
        _ record: SealedRecord, under root: RootKey, generation: UInt32, of identity: PoolIdentity
    ) throws -> RootKey {
        let secret: Secret
        do {
            secret = try Sealing.open(
                record, under: try root.wrappingKey(poolID: identity.poolID),
                associatedData: binding(identity, generation))
        } catch CryptoError.secureMemoryExhausted {
            throw CryptoError.secureMemoryExhausted
        } catch {
            throw SecurityDomainError.rootMismatch
        }
        return try RootKey(secret, generation: generation)
    }
}
