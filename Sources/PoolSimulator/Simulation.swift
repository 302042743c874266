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
    public func run() -> SimulationResult {
        let world = World(seed: seed, profile: profile)
        do {
            try world.begin()
            while world.advance(until: profile.safetyPhase) {}
            try Self.demandSafety(world)
            try Self.demandRest(world, until: profile.safetyPhase + profile.livenessPhase)
        } catch {
            return Self.result(of: world, seed: seed, violation: error)
        }
        return Self.result(of: world, seed: seed, violation: nil)
    }

    private static func demandSafety(_ world: World) throws(Violation) {
        if let violation = world.checker.violation { throw violation }
    }

    private static func demandRest(_ world: World, until end: UInt64) throws(Violation) {
        world.heal()
        // Asked every so often: the question costs more than a step.
        var probed = false
        var steps = 0
        while world.advance(until: end) {
            steps += 1
            guard steps % 16 == 0 else { continue }
            if !probed, world.leader != nil, world.now > world.healedAt + 500_000_000 {
                probed = true
                for number in world.nodes.indices { world.write(at: number) }
                for number in world.nodes.indices { world.read(at: number) }
            }
            if probed, world.unrest == nil { break }
        }
        try demandSafety(world)
        if let unrest = world.unrest { throw .noProgress(unrest) }
        world.checker.history.finish(disks: world.nodes.map(\.disk))
        world.checker.state.finish()
        try demandSafety(world)
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
        counters.compactions = world.nodes.count { $0.disk.compactedIndex > 0 }
        return SimulationResult(seed: seed, violation: violation, digest: world.digest.value, counters: counters)
    }
}
