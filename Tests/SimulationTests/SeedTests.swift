import PoolSimulator
import Raft
import Testing

/// Thousands of pools live and die; no promise is broken in any of them.
@Suite(.serialized) struct SeedTests {
    @Test(arguments: [
        (SimulationProfile.suite, UInt64(5_000)), (.crashes, 150), (.partitions, 150), (.seals, 150),
        (.briefReigns, 100), (.leases, 150), (.laggards, 100), (.lateGrants, 100), (.lateNews, 100),
        (.brokenClocks, 100), (.changes, 100), (.unfinishedChanges, 100), (.damage, 150), (.ruin, 100),
        (.upgrade, 100),
    ])
    func noSeedBreaksAPromise(profile: SimulationProfile, count: UInt64) async {
        let range = SeedRange(profile, seeds: 1...count)
        guard !range.isSkipped else { return }
        let started = ContinuousClock.now
        let outcome = await range.run()
        print("\(profile.name): \(outcome.runs) runs in \(ContinuousClock.now - started), \(outcome.counters)")
        #expect(outcome.failures.isEmpty)
        // Runs in which nothing happens prove nothing. A single one may be quiet.
        let runs = outcome.runs
        guard runs >= 100 else { return }
        #expect(outcome.counters.elections > runs)
        #expect(outcome.counters.crashes + outcome.counters.partitions > runs)
        #expect(outcome.counters.readsAnswered > runs)
        #expect(outcome.counters.writesAnswered > runs)
        // Laggards have no lease most of the time.
        let share = profile.entryLoss > 300_000 ? 20 : 5
        let isByLease = outcome.counters.leasedReads > outcome.counters.readsAnswered / share
        #expect(isByLease == (profile.readMode == .lease))
        if profile.faults.changeMembers > 0 { #expect(outcome.counters.changes > runs / 2) }
        if profile.faults.clockFreeze > 0 { #expect(outcome.counters.clockAlarms > runs / 2) }
        if profile.faults.damage > 0 {
            #expect(outcome.counters.damages > runs / 2)
            #expect(outcome.counters.damagesFound > outcome.counters.damages / 2)
        }
        if profile.faults.upgrade > 0 {
            #expect(outcome.counters.versionsRaised == runs)
            #expect(outcome.counters.commandsTooNew > runs)
        }
        if profile.faults.forge > 0 {
            #expect(outcome.counters.forgeriesRefused > runs / 5)
        }
    }

    @Test(arguments: SimulationProfile.all)
    func theSameSeedTakesTheSameSteps(profile: SimulationProfile) {
        var digests: Set<UInt64> = []
        for seed in 4711..<4713 as Range<UInt64> {
            let first = Simulation(seed: seed, profile: profile).run()
            let second = Simulation(seed: seed, profile: profile).traced()
            #expect(second.result == first)
            #expect(Simulation(seed: seed, profile: profile).traced().lines == second.lines)
            let isNew = digests.insert(first.digest).inserted
            #expect(isNew)
        }
    }

    @Test func aRunThatGoesOnWithoutAnEndIsBrokenOff() {
        var profile = SimulationProfile.suite
        profile.maximumEvents = 500
        let result = Simulation(seed: 1, profile: profile).run()
        #expect(result.violation == .endless(events: 501))
        #expect(result.counters.events == 501)
    }

    /// What is left of a failing run still fails in the same way, by the command that is printed for it.
    @Test func aFailingRunIsMadeSmall() throws {
        var profile = SimulationProfile.crashes
        profile.plantedFault = .lyingDisks
        // One that happens soon has nothing to be left out.
        let failing = try #require(
            (1...100 as ClosedRange<UInt64>).lazy.map { Simulation(seed: $0, profile: profile) }
                .first { simulation in
                    let result = simulation.run()
                    return result.violation != nil && result.counters.misfortunes >= 5
                })
        let small = try #require(failing.shrunk(limit: 100))
        #expect(small.result.violation?.kind == failing.run().violation?.kind)
        #expect(small.simulation.run() == small.result)
        let kept = try #require(small.simulation.profile.misfortunes)
        #expect(kept.count < failing.run().counters.misfortunes)
        #expect(small.simulation.command.contains("--seeds \(failing.seed)..\(failing.seed)"))
    }
}
