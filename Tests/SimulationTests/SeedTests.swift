import PoolSimulator
import Testing

/// Thousands of pools live and die; no promise is broken in any of them.
@Suite(.serialized) struct SeedTests {
    @Test(arguments: [
        (SimulationProfile.suite, UInt64(7_000)), (.crashes, 1_000), (.partitions, 1_000), (.seals, 1_000),
    ])
    func noSeedBreaksAPromise(profile: SimulationProfile, count: UInt64) async {
        let range = SeedRange(profile, seeds: 1...count)
        guard !range.isSkipped else { return }
        let outcome = await range.run()
        print("\(profile.name): \(outcome.runs) runs, \(outcome.counters)")
        #expect(outcome.failures.isEmpty)
        // A run in which nothing happens proves nothing.
        let runs = outcome.runs
        #expect(outcome.counters.elections > runs)
        #expect(outcome.counters.readsAnswered > runs)
        #expect(outcome.counters.writesAnswered > runs)
    }

    @Test func theSameSeedTakesTheSameSteps() {
        for profile in [SimulationProfile.suite, .crashes, .partitions, .seals] {
            let first = Simulation(seed: 4711, profile: profile).run()
            #expect(Simulation(seed: 4711, profile: profile).run() == first)
            #expect(Simulation(seed: 4712, profile: profile).run().digest != first.digest)
        }
    }
}
