import Glibc
import Testing

@testable import LoadGenerator

@Suite struct MeasureTests {
    /// The value at position ceil(p/100 * n) of the sorted samples: the exact percentile by nearest rank.
    private func exact(_ sorted: [UInt64], _ percent: Double) -> UInt64 {
        sorted[max(0, Int((percent / 100 * Double(sorted.count)).rounded(.up)) - 1)]
    }

    @Test(arguments: [0.1, 1, 10, 50, 75, 90, 99, 99.9, 99.99, 100])
    func percentilesAgreeWithExactOnes(percent: Double) {
        var random = SplitMix64(seed: 42)
        var record = LatencyRecord()
        // From 20 µs to 20 s, as many in each order of magnitude, as latencies of a stalling server are spread.
        let samples = (0..<50_000).map { _ in UInt64(20 * pow(10, 6 * random.unit())) }
        for sample in samples { record.record(nanoseconds: sample * 1000) }
        let wanted = Double(exact(samples.sorted(), percent))
        let got = Double(record.microseconds(atPercentile: percent))
        #expect(abs(got - wanted) / wanted <= 0.001, "\(percent): \(got) for \(wanted)")
        #expect(record.count == 50_000)
    }

    @Test func whatIsTooLongCountsAsTheLongest() {
        var record = LatencyRecord()
        record.record(nanoseconds: .max / 2)
        #expect(record.count == 1 && record.longestMicroseconds >= 600_000_000)
    }

    @Test func recordsAdd() {
        var (low, high) = (LatencyRecord(), LatencyRecord())
        for value in UInt64(1)...100 { low.record(nanoseconds: value * 1000) }
        for value in UInt64(101)...200 { high.record(nanoseconds: value * 1000) }
        low.add(high)
        #expect(low.count == 200 && low.microseconds(atPercentile: 50) == 100 && low.longestMicroseconds == 200)
    }

    @Test func aSampleCrossesToAnotherProcess() throws {
        var sample = LoadSample(second: -2, nodes: 2, operations: 1)
        sample.cells[1].counts.good = 3
        sample.cells[1].counts.throttled = 4
        sample.cells[1].answered = 5
        for value in [10, 20, 3_000_000] { sample.cells[1].latency.record(nanoseconds: UInt64(value) * 1000) }
        sample.lag.record(nanoseconds: 5000)
        (sample.unsent, sample.homeless, sample.outstanding, sample.cpuMicroseconds) = (1, 2, 3, 4)
        sample.connections = [0, 8]
        let read = try LoadSample(json: sample.json, nodes: 2, operations: 1)
        #expect(read.second == -2 && read.cells[1].counts == sample.cells[1].counts && read.cells[1].answered == 5)
        #expect(read.cells[1].latency.buckets.map(\.count) == [1, 1, 1])
        // What crosses is the bucket, and a bucket is a thousandth wide.
        let longest = sample.cells[1].latency.longestMicroseconds
        #expect((longest...(longest + longest / 1000)).contains(read.cells[1].latency.longestMicroseconds))
        #expect(read.lag.count == 1 && read.connections == [0, 8])
        #expect((read.unsent, read.homeless, read.outstanding, read.cpuMicroseconds) == (1, 2, 3, 4))
        #expect(throws: (any Error).self) { try LoadSample(json: sample.json, nodes: 1, operations: 1) }
    }
}
