import Glibc

/// Collects what happens into one sample for each second.
struct Scoreboard {
    private static let second: UInt64 = 1_000_000_000

    private let nodes: Int
    private let operations: Int
    private let emit: (LoadSample) -> Void
    private var sample: LoadSample
    private var measuringFrom: UInt64 = 0
    private var nextTurn: UInt64 = 0
    private var cpuBefore: UInt64 = 0

    init(nodes: Int, operations: Int, emit: @escaping (LoadSample) -> Void) {
        self.nodes = nodes
        self.operations = operations
        self.emit = emit
        sample = LoadSample(second: 0, nodes: nodes, operations: operations)
    }

    mutating func begin(at time: UInt64, measuringFrom: UInt64) {
        self.measuringFrom = measuringFrom
        let warmUp = Int((measuringFrom - time + Self.second - 1) / Self.second)
        sample.second = -warmUp
        // Seconds are counted from the beginning of measuring, so that none is partly warm-up.
        nextTurn = measuringFrom &- UInt64(max(0, warmUp - 1)) &* Self.second
        if warmUp == 0 { nextTurn = measuringFrom + Self.second }
        cpuBefore = Self.processorTime()
    }

    func isMeasured(due: UInt64) -> Bool { due >= measuringFrom }

    mutating func left(due: UInt64, at now: UInt64) {
        if isMeasured(due: due) { sample.lag.record(nanoseconds: now > due ? now - due : 0) }
    }

    mutating func unsent(due: UInt64) { if isMeasured(due: due) { sample.unsent += 1 } }

    mutating func homeless(due: UInt64) { if isMeasured(due: due) { sample.homeless += 1 } }

    mutating func settled(
        node: Int, operation: Int, _ outcome: WritableKeyPath<OutcomeCounts, UInt64>, latency: UInt64
    ) {
        let index = node * operations + operation
        sample.cells[index].counts[keyPath: outcome] += 1
        if outcome == \.good { sample.cells[index].latency.record(nanoseconds: latency) }
    }

    /// - Parameter time: when a good answer came, within the measured time or in the warm-up.
    mutating func answered(node: Int, operation: Int, at time: UInt64) {
        if time >= measuringFrom { sample.cells[node * operations + operation].answered += 1 }
    }

    mutating func advance(to now: UInt64, outstanding: Int, links: [NodeLink]) {
        while now >= nextTurn {
            turn(outstanding, links)
            nextTurn += Self.second
        }
    }

    mutating func end(outstanding: Int, links: [NodeLink]) { turn(outstanding, links) }

    private mutating func turn(_ outstanding: Int, _ links: [NodeLink]) {
        sample.outstanding = outstanding
        sample.connections = links.map(\.openConnections)
        let cpu = Self.processorTime()
        sample.cpuMicroseconds = cpu - cpuBefore
        cpuBefore = cpu
        emit(sample)
        sample = LoadSample(second: sample.second + 1, nodes: nodes, operations: operations)
    }

    /// Of this process, microseconds.
    private static func processorTime() -> UInt64 {
        var usage = rusage()
        getrusage(RUSAGE_SELF.rawValue, &usage)
        let seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        return UInt64(seconds) * 1_000_000 + UInt64(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)
    }
}
