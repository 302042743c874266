import Raft
import Testing

@Suite struct RandomPoolTests {
    private static let steps = 2000

    /// Several hundred pools, each through ten seconds of trouble.
    @Test(arguments: 0..<8)
    func keepsItsPromises(part: UInt64) {
        var counts: [String: Int] = [:]
        for seed in part * 50..<(part + 1) * 50 {
            var settings = RandomPool.Settings(seed: seed)
            settings.changesMembers = seed % 2 == 0
            settings.loss = seed % 3 * 10
            let pool = RandomPool(settings)
            pool.run(steps: Self.steps)
            #expect(pool.checker.failure == nil, "seed \(seed)")
            counts.merge(pool.checker.counts, uniquingKeysWith: +)
        }
        // A run in which nothing happens proves nothing.
        for what in ["commit", "read", "leader", "crash", "truncation", "snapshot"] {
            #expect(counts[what, default: 0] > 10, "\(counts)")
        }
    }

    @Test func sameSeedSameHistory() {
        let one = RandomPool(.init(seed: 77))
        let other = RandomPool(.init(seed: 77))
        one.run(steps: Self.steps)
        other.run(steps: Self.steps)
        #expect(one.checker.history == other.checker.history)
        #expect(one.checker.counts == other.checker.counts)
    }

    #if PLANTED_FAULTS
        /// The checker is only worth something if it finds what is wrong.
        @Test(arguments: PlantedFault.allCases)
        func findsPlantedFault(fault: PlantedFault) {
            for seed in 0..<2000 as Range<UInt64> {
                var settings = RandomPool.Settings(seed: seed)
                settings.changesMembers = fault == .configurationNotRolledBack
                settings.prepare = { options in
                    options.plantedFault = fault
                    options.maxEntryBytesPerMessage = 1
                }
                settings.leaderCrashes = seed % 2 * 4
                let pool = RandomPool(settings)
                pool.run(steps: Self.steps)
                if let failure = pool.checker.failure {
                    print("\(fault): seed \(seed): \(failure.prefix(200))")
                    return
                }
            }
            Issue.record("\(fault) goes unnoticed")
        }
    #endif
}
