import AccessControl
import CryptographicModule
import PoolState
import Testing

@Suite struct KeyCommandTests {
    // MARK: Versions

    @Test func aKeyAndItsNextVersion() throws {
        var replica = Replica.activated()
        let first = Fixture.key("a")
        #expect(replica.apply(.createKeyVersion(first)) == .key(name: "a", version: Fixture.version(1)))
        replica.apply(.createKeyVersion(Fixture.symmetricKey("a", version: 2)))
        let key = try #require(replica.state.key("a"))
        #expect(key.versions.map(\.version) == [Fixture.version(1), Fixture.version(2)])
        #expect(key.latest.version == Fixture.version(2) && key.latest.publicKey == nil)
        let stored = try #require(key.version(Fixture.version(1)))
        #expect(stored.header == first.header && stored.publicKey == first.publicKey && stored.enabled)
        #expect(stored.recordDigest == Digest.sha256(first.record))
        #expect(replica.blobs[stored.recordDigest] == first.record)
        #expect(stored.created == Fixture.start / 1000 && stored.updated == stored.created)
        #expect(key.version(Fixture.version(3)) == nil && key.version([1]) == nil)
    }

    @Test func keysAreRefusedBeforeActivation() {
        var replica = Replica()
        let key = PoolCommand.createKeyVersion(Fixture.key("a"))
        #expect(replica.apply(key) == .refused(.notInitialized))
        replica.apply(.initializePool(Fixture.genesis()))
        #expect(replica.apply(key) == .refused(.notActivated))
        #expect(replica.apply(.deleteKey(name: "a")) == .refused(.notActivated))
        #expect(replica.apply(.recoverKey(name: "a")) == .refused(.notActivated))
        #expect(replica.apply(.purgeKey(name: "a", onlyIfDue: false)) == .refused(.notActivated))
        replica.apply(.securityDomainPrepared(Fixture.securityDomain()))
        #expect(replica.apply(key) == .refused(.notActivated))
        replica.apply(.securityDomainActivated(generation: 0))
        #expect(replica.apply(key) == .key(name: "a", version: Fixture.version(1)))
    }

    /// Each entry spoils a good key in one way.
    static let spoiled: [(String, Refusal, @Sendable (inout NewKeyVersion) -> Void)] = [
        ("empty name", .invalidKeyName, { $0.header.name = "" }),
        ("long name", .invalidKeyName, { $0.header.name = String(repeating: "a", count: 128) }),
        ("odd name", .invalidKeyName, { $0.header.name = "a_b" }),
        ("path as name", .invalidKeyName, { $0.header.name = "../a" }),
        ("foreign pool", .invalidKeyHeader, { $0.header.poolID = [UInt8](repeating: 1, count: 16) }),
        ("system key", .invalidKeyHeader, { $0.header.kind = KeyHeader.systemKind }),
        ("short version", .invalidKeyHeader, { $0.header.version = [1] }),
        ("no bits", .invalidKeyHeader, { $0.header.bits = 0 }),
        ("public key missing", .invalidKeyHeader, { $0.publicKey = nil }),
        ("other type", .invalidKeyHeader, { $0.header.keyType = .rsaHSM }),
        ("symmetric with public key", .invalidKeyHeader, { $0.header.keyType = .octHSM }),
        ("other curve", .invalidKeyHeader, { $0.header.curve = .p384 }),
        ("other public key", .invalidKeyHeader, { $0.header.publicDigest = [UInt8](repeating: 0, count: 32) }),
        ("import is not alone", .invalidKeyHeader, { $0.header.operations = [.import, .sign] }),
        ("empty record", .invalidKeyRecord, { $0.record = [] }),
        ("long record", .invalidKeyRecord, { $0.record = [UInt8](repeating: 0, count: 32 << 10 | 1) }),
        ("long tag", .invalidTags, { $0.tags = ["a": String(repeating: "b", count: 257)] }),
        ("long tag name", .invalidTags, { $0.tags = [String(repeating: "b", count: 257): ""] }),
        ("nameless tag", .invalidTags, { $0.tags = ["": "b"] }),
        ("sixteen tags", .invalidTags, { $0.tags = Dictionary(uniqueKeysWithValues: (0..<16).map { ("\($0)", "") }) }),
        (
            "policy without its digest", .invalidReleasePolicy,
            { $0.releasePolicy = ReleasePolicy(contentType: "application/json", data: [1]) }
        ),
        ("digest without policy", .invalidReleasePolicy, { $0.header.releasePolicyDigest = Digest.sha256([1]) }),
        ("immutable without policy", .invalidReleasePolicy, { $0.header.releasePolicyImmutable = true }),
    ]

