/// Puts the samples of all processes together, second by second.
public struct LoadTally: Sendable {
    private let processes: Int
    private let nodes: Int
    private let operations: Int
    /// Processes that have not ended.
    private var running: Set<Int>
    /// Seconds that not every one of them has reported yet.
    private var pending: [Int: (reporters: Set<Int>, sample: LoadSample)] = [:]
    /// Those that every process has reported.
    private var complete: Set<Int> = []

    /// All that was measured; warm-up excluded.
    public private(set) var total: LoadSample
    /// One for each second since measuring began that all processes have reported which had not ended then, ascending;
    /// after ``finish()`` for all.
    public private(set) var points: [LoadPoint] = []

    /// - Parameter processes: how many have to report a second before it is complete.
    public init(processes: Int, nodes: Int, operations: Int) {
        self.processes = processes
        running = Set(0..<processes)
        self.nodes = nodes
        self.operations = operations
        total = LoadSample(second: 0, nodes: nodes, operations: operations)
    }

    /// - Parameter process: which one saw it, from 0.
    /// - Returns: the second that nobody will add to any more, if it is one.
    public mutating func add(_ sample: LoadSample, from process: Int = 0) -> LoadPoint? {
        var entry =
            pending[sample.second] ?? ([], LoadSample(second: sample.second, nodes: nodes, operations: operations))
        entry.reporters.insert(process)
        entry.sample.add(sample)
        pending[sample.second] = entry
        return running.isSubset(of: entry.reporters) ? close(sample.second) : nil
    }

    /// A process has ended, in its time or before: nobody waits for what it didn't report.
    ///
    /// - Returns: the seconds that nobody will add to any more.
    public mutating func end(of process: Int) -> [LoadPoint] {
        running.remove(process)
        guard !running.isEmpty else { return [] }
        let closed = pending.filter { running.isSubset(of: $0.value.reporters) }.keys.sorted()
        return closed.compactMap { close($0) }
    }

    private mutating func close(_ second: Int) -> LoadPoint? {
        guard let entry = pending.removeValue(forKey: second) else { return nil }
        if entry.reporters.count == processes { complete.insert(second) }
        return take(entry.sample)
    }

    /// The first whole second of so many measured ones that not every process has reported: one of them has died.
    func firstGap(in seconds: Double) -> Int? { (0..<max(0, Int(seconds))).first { !complete.contains($0) } }

    /// Takes what some processes reported and others did not, because they ended earlier.
    public mutating func finish() {
        for (_, entry) in pending.sorted(by: { $0.key < $1.key }) { _ = take(entry.sample) }
        pending = [:]
    }

    private mutating func take(_ sample: LoadSample) -> LoadPoint {
        let point = LoadPoint(sample, nodes: nodes, operations: operations)
        guard sample.second >= 0 else { return point }
        total.add(sample)
        points.append(point)
        return point
    }

    /// Puts in what is known of the nodes beside the answers.
    public mutating func replace(_ point: LoadPoint) {
        guard let index = points.lastIndex(where: { $0.second == point.second }) else { return }
        points[index] = point
    }

    /// One node's cells, or one operation's, in one.
    public func sum(node: Int? = nil, operation: Int? = nil) -> LoadCell {
        total.sum(nodes: nodes, operations: operations, node: node, operation: operation)
    }
}

extension LoadSample {
    func sum(nodes: Int, operations: Int, node: Int?, operation: Int?) -> LoadCell {
        var sum = LoadCell()
        for number in 0..<nodes where node == nil || node == number {
            for kind in 0..<operations where operation == nil || operation == kind {
                sum.add(cells[number * operations + kind])
            }
        }
        return sum
    }
}

/// One second in figures.
public struct LoadPoint: Hashable, Sendable {
    /// Since measuring began; negative in the warm-up.
    public let second: Int
    /// Of all nodes.
    public let counts: OutcomeCounts
    /// For each node.
    public let nodeCounts: [OutcomeCounts]
    /// Open ones to each node, of all processes, at the end of the second.
    public let connections: [Int]
    /// Microseconds.
    public let median: UInt64
    /// 99th percentile, microseconds.
    public let p99: UInt64
    /// 99.9th percentile, microseconds.
    public let p999: UInt64
    /// Microseconds.
    public let longest: UInt64
    /// How late requests left, microseconds, 99th percentile.
    public let lag: UInt64
    /// Due in this second and never sent: too many were under way.
    public let unsent: UInt64
    /// Due in this second while no node could be reached.
    public let homeless: UInt64
    /// Under way at the end of the second.
    public let outstanding: Int
    /// Processor time of the generator, microseconds.
    public let generatorCPU: UInt64
    /// Processor time of each node within the second, in cores; `nil` where it isn't known.
    public var nodeCores: [Double?]

    init(_ sample: LoadSample, nodes: Int, operations: Int) {
        let all = sample.sum(nodes: nodes, operations: operations, node: nil, operation: nil)
        second = sample.second
        counts = all.counts
        nodeCounts = (0..<nodes).map {
            sample.sum(nodes: nodes, operations: operations, node: $0, operation: nil).counts
        }
        connections = sample.connections
        median = all.latency.microseconds(atPercentile: 50)
        p99 = all.latency.microseconds(atPercentile: 99)
        p999 = all.latency.microseconds(atPercentile: 99.9)
        longest = all.latency.longestMicroseconds
        lag = sample.lag.microseconds(atPercentile: 99)
        unsent = sample.unsent
        homeless = sample.homeless
        outstanding = sample.outstanding
        generatorCPU = sample.cpuMicroseconds
        nodeCores = Array(repeating: nil, count: nodes)
    }
}
