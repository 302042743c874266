import HSMNode
import PoolState
import Raft

/// One run: a pool of nodes in a simulated world, first with faults, then without.
///
/// The nodes are the real driver, consensus core and pool state; clocks, disks, network, key material and tags are
/// simulated. While there are faults nothing may ever go wrong (safety); when they have ended, the pool has to come to
/// rest within a bound, with every node caught up and every call answered (liveness).
public struct Simulation: Sendable {
    public let seed: UInt64
    public let profile: SimulationProfile

    public init(seed: UInt64, profile: SimulationProfile) {
        self.seed = seed
        self.profile = profile
    }

    /// Runs from the beginning to the end, or to the first violation.
    public func run() -> SimulationResult { run(isTraced: false).result }

    /// The same, and what happened in it, line by line, each with its true time in nanoseconds.
    public func traced() -> (result: SimulationResult, lines: [String]) {
        let (result, trace) = run(isTraced: true)
        return (result, trace ?? [])
    }

    private func run(isTraced: Bool) -> (result: SimulationResult, trace: [String]?) {
        let world = World(seed: seed, profile: profile, isTraced: isTraced)
        var found: Violation?
        do {
            try world.begin()
            while world.advance(until: profile.safetyPhase) {}
            try Self.demandSafety(world)
            try Self.demandRest(world, until: profile.safetyPhase + profile.livenessPhase)
        } catch {
            found = error
        }
        if let found { world.note("broken: \(found)") }
        return (Self.result(of: world, seed: seed, violation: found), world.trace)
    }

    private static func demandSafety(_ world: World) throws(Violation) {
        if let violation = world.checker.violation { throw violation }
    }

    /// A pool that comes to rest answers every member's reads, then its writes, and is at rest again.
    private static func demandRest(_ world: World, until end: UInt64) throws(Violation) {
        world.heal()
        // Asked every so often: the question costs more than a step.
        var steps = 0
        while world.advance(until: end) {
            steps += 1
            guard steps % 16 == 0, world.now > world.healedAt + 500_000_000 else { continue }
            if goesOn(world) { break }
        }
        try demandSafety(world)
        guard world.canRest else { return }
        if let unrest = world.unrest { throw .noProgress(unrest) }
        guard let probe = world.probe, probe.kind == .write, probe.isDone, !probe.failed else {
            throw .noProgress(world.probe.map { "a member does not answer: \($0.kind)" } ?? "no member was asked")
        }
        world.checker.history.finish(disks: world.membersDisks, world.checker.log)
        world.checker.state.finish()
        try demandSafety(world)
    }

    /// Asks the next question when the last one is answered; true when there is none left.
    private static func goesOn(_ world: World) -> Bool {
        guard world.unrest == nil else {
            // Without a write of its term a leader can't answer reads: it must not take a client to help it.
            if world.probe == nil, world.leader != nil { world.askEveryone(.read) }
            return false
        }
        guard let probe = world.probe, !probe.failed, probe.isDone else {
            if world.probe?.isDone ?? true { world.askEveryone(world.probe?.kind ?? .read) }
            return false
        }
        guard probe.kind == .read else { return true }
        world.askEveryone(.write)
        return false
    }

    private static func result(of world: World, seed: UInt64, violation: Violation?) -> SimulationResult {
        var counters = world.counters
        counters.duration = world.now
        counters.elections = world.checker.votes.elections
        counters.entriesCommitted = world.checker.log.committedCount
        counters.writesAnswered = world.checker.history.writes
        counters.readsAnswered = world.checker.history.reads
        counters.callsFailed = world.checker.history.refusals
        counters.repetitions = world.checker.history.model.repetitions
        counters.lostNodes = world.nodes.count { $0.disk.damage != nil }
        counters.versionsRaised = world.checker.state.version > .first ? 1 : 0
        counters.compactedLogs = world.nodes.count { $0.disk.compactedIndex > 0 }
        return SimulationResult(seed: seed, violation: violation, digest: world.digest.value, counters: counters)
    }
}
