import AccessControl
import CryptographicModule
import PoolState
import Testing

/// A change of the key-encryption key, step by step, and what is refused at each.
@Suite struct KeyEncryptionTests {
    private static let first = [UInt8](repeating: 1, count: 16)
    private static let second = [UInt8](repeating: 2, count: 16)
    private static let third = [UInt8](repeating: 3, count: 16)

    /// A record that says which key sealed it, and opens nowhere.
    private static func record(_ kek: [UInt8], _ number: UInt8) -> [UInt8] {
        [1, 1] + kek + [UInt8](repeating: number, count: 32 + 16 + 8)
    }

    private static func key(_ name: String, version: Int = 1, under kek: [UInt8], _ number: UInt8) -> NewKeyVersion {
        var key = Fixture.key(name, version: version)
        key.record = record(kek, number)
        return key
    }

    private static func rotation(
        _ state: PoolState, from former: [UInt8] = first, to current: [UInt8] = second
    ) -> KeyEncryptionRotation {
        KeyEncryptionRotation(
            base: Digest.sha256(state.pool?.keyring ?? []), keyring: [0x60] + current, former: former,
            current: current)
    }

    private static func retirement(_ state: PoolState, late: UInt64 = 0) -> KeyEncryptionRetirement {
        KeyEncryptionRetirement(base: Digest.sha256(state.pool?.keyring ?? []), keyring: [0x61], late: late)
    }

    private static func rewrapped(
        _ name: String, version: Int = 1, from former: [UInt8], _ number: UInt8
    ) -> RewrappedRecord {
        RewrappedRecord(
            name: name, version: Fixture.version(version), former: Digest.sha256(former),
            record: record(second, number))
    }

    /// Three versions of keys, one of them deleted, under the first key.
    private var stocked: Replica {
        var replica = Replica.activated()
        for (version, number) in [(1, UInt8(11)), (2, 12)] {
            let made = replica.apply(.createKeyVersion(Self.key("a", version: version, under: Self.first, number)))
            #expect(made == .key(name: "a", version: Fixture.version(version)))
        }
        replica.apply(.createKeyVersion(Self.key("b", under: Self.first, 13)))
        replica.apply(.deleteKey(name: "b"))
        return replica
    }

    private var rotated: Replica {
        var replica = stocked
        #expect(replica.apply(.rotateKeyEncryption(Self.rotation(replica.state))) == .applied)
        return replica
    }

    private static let all = [
        rewrapped("a", version: 1, from: record(first, 11), 21),
        rewrapped("a", version: 2, from: record(first, 12), 22),
        rewrapped("b", from: record(first, 13), 23),
    ]

    /// A pool in the middle of the change: its records are replaced, and those of before are still there.
    static var rewrapping: Replica {
        var replica = KeyEncryptionTests().rotated
        #expect(replica.apply(.rewrapRecords(all)) == .applied)
        return replica
    }

