import Foundation
import LoadGenerator
import Synchronization
import UnixSignals

/// Carries out a plan: sends the load, does the faults, watches the nodes' processes, shows the progress.
struct LoadRun {
    let title: String
    let plan: LoadPlan
    let crewSize: Int
    /// The nodes' processes, where they are on this machine.
    let processes: [LocalProcess?]
    let faults: [Fault]
    let transport: Transport
    let endpoints: [String]
    let interrupt: LoadInterrupt

    /// Time for the processes to be told, before the first request is due.
    private static let lead: UInt64 = 200_000_000

    /// How long after a pool gave no new tokens it is asked again.
    private static let renewalPause: UInt64 = 30_000_000_000

    /// - Parameters:
    ///   - renewal: when the plan's tokens have to be replaced; `nil` for never.
    ///   - renew: gets others.
    func carryOut(renewal: UInt64?, _ renew: () async throws -> LoadAccess) async throws -> LoadReport {
        let crew = try await assemble()
        let start = LoadSession.now() + Self.lead
        let measuring = start + plan.warmUp
        let journal = LoadJournal(measuring: measuring)
        let faultTasks = faultTasks(measuring, journal)
        interrupt.begin(crew)
        var tally = LoadTally(
            processes: crew.count, nodes: plan.nodes.count, operations: plan.operations.count)
        var watch = NodeWatch(plan.nodes.map(\.name), journal, look: usage())
        let progress = LoadProgress(plan: plan)
        var renewal = renewal
        for await news in crew.run(at: start) {
            for var point in tally.take(news) {
                watch.observe(&point)
                tally.replace(point)
                progress.show(point)
            }
            if let due = renewal, LoadSession.now() >= due {
                renewal = await renewTokens(of: crew, journal, renew)
            }
        }
        interrupt.end()
        progress.end()
        tally.finish()
        // A node that was stopped goes on before this process may end, and after it nothing is done to any.
        for task in faultTasks { task.cancel() }
        for task in faultTasks { await task.value }
        await crew.close()
        let planned = Double(plan.duration) / 1e9
        let stoppedAfter = interrupt.raisedAt.map { $0 > measuring ? Double($0 - measuring) / 1e9 : 0 }
        let setting = LoadReport.Setting(
            title: title, plan: plan, processes: crewSize, cores: ProcessInfo.processInfo.activeProcessorCount,
            localNodes: processes.count { $0 != nil })
        return LoadReport(
            setting, tally, seconds: min(planned, stoppedAfter ?? planned), nodeCPU: watch.used,
            events: journal.events, isInterrupted: interrupt.raisedAt != nil)
    }

    /// - Returns: when that is to be done again.
    private func renewTokens(
        of crew: LoadCrew, _ journal: LoadJournal, _ renew: () async throws -> LoadAccess
    ) async -> UInt64? {
        do {
            let access = try await renew()
            crew.use(tokens: access.tokens)
            return access.renewal
        } catch {
            journal.note("the pool issued no new tokens: \(error)")
            return LoadSession.now() + Self.renewalPause
        }
    }

    private func assemble() async throws -> LoadCrew {
        do {
            return try await LoadCrew.assemble(plan, processes: crewSize)
        } catch let error as ClientError {
            throw error
        } catch {
            throw ClientError.unavailable("\(error)")
        }
    }

    /// Looks at the nodes' processes, and finds those again that were started anew.
    private func usage() -> (Int) -> NodeWatch.Usage? {
        var known = processes
        return { [processes, plan] index in
            guard processes[index] != nil else { return nil }
            if known[index]?.cpuSeconds == nil { known[index] = LocalProcess(of: plan.nodes[index]) }
            guard let process = known[index], let seconds = process.cpuSeconds else { return nil }
            return NodeWatch.Usage(pid: process.pid, seconds: seconds)
        }
    }

    // MARK: Faults

