import StrictJSON

/// What became of requests.
public struct OutcomeCounts: Hashable, Sendable {
    /// Answered 2xx.
    public var good: UInt64 = 0
    /// Answered 429: the node protects itself.
    public var throttled: UInt64 = 0
    /// Answered 503: the node can't serve now.
    public var unavailable: UInt64 = 0
    /// Answered with another 4xx.
    public var refused: UInt64 = 0
    /// Answered with another 5xx, or something that is no answer.
    public var failed: UInt64 = 0
    /// Not answered in time.
    public var timedOut: UInt64 = 0
    /// The connection ended before the answer.
    public var disconnected: UInt64 = 0

    public init() {}

    static let members: [any WritableKeyPath<OutcomeCounts, UInt64> & Sendable] = [
        \.good, \.throttled, \.unavailable, \.refused, \.failed, \.timedOut, \.disconnected,
    ]

    /// Names in the order of reports.
    public static let names = [
        "good", "throttled", "unavailable", "refused", "failed", "timedOut", "disconnected",
    ]

    /// In the order of ``names``.
    public var values: [UInt64] { Self.members.map { self[keyPath: $0] } }
    /// Requests that were sent and have an outcome: neither unsent ones nor those under way.
    public var total: UInt64 { values.reduce(0, +) }
    /// All that wasn't answered as asked, whatever the reason.
    public var bad: UInt64 { total - good }
    /// What a client could not expect: everything bad but 429.
    public var errors: UInt64 { bad - throttled }

    /// Adds outcome by outcome.
    public mutating func add(_ other: OutcomeCounts) {
        for member in Self.members { self[keyPath: member] += other[keyPath: member] }
    }
}

/// Counts and latencies of one operation at one node.
public struct LoadCell: Sendable {
    /// Of the requests that were due after the warm-up, in the second in which their outcome was known.
    public var counts = OutcomeCounts()
    /// Of good answers, from the time at which the request was due to the end of the answer.
    public var latency = LatencyRecord()
    /// Good answers that came within the measured time, also to requests of the warm-up: what a rate is of. A pool that
    /// is asked too much goes on answering afterwards.
    public var answered: UInt64 = 0

    public init() {}

    /// Adds what another process, or another second, has of the same node and operation.
    public mutating func add(_ other: LoadCell) {
        counts.add(other.counts)
        latency.add(other.latency)
        answered += other.answered
    }
}

/// What one process saw within one second.
public struct LoadSample: Sendable {
    /// Seconds since measuring began; negative in the warm-up.
    public var second: Int
    /// Node by node, for each its operations.
    public var cells: [LoadCell]
    /// How late requests left, after the time at which they were due: the generator's own delay.
    public var lag = LatencyRecord()
    /// Due, but never sent: too many were under way.
    public var unsent: UInt64 = 0
    /// Due while no node could be reached.
    public var homeless: UInt64 = 0
    /// Requests under way at the end of the second.
    public var outstanding = 0
    /// Open connections at the end of the second, for each node.
    public var connections: [Int]
    /// Processor time of the generating process within the second, microseconds.
    public var cpuMicroseconds: UInt64 = 0

    /// An empty sample with a place for each operation at each node.
    public init(second: Int, nodes: Int, operations: Int) {
        self.second = second
        cells = Array(repeating: LoadCell(), count: nodes * operations)
        connections = Array(repeating: 0, count: nodes)
    }

    /// Adds what another process saw in the same second.
    public mutating func add(_ other: LoadSample) {
        for index in cells.indices { cells[index].add(other.cells[index]) }
        for index in connections.indices { connections[index] += other.connections[index] }
        lag.add(other.lag)
        unsent += other.unsent
        homeless += other.homeless
        outstanding += other.outstanding
        cpuMicroseconds += other.cpuMicroseconds
    }
}

/// The form in which samples come from another process.
extension LoadSample {
    private static let limits = JSONReader.Limits(depth: 8, members: 1 << 20)

    /// One line of text. Latencies are sent as pairs of value and count, so processes' records can be added up.
    public var json: [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            writer.member("second", second)
            writer.member("cells") { writer in
                writer.array { writer in
                    for cell in cells {
                        writer.object { writer in
                            writer.member("counts") { Self.write(cell.counts.values, &$0) }
                            writer.member("latency") { Self.write(cell.latency, &$0) }
                            writer.member("answered", cell.answered)
                        }
                    }
                }
            }
            writer.member("lag") { Self.write(lag, &$0) }
            writer.member("unsent", unsent)
            writer.member("homeless", homeless)
            writer.member("outstanding", outstanding)
            writer.member("connections") { Self.write(connections.map(UInt64.init), &$0) }
            writer.member("cpu", cpuMicroseconds)
        }
        return writer.bytes
    }

    private static func write(_ numbers: [UInt64], _ writer: inout JSONWriter) {
        writer.array { writer in for number in numbers { writer.integer(number) } }
    }

    private static func write(_ record: LatencyRecord, _ writer: inout JSONWriter) {
        write(record.buckets.flatMap { [$0.microseconds, $0.count] }, &writer)
    }

    /// Reads what ``json`` wrote.
    ///
    /// - Parameters:
    ///   - json: One line of text.
    ///   - nodes: How many the plan has: a sample of another plan is refused.
    ///   - operations: Likewise.
    /// - Throws: what doesn't fit.
    public init(json: [UInt8], nodes: Int, operations: Int) throws {
        guard case .object(let object) = try JSONReader.parse(json, limits: Self.limits) else {
            throw LoadPlan.Malformed()
        }
        let fields = Record(object)
        self.init(second: Int(try fields.number("second")), nodes: nodes, operations: operations)
        let found = try fields.records("cells")
        guard found.count == cells.count else { throw LoadPlan.Malformed() }
        for (index, record) in found.enumerated() {
            let values = try record.numbers("counts")
            guard values.count == OutcomeCounts.members.count else { throw LoadPlan.Malformed() }
            for (member, value) in zip(OutcomeCounts.members, values) { cells[index].counts[keyPath: member] = value }
            cells[index].latency = try Self.latency(record.numbers("latency"))
            cells[index].answered = UInt64(clamping: try record.number("answered"))
        }
        lag = try Self.latency(fields.numbers("lag"))
        unsent = UInt64(clamping: try fields.number("unsent"))
        homeless = UInt64(clamping: try fields.number("homeless"))
        outstanding = Int(try fields.number("outstanding"))
        let open = try fields.numbers("connections")
        guard open.count == nodes else { throw LoadPlan.Malformed() }
        connections = open.map { Int(clamping: $0) }
        cpuMicroseconds = UInt64(clamping: try fields.number("cpu"))
    }

    private static func latency(_ pairs: [UInt64]) throws -> LatencyRecord {
        guard pairs.count.isMultiple(of: 2) else { throw LoadPlan.Malformed() }
        var record = LatencyRecord()
        for index in stride(from: 0, to: pairs.count, by: 2) {
            record.record(microseconds: pairs[index], count: pairs[index + 1])
        }
        return record
    }
}