    @Test func everyRecordIsReplacedAndTheFormerKeyRetired() throws {
        var replica = rotated
        let before = (try #require(replica.state.key("a")), try #require(replica.state.deletedKey("b")))
        #expect(replica.apply(.rewrapRecords(Self.all)) == .applied)
        let keys = try #require(replica.state.keyEncryption)
        #expect(keys.isUnderWay && keys.rewrapped == 3 && keys.batches == 1 && keys.former == Self.first)
        // A key is what it was, but for its record.
        let after = (try #require(replica.state.key("a")), try #require(replica.state.deletedKey("b")))
        #expect(after.0.versions.map(\.header) == before.0.versions.map(\.header))
        #expect(after.0.versions.map(\.updated) == before.0.versions.map(\.updated))
        #expect(after.1.deletion == before.1.deletion)
        #expect(after.0.versions.map(\.recordDigest) == Self.all[..<2].map { Digest.sha256($0.record) })
        // Whoever has found the former record still finds its bytes, for a while.
        for record in Self.all { #expect(replica.blobs[record.former] != nil) }
        #expect(replica.state.batchToSweep == nil && replica.state.keepsRewrapped)
        #expect(try replica.reloaded().root == replica.state.root)
        #expect(try replica.reloaded().keyEncryption == keys && replica.reloaded().keepsRewrapped)
        #expect(replica.apply(.sweepRewrapped(batch: 0)) == .refused(.sweepNotDue))
        #expect(replica.apply(.retireKeyEncryption(Self.retirement(replica.state))) == .refused(.sweepNotDue))

        replica.advance(seconds: PoolLimits.rewrappedGrace)
        replica.apply(.auditHead(AuditHead(node: 1, count: 1, hash: [UInt8](repeating: 1, count: 32), time: 1)))
        #expect(replica.state.batchToSweep?.number == 0)
        #expect(replica.apply(.sweepRewrapped(batch: 0)) == .applied)
        for record in Self.all {
            #expect(replica.blobs[record.former] == nil && replica.blobs[Digest.sha256(record.record)] != nil)
        }
        #expect(replica.apply(.sweepRewrapped(batch: 0)) == .refused(.keyEncryptionNotUnderWay))
        #expect(replica.apply(.retireKeyEncryption(Self.retirement(replica.state))) == .applied)
        let ended = try #require(replica.state.keyEncryption)
        #expect(!ended.isUnderWay && ended.former == [] && ended.current == Self.second)
        #expect(replica.state.pool?.keyring == [0x61])
        #expect(try replica.reloaded().root == replica.state.root)
        // And a next one can begin, from the key of today only.
        #expect(
            replica.apply(.rotateKeyEncryption(Self.rotation(replica.state, to: Self.third)))
                == .refused(.invalidKeyEncryption))
        #expect(
            replica.apply(.rotateKeyEncryption(Self.rotation(replica.state, from: Self.second, to: Self.third)))
                == .applied)
    }

    @Test func whatWasChangedMeanwhileIsPassedOver() throws {
        var replica = rotated
        var resealed = Self.key("a", version: 2, under: Self.second, 30)
        resealed.header.revision = 1
        #expect(
            replica.apply(
                .setKeyAttributes(
                    KeyAttributeChange(
                        name: "a", version: Fixture.version(2), enabled: nil, notBefore: .keep, expires: .keep,
                        tags: nil,
                        resealed: ResealedKey(header: resealed.header, record: resealed.record, releasePolicy: nil))))
                == .applied)
        replica.apply(.purgeKey(name: "b", onlyIfDue: false))
        #expect(replica.apply(.rewrapRecords(Self.all)) == .applied)
        #expect(replica.state.keyEncryption?.rewrapped == 1)
        #expect(replica.state.key("a")?.latest.recordDigest == Digest.sha256(resealed.record))
        // Said twice, it is done once.
        #expect(replica.apply(.rewrapRecords(Self.all)) == .applied)
        #expect(replica.state.keyEncryption?.rewrapped == 1 && replica.state.keyEncryption?.batches == 1)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func whoHasNotHeardOfItUsesTheFormerKeyAndIsCounted() throws {
        var replica = rotated
        #expect(
            replica.apply(.createKeyVersion(Self.key("late", under: Self.first, 40)))
                == .key(name: "late", version: Fixture.version(1)))
        #expect(replica.state.keyEncryption?.late == 1)
        #expect(
            replica.apply(.createKeyVersion(Self.key("x", under: Self.third, 41))) == .refused(.retiredKeyEncryption))
        #expect(replica.apply(.createKeyVersion(Fixture.key("y"))) == .refused(.invalidKeyRecord))
        replica.apply(.rewrapRecords(Self.all))
        replica.advance(seconds: PoolLimits.rewrappedGrace)
        #expect(replica.apply(.sweepRewrapped(batch: 0)) == .applied)
        // Whoever looked before the late one came has not seen it.
        #expect(
            replica.apply(.retireKeyEncryption(Self.retirement(replica.state))) == .refused(.keyEncryptionSuperseded))
        let late = Self.rewrapped("late", from: Self.record(Self.first, 40), 42)
        #expect(replica.apply(.rewrapRecords([late])) == .applied)
        replica.advance(seconds: PoolLimits.rewrappedGrace)
        #expect(replica.apply(.sweepRewrapped(batch: 1)) == .applied)
        #expect(replica.apply(.retireKeyEncryption(Self.retirement(replica.state, late: 1))) == .applied)
        #expect(
            replica.apply(.createKeyVersion(Self.key("z", under: Self.first, 43))) == .refused(.retiredKeyEncryption))
        #expect(
            replica.apply(.createKeyVersion(Self.key("z", under: Self.second, 44)))
                == .key(name: "z", version: Fixture.version(1)))
    }

    @Test func theTokenOfAScheduleComesAlong() throws {
        func schedule(_ id: UInt8, under kek: [UInt8]) -> BackupSchedule {
            BackupSchedule(
                id: [UInt8](repeating: id, count: 16), container: "https://store.example/c",
                sealedToken: Self.record(kek, id), retention: BackupRetention(hourly: 2, daily: 0, weekly: 0),
                alarmAfter: 7200)
        }
        var replica = stocked
        #expect(replica.apply(.setBackupSchedule(schedule(50, under: Self.first))) == .applied)
        var rotation = Self.rotation(replica.state)
        #expect(replica.apply(.rotateKeyEncryption(rotation)) == .refused(.keyEncryptionSuperseded))
        (rotation.schedule, rotation.scheduleToken) = ([UInt8](repeating: 50, count: 16), Self.record(Self.first, 51))
        #expect(replica.apply(.rotateKeyEncryption(rotation)) == .refused(.keyEncryptionSuperseded))
        rotation.scheduleToken = Self.record(Self.second, 51)
        #expect(replica.apply(.rotateKeyEncryption(rotation)) == .applied)
        #expect(replica.state.backupPlan?.schedule.sealedToken == rotation.scheduleToken)
        #expect(try replica.reloaded().root == replica.state.root)
        let late = replica.apply(.setBackupSchedule(schedule(52, under: Self.first)))
        #expect(late == .refused(.retiredKeyEncryption))
        #expect(replica.apply(.setBackupSchedule(schedule(53, under: Self.second))) == .applied)
    }

    @Test func oneChangeOfThePoolsKeysAtATime() {
        var replica = stocked
        replica.apply(.beginRootChange(RootChangeTests.order()))
        #expect(replica.apply(.rotateKeyEncryption(Self.rotation(replica.state))) == .refused(.rootChangeUnderWay))
        replica.apply(.abortRootChange(id: RootChangeTests.id))
        replica.apply(.beginJob(Fixture.job(1, .backup)))
        #expect(replica.apply(.rotateKeyEncryption(Self.rotation(replica.state))) == .refused(.jobRunning))
        replica.apply(.completeJob(id: Fixture.jobID(1), items: 0, bytes: 0, keys: 0, report: ""))
        var stale = Self.rotation(replica.state)
        stale.base[0] ^= 1
        #expect(replica.apply(.rotateKeyEncryption(stale)) == .refused(.keyEncryptionSuperseded))
        #expect(
            replica.apply(.rotateKeyEncryption(Self.rotation(replica.state, from: Self.second)))
                == .refused(.invalidKeyEncryption))
        #expect(replica.apply(.rewrapRecords(Self.all)) == .refused(.keyEncryptionNotUnderWay))
        #expect(replica.apply(.rotateKeyEncryption(Self.rotation(replica.state))) == .applied)
        #expect(
            replica.apply(.rotateKeyEncryption(Self.rotation(replica.state, from: Self.second, to: Self.third)))
                == .refused(.keyEncryptionChangeUnderWay))
        #expect(replica.apply(.beginJob(Fixture.job(2, .backup))) == .refused(.keyEncryptionChangeUnderWay))
        #expect(replica.apply(.rewrapRecords([])) == .refused(.invalidKeyEncryption))
        // A change of the root may begin; the former key is there until that has ended.
        #expect(replica.apply(.beginRootChange(RootChangeTests.order())) == .applied)
        #expect(replica.apply(.retireKeyEncryption(Self.retirement(replica.state))) == .refused(.rootChangeUnderWay))
        replica.apply(.abortRootChange(id: RootChangeTests.id))
        #expect(replica.apply(.retireKeyEncryption(Self.retirement(replica.state))) == .applied)
        #expect(replica.apply(.beginJob(Fixture.job(2, .backup))) == .applied)
    }
}
