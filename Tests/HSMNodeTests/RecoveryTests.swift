import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// A pool of which one node is left.
@Suite struct RecoveryTests {
    private typealias Answer = Answers<Result<LogIndex, PoolRecoveryRefusal>>

    /// Another key stands for another epoch: tags of the one prove nothing in the other.
    private func recover(_ bench: Bench, _ number: Int, former: UInt64 = 1, epoch: UInt64 = 2) -> Answer {
        let answers = Answer()
        let request = PoolRecoveryRequest(
            former: SimulatedAuthenticator(key: former), next: SimulatedAuthenticator(key: 2), epoch: epoch)
        bench[number].inbox.append(.recover(request) { answers.list.append($0) })
        return answers
    }

    private func poolOfOne(survivor: Int, sealed: Bool = false) throws -> Bench {
        let bench = try Bench.running { $0.raft.reads = .lease }
        for generation in 1...UInt32(4) {
            let write = bench.submit(Write.rotate(to: generation), at: 0)
            try bench.run(until: "the answer") { write.outcome == .applied }
        }
        try bench.settle()
        for number in 0..<3 where number != survivor { bench.crash(number) }
        if sealed {
            bench.crash(survivor)
            try bench.start(survivor)
        }
        bench.run(1_000)
        #expect(bench.leader == nil)
        return bench
    }

    private func expectAlone(_ bench: Bench, _ number: Int, generation: UInt32) throws {
        bench.crash(number)
        bench.checker.votes.forget(bench[number].id)
        try bench.start(number)
        let started = bench.now
        let unsealed = bench.unseal(number, key: 2)
        try bench.run(until: "a leader") { bench[number].standing?.role == .leader }
        #expect(unsealed.index != nil)
        let write = bench.submit(Write.rotate(to: generation + 1), at: number)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        #expect(write.outcome == .applied)
        // Former members may hold leases that rest on what this node answered before it was started.
        #expect(bench.now - started >= LeaseParameters().bookedLength)
        let state = try #require(bench[number].views.last?.state)
        #expect(state.pool?.epoch == 2)
        #expect(state.members.map(\.node) == [UInt64(number + 1)])
        #expect(state.membership?.voters == [UInt64(number + 1)])
        for other in UInt64(1)...3 where other != UInt64(number + 1) { #expect(state.wasRemoved(other)) }
    }

    @Test(arguments: [false, true]) func oneNodeGoesOnAlone(sealed: Bool) throws {
        let bench = try poolOfOne(survivor: 1, sealed: sealed)
        let answer = recover(bench, 1)
        bench.run(3)
        let result = try #require(answer.list.first)
        #expect(try result.get() > 4)
        #expect(bench[1].driver?.halted == .recovered(epoch: 2))
        try expectAlone(bench, 1, generation: 4)
    }

    /// What wasn't known to be committed may have been answered by one of those that are gone.
    @Test func theWholeLogCounts() throws {
        let bench = try Bench.running { $0.raft.reads = .lease }
        let leader = try #require(bench.leader)
        bench.route = { letter in letter.entries.isEmpty ? .deliver : .lose }
        let write = bench.submit(Write.rotate(to: 1), at: leader)
        bench.run(20)
        #expect(write.list.isEmpty)
        for number in 0..<3 where number != leader { bench.crash(number) }
        bench.run(1_000)
        let answer = recover(bench, leader)
        bench.run(3)
        #expect(answer.list.count == 1)
        try expectAlone(bench, leader, generation: 1)
    }

    /// The others come back: what wasn't committed need not be.
    @Test(arguments: [false, true]) func aRecoveryThatFailsChangesNothing(isDiskFull: Bool) throws {
        let bench = try Bench.running {
            $0.raft.reads = .lease
            // Else the node would submit its write to those that come back.
            $0.submitTimeout = 3_000_000_000
        }
        let alone = try #require(bench.leader)
        bench.route = { letter in letter.entries.isEmpty ? .deliver : .lose }
        _ = bench.submit(Write.rotate(to: 1), at: alone)
        bench.run(20)
        for number in 0..<3 where number != alone { bench.crash(number) }
        bench.run(3_100)
        if isDiskFull { bench[alone].disk.refusals = 1 }
        let answer = recover(bench, alone, epoch: isDiskFull ? 2 : 4)
        bench.run(3)
        let refusal = isDiskFull ? PoolRecoveryRefusal.storage(.full) : .refused(.epochMismatch)
        #expect(throws: refusal) { try answer.list.first?.get() }
        #expect(bench[alone].driver?.halted == nil)
        #expect(bench[alone].views.last?.generation == 0)
        bench.cut = [alone]
        bench.release()
        for number in 0..<3 where number != alone {
            try bench.start(number)
            bench.unseal(number)
        }
        try bench.run(until: "another leader") { bench.leader != nil }
        let write = bench.submit(Write.assign(1), at: try #require(bench.leader))
        try bench.run(until: "the answer") { write.outcome == .applied }
        bench.cut = []
        let roots = try bench.storedRoots()
        #expect(Set(roots).count == 1)
        #expect(bench[alone].views.last?.generation == 0 && bench[alone].views.last?.isAssigned(1) == true)
        #expect(bench.checker.violation == nil)
    }

    @Test func aPoolThatLivesIsNotRecovered() throws {
        let bench = try Bench.running { $0.raft.reads = .lease }
        let leader = try #require(bench.leader)
        for number in 0..<3 {
            let answer = recover(bench, number)
            bench.run(3)
            #expect(throws: PoolRecoveryRefusal.poolIsAlive(leader: NodeID(UInt64(leader + 1)))) {
                try answer.list.first?.get()
            }
        }
    }

    @Test func wrongKeysAndWrongEpochsChangeNothing() throws {
        let bench = try poolOfOne(survivor: 0, sealed: true)
        let stored = try bench[0].disk.load()
        let wrongKey = recover(bench, 0, former: 3)
        bench.run(3)
        guard case .failure(.stored)? = wrongKey.list.first else {
            Issue.record("recovered under a wrong key: \(wrongKey.list)")
            return
        }
        let wrongEpoch = recover(bench, 0, epoch: 4)
        bench.run(3)
        #expect(throws: PoolRecoveryRefusal.refused(.epochMismatch)) { try wrongEpoch.list.first?.get() }
        #expect(bench[0].driver?.halted == nil)
        #expect(try bench[0].disk.load().entries == stored.entries)
        #expect(try bench[0].disk.load().compactedIndex == stored.compactedIndex)
    }

    @Test(arguments: 1...8, [SimulatedDisk.CrashPoint.before, .after])
    func aCrashLeavesTheOldPoolOrTheNewOne(write: Int, point: SimulatedDisk.CrashPoint) throws {
        let bench = try poolOfOne(survivor: 2)
        bench[2].disk.armCrash(after: write, at: point)
        _ = recover(bench, 2)
        bench.run(5)
        bench.crash(2)
        let epoch = try PoolState(
            rows: bench[2].disk.load().rows.map { RowChange(table: $0.table, key: $0.key, value: $0.value) }
        ).pool?.epoch
        guard epoch == 2 else {
            try bench.start(2)
            let unsealed = bench.unseal(2)
            bench.run(3)
            #expect(unsealed.index != nil && epoch == 1)
            // The officers begin again.
            bench.run(1_000)
            _ = recover(bench, 2)
            bench.run(5)
            return try expectAlone(bench, 2, generation: 4)
        }
        try expectAlone(bench, 2, generation: 4)
    }
}
