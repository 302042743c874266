import AccessControl
import CryptographicModule
import PoolState
import Testing

/// Backups and restores as the pool's state knows them.
@Suite struct JobTests {
    private let failure = JobFailure(code: "StorageFull", message: "There is no room left.")

    private func complete(_ number: Int, keys: Int = 0) -> PoolCommand {
        .completeJob(id: Fixture.jobID(number), items: 5, bytes: 600, keys: keys, report: "")
    }

    // MARK: One at a time

    @Test func aJobBeginsReportsAndEnds() throws {
        var replica = Replica.activated()
        #expect(replica.apply(.beginJob(Fixture.job(1, .backup))) == .applied)
        #expect(replica.apply(.reportJob(id: Fixture.jobID(1), items: 3, bytes: 400)) == .applied)
        let running = try #require(replica.state.runningJob)
        #expect(running.items == 3 && running.bytes == 400 && running.ended == nil && running.failure == nil)
        #expect(replica.apply(complete(1)) == .applied)
        let job = try #require(replica.state.job(Fixture.jobID(1)))
        #expect(job.status == .succeeded && job.items == 5 && job.bytes == 600 && job.ended != nil)
        #expect(replica.state.runningJob == nil)
        for command in [complete(1), .reportJob(id: job.id, items: 9, bytes: 9)] {
            #expect(replica.apply(command) == .refused(.jobNotRunning))
        }
        #expect(replica.apply(complete(2)) == .refused(.jobNotFound))
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func aSecondOneWaitsForTheFirst() {
        var replica = Replica.activated()
        replica.apply(.beginJob(Fixture.job(1, .backup)))
        for kind in JobKind.allCases {
            let order = Fixture.job(2, kind, key: kind == .keyRestore ? "a" : nil)
            #expect(replica.apply(.beginJob(order)) == .refused(.jobRunning))
        }
        replica.apply(.failJob(id: Fixture.jobID(1), failure, onlyIfSilent: false))
        replica.advance(seconds: 1)
        #expect(replica.apply(.beginJob(Fixture.job(2, .backup))) == .applied)
        #expect(replica.state.jobs.map(\.id) == [Fixture.jobID(2), Fixture.jobID(1)])
    }

    @Test func ordersThatCanNotBeAreRefused() {
        var replica = Replica.activated()
        var nowhere = Fixture.job(1, .backup)
        nowhere.node = 0
        var long = Fixture.job(1, .backup)
        long.place = String(repeating: "x", count: 2049) + "/mhsm-1"
        var elsewhere = Fixture.job(1, .backup)
        elsewhere.folder = "mhsm-2"
        let orders = [nowhere, long, elsewhere, Fixture.job(1, .backup, key: "a"), Fixture.job(1, .keyRestore)]
        for order in orders { #expect(replica.apply(.beginJob(order)) == .refused(.invalidJob)) }
        #expect(replica.apply(.beginJob(Fixture.job(1, .keyRestore, key: "a_b"))) == .refused(.invalidKeyName))
        replica.apply(.beginJob(Fixture.job(1, .backup)))
        replica.apply(complete(1))
        #expect(replica.apply(.beginJob(Fixture.job(1, .backup))) == .refused(.invalidJob))
    }

    @Test func theLastThirtyTwoAreKnown() throws {
        var replica = Replica.activated()
        for number in 1...40 {
            #expect(replica.apply(.beginJob(Fixture.job(number, .backup))) == .applied)
            replica.apply(complete(number))
            replica.advance(seconds: 1)
        }
        #expect(replica.state.jobs.map(\.id) == (9...40).reversed().map { Fixture.jobID($0) })
        #expect(try replica.reloaded().root == replica.state.root)
    }

    // MARK: Death of the node

    @Test func aSilentNodesJobIsEndedAndNoOther() {
        var replica = Replica.activated()
        replica.apply(.beginJob(Fixture.job(1, .restore)))
        replica.apply(.stageKeys(job: Fixture.jobID(1), [Fixture.staged("a")]))
        let end = PoolCommand.failJob(id: Fixture.jobID(1), .silentNode, onlyIfSilent: true)
        replica.advance(seconds: 14)
        #expect(replica.apply(end) == .refused(.jobNotSilent))
        replica.apply(.reportJob(id: Fixture.jobID(1), items: 1, bytes: 1))
        replica.advance(seconds: 14)
        #expect(replica.apply(end) == .refused(.jobNotSilent))
        replica.advance(seconds: 2)
        #expect(replica.apply(end) == .applied)
        #expect(replica.state.job(Fixture.jobID(1))?.failure == .silentNode && replica.blobs.isEmpty)
    }

    /// A node that was taken for dead has no word in it any more, and a backup doesn't go where it may still be
    /// writing.
    @Test func anotherNodeGoesOn() throws {
        var replica = Replica.activated()
        replica.apply(.beginJob(Fixture.job(1, .backup)))
        let id = Fixture.jobID(1)
        #expect(replica.apply(.takeOverJob(id: id, node: 2)) == .refused(.jobNotSilent))
        replica.advance(seconds: 16)
        #expect(replica.apply(.takeOverJob(id: id, node: 9)) == .refused(.memberNotFound))
        #expect(replica.apply(.takeOverJob(id: id, node: 2)) == .applied)
        #expect(replica.apply(.takeOverJob(id: id, node: 3)) == .refused(.jobNotSilent))
        let taken = try #require(replica.state.runningJob)
        #expect(taken.order.node == 2 && taken.order.folder == "mhsm-1_2" && taken.takeovers == 1)
        #expect(taken.order.place == "https://store.example/hsm/mhsm-1_2" && taken.order.sealedToken == [1, 2])
        let end = PoolCommand.failJob(id: id, failure, onlyIfSilent: false)
        for late in [complete(1), .reportJob(id: id, items: 9, bytes: 9), end] {
            #expect(replica.apply(late) == .refused(.jobOfOtherNode))
        }
        #expect(replica.apply(complete(1), by: 2) == .applied)
        #expect(replica.state.job(id)?.order.sealedToken == [])
        #expect(try replica.reloaded().root == replica.state.root)
    }

    @Test func whatADeadNodeHadStagedIsDropped() throws {
        var replica = Replica.activated()
        replica.apply(.beginJob(Fixture.job(1, .restore)))
        replica.apply(.stageKeys(job: Fixture.jobID(1), [Fixture.staged("a")]))
        replica.advance(seconds: 16)
        #expect(replica.apply(.takeOverJob(id: Fixture.jobID(1), node: 2)) == .applied)
        #expect(replica.blobs.isEmpty && replica.state.runningJob?.order.folder == "mhsm-1")
        replica.apply(.stageKeys(job: Fixture.jobID(1), [Fixture.staged("a")]), by: 2)
        #expect(replica.apply(complete(1, keys: 1), by: 2) == .applied)
        #expect(replica.state.key("a") != nil)
    }

    /// Nobody has to clear the way first, where no other node can go on with it.
    @Test func theNextJobEndsASilentOne() throws {
        var replica = Replica.activated()
        replica.apply(.beginJob(Fixture.job(1, .restore)))
        replica.apply(.stageKeys(job: Fixture.jobID(1), [Fixture.staged("a")]))
        replica.advance(seconds: 60)
        #expect(replica.apply(.beginJob(Fixture.job(2, .restore))) == .refused(.jobRunning))
        replica.advance(seconds: 1)
        #expect(replica.apply(.beginJob(Fixture.job(2, .restore))) == .applied)
        #expect(replica.state.job(Fixture.jobID(1))?.status == .failed && replica.blobs.isEmpty)
        // What the dead node may still have under way comes too late.
        #expect(replica.apply(complete(1, keys: 1)) == .refused(.jobNotRunning))
        let late = PoolCommand.stageKeys(job: Fixture.jobID(1), [Fixture.staged("b")])
        #expect(replica.apply(late) == .refused(.jobNotRunning))
        #expect(try replica.reloaded().root == replica.state.root)
    }

    // MARK: Restoring

    @Test func stagedKeysAreSeenByNobodyUntilTheyAllCome() throws {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a", version: 1)))
        replica.apply(.createKeyVersion(Fixture.key("b", version: 1)))
        replica.apply(.deleteKey(name: "b"))
        replica.apply(.beginJob(Fixture.job(1, .backup)))
        replica.apply(complete(1))
        replica.apply(.beginJob(Fixture.job(2, .restore)))
        let gone = KeyDeletion(deletedAt: 5, scheduledPurgeAt: 6)
        let staged = [Fixture.staged("a", versions: [7, 8]), Fixture.staged("d", deletion: gone)]
        #expect(replica.apply(.stageKeys(job: Fixture.jobID(2), staged)) == .applied)
        #expect(replica.state.key("a")?.versions.count == 1 && replica.state.deletedKey("d") == nil)
        #expect(replica.state.keyCount == 1 && replica.state.deletedKeyCount == 1 && replica.blobs.count == 5)
        #expect(Set(replica.state.recordDigests) == Set(replica.blobs.keys))
        let before = try replica.reloaded()
        #expect(before.root == replica.state.root && Set(before.recordDigests) == Set(replica.blobs.keys))

        #expect(replica.apply(complete(2, keys: 1)) == .refused(.restoreIncomplete))
        #expect(replica.apply(complete(2, keys: 2)) == .applied)
        let key = try #require(replica.state.key("a"))
        #expect(key.versions.map(\.version) == [7, 8].map { Fixture.version($0) })
        #expect(replica.state.deletedKey("b") == nil && replica.state.deletedKey("d")?.deletion == gone)
        #expect(replica.state.keyCount == 1 && replica.state.deletedKeyCount == 1)
        #expect(Set(replica.state.recordDigests) == Set(replica.blobs.keys) && replica.blobs.count == 3)
        #expect(try replica.reloaded().root == replica.state.root)
        #expect(!replica.rows.values.contains { $0.table == RowTable.stagedKey.rawValue })
        // What was replaced is forgotten: it may be made anew.
        let made = CommandOutcome.key(name: "b", version: Fixture.version(1))
        #expect(replica.apply(.createKeyVersion(Fixture.key("b", version: 1))) == made)
    }

    @Test func oneKeyComesOverTheOneOfItsName() throws {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a", version: 1)))
        replica.apply(.createKeyVersion(Fixture.key("b", version: 1)))
        replica.apply(.beginJob(Fixture.job(1, .keyRestore, key: "a")))
        let other = PoolCommand.stageKeys(job: Fixture.jobID(1), [Fixture.staged("b")])
        #expect(replica.apply(other) == .refused(.invalidJob))
        #expect(replica.apply(complete(1)) == .refused(.restoreIncomplete))
        replica.apply(.stageKeys(job: Fixture.jobID(1), [Fixture.staged("a", versions: [1, 2])]))
        #expect(replica.apply(complete(1, keys: 1)) == .applied)
        #expect(replica.state.key("a")?.versions.count == 2 && replica.state.key("b")?.versions.count == 1)
        #expect(replica.blobs.count == 3)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    /// A key may be larger than a command. Members of a former program would refuse what comes second.
    @Test func theVersionsOfAKeyComeOneAfterAnother() throws {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a", version: 1)))
        replica.apply(.beginJob(Fixture.job(1, .keyRestore, key: "a")))
        func stage(_ versions: [Int]) -> PoolCommand {
            .stageKeys(job: Fixture.jobID(1), [Fixture.staged("a", versions: versions)])
        }
        #expect(replica.apply(.raisePoolVersion(.amendments, knownBy: [1, 2, 3])) == .applied)
        #expect(replica.apply(stage([2, 3])) == .applied)
        #expect(replica.apply(stage([4])) == .refused(.keyExists))
        #expect(replica.apply(.raisePoolVersion(.dividedKeys, knownBy: [1, 2, 3])) == .applied)
        #expect(replica.apply(stage([4])) == .applied)
        let unfinished = try replica.reloaded()
        #expect(unfinished.root == replica.state.root)
        #expect(Set(unfinished.recordDigests) == Set(replica.blobs.keys) && replica.blobs.count == 4)
        let bad: [([Int], Refusal)] = [
            ([3], .duplicateKeyVersion), ([], .invalidRestoredKey), (Array(5...102), .tooManyKeyVersions),
        ]
        for (versions, refusal) in bad { #expect(replica.apply(stage(versions)) == .refused(refusal)) }
        #expect(replica.apply(stage(Array(5...101))) == .applied)
        #expect(replica.apply(complete(1, keys: 1)) == .applied)
        let key = try #require(replica.state.key("a"))
        #expect(key.versions.map(\.version) == (2...101).map { Fixture.version($0) } && replica.blobs.count == 100)
        let reloaded = try replica.reloaded()
        #expect(reloaded.root == replica.state.root && reloaded.key("a") == key)
    }

    @Test func aFailedRestoreLeavesNothing() throws {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a", version: 1)))
        let records = Set(replica.blobs.keys)
        replica.apply(.beginJob(Fixture.job(1, .keyRestore, key: "a")))
        replica.apply(.stageKeys(job: Fixture.jobID(1), [Fixture.staged("a", versions: [2, 3])]))
        #expect(replica.apply(.failJob(id: Fixture.jobID(1), failure, onlyIfSilent: false)) == .applied)
        #expect(Set(replica.blobs.keys) == records && replica.state.key("a")?.versions.count == 1)
        #expect(replica.state.job(Fixture.jobID(1))?.failure == failure)
        #expect(try replica.reloaded().root == replica.state.root)
        // The same records may be staged again.
        replica.apply(.beginJob(Fixture.job(2, .keyRestore, key: "a")))
        let again = PoolCommand.stageKeys(job: Fixture.jobID(2), [Fixture.staged("a", versions: [2, 3])])
        #expect(replica.apply(again) == .applied)
    }

    @Test func whatIsNoKeyIsNotStaged() {
        var replica = Replica.activated()
        replica.apply(.beginJob(Fixture.job(1, .restore)))
        var foreign = Fixture.staged("a")
        foreign.key.versions[0].version.header.poolID[0] ^= 1
        var empty = Fixture.staged("a")
        empty.key.versions = []
        let twice = [Fixture.staged("a"), Fixture.staged("a", versions: [2])]
        let bad: [([StagedKey], Refusal)] = [
            ([foreign], .invalidKeyHeader), ([empty], .invalidRestoredKey), (twice, .keyExists), ([], .invalidJob),
            ([Fixture.staged("a", versions: [1, 1])], .duplicateKeyVersion),
        ]
        for (keys, refusal) in bad {
            #expect(replica.apply(.stageKeys(job: Fixture.jobID(1), keys)) == .refused(refusal))
            #expect(replica.blobs.isEmpty)
        }
        replica.apply(.failJob(id: Fixture.jobID(1), failure, onlyIfSilent: false))
        replica.apply(.beginJob(Fixture.job(2, .backup)))
        let staged = PoolCommand.stageKeys(job: Fixture.jobID(2), [Fixture.staged("a")])
        #expect(replica.apply(staged) == .refused(.invalidJob))
    }

    @Test func whatIsReplacedIsInABackupFirst() {
        var replica = Replica.activated()
        replica.apply(.createKeyVersion(Fixture.key("a")))
        #expect(replica.apply(.beginJob(Fixture.job(1, .restore))) == .refused(.backupNeeded))
        replica.apply(.beginJob(Fixture.job(2, .backup)))
        replica.apply(.failJob(id: Fixture.jobID(2), failure, onlyIfSilent: false))
        #expect(replica.apply(.beginJob(Fixture.job(3, .restore))) == .refused(.backupNeeded))
        replica.apply(.beginJob(Fixture.job(4, .backup)))
        replica.apply(complete(4))
        replica.advance(seconds: 1801)
        #expect(replica.apply(.beginJob(Fixture.job(5, .restore))) == .refused(.backupNeeded))
        replica.apply(.beginJob(Fixture.job(6, .backup)))
        replica.apply(complete(6))
        replica.advance(seconds: 1800)
        #expect(replica.apply(.beginJob(Fixture.job(7, .restore))) == .applied)
    }
}
