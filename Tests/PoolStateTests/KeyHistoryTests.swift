import AccessControl
import CryptographicModule
import PoolState
import Testing

/// Keys out of backups, and keys that get new versions by rule.
@Suite struct KeyHistoryTests {
    private func backup(_ name: String = "a", versions: [Int] = [1, 2], rules: RotationRules? = nil) -> RestoredKey {
        RestoredKey(
            name: name,
            versions: versions.map {
                var version = Fixture.key(name, version: $0, record: 1000 + $0, origin: .restored)
                version.tags = ["number": "\($0)"]
                version.enabled = $0 != 1
                return RestoredKey.Version(version: version, updated: Int64($0) + 50)
            }, rotationRules: rules)
    }

    // MARK: Restoring

    @Test func aKeyComesBackWithAllItsVersions() throws {
        var replica = Replica.activated()
        let rules = Fixture.rules("P90D", afterCreation: "P30D")
        #expect(replica.apply(.restoreKey(backup(rules: rules))) == .applied)
        let key = try #require(replica.state.key("a"))
        #expect(key.versions.map(\.version) == [Fixture.version(1), Fixture.version(2)])
        #expect(key.versions.map(\.tags) == [["number": "1"], ["number": "2"]])
        #expect(key.versions.map(\.enabled) == [false, true] && key.versions.map(\.updated) == [51, 52])
        #expect(key.versions.map(\.created) == [Fixture.start / 1000, Fixture.start / 1000])
        #expect(key.versions.map(\.origin) == [.restored, .restored] && key.rotation?.rules == rules)
        #expect(replica.blobs.count == 2 && replica.state.keyCount == 1)
        #expect(try replica.reloaded().root == replica.state.root)
        #expect(try replica.reloaded().key("a") == key)
    }

    @Test func aNameThatIsTakenIsRefused() {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a")))
        let root = replica.state.key("a")
        #expect(replica.apply(.restoreKey(backup())) == .refused(.keyExists))
        #expect(replica.state.key("a") == root)
        replica.apply(.deleteKey(name: "a"))
        #expect(replica.apply(.restoreKey(backup())) == .refused(.keyIsDeleted))
        replica.apply(.purgeKey(name: "a", onlyIfDue: false))
        #expect(replica.apply(.restoreKey(backup())) == .applied)
        #expect(replica.apply(.restoreKey(backup())) == .refused(.keyExists))
    }

    /// Each entry spoils a good backup in one way; what was read before the fault leaves nothing behind.
    private static let spoiled: [(String, Refusal, @Sendable (inout RestoredKey) -> Void)] = [
        ("no versions", .invalidRestoredKey, { $0.versions = [] }),
        ("other name", .invalidRestoredKey, { $0.name = "b" }),
        ("mixed names", .invalidRestoredKey, { $0.versions[1].version.header.name = "b" }),
        ("rotation", .invalidRestoredKey, { $0.versions[0].version = Fixture.rotated(Fixture.key("a"), after: 1) }),
        ("foreign pool", .invalidKeyHeader, { $0.versions[1].version.header.poolID[3] = 1 }),
        ("repeated version", .duplicateKeyVersion, { $0.versions[1].version.header.version = Fixture.version(1) }),
        ("repeated record", .duplicateKeyRecord, { $0.versions[1].version.record = $0.versions[0].version.record }),
        ("empty record", .invalidKeyRecord, { $0.versions[1].version.record = [] }),
        ("bad rules", .invalidRotationRules, { $0.rotationRules = Fixture.rules("P1D") }),
    ]

    @Test func spoiledBackupsAreRefusedWhole() {
        for (what, refusal, spoil) in Self.spoiled {
            var replica = Replica.activated()
            var key = backup()
            spoil(&key)
            #expect(replica.apply(.restoreKey(key)) == .refused(refusal), "\(what)")
            #expect(replica.state.keyCount == 0 && replica.blobs.isEmpty, "\(what)")
            #expect(replica.apply(.restoreKey(backup())) == .applied, "\(what)")
        }
        var replica = Replica.activated()
        #expect(replica.apply(.restoreKey(backup(versions: Array(1...101)))) == .refused(.tooManyKeyVersions))
        #expect(replica.apply(.restoreKey(backup(versions: Array(1...100)))) == .applied)
        var before = Replica()
        before.apply(.initializePool(Fixture.genesis()))
        #expect(before.apply(.restoreKey(backup())) == .refused(.notActivated))
    }

    @Test func aRestoredKeyIsPurgedLikeAnyOther() {
        var replica = Replica.activated()
        replica.apply(.restoreKey(backup()))
        replica.apply(.deleteKey(name: "a"))
        replica.apply(.purgeKey(name: "a", onlyIfDue: false))
        #expect(replica.blobs.isEmpty && replica.state.keyCount == 0 && replica.state.deletedKeyCount == 0)
        #expect(replica.apply(.createKeyVersion(Fixture.key("a"))) == .key(name: "a", version: Fixture.version(1)))
    }

    // MARK: Rotation