    @Test func spoiledKeysAreRefused() {
        var replica = Replica.activated()
        for (what, refusal, spoil) in Self.spoiled {
            var key = Fixture.key("a")
            spoil(&key)
            #expect(replica.apply(.createKeyVersion(key)) == .refused(refusal), "\(what)")
        }
        #expect(replica.state.keyCount == 0 && replica.blobs.isEmpty)
        var allowed = Fixture.key("a")
        allowed.tags = Dictionary(
            uniqueKeysWithValues: (0..<15).map { ("\($0)", String(repeating: "ä", count: 256)) })
        #expect(replica.apply(.createKeyVersion(allowed)) == .key(name: "a", version: Fixture.version(1)))
    }

    @Test func noTwoVersionsHaveTheSameId() {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a")))
        let twin = Fixture.key("a", material: 99, record: 99)
        #expect(replica.apply(.createKeyVersion(twin)) == .refused(.duplicateKeyVersion))
    }

    @Test func generatedKeysHaveNewMaterial() {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a", material: 5)))
        let twin = Fixture.key("b", material: 5)
        #expect(replica.apply(.createKeyVersion(twin)) == .refused(.duplicateKeyMaterial))
        let imported = Fixture.key("c", material: 5, origin: .imported)
        #expect(replica.apply(.createKeyVersion(imported)) == .key(name: "c", version: Fixture.version(1)))

        replica.apply(.createKeyVersion(Fixture.rsaKey("d", modulus: 9, exponent: [1, 0, 1])))
        let sameModulus = Fixture.rsaKey("e", modulus: 9, exponent: [3])
        #expect(replica.apply(.createKeyVersion(sameModulus)) == .refused(.duplicateKeyMaterial))
    }

    @Test func materialIsFreeAgainOnceItsLastKeyIsPurged() {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a", material: 5)))
        replica.apply(.createKeyVersion(Fixture.key("c", material: 5, origin: .imported)))
        for name in ["a", "c"] {
            let blocked = Fixture.key("b", version: 7, material: 5)
            #expect(replica.apply(.createKeyVersion(blocked)) == .refused(.duplicateKeyMaterial))
            replica.apply(.deleteKey(name: name))
            #expect(replica.apply(.createKeyVersion(blocked)) == .refused(.duplicateKeyMaterial))
            replica.apply(.purgeKey(name: name, onlyIfDue: false))
        }
        #expect(replica.apply(.createKeyVersion(Fixture.key("b", material: 5))) != .refused(.duplicateKeyMaterial))
    }

