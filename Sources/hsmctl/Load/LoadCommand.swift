import ArgumentParser
import Foundation
import LoadGenerator
import StrictJSON

/// `hsmctl load`.
struct LoadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "load", abstract: "Measures how many requests a pool answers, and how fast.",
        discussion: """
            The load goes to all nodes that --endpoint names, over HTTP/2. With --rate or --ramp requests are due at \
            fixed times, whatever the pool does, and latency counts from those times; without, a fixed number of \
            requests (--connections times --streams for each node) is always under way.

            Before it starts it tries every request once on every node: a node that can't be reached, a certificate, \
            a token, a missing key or permission stops it. A node that dies during the run is reported. Ctrl-C ends \
            the run with a report of what was measured.

            Example: hsmctl load --key signing --algorithm ES256 --duration 30s

            More:
              hsmctl load --key signing --algorithm ES256 --rate 2000 --duration 60s --html report.html
              hsmctl load --profile cluster-config/load/mixed.yaml --kill leader@30s
              hsmctl load --key signing --algorithm PS256 --find-max 'p99<=15ms'
            """)

    @Option(name: .long, help: ArgumentHelp("A file that describes the load, in YAML.", valueName: "file"),
        completion: .file())
    var profile: String?
    @Option(name: .long, parsing: .singleValue, help: ArgumentHelp("A key; repeat it for more.", valueName: "name"))
    var key: [String] = []
    @Option(name: .long, help: "sign, verify, encrypt, decrypt, wrapKey, unwrapKey or get.")
    var operation = "sign"
    @Option(name: .long, help: ArgumentHelp("For example ES256, PS256, RSA-OAEP-256.", valueName: "name"))
    var algorithm: String?
    @Option(name: .long, help: "Which key a request uses: hot (the first), uniform or zipf.")
    var choice = "uniform"
    @Option(name: .long, help: ArgumentHelp("Requests a second.", valueName: "number"))
    var rate: Double?
    @Option(name: .long, help: ArgumentHelp("From one rate evenly to another.", valueName: "from:to"))
    var ramp: String?
    @Flag(name: .long, help: "Random gaps between requests, as of many clients. [open loop]")
    var random = false
    @Option(name: .long, help: ArgumentHelp("How long to measure: 30s, 5m. (default: 10s)", valueName: "time"))
    var duration: String?
    @Option(name: .long, help: ArgumentHelp("Load before measuring. (default: 2s)", valueName: "time"))
    var warmUp: String?
    @Option(name: .long, help: ArgumentHelp("When a request counts as lost. (default: 10s)", valueName: "time"))
    var timeout: String?
    @Option(name: .long, help: ArgumentHelp("Connections to each node. (default: 8)", valueName: "number"))
    var connections: Int?
    @Option(
        name: .long,
        help: ArgumentHelp("Requests under way on each. [closed loop] (default: 16)", valueName: "number"))
    var streams: Int?
    @Option(name: .long, help: ArgumentHelp("Processes that share the load. (default: 1)", valueName: "number"))
    var processes: Int?
    @Option(
        name: .long,
        help: ArgumentHelp("Search the highest rate that keeps to this, such as 'p99<=5ms'.", valueName: "objective"))
    var findMax: String?
    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "Kill a node of this machine: leader@30s, follower@5s, node-2@10s.", valueName: "node@time"))
    var kill: [String] = []
    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("Stop a node of this machine for a while: leader@30s+2s.", valueName: "node@time+time"))
    var pause: [String] = []
    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp("A further principal: client id and file of its secret.", valueName: "id:file"))
    var principal: [String] = []
    @Option(
        name: .long,
        help: ArgumentHelp("File with an access token to use, instead of asking for one.", valueName: "file"),
        completion: .file())
    var tokenFile: String?
    @Option(name: .long, help: ArgumentHelp("Write a report with charts.", valueName: "file"), completion: .file())
    var html: String?
    @OptionGroup(title: "Output") var output: OutputOptions
    @OptionGroup(title: "Connection") var connection: ConnectionOptions

    func run() async throws {
        let demand = try demand()
        if let html { try Files.requireWritable(html) }
        let objective = try findMax.map { text in
            guard let objective = LatencyObjective(text) else {
                throw ClientError.usage("'\(text)' isn't an objective such as 'p99<=5ms'.")
            }
            return objective
        }
        let faults = try faults()
        try demand.check(faults, isSearch: findMax != nil)
        let token = try tokenFile.map { file in
            String(decoding: try Files.read(file), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let principals = try principal.map(Self.principal)
        try await PoolClient.with(connection) { client in
            let preparation = LoadPreparation(
                demand: demand, connection: connection, token: token, principals: principals)
            let prepared = try await preparation.prepare(client)
            if !faults.isEmpty, prepared.processes.contains(nil) {
                throw ClientError.usage("--kill and --pause need nodes that run on this machine, as this user.")
            }
            let run = LoadRun(
                title: title(demand), plan: prepared.plan, crewSize: demand.processes, processes: prepared.processes,
                faults: faults, transport: client.transport, endpoints: client.endpoints, interrupt: LoadInterrupt())
            let signals = run.interrupt.trap()
            defer { signals.cancel() }
            if let objective {
                try await search(objective, demand, run, renewal: prepared.renewal) {
                    try await preparation.access(client)
                }
            } else {
                let report = try await run.carryOut(renewal: prepared.renewal) { try await preparation.access(client) }
                try show(report, found: nil)
            }
        }
    }

    // MARK: What is asked for

    func demand() throws -> LoadDemand {
        guard algorithm == nil || !key.isEmpty else {
            throw ClientError.usage("--algorithm is that of --key: the operations of a profile have their own.")
        }
        var demand = try profile.map(LoadProfile.read) ?? LoadDemand()
        if !key.isEmpty {
            guard let operation = LoadDemand.Operation(rawValue: operation) else {
                throw ClientError.usage("'\(operation)' isn't an operation: see 'hsmctl help load'.")
            }
            demand.parts = [
                LoadDemand.Part(
                    operation: operation, algorithm: algorithm, keys: key,
                    choice: try LoadProfile.choice(choice, exponent: 1))
            ]
        }
        if let rate { demand.rate = (rate, rate) }
        if let ramp {
            let parts = ramp.split(separator: ":", omittingEmptySubsequences: false)
            let ends = parts.compactMap { Double($0) }
            guard parts.count == 2, ends.count == 2, rate == nil else {
                throw ClientError.usage("'\(ramp)' isn't a ramp such as 100:2000, or there is a --rate too.")
            }
            demand.rate = (ends[0], ends[1])
        }
        if random { demand.spacing = .random }
        if let duration { demand.duration = try Span.seconds(duration) }
        if let warmUp { demand.warmUp = try Span.seconds(warmUp) }
        if let timeout { demand.timeout = try Span.seconds(timeout) }
        demand.connections = connections ?? demand.connections
        demand.streams = streams ?? demand.streams
        demand.processes = processes ?? demand.processes
        try demand.check()
        return demand
    }

    private func faults() throws -> [Fault] {
        try kill.map { text in
            guard let fault = Fault(text, isPause: false) else {
                throw ClientError.usage("'\(text)' isn't a node and a time such as leader@30s.")
            }
            return fault
        } + pause.map { text in
            guard let fault = Fault(text, isPause: true) else {
                throw ClientError.usage("'\(text)' isn't a node and two times such as leader@30s+2s.")
            }
            return fault
        }
    }

    private static func principal(_ text: String) throws -> (clientID: String, secretFile: String) {
        let parts = text.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { throw ClientError.usage("'\(text)' isn't CLIENT-ID:FILE.") }
        return (parts[0], parts[1])
    }

    private func title(_ demand: LoadDemand) -> String {
        let what = demand.parts.map { part in
            part.keys.count > 1 ? "\(part.name) with \(part.keys.count) keys" : part.name
        }.joined(separator: ", ")
        guard let rate = demand.rate else {
            return "\(what): closed loop, \(demand.connections) x \(demand.streams) for each node"
        }
        return rate.from == rate.to
            ? "\(what): \(Figures.whole(rate.from)) a second"
            : "\(what): \(Figures.whole(rate.from)) to \(Figures.whole(rate.to)) a second"
    }

    // MARK: Results

    /// Trials at one rate after the other. The first is half of what a closed loop gets.
    ///
    /// - Parameters:
    ///   - renewal: of the plan's tokens.
    ///   - renew: gets new tokens, also for each trial: those of the first would end before the last.
    private func search(
        _ objective: LatencyObjective, _ demand: LoadDemand, _ run: LoadRun, renewal: UInt64?,
        _ renew: () async throws -> LoadAccess
    ) async throws {
        let closed = try await run.with(run.plan.trial(.closed), title: "closed loop")
            .carryOut(renewal: renewal, renew)
        var search = MaximumSearch(startingAt: closed.all.rate / 2)
        guard !closed.isInterrupted else {
            return try show(closed, found: SearchResult(search, findMax ?? "", isComplete: false))
        }
        Terminal.note("closed loop: \(Figures.whole(closed.all.rate)) a second")
        var best: LoadReport?
        var last = closed
        var isComplete = true
        while let rate = search.next {
            if run.interrupt.raisedAt != nil {
                isComplete = false
                break
            }
            let title = "\(run.title.prefix { $0 != ":" }): \(Figures.whole(rate)) a second"
            do {
                let access = try await renew()
                let plan = run.plan.trial(demand.arrival(at: rate), tokens: access.tokens)
                last = try await run.with(plan, title: title).carryOut(renewal: access.renewal, renew)
            } catch where best != nil {
                // What was found before is still true.
                Terminal.note("\(Figures.whole(rate)) a second: the trial could not begin: \(error)")
                isComplete = false
                break
            }
            if last.isInterrupted {
                isComplete = false
                break
            }
            let isMet = objective.isMet(by: last)
            search.take(rate: rate, isMet: isMet, isLimitedByGenerator: last.isLimitedByGenerator)
            if isMet { best = last }
            let latency = last.all.cell.latency.microseconds(atPercentile: objective.percent)
            Terminal.note(
                "\(Figures.whole(rate)) a second: \(isMet ? "kept" : "missed"), \(Figures.time(latency)), "
                    + "\(last.all.cell.counts.bad) not answered as asked"
                    + (last.isLimitedByGenerator ? " (the generator was at its limit)" : ""))
        }
        try show(best ?? last, found: SearchResult(search, findMax ?? "", isComplete: isComplete))
    }

    private func show(_ report: LoadReport, found: SearchResult?) throws {
        // Neither is lost with the other: there may be no room for the page, or no terminal any more for the figures.
        let page = Result { if let html { try Files.write(Array(report.html.utf8), to: html) } }
        try tell(report, found)
        try page.get()
    }

    private func tell(_ report: LoadReport, _ found: SearchResult?) throws {
        if output.json {
            var writer = JSONWriter(capacity: 1 << 16)
            writer.object { writer in
                found?.write(to: &writer)
                writer.member("report") { report.write(to: &$0) }
            }
            return try Files.write(writer.bytes + [UInt8(ascii: "\n")], to: "-")
        }
        LoadSummary.show(report)
        guard let found else { return }
        StandardOutput.line(found.text)
        if let doubt = found.doubt { Terminal.note("note: \(doubt)") }
    }
}

extension LoadPlan {
    /// The same load with other arrivals.
    ///
    /// - Parameter tokens: nil for those that it has.
    func trial(_ arrival: Arrival, tokens: [String]? = nil) -> LoadPlan {
        var plan = self
        plan.arrival = arrival
        plan.tokens = tokens ?? plan.tokens
        return plan
    }
}

extension LoadRun {
    /// The same run of another plan.
    func with(_ plan: LoadPlan, title: String) -> LoadRun {
        LoadRun(
            title: title, plan: plan, crewSize: crewSize, processes: processes, faults: faults, transport: transport,
            endpoints: endpoints, interrupt: interrupt)
    }
}