    private func faultTasks(_ measuring: UInt64, _ journal: LoadJournal) -> [Task<Void, Never>] {
        faults.map { fault in
            Task {
                let due = measuring + UInt64(fault.second * 1e9)
                let now = LoadSession.now()
                do {
                    if due > now { try await Task.sleep(for: .nanoseconds(due - now)) }
                    try await carryOut(fault, journal)
                } catch is CancellationError {
                } catch {
                    journal.note("a fault could not be made: \(error)")
                }
            }
        }
    }

    private func carryOut(_ fault: Fault, _ journal: LoadJournal) async throws {
        guard let index = await index(of: fault.target), processes[index] != nil else {
            throw ClientError.notFound("no such node runs on this machine")
        }
        // It takes a while to find out who leads.
        try Task.checkCancellation()
        let name = plan.nodes[index].name
        // As it is now: a node may have ended, or have been started anew.
        guard let process = LocalProcess(of: plan.nodes[index]) else {
            throw ClientError.notFound("\(name) doesn't run")
        }
        func send(_ signal: Int32) throws {
            guard process.send(signal: signal) else { throw ClientError.refused("\(name) can't be sent a signal") }
        }
        switch fault.action {
        case .kill:
            try send(SIGKILL)
            journal.note("\(name) was killed")
        case .pause(let seconds):
            try send(SIGSTOP)
            journal.note("\(name) was stopped for \(Figures.decimal(seconds)) s")
            // Whatever happens, the process goes on.
            defer { _ = process.send(signal: SIGCONT) }
            try await Task.sleep(for: .seconds(seconds))
        }
    }

    private func index(of target: Fault.Target) async -> Int? {
        switch target {
        case .node(let text):
            if let number = Int(text) { return plan.nodes.indices.contains(number - 1) ? number - 1 : nil }
            return plan.nodes.firstIndex { $0.name == text }
        case .leader, .follower:
            let wanted = target == .leader ? "leader" : "follower"
            let healths = await transport.healths(endpoints)
            return healths.firstIndex { (try? $0.health.get())?.text("role") == wanted }
        }
    }
}

extension LoadTally {
    /// - Returns: the seconds that are known now.
    fileprivate mutating func take(_ news: LoadCrew.News) -> [LoadPoint] {
        switch news {
        case .sample(let sample, let process): add(sample, from: process).map { [$0] } ?? []
        case .ended(let process): end(of: process)
        }
    }
}

/// Whether and when the person asked for the end: of the run that is under way, or of the one that is next.
final class LoadInterrupt: Sendable {
    private struct State {
        var raisedAt: UInt64?
        var crew: LoadCrew?
    }

    private let state = Mutex(State())

    /// What ends a load: not the end of a terminal that it is to outlive, as with nohup.
    private static var signals: [UnixSignal] {
        SignalAction.isIgnored(SIGHUP) ? [.sigint, .sigterm] : [.sigint, .sigterm, .sighup]
    }

    /// Waits for signals until it is cancelled.
    func trap() -> Task<Void, Never> {
        Task { for await _ in await UnixSignalsSequence(trapping: Self.signals) { raise() } }
    }

    func raise() {
        let crew = state.withLock { state in
            state.raisedAt = state.raisedAt ?? LoadSession.now()
            return state.crew
        }
        crew?.stop()
    }

    func begin(_ crew: LoadCrew) {
        let isRaised = state.withLock { state in
            state.crew = crew
            return state.raisedAt != nil
        }
        if isRaised { crew.stop() }
    }

    func end() { state.withLock { $0.crew = nil } }

    /// Nanoseconds of the load's clock.
    var raisedAt: UInt64? { state.withLock { $0.raisedAt } }
}

/// What happened to the pool during the run.
final class LoadJournal: Sendable {
    private let measuring: UInt64
    private let entries = Mutex<[LoadReport.Event]>([])

    init(measuring: UInt64) { self.measuring = measuring }

    func note(_ text: String) {
        let second = (Double(LoadSession.now()) - Double(measuring)) / 1e9
        entries.withLock { $0.append(LoadReport.Event(second: second, text: text)) }
    }

    var events: [LoadReport.Event] { entries.withLock { $0.sorted { $0.second < $1.second } } }
}
