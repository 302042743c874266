import PoolSimulator
import Raft
import Testing

/// Thousands of pools live and die; no promise is broken in any of them.
@Suite(.serialized) struct SeedTests {
    @Test(arguments: [
        (SimulationProfile.suite, UInt64(10_000)), (.crashes, 1_000), (.partitions, 1_000), (.seals, 1_000),
        (.briefReigns, 500), (.leases, 1_000),
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
        #expect((outcome.counters.leasedReads > outcome.counters.readsAnswered / 3) == (profile.readMode == .lease))
        if profile.faults.forge > 0 {
            #expect(outcome.counters.forgeriesRefused > runs / 4)
        }
    }

    @Test(arguments: [SimulationProfile.suite, .crashes, .partitions, .seals, .briefReigns, .leases])
    func theSameSeedTakesTheSameSteps(profile: SimulationProfile) {
        for seed in 4711..<4721 as Range<UInt64> {
            let first = Simulation(seed: seed, profile: profile).run()
            #expect(Simulation(seed: seed, profile: profile).run() == first)
            #expect(Simulation(seed: seed + 10, profile: profile).run().digest != first.digest)
        }
    }

    @Test func aRunThatGoesOnWithoutAnEndIsBrokenOff() {
        var profile = SimulationProfile.suite
        profile.maximumEvents = 500
        let result = Simulation(seed: 1, profile: profile).run()
        #expect(result.violation == .endless(events: 501))
        #expect(result.counters.events == 501)
    }
}
