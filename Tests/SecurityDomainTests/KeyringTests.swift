import CryptographicModule
import Testing

@testable import SecurityDomain

@Suite("The key hierarchy")
struct KeyringTests {
    private func copy(_ root: RootKey, generation: UInt32? = nil) throws -> RootKey {
        try RootKey(try secret(try root.exposed()), generation: generation ?? root.generation)
    }

    private func entryTag(_ keyring: Keyring) throws -> [UInt8] {
        try keyring.entryTag(epoch: 1, term: 2, index: 3, previous: [4], payload: [5])
    }

    @Test("What was sealed opens to the same keys")
    func roundTrip() throws {
        let keyring = try TestWorld.keyring.get()
        let material = try SealedKeyring.decode(keyring.sealed.encode())
        #expect(material == keyring.sealed)
        #expect(material.encode() == keyring.sealed.encode())
        let opened = try Keyring.unseal(root: try copy(keyring.root), material: material)
        #expect(try entryTag(opened) == entryTag(keyring))
        #expect(opened.kek.id == keyring.kek.id)
        let record = try Sealing.seal(try secret([1, 2, 3]), under: keyring.kek, associatedData: [9])
        #expect(try Sealing.open(record, under: opened.kek, associatedData: [9]).exposed == [1, 2, 3])
        #expect(opened.tokenKey.publicKey == keyring.tokenKey.publicKey)
        #expect(opened.identity == keyring.identity)
        #expect(keyring.identity.identityKey == keyring.poolIdentityKey.publicKey.spkiDER())
    }