    @Test func oneRotationTakesEffectOnce() {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a")))
        let second = Fixture.rotated(Fixture.key("a", version: 2), after: 1)
        let rival = Fixture.rotated(Fixture.key("a", version: 3), after: 1)
        #expect(replica.apply(.createKeyVersion(second)) == .key(name: "a", version: Fixture.version(2)))
        #expect(replica.apply(.createKeyVersion(rival)) == .refused(.rotationSuperseded))
        #expect(replica.state.key("a")?.versions.count == 2)
        // A key that is gone meanwhile isn't made anew.
        replica.apply(.deleteKey(name: "a"))
        let late = Fixture.rotated(Fixture.key("a", version: 4), after: 2)
        #expect(replica.apply(.createKeyVersion(late)) == .refused(.keyIsDeleted))
        replica.apply(.purgeKey(name: "a", onlyIfDue: false))
        #expect(replica.apply(.createKeyVersion(late)) == .refused(.rotationSuperseded))
        #expect(replica.state.keyCount == 0)
    }

    @Test func rulesAreKeptWithTheKey() throws {
        var replica = Replica.activated()
        let rules = Fixture.rules("P90D", beforeExpiry: "P30D")
        #expect(replica.apply(.setRotationRules(name: "a", rules: rules)) == .refused(.keyNotFound))
        replica.apply(.createKeyVersion(Fixture.key("a")))
        let short = PoolCommand.setRotationRules(name: "a", rules: Fixture.rules("P27D"))
        #expect(replica.apply(short) == .refused(.invalidRotationRules))
        #expect(replica.state.key("a")?.rotation == nil)
        #expect(replica.apply(.setRotationRules(name: "a", rules: rules)) == .applied)
        let now = Fixture.start / 1000
        replica.time += 9000
        replica.apply(.createKeyVersion(Fixture.key("a", version: 2)))
        replica.apply(.setKeyAttributes(KeyAttributeChange(name: "a", version: Fixture.version(2), enabled: false)))
        replica.apply(.deleteKey(name: "a"))
        #expect(replica.apply(.setRotationRules(name: "a", rules: nil)) == .refused(.keyNotFound))
        replica.apply(.recoverKey(name: "a"))
        var policy = try #require(replica.state.key("a")?.rotation)
        #expect(policy.rules == rules && policy.created == now && policy.updated == now)
        #expect(try replica.reloaded().key("a") == replica.state.key("a"))
        #expect(try replica.reloaded().root == replica.state.root)
        let other = Fixture.rules(nil, afterCreation: "P28D")
        replica.apply(.setRotationRules(name: "a", rules: other))
        policy = try #require(replica.state.key("a")?.rotation)
        #expect(policy.rules == other && policy.created == now && policy.updated == now + 9)
        #expect(replica.apply(.setRotationRules(name: "a", rules: nil)) == .applied)
        #expect(replica.state.key("a")?.rotation == nil)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func rulesHaveAShortestPeriod() {
        for (rules, problem) in [
            (Fixture.rules("P27DT23H"), RotationRules.Problem.expiryTooShort), (Fixture.rules("P28D"), nil),
            (Fixture.rules(nil, afterCreation: "P27D"), .triggerTooEarly),
            (Fixture.rules(nil, afterCreation: "P28D"), nil), (Fixture.rules(nil, afterCreation: "P1M"), nil),
            (Fixture.rules(nil, beforeExpiry: "P30D"), .triggerNeedsExpiry),
            (Fixture.rules("P57D", beforeExpiry: "P30D"), .triggerTooLongBeforeExpiry),
            (Fixture.rules("P58D", beforeExpiry: "P30D"), nil), (Fixture.rules(nil), nil),
        ] {
            #expect(rules.problem == problem)
        }
    }

    @Test func whenARotationIsDue() throws {
        var replica = Replica.activated()
        let created = Fixture.start / 1000
        replica.apply(.createKeyVersion(Fixture.key("a")))
        func isDue(_ time: Int64) -> Bool? { replica.state.key("a")?.isRotationDue(at: time) }
        #expect(isDue(.max) == false)
        replica.apply(.setRotationRules(name: "a", rules: Fixture.rules("P90D")))
        #expect(isDue(.max) == false)
        replica.apply(.setRotationRules(name: "a", rules: Fixture.rules(nil, afterCreation: "P30D")))
        #expect(isDue(created + 30 * 86_400 - 1) == false && isDue(created + 30 * 86_400) == true)
        // Before an expiry that the version doesn't have: never.
        replica.apply(.setRotationRules(name: "a", rules: Fixture.rules("P90D", beforeExpiry: "P10D")))
        #expect(isDue(.max) == false)
        var change = KeyAttributeChange(name: "a", version: Fixture.version(1), expires: .set(created + 50 * 86_400))
        replica.apply(.setKeyAttributes(change))
        #expect(isDue(created + 40 * 86_400 - 1) == false && isDue(created + 40 * 86_400) == true)

        // The log's own time decides, not the time of whoever proposes.
        let next = PoolCommand.createKeyVersion(
            Fixture.rotated(Fixture.key("a", version: 2), after: 1, onlyIfDue: true))
        #expect(replica.apply(next) == .refused(.rotationNotDue))
        replica.time += 40 * 86_400_000
        change.enabled = false
        replica.apply(.setKeyAttributes(change))
        #expect(replica.apply(next) == .refused(.rotationNotDue))
        change.enabled = true
        replica.apply(.setKeyAttributes(change))
        #expect(replica.apply(next) == .key(name: "a", version: Fixture.version(2)))
        #expect(replica.apply(next) == .refused(.rotationSuperseded))
        #expect(isDue(.max) == false)
    }
}
