import Foundation
import Raft
import Testing

@Suite struct RandomPoolTests {
    private static let steps = 2000

    /// How many pools each of the eight parts has. `QUORATE_RAFT_SEEDS` asks for more.
    private static let seedsPerPart: UInt64 = {
        ProcessInfo.processInfo.environment["QUORATE_RAFT_SEEDS"].flatMap(UInt64.init).map { $0 / 8 } ?? 50
    }()

    private static func settings(seed: UInt64) -> RandomPool.Settings {
        var settings = RandomPool.Settings(seed: seed)
        settings.changesMembers = seed % 2 == 0
        settings.loss = seed % 3 * 10
        settings.leaderCrashes = seed % 5
        return settings
    }

    /// Several hundred pools, each through ten seconds of trouble.
    @Test(arguments: 0..<8)
    func keepsItsPromises(part: UInt64) {
        var counts: [String: Int] = [:]
        for seed in part * Self.seedsPerPart..<(part + 1) * Self.seedsPerPart {
            let pool = RandomPool(Self.settings(seed: seed))
            pool.run(steps: Self.steps)
            #expect(pool.checker.failure == nil, "QUORATE_RAFT_SEED=\(seed)")
            counts.merge(pool.checker.counts, uniquingKeysWith: +)
        }
        // A run in which nothing happens proves nothing.
        for what in ["commit", "read", "leader", "crash", "truncation", "snapshot"] {
            #expect(counts[what, default: 0] > 10, "\(counts)")
        }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["QUORATE_RAFT_SEED"] != nil))
    func oneSeed() {
        let seed = ProcessInfo.processInfo.environment["QUORATE_RAFT_SEED"].flatMap(UInt64.init) ?? 0
        let pool = RandomPool(Self.settings(seed: seed))
        pool.run(steps: Self.steps)
        #expect(pool.checker.failure == nil)
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
        /// How many pools may miss a fault. The rarest one shows in one pool of forty.
        private static let seedsPerFault: UInt64 = 400

        private static func settings(seed: UInt64, fault: PlantedFault) -> RandomPool.Settings {
            var settings = RandomPool.Settings(seed: seed)
            settings.changesMembers = fault == .configurationNotRolledBack
            settings.leaderCrashes = seed % 2 * 4
            if fault == .commitEarlierTermByCounting {
                // It takes three leaders in a row that reach few others.
                settings.leaderCrashes = 8
                settings.loss = 30
            }
            settings.prepare = { options in
                options.plantedFault = fault
                options.maxEntryBytesPerMessage = 1
            }
            return settings
        }

        /// The checker is only worth something if it finds what is wrong.
        @Test(arguments: PlantedFault.allCases)
        func findsPlantedFault(fault: PlantedFault) {
            for seed in 0..<Self.seedsPerFault {
                let pool = RandomPool(Self.settings(seed: seed, fault: fault))
                pool.run(steps: Self.steps)
                if pool.checker.failure != nil { return }
            }
            Issue.record("\(fault) goes unnoticed")
        }
    #endif
}
