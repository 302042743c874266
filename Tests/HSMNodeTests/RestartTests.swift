import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// What a node finds again.
@Suite struct RestartTests {
    private func write(_ bench: Bench, _ numbers: Range<Int>) throws {
        for number in numbers {
            let write = bench.submit(Write.assign(number), at: 0)
            try bench.run(until: "the answer") { !write.list.isEmpty }
            #expect(write.outcome == .applied)
        }
    }

    /// Once from the saved state and once from the log alone: with no quorum in reach only what is on disk can be seen.
    @Test(arguments: [false, true]) func theAppliedStateIsFoundAgain(isStateLost: Bool) throws {
        let bench = try Bench.running()
        try write(bench, 0..<3)
        let root = try bench.storedRoots()[1]
        bench.crash(1)
        if isStateLost {
            bench[1].edit = {
                $0.applied = nil
                $0.rows = StoredRows()
            }
        }
        try bench.start(1)
        let unsealed = bench.unseal(1)
        bench.run(2)
        #expect(unsealed.index != nil)
        // What the unsealing itself has put into the log since is the same everywhere.
        let roots = try bench.storedRoots()
        #expect(roots[1] == roots[0] && roots[1] == root)
        #expect((0..<3).allSatisfy(bench[1].views.last?.isAssigned ?? { _ in false }))
        #expect(bench.checker.violation == nil)
    }

    /// A pool that stores nothing but what must not wait, with a key.
    private func lazyPool(rowsUnsaved: Int = .max) throws -> Bench {
        let bench = try Bench.running {
            $0.saveInterval = 3_600_000_000_000
            $0.rowsUnsaved = rowsUnsaved
        }
        try bench.makeKey()
        return bench
    }

    private func enable(_ bench: Bench, _ isEnabled: Bool) throws {
        let write = bench.submit(Write.enable(isEnabled), at: 0)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        try bench.settle()
    }

    private func stored(_ bench: Bench, _ number: Int) throws -> LogIndex {
        try bench[number].disk.openSnapshot()?.mark.index ?? 0
    }

    /// What was shown to readers and not yet stored is made again from the log.
    @Test func whatWasPublishedAndNotStoredIsFoundAgain() throws {
        let bench = try lazyPool()
        let before = try stored(bench, 1)
        try enable(bench, false)
        #expect(bench[1].views.last?.isKeyEnabled == false)
        #expect(try stored(bench, 1) == before)
        bench.crash(1)
        try bench.start(1)
        bench.unseal(1)
        try bench.settle()
        #expect(bench[1].views.last?.isKeyEnabled == false)
        #expect(bench.checker.violation == nil)
    }

