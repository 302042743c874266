import CryptographicModule

/// How the keys of a keyring are sealed: what their records are bound to.
enum KeySealing {
    static let middleKeyLength = 32

    /// `QMK1` ‖ pool ‖ role ‖ id ‖ root generation.
    private static func associatedData(
        poolID: [UInt8], role: MiddleKeyRole, id: [UInt8], generation: UInt32
    ) -> [UInt8] {
        var writer = FieldWriter(label: "QMK1")
        writer.field(poolID)
        writer.field(role.rawValue)
        writer.field(id)
        writer.field(generation)
        return writer.bytes
    }

    static func seal(
        _ key: SecretKey, role: MiddleKeyRole, under wrapping: SecretKey, poolID: [UInt8], generation: UInt32
    ) throws -> SealedKeyring.MiddleKey {
        let binding = associatedData(poolID: poolID, role: role, id: key.id, generation: generation)
        let record = try key.withSecret { try Sealing.seal($0, under: wrapping, associatedData: binding) }
        return SealedKeyring.MiddleKey(role: role, id: key.id, record: record)
    }

    /// - Throws: `SecurityDomainError.sealedKeyRejected` naming the role.
    static func open(
        _ sealed: SealedKeyring.MiddleKey, under wrapping: SecretKey, identity: PoolIdentity
    ) throws -> SecretKey {
        let binding = associatedData(
            poolID: identity.poolID, role: sealed.role, id: sealed.id, generation: identity.generation)
        do {
            let secret = try Sealing.open(sealed.record, under: wrapping, associatedData: binding)
            guard secret.count == middleKeyLength else { throw SecurityDomainError.sealedKeyRejected(sealed.role.name) }
            return SecretKey(consuming: secret, id: sealed.id)
        } catch CryptoError.secureMemoryExhausted {
            throw CryptoError.secureMemoryExhausted
        } catch {
            throw SecurityDomainError.sealedKeyRejected(sealed.role.name)
        }
    }

    // MARK: System keys

    /// The header that binds a system key's record: like that of a stored key, of the kind that no request can name.
    private static func header(
        poolID: [UInt8], role: SystemKeyRole, id: [UInt8], createdAt: Int64, publicKey: [UInt8]
    ) -> KeyHeader {
        KeyHeader(
            poolID: poolID, kind: KeyHeader.systemKind, name: role.name, version: id, keyType: role.keyType,
            curve: role.curve, bits: role.bits, operations: [.sign], exportable: false, releasePolicyDigest: [],
            releasePolicyImmutable: false, createdAt: createdAt, revision: 0, publicDigest: Digest.sha256(publicKey))
    }

    static func seal(
        _ key: SystemSigningKey, role: SystemKeyRole, id: [UInt8], createdAt: Int64, under kek: SecretKey,
        poolID: [UInt8]
    ) throws -> SealedKeyring.SystemKey {
        let publicKey = key.publicKey.spkiDER()
        let header = header(poolID: poolID, role: role, id: id, createdAt: createdAt, publicKey: publicKey)
        return SealedKeyring.SystemKey(
            role: role, id: id, createdAt: createdAt, publicKey: publicKey,
            record: try key.sealed(under: kek, associatedData: header.associatedData()))
    }

    /// - Throws: `SecurityDomainError.sealedKeyRejected` naming the role, also when the stored public half is not that
    ///   of the key.
    static func open(
        _ sealed: SealedKeyring.SystemKey, under kek: SecretKey, identity: PoolIdentity
    ) throws -> SystemSigningKey {
        let header = header(
            poolID: identity.poolID, role: sealed.role, id: sealed.id, createdAt: sealed.createdAt,
            publicKey: sealed.publicKey)
        do {
            let key = try SystemSigningKey(
                opening: sealed.record, under: kek, associatedData: header.associatedData(),
                specification: sealed.role.specification)
            guard key.publicKey.spkiDER() == sealed.publicKey else {
                throw SecurityDomainError.sealedKeyRejected(sealed.role.name)
            }
            return key
        } catch CryptoError.secureMemoryExhausted {
            throw CryptoError.secureMemoryExhausted
        } catch {
            throw SecurityDomainError.sealedKeyRejected(sealed.role.name)
        }
    }
}
