@testable import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// Reads that no other node is asked for.
@Suite struct LeasedReadTests {
    private static func pool(_ reads: ReadPolicy = .lease, timeout: Nanoseconds = 5_000_000_000) throws -> Bench {
        let bench = try Bench.running(reads: reads) {
            $0.raft.reads = .lease
            $0.readTimeout = timeout
        }
        bench.run(100)
        return bench
    }

    /// What a leader books for everybody at its election can't be given back: nobody knows which leases it stands for.
    private static func poolLongAfterItsElection() throws -> Bench {
        let bench = try pool()
        bench.run(1_000)
        return bench
    }

    /// Somebody whom no write of these tests touches, or the one whom `Write.assign` touches.
    private static let bystander = ReadScope.caller(Register.principalID(1), key: nil)
    private static func assignee(_ number: Int) -> ReadScope { .caller(Register.assignee(number), key: nil) }

    private func leased(_ bench: Bench, _ number: Int, _ scope: ReadScope = .everything) -> PoolView? {
        bench[number].driver?.leasedView(for: scope, now: bench[number].clock.now())
    }

    /// Whether the last that the threads were given is nothing.
    private func isClosed(_ machine: Machine) -> Bool { machine.leased.last.map { $0 == nil } ?? false }

    @Test func everyNodeAnswersByItself() throws {
        let bench = try Self.pool()
        var rounds = 0
        bench.route = { letter in
            if case .raft(let raft) = letter.message, case .readIndexRequest = raft.body { rounds += 1 }
            return .deliver
        }
        for round in 0..<3 {
            let write = bench.submit(Write.assign(round), at: 0)
            try bench.run(until: "the answer") { !write.list.isEmpty }
            // From the moment of the answer on no node shows the old state. The others wait for word of the release.
            for number in 0..<3 { #expect(leased(bench, number, Self.assignee(round))?.isAssigned(round) != false) }
            bench.run(2)
            for number in 0..<3 { #expect(leased(bench, number, Self.assignee(round))?.isAssigned(round) == true) }
        }
        #expect(rounds == 0)
    }

    /// One member is dead, and may hold a lease: the change is applied, and must not show before it is released.
    @Test func onlyWhatTheChangeTouchesWaitsForItsRelease() throws {
        let bench = try Self.pool()
        bench.cut = [2]
        let write = bench.submit(Write.assign(0), at: 0)
        try bench.run(until: "the change to be applied") { bench[0].views.last?.isAssigned(0) == true }
        bench.run(20)
        #expect(write.list.isEmpty)
        for number in 0..<2 {
            #expect(leased(bench, number, Self.bystander) != nil)
            #expect(leased(bench, number, Self.assignee(0)) == nil && leased(bench, number) == nil)
        }
        let early = bench.read(at: 0, for: Self.bystander)
        let waiting = bench.read(at: 0, for: Self.assignee(0))
        bench.run(5)
        #expect(early.view != nil && waiting.list.isEmpty)
        // The one that was cut off may still show the old state: nothing has been promised to anybody.
        #expect(leased(bench, 2)?.isAssigned(0) == false)
        try bench.run(until: "the release") { !write.list.isEmpty }
        #expect(leased(bench, 2) == nil)
        bench.run(1)
        #expect(waiting.view?.isAssigned(0) == true)
        #expect(leased(bench, 0, Self.assignee(0))?.isAssigned(0) == true)
    }

    @Test func aNodeThatIsCutOffAnswersOnlyAsLongAsItsLease() throws {
        let bench = try Self.pool(timeout: 300_000_000)
        bench.cut = [2]
        bench.run(600)
        #expect(leased(bench, 2) != nil)
        bench.run(150)
        #expect(leased(bench, 2) == nil)
        let read = bench.read(at: 2)
        bench.run(400)
        #expect(read.refusal == .noLeader)
        bench.cut = []
        bench.run(300)
        #expect(leased(bench, 2) != nil)
    }

    @Test func theLeadersDeathIsNotNoticedByReaders() throws {
        let bench = try Self.pool()
        bench.crash(0)
        for _ in 0..<1500 {
            bench.run(1)
            #expect(leased(bench, 1) != nil && leased(bench, 2) != nil)
        }
        #expect(bench.leader != nil)
    }

    @Test func sealingEndsTheLeaseBeforeTheLeaderHearsOfIt() throws {
        let bench = try Self.poolLongAfterItsElection()
        bench.seal(2)
        let write = bench.submit(Write.assign(0), at: 0)
        bench.run(1)
        #expect(leased(bench, 2) == nil && isClosed(bench[2]))
        // Nobody waits for a node that has given its leases back, as the answer to the next heartbeat says.
        bench.run(60)
        #expect(write.outcome == .applied)
    }

    @Test func stoppingGivesTheLeasesBack() throws {
        let bench = try Self.poolLongAfterItsElection()
        bench[2].stop()
        #expect(leased(bench, 2) == nil && isClosed(bench[2]))
        bench.run(2)
        bench.cut = [2]
        let write = bench.submit(Write.assign(0), at: 0)
        bench.run(60)
        #expect(write.outcome == .applied)
    }

    // MARK: The pool's choice

    @Test func aPoolOfRoundsHoldsNoLeasesAndWaitsForNone() throws {
        let bench = try Self.pool(.readIndex)
        for number in 0..<3 { #expect(leased(bench, number) == nil) }
        bench.cut = [2]
        let write = bench.submit(Write.assign(0), at: 0)
        bench.run(40)
        #expect(write.outcome == .applied)
        let read = bench.read(at: 1)
        bench.run(20)
        #expect(read.view?.isAssigned(0) == true)
        #expect(leased(bench, 1) == nil)
    }

    @Test func aBoundLetsANodeAnswerThatIsCutOff() throws {
        let bench = try Self.pool(.boundedStaleness(seconds: 2), timeout: 300_000_000)
        bench.cut = [2]
        let write = bench.submit(Write.assign(0), at: 0)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        #expect(leased(bench, 2)?.isAssigned(0) == false)
        bench.run(1_600)
        #expect(leased(bench, 2)?.isAssigned(0) == false)
        // The last lease ended at most 750 ms after the cut.
        bench.run(1_150 - 917)
        bench.run(300)
        #expect(leased(bench, 2) == nil)
    }

    /// It can't learn what becomes of a write that it has proposed.
    @Test func aBoundLetsALeaderAnswerThatIsCutOff() throws {
        let bench = try Self.pool(.boundedStaleness(seconds: 2), timeout: 300_000_000)
        try #require(bench.leader == 0)
        bench.cut = [0]
        _ = bench.submit(Write.assign(0), at: 0)
        bench.run(600)
        // It leads no more, and under its lease nothing may be said of what it proposed.
        #expect(bench[0].driver?.leasedReads?.isCurrent(now: bench[0].clock.now()) == true)
        #expect(bench[0].standing?.role != .leader && leased(bench, 0, Self.assignee(0)) == nil)
        bench.run(200)
        #expect(leased(bench, 0)?.isAssigned(0) == false)
        let read = bench.read(at: 0)
        bench.run(2)
        #expect(read.view?.isAssigned(0) == false)
        bench.run(1_080)
        #expect(leased(bench, 0)?.isAssigned(0) == false)
        // Others may have released it soon after the cut.
        bench.run(120)
        #expect(leased(bench, 0) == nil)
        #expect(bench[0].driver?.leasedReads?.isCurrent(now: bench[0].clock.now()) == true)
        let late = bench.read(at: 0)
        bench.run(310)
        #expect(late.refusal == .noLeader)
    }

    // MARK: Clocks

    private func reading(_ lease: UInt64, _ raw: UInt64) -> ClockCheck.Reading {
        ClockCheck.Reading(
            rawBefore: Instant(nanoseconds: raw), lease: Instant(nanoseconds: lease),
            rawAfter: Instant(nanoseconds: raw + 100))
    }

    @Test func theWatchSeesJumpsStandstillsAndWrongRates() {
        let beat: UInt64 = 40_000_000
        var watch = ClockWatch()
        func check(_ lease: UInt64, _ raw: UInt64) -> ClockCheck.Verdict {
            watch.check(reading(lease, raw), interval: beat, LeaseParameters())
        }
        #expect(check(1 * beat, 7 * beat) == .good)
        #expect(check(50 * beat, 7 * beat + 1000) == .good, "too early to say anything")
        #expect(check(2 * beat, 8 * beat + 1000) == .good)
        // The machine slept: the oscillator did not count that.
        #expect(check(100 * beat, 9 * beat + 2000) == .fast)
        #expect(check(101 * beat, 10 * beat + 3000) == .good)
        // The clock stood still.
        #expect(check(101 * beat, 12 * beat) == .slow)
        #expect(check(102 * beat, 13 * beat + 1000) == .good)
        // A rate that is wrong by a fifth, from one reading to the next and over seconds.
        var (lease, raw) = (102 * beat, 13 * beat + 1000)
        var verdicts: Set<ClockCheck.Verdict> = []
        for _ in 0..<50 {
            lease += (beat + 1000) * 8 / 10
            raw += beat + 1000
            verdicts.insert(check(lease, raw))
        }
        #expect(verdicts == [.slow])
    }

    /// Nobody wakes it by its own clock, and the watch does not go by it.
    @Test func aClockThatStandsStillIsFound() throws {
        let bench = try Self.pool()
        bench.cut = [1]
        bench[1].clock.stop()
        bench.run(100)
        #expect(bench[1].alarms.contains(.clockDistrusted(.slow)))
        #expect(leased(bench, 1) == nil && leased(bench, 2) != nil)
    }

    @Test func aClockThatJumpsCostsTheLeasesAndNothingElse() throws {
        let bench = try Self.pool()
        #expect(leased(bench, 1) != nil)
        bench[1].clock.sleep(nanoseconds: 300_000_000)
        let jumped = bench.now
        try bench.run(until: "the alarm") { bench[1].alarms.contains(.clockDistrusted(.fast)) }
        #expect(leased(bench, 1) == nil)
        // Clocks are compared once a heartbeat.
        #expect(bench.now - jumped <= 81_000_000)
        let read = bench.read(at: 1)
        bench.run(200)
        #expect(read.view != nil)
        #expect(leased(bench, 1) != nil)
        #expect(bench[0].alarms.isEmpty && bench[2].alarms.isEmpty)
    }
}
