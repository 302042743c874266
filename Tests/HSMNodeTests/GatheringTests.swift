import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// Proposals that come at about the same time share their way into the log.
@Suite struct GatheringTests {
    /// Batches are 20 ms apart, where they aren't complete.
    private func running() throws -> Bench { try Bench.running { $0.gatheringInterval = 20_000_000 } }

    private func copies(_ ids: [[UInt8]], _ bench: Bench) -> [Int] { ids.map { bench.copies(of: $0, on: 0) } }

    /// An entry is in the log, and on its way for as long as the answers are held.
    private func sendOne(_ id: [UInt8], _ bench: Bench) {
        bench.route = { $0.message.isAppendResponse ? .hold : .deliver }
        bench.submit(Write.assign(0), at: 0, id: id)
        bench.run(2)
    }

    @Test func oneAloneGoesAtOnce() throws {
        let bench = try running()
        for number in 0..<5 {
            let id = bench.newID()
            let write = bench.submit(Write.assign(number), at: 0, id: id)
            bench.run(1)
            #expect(bench.copies(of: id, on: 0) == 1)
            try bench.run(until: "the answer") { write.outcome == .applied }
        }
    }

    @Test func whatComesBehindEntriesOnTheirWayGathers() throws {
        let bench = try running()
        let ids = (0..<3).map { _ in bench.newID() }
        sendOne(ids[0], bench)
        bench.submit(Write.assign(1), at: 0, id: ids[1])
        bench.run(1)
        bench.submit(Write.assign(2), at: 0, id: ids[2])
        bench.run(5)
        #expect(copies(ids, bench) == [1, 0, 0])
        // They go as soon as the first is committed, and in one message to each.
        var carrying: [Int] = []
        bench.route = { letter in
            if !letter.entries.isEmpty { carrying.append(letter.entries.count) }
            return .deliver
        }
        bench.deliverHeld()
        bench.run(2)
        #expect(copies(ids, bench) == [1, 1, 1] && carrying == [2, 2])
        try bench.settle()
        #expect((0..<3).allSatisfy(bench[2].views.last?.isAssigned ?? { _ in false }))
    }

    /// Where answers are far away, several batches are on their way.
    @Test func whatGathersGoesWhenItsTimeComes() throws {
        let bench = try running()
        let ids = (0..<2).map { _ in bench.newID() }
        sendOne(ids[0], bench)
        bench.submit(Write.assign(1), at: 0, id: ids[1])
        bench.run(18)
        #expect(copies(ids, bench) == [1, 0])
        bench.run(1)
        #expect(copies(ids, bench) == [1, 1])
        let standing = try #require(bench[0].standing)
        #expect(standing.commitIndex < standing.lastIndex - 1)
        bench.release()
        try bench.settle()
    }

    /// As many clients as went together are likely to come together again.
    @Test func asManyAsLastTimeAreWaitedFor() throws {
        let bench = try running()
        let ids = (0..<6).map { _ in bench.newID() }
        for number in 0..<3 { bench.submit(Write.assign(number), at: 0, id: ids[number]) }
        bench.run(4)
        for number in 3..<5 { bench.submit(Write.assign(number), at: 0, id: ids[number]) }
        bench.run(4)
        #expect(copies(ids, bench) == [1, 1, 1, 0, 0, 0])
        bench.submit(Write.assign(5), at: 0, id: ids[5])
        bench.run(1)
        #expect(copies(ids, bench) == [1, 1, 1, 1, 1, 1])
        // But not for long, and fewer next time.
        let others = (0..<2).map { _ in bench.newID() }
        bench.submit(Write.assign(6), at: 0, id: others[0])
        bench.run(19)
        #expect(copies(others, bench) == [0, 0])
        bench.run(1)
        #expect(copies(others, bench) == [1, 0])
        bench.run(4)
        bench.submit(Write.assign(7), at: 0, id: others[1])
        bench.run(1)
        #expect(copies(others, bench) == [1, 1])
    }

    /// A full disk holds everything up. A step is of no use then, and must not be due at once, again and again.
    @Test func nothingGoesWhileTheDiskIsFull() throws {
        let bench = try running()
        bench.route = { $0.message.isAppendResponse ? .hold : .deliver }
        for number in 0..<3 { bench.submit(Write.assign(number), at: 0) }
        bench.run(2)
        let write = bench.submit(Write.assign(3), at: 0)
        bench.run(1)
        bench[0].disk.refusals = .max
        bench.deliverHeld()
        bench.run(30)
        #expect(bench[0].standing?.isStalled == true && write.list.isEmpty)
        let driver = try #require(bench[0].driver)
        #expect(driver.nextDeadline > bench[0].clock.now())
        bench[0].disk.refusals = 0
        bench.release()
        try bench.run(until: "the answer") { write.outcome == .applied }
    }

    /// What gathers is not lost with the leadership.
    @Test func whatGathersGoesToTheNextLeader() throws {
        let bench = try running()
        bench.route = { $0.from == 0 && $0.message.isAppend || $0.to == 0 ? .lose : .deliver }
        let writes = (0..<3).map { number in
            defer { bench.run(1) }
            return bench.submit(Write.assign(number), at: 0)
        }
        bench.cut = [0]
        try bench.run(until: "another leader") { bench.leader.map { $0 != 0 } ?? false }
        bench.cut = []
        bench.release()
        try bench.run(until: "the answers") { writes.allSatisfy { $0.outcome == .applied } }
        #expect(bench.checker.violation == nil)
    }
}