    /// A view never names key material that isn't stored. Who may open a node, and how, is stored before it is shown.
    @Test func whatMustNotWaitIsStoredBeforeItIsShown() throws {
        let bench = try lazyPool()
        for number in 0..<3 { #expect(try stored(bench, number) == bench[number].disk.lastIndex) }
        for command in [Write.assign(0), Write.rotate(to: 1)] {
            let write = bench.submit(command, at: 0)
            try bench.run(until: "the answer") { !write.list.isEmpty }
            let index = try write.list[0].get().index
            for number in 0..<3 where bench[number].views.last.map({ $0.appliedIndex >= index }) ?? false {
                #expect(try stored(bench, number) >= index)
            }
            try bench.settle()
        }
    }

    @Test func manyRowsDoNotWait() throws {
        let bench = try lazyPool(rowsUnsaved: 8)
        let before = try stored(bench, 0)
        for round in 0..<10 { try enable(bench, round.isMultiple(of: 2)) }
        #expect(try stored(bench, 0) > before)
    }

    @Test func everythingIsStoredWhenAskedAndAtTheEnd() throws {
        let bench = try lazyPool()
        try enable(bench, false)
        let answers = Answers<Bool>()
        bench[0].inbox.append(.save { answers.list.append($0) })
        bench.run(2)
        let last = bench[0].disk.lastIndex
        #expect(answers.list == [true])
        #expect(try stored(bench, 0) == last)
        try enable(bench, true)
        #expect(try stored(bench, 0) == last)
        bench[0].stop()
        #expect(try stored(bench, 0) > last)
        bench[0].inbox.append(.save { answers.list.append($0) })
        bench.run(2)
        #expect(answers.list == [true, false])
    }

    @Test func theWholePoolIsFoundAgain() throws {
        let bench = try Bench.running()
        try write(bench, 0..<3)
        for number in 0..<3 { bench.crash(number) }
        for number in 0..<3 {
            try bench.start(number)
            bench.unseal(number)
        }
        try bench.settle()
        let read = bench.read(at: 1)
        bench.run(50)
        #expect((0..<3).allSatisfy(read.view?.isAssigned ?? { _ in false }))
        #expect(bench.checker.violation == nil)
    }

    @Test func aCutLogIsFoundAgain() throws {
        let bench = try Bench.running {
            $0.logEntriesKept = 2
            $0.compactionStep = 3
        }
        for generation in 1...UInt32(20) {
            let write = bench.submit(Write.rotate(to: generation), at: 0)
            try bench.run(until: "the answer") { !write.list.isEmpty }
            bench.run(100)
        }
        for number in 0..<3 { #expect(bench[number].disk.compactedIndex > 10) }
        bench.crash(2)
        try bench.start(2)
        let unsealed = bench.unseal(2)
        bench.run(2)
        #expect(unsealed.index != nil)
        try bench.settle()
        #expect(bench[2].views.last?.generation == 20)
        #expect(bench.checker.violation == nil)
    }

    @Test func aDiskThatFailsStopsTheNode() throws {
        let bench = try Bench.running()
        bench[0].disk.armCrash(after: 1, at: .before)
        let write = bench.submit(Write.assign(0), at: 0)
        bench.run(2)
        #expect(bench[0].driver?.halted == .storage(.device("power lost")))
        #expect(write.refusal == .timedOut(maybeApplied: true))
        #expect(bench[0].alarms.contains(.halted(.storage(.device("power lost")))))
        let read = bench.read(at: 0)
        bench.run(2)
        #expect(read.refusal == .shuttingDown)
    }

    @Test func aFullDiskHoldsTheNodeUntilThereIsRoom() throws {
        let bench = try Bench.running()
        bench[1].disk.refusals = 2
        let write = bench.submit(Write.assign(0), at: 0)
        bench.run(5)
        #expect(bench[1].standing?.isStalled == true)
        #expect(bench[1].alarms == [.storageFull])
        #expect(write.outcome == .applied)
        bench.run(300)
        try bench.settle()
        #expect(bench[1].standing?.isStalled == false)
        #expect(bench[1].views.last?.isAssigned(0) == true)
    }

    @Test func aCutWithoutRoomIsTriedAgainAfterAPause() throws {
        let bench = try Bench.running {
            $0.logEntriesKept = 2
            $0.compactionStep = 3
            $0.refusalPause = 5_000_000
        }
        let storage = try #require(bench[0].storage)
        storage.refusesCuts = true
        try write(bench, 0..<8)
        try bench.run(until: "the first attempt") { storage.cuts > 0 }
        let before = storage.cuts
        bench.run(100)
        #expect(storage.cuts == before + 20)
        storage.refusesCuts = false
        bench.run(5)
        #expect(bench[0].disk.compactedIndex > 0)
    }

    @Test func aPoolIsBegunOnAnEmptyDiskOnly() throws {
        let bench = try Bench()
        #expect(throws: NodeDriver.BootstrapFailure.notEmpty) {
            try NodeDriver.bootstrap(
                storage: bench[0].disk, configuration: PoolConfiguration(voters: [NodeID(1)]),
                genesis: Workload.genesis(nodes: [NodeID(1)]), authenticator: SimulatedAuthenticator(key: 1))
        }
    }
}
