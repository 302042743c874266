import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// Members that lack what the others have cut off.
@Suite struct SnapshotTests {
    /// A pool that cuts its logs soon, with node 2 down and so far behind that nobody has what it lacks.
    private func poolWithoutThird(
        chunk: Int = 300, adjust: @escaping (inout NodeOptions) -> Void = { _ in }
    ) throws -> Bench {
        let bench = try Bench.running { options in
            options.logEntriesKept = 2
            options.compactionStep = 3
            options.peerSilence = 200_000_000
            options.retryInterval = 50_000_000
            options.snapshotChunkBytes = chunk
            adjust(&options)
        }
        bench.crash(2)
        try rotate(bench, 1...12)
        return bench
    }

    private func rotate(_ bench: Bench, _ generations: ClosedRange<UInt32>) throws {
        for generation in generations {
            let write = bench.submit(Write.rotate(to: generation), at: 0)
            try bench.run(until: "the answer") { !write.list.isEmpty }
            bench.run(100)
        }
    }

    private func expectSameState(_ bench: Bench) throws {
        let roots = try bench.storedRoots()
        #expect(roots[0] != nil && Set(roots).count == 1)
        #expect(bench.checker.violation == nil)
    }

    @Test func aDeadMemberHoldsNoLogUp() throws {
        let bench = try poolWithoutThird()
        let last = bench[2].disk.lastIndex
        for number in 0..<2 { #expect(bench[number].disk.compactedIndex > last) }
    }

    /// A cut holds the node up, the longer the more it drops: a leader would lose its office over a large one.
    @Test func aLongLogIsCutInPieces() throws {
        let bench = try Bench.running { options in
            options.logEntriesKept = 2
            options.compactionStep = 3
            options.bytesPerCut = 1
        }
        let storage = try #require(bench[0].storage)
        storage.refusesCuts = true
        try rotate(bench, 1...12)
        let disk = bench[0].disk
        let began = disk.compactedIndex
        storage.refusesCuts = false
        var reached = began
        for _ in 0..<200 {
            bench.tick()
            #expect(disk.compactedIndex <= reached + 1)
            reached = disk.compactedIndex
        }
        #expect(reached >= began + 5 && disk.lastIndex - reached < 2 + 3)
        #expect(bench.checker.violation == nil)
    }

    @Test func aMemberCatchesUpBySnapshot() throws {
        let bench = try poolWithoutThird()
        try bench.start(2)
        bench.unseal(2)
        try expectSameState(bench)
        #expect(bench[2].views.last?.generation == 12)
        // What it had opened before may be gone with the former state.
        #expect(bench[2].removed == [.unknown])
        #expect(bench[2].disk.staged == nil)
        try rotate(bench, 13...14)
        try expectSameState(bench)
        #expect(bench[2].views.last?.generation == 14)
    }

    /// It can't tell whether what it gets is genuine: it keeps it, and its own state too, until it has the keys.
    @Test func aSealedMemberStoresAndChecksLater() throws {
        let bench = try poolWithoutThird()
        try bench.start(2)
        try bench.run(until: "the whole snapshot") { bench[2].disk.staged?.isComplete == true }
        bench.run(200)
        #expect(bench[2].standing?.appliedIndex ?? 0 < 5)
        bench.unseal(2)
        try expectSameState(bench)
        #expect(bench[2].views.last?.generation == 12)
    }

    @Test func aForgedSnapshotIsDropped() throws {
        let bench = try poolWithoutThird(chunk: 1 << 20)
        var genuine: SnapshotChunk?
        bench.route = { letter in
            guard case .snapshotChunk(let chunk) = letter.message else { return .deliver }
            genuine = chunk
            return .lose
        }
        try bench.start(2)
        bench.unseal(2)
        try bench.run(until: "a snapshot on its way") { genuine != nil }
        let chunk = try #require(genuine)
        var rows = chunk.rows
        let victim = rows.count / 2
        rows[victim] = StateRow(table: rows[victim].table, key: rows[victim].key, value: [0])
        let forged = SnapshotChunk(mark: chunk.mark, after: chunk.after, rows: rows, blobs: [], isLast: true)
        let leader = try #require(bench.leader)
        bench.inject(.snapshotChunk(forged), from: leader, to: 2)
        try bench.run(until: "the alarm") { bench[2].alarms.contains(.forgedSnapshot(index: chunk.mark.index)) }
        #expect(bench[2].disk.staged == nil && bench[2].disk.compactedIndex == 0)
        bench.route = { _ in .deliver }
        try expectSameState(bench)
    }

    /// To end would seal the pool, and bring the member nothing. Once the damage is mended the member gets the rest.
    @Test(arguments: [StorageFailure.corrupted("a row"), .device("a sector")])
    func theLastUnsealedNodeGoesOnWhereItsStateIsDamaged(_ failure: StorageFailure) throws {
        let bench = try poolWithoutThird()
        let leader = try #require(bench.leader)
        bench.seal(1 - leader)
        bench.run(200)
        let storage = try #require(bench[leader].storage)
        storage.readingFailure = failure
        try bench.start(2)
        try bench.run(until: "the alarm") { bench[leader].alarms.contains(.stateDamaged(failure)) }
        bench.run(200)
        #expect(bench[leader].driver?.halted == nil && bench.leader == leader)
        #expect(bench[2].disk.staged?.isComplete == false)
        storage.readingFailure = nil
        try bench.run(until: "the rest") { bench[2].disk.staged?.isComplete == true }
        bench.unseal(1 - leader)
        bench.unseal(2)
        try expectSameState(bench)
    }

    @Test func aNodeWhoseStateIsDamagedLeavesLendingToAnother() throws {
        let bench = try poolWithoutThird()
        let leader = try #require(bench.leader)
        let storage = try #require(bench[leader].storage)
        storage.readingFailure = .corrupted("a row")
        try bench.start(2)
        bench.unseal(2)
        try bench.run(until: "the end") { bench[leader].driver?.halted == .storage(.corrupted("a row")) }
        bench.crash(leader)
        try bench.run(until: "the other source") { bench[2].views.last?.generation == 12 }
    }

    /// The node's own state and log are whole: nothing keeps it from going on with them.
    @Test func aSnapshotThatItsOwnDiskDamagesIsFetchedAnew() throws {
        let bench = try poolWithoutThird()
        try bench.start(2)
        try bench.run(until: "the whole snapshot") { bench[2].disk.staged?.isComplete == true }
        let storage = try #require(bench[2].storage)
        storage.damagesStaged = true
        bench.unseal(2)
        try expectSameState(bench)
        #expect(bench[2].driver?.halted == nil)
        #expect(storage.stagedReadings == 2)
        #expect(bench[2].views.last?.generation == 12)
        let damages = bench[2].alarms.filter { if case .damagedSnapshot = $0 { true } else { false } }
        #expect(damages.count == 1)
    }

    /// Without room nothing is won by reading and checking the whole snapshot at each step. Once there is room, the
    /// node goes on by itself: no message and no call has to come.
    @Test func anInstallationWithoutRoomIsTriedAgainAfterAPause() throws {
        let bench = try poolWithoutThird { $0.refusalPause = 5_000_000 }
        try bench.start(2)
        try bench.run(until: "the whole snapshot") { bench[2].disk.staged?.isComplete == true }
        let storage = try #require(bench[2].storage)
        let driver = try #require(bench[2].driver)
        storage.refusesInstallations = true
        bench.unseal(2)
        try bench.run(until: "the first attempt") { storage.installations > 0 }
        // A step each millisecond, an attempt every fifth of them.
        bench.run(100)
        #expect(storage.installations == 21 && storage.stagedReadings == 1)
        #expect(bench[2].alarms.filter { $0 == .storageFull }.count == 1)

        // From now on a step only when the driver wants one.
        let clock = bench[2].clock
        func wake(until end: UInt64) {
            for _ in 0..<100 {
                let due = clock.trueTime(of: driver.nextDeadline)
                guard due <= end else { return }
                _ = bench[2].step(now: due)
            }
        }
        wake(until: bench.now + 10_000_000)
        #expect(storage.installations == 23)
        storage.refusesInstallations = false
        wake(until: bench.now + 15_000_000)
        #expect(storage.stagedReadings == 1)
        #expect(bench[2].disk.staged == nil)
        #expect(bench[2].views.last?.generation == 12)
    }

    /// What was found genuine with keys that are gone is checked anew with those that come.
    @Test func anInstallationWithoutRoomForgetsWhatItCheckedWhenTheNodeIsSealed() throws {
        let bench = try poolWithoutThird()
        try bench.start(2)
        try bench.run(until: "the whole snapshot") { bench[2].disk.staged?.isComplete == true }
        let storage = try #require(bench[2].storage)
        storage.refusesInstallations = true
        bench.unseal(2)
        try bench.run(until: "an attempt") { storage.installations > 0 }
        bench.seal(2)
        bench.run(2)
        bench.unseal(2)
        bench.run(60)
        #expect(storage.stagedReadings == 2)
        storage.refusesInstallations = false
        try expectSameState(bench)
        #expect(bench[2].views.last?.generation == 12)
    }

    /// Wherever the power fails while a snapshot comes and is installed, the node finds the old state or the new one.
    @Test(arguments: 1...14, [SimulatedDisk.CrashPoint.before, .after])
    func thePowerFailsAtEachWrite(write: Int, point: SimulatedDisk.CrashPoint) throws {
        let bench = try poolWithoutThird()
        try bench.start(2)
        bench.unseal(2)
        bench[2].disk.armCrash(after: write, at: point)
        for _ in 0..<600 where bench[2].driver?.halted == nil { bench.tick() }
        bench.crash(2)
        try bench.start(2)
        let unsealed = bench.unseal(2)
        // A node that found the new state has the whole log at once, sealed as it is.
        try bench.run(until: "the keys") { unsealed.index != nil }
        try expectSameState(bench)
        #expect(bench[2].views.last?.generation == 12)
    }

    /// The transfer goes on where it stopped: a restart asks for no piece twice.
    @Test func anInterruptedTransferGoesOn() throws {
        let bench = try poolWithoutThird()
        try bench.start(2)
        bench.unseal(2)
        try bench.run(until: "some pieces") {
            bench[2].disk.staged.map { $0.received != .beginning && !$0.isComplete } ?? false
        }
        let received = bench[2].disk.staged
        var asked: [SnapshotRequest] = []
        bench.route = { letter in
            if case .snapshotRequest(let request) = letter.message { asked.append(request) }
            return .deliver
        }
        bench.crash(2)
        try bench.start(2)
        bench.unseal(2)
        try expectSameState(bench)
        #expect(asked.first?.mark == received?.mark)
        #expect(asked.allSatisfy { $0.after != .beginning })
    }

    @Test func aLeaderThatDiesIsReplacedByAnotherSource() throws {
        let bench = try poolWithoutThird()
        try bench.start(2)
        bench.unseal(2)
        try bench.run(until: "some pieces") { bench[2].disk.staged != nil }
        bench.crash(0)
        try bench.run(until: "the other source") { bench[2].views.last?.generation == 12 }
        try bench.start(0)
        bench.unseal(0)
        try expectSameState(bench)
    }
}
