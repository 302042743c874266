import LoadGenerator
import Testing

@testable import hsmctl

/// Processor times of nodes, by a clock that the test moves.
@Suite struct NodeWatchTests {
    private static let second: UInt64 = 1_000_000_000

    private func point(_ second: Int) throws -> LoadPoint {
        var tally = LoadTally(processes: 1, nodes: 1, operations: 1)
        var sample = LoadSample(second: second, nodes: 1, operations: 1)
        sample.connections = [1]
        let sum = tally.add(sample)
        return try #require(sum)
    }

    /// A node that was killed and started again has used what both of its processes have.
    @Test func theTimeOfANodeThatWasStartedAnewCounts() throws {
        var now: UInt64 = 0
        var usage: NodeWatch.Usage? = NodeWatch.Usage(pid: 7, seconds: 100)
        var watch = NodeWatch(["node-1"], LoadJournal(measuring: 0), now: { now }, look: { _ in usage })
        func observe(_ second: Int, _ current: NodeWatch.Usage?) throws -> Double? {
            now += Self.second
            usage = current
            var point = try point(second)
            watch.observe(&point)
            return point.nodeCores[0]
        }
        #expect(try observe(-1, NodeWatch.Usage(pid: 7, seconds: 100.5)) == 0.5)
        #expect(watch.used == [0])
        #expect(try observe(0, NodeWatch.Usage(pid: 7, seconds: 100.75)) == 0.25)
        #expect(try observe(1, nil) == nil)
        #expect(try observe(2, NodeWatch.Usage(pid: 9, seconds: 0.5)) == 0.5)
        #expect(watch.used == [0.75])
    }

    /// One tick of the kernel's clock within some microseconds is no thousand cores.
    @Test func samplesThatComeAtOnceShowNoCores() throws {
        var now: UInt64 = 0
        var seconds = 100.0
        var watch = NodeWatch(
            ["node-1"], LoadJournal(measuring: 0), now: { now },
            look: { _ in NodeWatch.Usage(pid: 7, seconds: seconds) })
        var whole = try point(0)
        (now, seconds) = (Self.second, 100.5)
        watch.observe(&whole)
        var rest = try point(1)
        (now, seconds) = (Self.second + 50_000, 100.75)
        watch.observe(&rest)
        #expect(whole.nodeCores == [0.5] && rest.nodeCores == [nil] && watch.used == [0.75])
    }

    @Test func aNodeOfAnotherMachineHasNoTime() throws {
        var watch = NodeWatch(["node-1"], LoadJournal(measuring: 0), look: { _ in nil })
        var point = try point(0)
        watch.observe(&point)
        #expect(point.nodeCores == [nil] && watch.used == [nil])
    }
}