    @Test("A wrong root, or the right one under another generation, is told by the check value")
    func wrongRoot() throws {
        let keyring = try TestWorld.keyring.get()
        #expect(throws: SecurityDomainError.rootMismatch) {
            try Keyring.unseal(root: try RootKey.generate(generation: 0), material: keyring.sealed)
        }
        #expect(throws: SecurityDomainError.wrongGeneration(expected: 0, got: 1)) {
            try Keyring.unseal(root: try copy(keyring.root, generation: 1), material: keyring.sealed)
        }
        let root = keyring.root
        #expect(
            try root.checkValue(poolID: TestWorld.identifier(1)) != root.checkValue(poolID: TestWorld.identifier(2)))
        #expect(
            try root.checkValue(poolID: TestWorld.identifier(1))
                != copy(root, generation: 1).checkValue(poolID: TestWorld.identifier(1)))
    }

    @Test("Every sealed key that is damaged is named")
    func damagedKeys() throws {
        let keyring = try TestWorld.keyring.get()
        let sealed = keyring.sealed
        func damaged(_ record: SealedRecord) throws -> SealedRecord {
            var bytes = record.bytes
            bytes[bytes.count - 1] ^= 1
            return try SealedRecord(parsing: bytes)
        }
        for (index, key) in sealed.middleKeys.enumerated() {
            var keys = sealed.middleKeys
            keys[index] = .init(role: key.role, id: key.id, record: try damaged(key.record))
            let material = SealedKeyring(identity: sealed.identity, middleKeys: keys, systemKeys: sealed.systemKeys)
            #expect(throws: SecurityDomainError.sealedKeyRejected(key.role.name)) {
                try Keyring.unseal(root: keyring.root, material: material)
            }
        }
        for (index, key) in sealed.systemKeys.enumerated() {
            var keys = sealed.systemKeys
            keys[index] = .init(
                role: key.role, id: key.id, createdAt: key.createdAt, publicKey: key.publicKey,
                record: try damaged(key.record))
            let material = SealedKeyring(identity: sealed.identity, middleKeys: sealed.middleKeys, systemKeys: keys)
            #expect(throws: SecurityDomainError.sealedKeyRejected(key.role.name)) {
                try Keyring.unseal(root: keyring.root, material: material)
            }
        }
    }

    @Test("A middle key is bound to its role and id, a system key to its header; none may be missing")
    func bindings() throws {
        let keyring = try TestWorld.keyring.get()
        let sealed = keyring.sealed
        func unseal(_ middle: [SealedKeyring.MiddleKey], _ system: [SealedKeyring.SystemKey]) throws {
            _ = try Keyring.unseal(
                root: keyring.root,
                material: SealedKeyring(identity: sealed.identity, middleKeys: middle, systemKeys: system))
        }
        var middle = sealed.middleKeys
        (middle[1], middle[2]) = (
            .init(role: middle[1].role, id: middle[1].id, record: middle[2].record),
            .init(role: middle[2].role, id: middle[2].id, record: middle[1].record)
        )
        #expect(throws: SecurityDomainError.sealedKeyRejected("STK")) { try unseal(middle, sealed.systemKeys) }
        #expect(throws: SecurityDomainError.sealedKeyRejected("BKP")) {
            try unseal(sealed.middleKeys.filter { $0.role != .backup }, sealed.systemKeys)
        }
        #expect(throws: SecurityDomainError.sealedKeyRejected("TOK")) {
            try unseal(sealed.middleKeys, sealed.systemKeys.filter { $0.role != .tokenSigning })
        }
        var system = sealed.systemKeys
        let old = system[1]
        system[1] = .init(
            role: old.role, id: old.id, createdAt: old.createdAt + 1, publicKey: old.publicKey, record: old.record)
        #expect(throws: SecurityDomainError.sealedKeyRejected("NCA")) { try unseal(sealed.middleKeys, system) }
    }

    @Test("Every flipped bit of the stored form is found, either in decoding or in opening")
    func bitFlips() throws {
        let keyring = try TestWorld.keyring.get()
        let bytes = keyring.sealed.encode()
        var generator = SeededGenerator(seed: 1)
        // Creation time and security domain id of the identity are not secret and not sealed here: they are bound
        // elsewhere (state tag).
        let ranges = fieldRanges(bytes)
        let unbound = [ranges[2], ranges[6]]
        for _ in 0..<600 {
            var changed = bytes
            let position = Int.random(in: 0..<bytes.count, using: &generator)
            if unbound.contains(where: { $0.contains(position) }) { continue }
            changed[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            #expect(throws: (any Error).self, "bit of byte \(position)") {
                try Keyring.unseal(root: keyring.root, material: try SealedKeyring.decode(changed))
            }
        }
    }

    @Test("Tags depend on every field, and on nothing that could be shifted between fields")
    func tags() throws {
        let keyring = try TestWorld.keyring.get()
        let tags = try [
            keyring.entryTag(epoch: 1, term: 2, index: 3, previous: [4], payload: [5]),
            keyring.entryTag(epoch: 9, term: 2, index: 3, previous: [4], payload: [5]),
            keyring.entryTag(epoch: 1, term: 9, index: 3, previous: [4], payload: [5]),
            keyring.entryTag(epoch: 1, term: 2, index: 9, previous: [4], payload: [5]),
            keyring.entryTag(epoch: 1, term: 2, index: 3, previous: [9], payload: [5]),
            keyring.entryTag(epoch: 1, term: 2, index: 3, previous: [4], payload: [9]),
            keyring.entryTag(epoch: 1, term: 2, index: 3, previous: [4, 5], payload: []),
            keyring.proposalProof(epoch: 1, proposer: 2, proposalID: [4], command: [5]),
            keyring.proposalProof(epoch: 9, proposer: 2, proposalID: [4], command: [5]),
            keyring.proposalProof(epoch: 1, proposer: 9, proposalID: [4], command: [5]),
            keyring.proposalProof(epoch: 1, proposer: 2, proposalID: [9], command: [5]),
            keyring.proposalProof(epoch: 1, proposer: 2, proposalID: [4], command: [9]),
            keyring.proposalProof(epoch: 1, proposer: 2, proposalID: [4, 5], command: []),
            keyring.stateTag(poolID: [1], epoch: 1, index: 2, term: 3, chainTag: [4], root: [5]),
            keyring.stateTag(poolID: [9], epoch: 1, index: 2, term: 3, chainTag: [4], root: [5]),
            keyring.stateTag(poolID: [1], epoch: 9, index: 2, term: 3, chainTag: [4], root: [5]),
            keyring.stateTag(poolID: [1], epoch: 1, index: 9, term: 3, chainTag: [4], root: [5]),
            keyring.stateTag(poolID: [1], epoch: 1, index: 2, term: 9, chainTag: [4], root: [5]),
            keyring.stateTag(poolID: [1], epoch: 1, index: 2, term: 3, chainTag: [9], root: [5]),
            keyring.stateTag(poolID: [1], epoch: 1, index: 2, term: 3, chainTag: [4], root: [9]),
        ]
        #expect(Set(tags).count == tags.count)
        #expect(tags.allSatisfy { $0.count == 32 })
    }

    @Test("Under a new root the same keys open, and only with the new root")
    func newRoot() throws {
        let old = try TestWorld.keyring.get()
        let new = try old.underNewRoot()
        #expect(new.identity.generation == 1)
        #expect(new.identity.keyCheckValue != old.identity.keyCheckValue)
        let opened = try Keyring.unseal(
            root: try copy(new.root), material: try SealedKeyring.decode(new.sealed.encode()))
        #expect(try entryTag(opened) == entryTag(old))
        #expect(throws: SecurityDomainError.rootMismatch) {
            try Keyring.unseal(root: try copy(old.root, generation: 1), material: new.sealed)
        }
    }

    @Test("Over the bridge from the former root to the next one, and back before that one rules")
    func rotation() throws {
        let old = try TestWorld.keyring.get()
        let rotation = try old.rotatingRoot()
        let next = rotation.next
        let followed = try old.following(next.sealed, bridge: rotation.bridge)
        #expect(try followed.root.exposed() == next.root.exposed())
        #expect(try entryTag(followed) == entryTag(old) && followed.kek.id == old.kek.id)
        // What leaves the pool is under keys that nobody had before.
        #expect(followed.backupKey.id != old.backupKey.id)
        #expect(followed.singleKeyBackupKey.id != old.singleKeyBackupKey.id)
        #expect(followed.singleKeyBackupKey(id: old.singleKeyBackupKey.id) != nil)
        let returned = try next.returning(to: old.sealed, by: rotation.wayBack)
        #expect(try returned.root.exposed() == old.root.exposed())
        #expect(throws: SecurityDomainError.rootMismatch) {
            try old.following(next.sealed, bridge: rotation.wayBack)
        }
        let another = try old.rotatingRoot()
        #expect(throws: SecurityDomainError.rootMismatch) {
            try old.following(next.sealed, bridge: another.bridge)
        }
        // The chain of former roots, from the newest to the oldest.
        let third = try next.rotatingRoot()
        let chain = [rotation.wayBack.bytes, third.wayBack.bytes]
        let former = try third.next.formerRoots(chain)
        #expect(former.map(\.generation) == [0, 1])
        #expect(try former[0].exposed() == old.root.exposed() && former[1].exposed() == next.root.exposed())
        #expect(throws: SecurityDomainError.rootMismatch) { try third.next.formerRoots(chain.reversed()) }
    }

    @Test("No change of the root beyond what a keyring has room for")
    func manyRotations() throws {
        let shared = try TestWorld.keyring.get()
        var opened = shared.openedKeys
        let place = try #require(opened.middleKeys.firstIndex { $0.role == .backup })
        // Each change adds three, and 1024 is the most.
        let key = try #require(opened.middleKeys.first { $0.role == .backup }).key
        let former = (0..<1015).map { _ in (role: MiddleKeyRole.backup, key: key) }
        opened.middleKeys.insert(contentsOf: former, at: place)
        let many = try Keyring(root: shared.root, sealed: shared.sealed, opened: opened)
        let last = try many.underNewRoot()
        #expect(try SealedKeyring.decode(last.sealed.encode()) == last.sealed && last.sealed.middleKeys.count == 1024)
        #expect(try many.hasRoomForAnotherRoot && !last.hasRoomForAnotherRoot)
        #expect(throws: SecurityDomainError.self) { try last.underNewRoot() }
    }

    @Test("A new key-encryption key seals, the former one opens until it is retired")
    func newKeyEncryptionKey() throws {
        let old = try TestWorld.keyring.get()
        let binding = [UInt8](repeating: 7, count: 20)
        let before = try Sealing.seal(try secret([1, 2, 3]), under: old.kek, associatedData: binding)
        let next = try old.withNewKeyEncryptionKey()
        #expect(next.kek.id != old.kek.id && next.keyEncryptionKeys.map(\.id) == [old.kek.id, next.kek.id])
        #expect(next.identity == old.identity && next.backupKey.id == old.backupKey.id)
        #expect(next.sealed.systemKeys.allSatisfy { $0.record.kekID == next.kek.id })
        #expect(next.sealed.systemKeys.map(\.publicKey) == old.sealed.systemKeys.map(\.publicKey))

        // As another node finds it in the state.
        let opened = try Keyring.unseal(root: old.root, material: try SealedKeyring.decode(next.sealed.encode()))
        let former = try #require(opened.keyEncryptionKeys.first)
        #expect(try Sealing.open(before, under: former, associatedData: binding).exposed == [1, 2, 3])
        #expect(try entryTag(opened) == entryTag(old))

        let retired = try opened.sealedWithoutFormerKeyEncryptionKeys()
        let last = try Keyring.unseal(root: old.root, material: try SealedKeyring.decode(retired.encode()))
        #expect(last.keyEncryptionKeys.map(\.id) == [next.kek.id])
        #expect(last.tokenKey.publicKey == old.tokenKey.publicKey)
        let mixed = SealedKeyring(
            identity: old.identity, middleKeys: next.sealed.middleKeys, systemKeys: old.sealed.systemKeys)
        let unfinished = try Keyring(root: old.root, sealed: mixed, opened: next.openedKeys)
        #expect(throws: SecurityDomainError.self) { try unfinished.sealedWithoutFormerKeyEncryptionKeys() }

        // A node that was away follows to a root that came after the former key had gone.
        let rotation = try last.rotatingRoot()
        let follower = try old.following(rotation.next.sealed, bridge: rotation.bridge)
        #expect(follower.keyEncryptionKeys.map(\.id) == [next.kek.id])
        // A backup from before both opens with the root of its time.
        let keys = try rotation.next.backupKeys(of: old.sealed, formerRoots: [rotation.wayBack.bytes])
        #expect(keys.keyEncryptionKey(id: old.kek.id) != nil)
        #expect(throws: SecurityDomainError.self) { try rotation.next.backupKeys(of: old.sealed) }
    }

    @Test("A destroyed keyring does nothing any more")
    func destroyed() throws {
        let shared = try TestWorld.keyring.get()
        let keyring = try Keyring.unseal(root: try copy(shared.root), material: shared.sealed)
        keyring.destroy()
        #expect(throws: (any Error).self) { try entryTag(keyring) }
        #expect(throws: (any Error).self) { try keyring.root.checkValue(poolID: TestWorld.identifier(1)) }
        #expect(throws: (any Error).self) { try keyring.underNewRoot() }
        #expect(throws: (any Error).self) {
            try Sealing.seal(try secret([1]), under: keyring.kek, associatedData: [])
        }
    }

    @Test("A new pool takes over the root of a lost one, and its officers open it from then on")
    func adoption() throws {
        func create(_ pool: UInt8) throws -> Keyring {
            try Keyring.create(
                poolID: TestWorld.identifier(pool), securityDomainID: TestWorld.identifier(pool + 1),
                createdAt: TestWorld.now
            ).keyring
        }
        let (lost, new) = (try create(0x10), try create(0x20))
        let adoption = try new.adopting(OpenedDomain(root: lost.root, identity: lost.identity))
        #expect(try SealedKeyring.decode(adoption.sealed.encode()) == adoption.sealed)
        #expect(try SealedKeyring.decode(new.sealed.encode()) == new.sealed)
        let identity = adoption.sealed.identity
        #expect(identity.poolID == new.identity.poolID && identity.domainPoolID == lost.identity.poolID)
        #expect(identity.securityDomainID == lost.identity.securityDomainID && identity.isAdopted)

        // Another unsealed node follows; its keys stay what they were.
        let follower = try Keyring.unseal(root: new.root, material: new.sealed)
            .following(adoption.sealed, bridge: adoption.bridge)
        #expect(try follower.root.exposed() == lost.root.exposed() && follower.kek.id == new.kek.id)
        #expect(throws: SecurityDomainError.wrongPool) {
            try lost.following(adoption.sealed, bridge: adoption.bridge)
        }
        // After a restart: the lost pool's root opens it, the one that it was made with no more.
        let opened = try Keyring.unseal(root: lost.root, material: adoption.sealed)
        #expect(opened.kek.id == new.kek.id)
        #expect(throws: (any Error).self) { try Keyring.unseal(root: new.root, material: adoption.sealed) }
        // Backups of the lost pool open here.
        let keys = try opened.backupKeys(of: lost.sealed)
        // Backups of single keys, too, once their key was taken over; new ones are under the pool's own.
        #expect(opened.singleKeyBackupKey(id: lost.singleKeyBackupKey.id) == nil)
        let extended = try Keyring.unseal(
            root: lost.root, material: try opened.accepting(singleKeyBackupsOf: keys))
        #expect(extended.singleKeyBackupKey(id: lost.singleKeyBackupKey.id) != nil)
        #expect(extended.singleKeyBackupKey.id == new.singleKeyBackupKey.id && extended.identity == opened.identity)
        #expect(try extended.accepting(singleKeyBackupsOf: keys) == extended.sealed)
        #expect(throws: SecurityDomainError.wrongSecurityDomain) { try new.backupKeys(of: lost.sealed) }
        let officers = OpenedDomain(root: lost.root, identity: lost.identity)
        try officers.check(matches: identity)
        #expect(throws: SecurityDomainError.wrongPool) { try officers.check(matches: new.identity) }
        #expect(throws: SecurityDomainError.wrongPool) {
            try new.adopting(OpenedDomain(root: new.root, identity: new.identity))
        }
    }
}
