/// What a run has shown.
public struct LoadReport: Sendable {
    /// Counts and latencies of a node, of an operation, or of all.
    public struct Line: Sendable {
        public let name: String
        /// Of the requests that were due in the time that was measured.
        public let cell: LoadCell
        /// Good answers a second within that time.
        public let rate: Double
        /// Processor time of the node for each good answer of it, microseconds; `nil` where it isn't known.
        public let cpuMicroseconds: Double?
    }

    /// Something that happened to the pool during the run.
    public struct Event: Hashable, Sendable {
        /// Seconds since measuring began.
        public let second: Double
        public let text: String

        public init(second: Double, text: String) {
            self.second = second
            self.text = text
        }
    }

    /// In words: what was asked for.
    public let title: String
    /// Seconds that were measured.
    public let seconds: Double
    /// Requests a second that were due, on average; `nil` in the closed loop.
    public let offeredRate: Double?
    public let all: Line
    /// In the order of the plan.
    public let nodes: [Line]
    /// In the order of the plan.
    public let operations: [Line]
    /// One for each second from the beginning of measuring until the last request had an outcome, ascending.
    public let points: [LoadPoint]
    public let events: [Event]
    /// How late requests left, after the time at which they were due.
    public let lag: LatencyRecord
    /// Requests that were due and never sent: too many were under way.
    public let unsent: UInt64
    /// Requests that were due while no node could be reached.
    public let homeless: UInt64
    /// Of the generator, in cores of this machine, within the time that was measured.
    public let generatorCores: Double
    /// How many processes the generator had.
    public let processes: Int
    /// Whether the run was ended before its time.
    public let isInterrupted: Bool
    /// The second in which a process of the generator died; `nil` where none did.
    public let processLostAt: Int?
    /// What a reader has to know before believing the figures.
    public private(set) var warnings: [String] = []

    /// What the generator was and had.
    public struct Setting: Sendable {
        /// In words: what was asked for.
        public var title: String
        /// The whole load, before it is divided among processes.
        public var plan: LoadPlan
        public var processes: Int
        /// Cores of this machine.
        public var cores: Int
        /// Nodes whose processes run on this machine.
        public var localNodes: Int

        public init(title: String, plan: LoadPlan, processes: Int, cores: Int, localNodes: Int) {
            self.title = title
            self.plan = plan
            self.processes = processes
            self.cores = cores
            self.localNodes = localNodes
        }
    }

    /// - Parameters:
    ///   - seconds: that were measured.
    ///   - nodeCPU: processor time of each node over these, seconds; `nil` where it isn't known.
    public init(
        _ setting: Setting, _ tally: LoadTally, seconds: Double, nodeCPU: [Double?], events: [Event],
        isInterrupted: Bool
    ) {
        let plan = setting.plan
        func line(_ name: String, _ cell: LoadCell, cpu: Double?) -> Line {
            let good = Double(cell.counts.good)
            return Line(
                name: name, cell: cell, rate: seconds > 0 ? Double(cell.answered) / seconds : 0,
                cpuMicroseconds: good > 0 ? cpu.map { $0 * 1e6 / good } : nil)
        }
        title = setting.title
        self.seconds = seconds
        let known = nodeCPU.compactMap { $0 }
        all = line("all", tally.sum(), cpu: known.count == plan.nodes.count ? known.reduce(0, +) : nil)
        nodes = plan.nodes.enumerated().map { line($1.name, tally.sum(node: $0), cpu: nodeCPU[$0]) }
        operations = plan.operations.enumerated().map { line($1.name, tally.sum(operation: $0), cpu: nil) }
        points = tally.points
        self.events = events
        lag = tally.total.lag
        unsent = tally.total.unsent
        homeless = tally.total.homeless
        let sending = tally.points.filter { Double($0.second) < seconds }
        generatorCores = seconds > 0 ? Double(sending.map(\.generatorCPU).reduce(0, +)) / 1e6 / seconds : 0
        processes = setting.processes
        self.isInterrupted = isInterrupted
        processLostAt = tally.firstGap(in: seconds)
        if case .open = plan.arrival, seconds > 0 {
            let due = Double(tally.sum().counts.total + tally.total.unsent + tally.total.homeless)
            offeredRate = due / seconds
        } else {
            offeredRate = nil
        }
        warnings = doubts(setting)
    }

    /// Whether the generator itself, not the pool, set the limit.
    public var isLimitedByGenerator: Bool {
        generatorCores > Self.busyShare * Double(processes) || lag.microseconds(atPercentile: 99) > lateMicroseconds
    }

    private static let busyShare = 0.9

    /// Later than this, a request's delay in the generator is no longer small beside its latency.
    private var lateMicroseconds: UInt64 { max(2000, all.cell.latency.microseconds(atPercentile: 99) / 4) }

    private func doubts(_ setting: Setting) -> [String] {
        var doubts: [String] = []
        if let processLostAt {
            doubts.append(
                "A process of the generator died after \(processLostAt) s: what it was to send from then on is "
                    + "missing.")
        }
        if generatorCores > Self.busyShare * Double(processes) {
            doubts.append(
                "The generator was the bottleneck: its \(processes) process(es) used "
                    + "\(Figures.decimal(generatorCores)) cores. Use more with --processes, or more machines.")
        }
        if offeredRate != nil, lag.microseconds(atPercentile: 99) > lateMicroseconds {
            doubts.append(
                "The generator was late: 1 % of the requests left more than "
                    + "\(Figures.time(lag.microseconds(atPercentile: 99))) after they were due. That time is part of "
                    + "the latencies, and isn't the pool's.")
        }
        if unsent > 0 {
            doubts.append(
                "\(unsent) requests were due and never sent, because \(setting.plan.maximumOutstanding) were already "
                    + "under way: the pool can't keep up with this rate.")
        }
        if homeless > 0 {
            doubts.append("\(homeless) requests were due while no node could be reached.")
        }
        if setting.localNodes > 0 {
            doubts.append(
                "The generator and \(setting.localNodes) of the nodes share this machine's \(setting.cores) cores: "
                    + "rates say less about a node than its processor time for each answer.")
        }
        if isInterrupted { doubts.append("The run was ended after \(Figures.decimal(seconds)) s.") }
        return doubts
    }

    /// Generator's report of its own part.
    public var generatorLine: String {
        "generator: \(processes) process(es), \(Figures.decimal(generatorCores)) cores; requests left "
            + "\(Figures.time(lag.microseconds(atPercentile: 50))) (median), "
            + "\(Figures.time(lag.microseconds(atPercentile: 99))) (99 %), "
            + "\(Figures.time(lag.longestMicroseconds)) (worst) after they were due"
    }
}