    @Test func noTwoVersionsShareARecord() {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a", record: 5)))
        #expect(
            replica.apply(.createKeyVersion(Fixture.key("b", record: 5))) == .refused(.duplicateKeyRecord))
    }

    @Test func aKeyHasAHundredVersions() {
        var replica = Replica.activated()
        for number in 1...100 {
            #expect(
                replica.apply(.createKeyVersion(Fixture.key("a", version: number)))
                    == .key(name: "a", version: Fixture.version(number)))
        }
        #expect(replica.apply(.createKeyVersion(Fixture.key("a", version: 101))) == .refused(.tooManyKeyVersions))
        #expect(replica.state.key("a")?.version(Fixture.version(42))?.version == Fixture.version(42))
    }

    // MARK: Attributes

    private func change(_ edit: (inout KeyAttributeChange) -> Void) -> PoolCommand {
        var change = KeyAttributeChange(name: "a", version: Fixture.version(1))
        edit(&change)
        return .setKeyAttributes(change)
    }

    @Test func onlyWhatIsGivenChanges() throws {
        var replica = Replica.activated()
        var key = Fixture.key("a")
        key.tags = ["t": "1"]
        key.expires = 77
        replica.apply(.createKeyVersion(key))
        replica.time += 5000
        #expect(replica.apply(change { $0.enabled = false }) == .applied)
        #expect(replica.apply(change { $0.notBefore = .set(5) }) == .applied)
        var version = try #require(replica.state.key("a")?.latest)
        #expect(!version.enabled && version.notBefore == 5 && version.expires == 77 && version.tags == ["t": "1"])
        #expect(version.updated == Fixture.start / 1000 + 5 && version.created == Fixture.start / 1000)
        replica.apply(change { ($0.expires, $0.tags) = (.clear, ["u": "2"]) })
        version = try #require(replica.state.key("a")?.latest)
        #expect(version.expires == nil && version.notBefore == 5 && version.tags == ["u": "2"])
        #expect(replica.apply(change { $0.tags = ["": ""] }) == .refused(.invalidTags))
        #expect(replica.apply(change { $0.name = "b" }) == .refused(.keyNotFound))
        #expect(replica.apply(change { $0.version = Fixture.version(2) }) == .refused(.keyVersionNotFound))
        #expect(replica.apply(change { $0.version = [] }) == .refused(.keyVersionNotFound))
    }

    @Test func anOlderVersionCanBeChanged() throws {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a", version: 1)))
        replica.apply(.createKeyVersion(Fixture.key("a", version: 2)))
        replica.apply(change { $0.enabled = false })
        let key = try #require(replica.state.key("a"))
        #expect(key.versions.map(\.enabled) == [false, true] && key.latest.enabled)
        #expect(try replica.reloaded().key("a") == key)
    }

    @Test func resealingComparesTheRevision() throws {
        var replica = Replica.activated()
        let key = Fixture.key("a")
        replica.apply(.createKeyVersion(key))
        var header = key.header
        header.operations = [.verify]
        header.revision = 1
        let first = ResealedKey(header: header, record: [1])
        #expect(replica.apply(change { $0.resealed = first }) == .applied)
        let version = try #require(replica.state.key("a")?.latest)
        #expect(version.operations == [.verify] && version.recordDigest == Digest.sha256([1]))
        #expect(Set(replica.blobs.keys) == [Digest.sha256([1])])
        // A second change made from the same old revision comes too late.
        let second = ResealedKey(header: header, record: [2])
        #expect(replica.apply(change { $0.resealed = second }) == .refused(.revisionMismatch))
        header.revision = 3
        let skipped = ResealedKey(header: header, record: [3])
        #expect(replica.apply(change { $0.resealed = skipped }) == .refused(.revisionMismatch))
    }

    @Test func resealingChangesNothingElseOfTheHeader() {
        var replica = Replica.activated()
        let key = Fixture.key("a")
        replica.apply(.createKeyVersion(key))
        let edits: [(inout KeyHeader) -> Void] = [
            { $0.exportable = true }, { $0.createdAt += 1 }, { $0.name = "b" }, { $0.bits = 384 },
            { $0.version = Fixture.version(9) }, { $0.publicDigest = [] }, { $0.poolID = [] }, { $0.kind = 2 },
            { $0.keyType = .rsaHSM }, { $0.curve = nil },
        ]
        for edit in edits {
            var header = key.header
            header.revision = 1
            edit(&header)
            let resealed = ResealedKey(header: header, record: [1])
            #expect(replica.apply(change { $0.resealed = resealed }) == .refused(.invalidKeyHeader))
        }
        for record in [[], [UInt8](repeating: 0, count: 32 << 10 | 1)] {
            var header = key.header
            header.revision = 1
            let resealed = ResealedKey(header: header, record: record)
            #expect(replica.apply(change { $0.resealed = resealed }) == .refused(.invalidKeyRecord))
        }
    }

    @Test func importIsNeitherGivenNorTaken() {
        var replica = Replica.activated()
        var exchange = Fixture.rsaKey("a", modulus: 1, exponent: [1, 0, 1])
        exchange.header.operations = .import
        replica.apply(.createKeyVersion(exchange))
        var header = exchange.header
        header.revision = 1
        header.operations = [.decrypt]
        let taken = ResealedKey(header: header, record: [1])
        #expect(replica.apply(change { $0.resealed = taken }) == .refused(.importOperationImmutable))

        let signing = Fixture.key("b")
        replica.apply(.createKeyVersion(signing))
        var given = KeyAttributeChange(name: "b", version: Fixture.version(1))
        header = signing.header
        header.revision = 1
        header.operations = .import
        given.resealed = ResealedKey(header: header, record: [1])
        #expect(replica.apply(.setKeyAttributes(given)) == .refused(.importOperationImmutable))
    }

    @Test func anImmutableReleasePolicyStays() {
        var replica = Replica.activated()
        let policy = ReleasePolicy(contentType: "application/json", data: Array("{}".utf8))
        var key = Fixture.key("a")
        key.releasePolicy = policy
        key.header.releasePolicyDigest = Digest.sha256(policy.data)
        key.header.releasePolicyImmutable = true
        key.header.exportable = true
        replica.apply(.createKeyVersion(key))
        var header = key.header
        header.revision = 1
        let other = ReleasePolicy(contentType: "application/json", data: [1])
        header.releasePolicyDigest = Digest.sha256(other.data)
        let changed = ResealedKey(header: header, record: [1], releasePolicy: other)
        #expect(replica.apply(change { $0.resealed = changed }) == .refused(.releasePolicyImmutable))
        header = key.header
        header.revision = 1
        header.releasePolicyImmutable = false
        let loosened = ResealedKey(header: header, record: [1], releasePolicy: policy)
        #expect(replica.apply(change { $0.resealed = loosened }) == .refused(.releasePolicyImmutable))
        header.releasePolicyImmutable = true
        header.operations = [.sign]
        let kept = ResealedKey(header: header, record: [1], releasePolicy: policy)
        #expect(replica.apply(change { $0.resealed = kept }) == .applied)
    }

    // MARK: Deletion

    @Test func deleteRecoverPurge() throws {
        var replica = Replica.activated(settings: PoolSettings(recoverableDays: 7))
        let now = Fixture.start / 1000
        replica.apply(.createKeyVersion(Fixture.key("a", version: 1)))
        replica.apply(.createKeyVersion(Fixture.key("a", version: 2)))
        #expect(replica.apply(.recoverKey(name: "a")) == .refused(.keyIsNotDeleted))
        #expect(replica.apply(.purgeKey(name: "a", onlyIfDue: false)) == .refused(.deletedKeyNotFound))
        #expect(replica.apply(.deleteKey(name: "a")) == .applied)
        #expect(replica.state.key("a") == nil && replica.state.keyCount == 0 && replica.state.deletedKeyCount == 1)
        let deleted = try #require(replica.state.deletedKey("a"))
        #expect(deleted.deletion == KeyDeletion(deletedAt: now, scheduledPurgeAt: now + 7 * 86_400))
        #expect(deleted.versions.count == 2)

        #expect(replica.apply(.deleteKey(name: "a")) == .refused(.keyNotFound))
        #expect(replica.apply(.createKeyVersion(Fixture.key("a", version: 3))) == .refused(.keyIsDeleted))
        #expect(
            replica.apply(.setKeyAttributes(KeyAttributeChange(name: "a", version: Fixture.version(1))))
                == .refused(.keyNotFound))
        #expect(replica.apply(.recoverKey(name: "a")) == .applied)
        #expect(replica.state.key("a")?.versions.count == 2 && replica.state.deletedKeyCount == 0)

        replica.apply(.deleteKey(name: "a"))
        #expect(replica.apply(.purgeKey(name: "a", onlyIfDue: false)) == .applied)
        #expect(replica.state.deletedKey("a") == nil && replica.blobs.isEmpty)
        #expect(replica.apply(.recoverKey(name: "a")) == .refused(.deletedKeyNotFound))
        #expect(
            replica.apply(.createKeyVersion(Fixture.key("a", version: 1)))
                == .key(name: "a", version: Fixture.version(1)))
    }

    @Test func purgeProtectionHoldsUntilTheRetentionEnds() {
        var replica = Replica.activated(settings: PoolSettings(recoverableDays: 7, purgeProtection: true))
        replica.apply(.createKeyVersion(Fixture.key("a")))
        replica.apply(.deleteKey(name: "a"))
        replica.time += 7 * 86_400_000 - 1
        #expect(replica.apply(.purgeKey(name: "a", onlyIfDue: true)) == .refused(.purgeNotDue))
        #expect(replica.apply(.purgeKey(name: "a", onlyIfDue: false)) == .refused(.purgeProtected))
        replica.time += 1
        #expect(replica.apply(.purgeKey(name: "a", onlyIfDue: true)) == .applied)
    }

    @Test func listingsAreInOrderOfName() {
        var replica = Replica.activated()
        for name in ["b", "a", "B", "c-1", "c"] {
            replica.apply(.createKeyVersion(Fixture.key(name)))
        }
        #expect(replica.state.keys(limit: 3).map(\.name) == ["B", "a", "b"])
        #expect(replica.state.keys(after: "b", limit: 3).map(\.name) == ["c", "c-1"])
        replica.apply(.deleteKey(name: "b"))
        #expect(replica.state.keys(limit: 9).map(\.name) == ["B", "a", "c", "c-1"])
        #expect(replica.state.deletedKeys(limit: 9).map(\.name) == ["b"])
    }
}
