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

    /// The same under leases, with clocks that drift, and readers that answer whatever befalls their node.
    @Test(arguments: 0..<8)
    func keepsItsPromisesUnderLeases(part: UInt64) {
        var counts: [String: Int] = [:]
        for seed in part * Self.seedsPerPart..<(part + 1) * Self.seedsPerPart {
            var settings = Self.settings(seed: seed)
            settings.leases = true
            settings.cutsLast = seed % 4 == 3
            let pool = RandomPool(settings)
            pool.run(steps: Self.steps)
            #expect(pool.checker.failure == nil, "QUORATE_RAFT_SEED=\(seed) QUORATE_RAFT_LEASES=1")
            counts.merge(pool.checker.counts, uniquingKeysWith: +)
        }
        for what in ["commit", "leader", "crash"] { #expect(counts[what, default: 0] > 10, "\(counts)") }
        #expect(counts["lease read", default: 0] > 1000 * Int(Self.seedsPerPart), "\(counts)")
        // The others were told to stay in sync for a while first.
        #expect(counts["holder", default: 0] * 10 > counts["member", default: 0] * 5, "\(counts)")
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["QUORATE_RAFT_SEED"] != nil))
    func oneSeed() {
        let seed = ProcessInfo.processInfo.environment["QUORATE_RAFT_SEED"].flatMap(UInt64.init) ?? 0
        var settings = Self.settings(seed: seed)
        settings.leases = ProcessInfo.processInfo.environment["QUORATE_RAFT_LEASES"] != nil
        let pool = RandomPool(settings)
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

        /// It takes several misfortunes in one order until these do harm; each has a scenario of its own.
        private static let rare: Set<PlantedFault> = [
            .leaseWithoutRound, .leaseByEarlierRound, .onlyLeaseRoundsAreAnswers, .leaseBeforeAdmission,
        ]

        private static func settings(seed: UInt64, fault: PlantedFault) -> RandomPool.Settings {
            var settings = RandomPool.Settings(seed: seed)
            settings.changesMembers = fault.needsChangesOfMembers
            settings.leaderCrashes = seed % 2 * 4
            if fault == .commitEarlierTermByCounting {
                // It takes three leaders in a row that reach few others.
                settings.leaderCrashes = 8
                settings.loss = 30
            }
            settings.leases = fault.isAboutLeases
            if settings.leases {
                settings.leaderCrashes = seed % 2
            }
            settings.prepare = { options in
                options.plantedFault = fault
                if !fault.isAboutLeases { options.maxEntryBytesPerMessage = 1 }
            }
            return settings
        }

        /// The checker is only worth something if it finds what is wrong.
        @Test(arguments: PlantedFault.allCases.filter { !rare.contains($0) })
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

#if PLANTED_FAULTS
    extension PlantedFault {
        var isAboutLeases: Bool {
            switch self {
            case .commitEarlierTermByCounting, .answerVoteBeforePersisting, .acknowledgeBeforePersist,
                .noNoOpAtTermStart, .readIndexCountsEarlierAcks, .readIndexBeforeTermCommit,
                .configurationNotRolledBack, .jointQuorumByOneHalf, .appliesPastCommit:
                return false
            default: return true
            }
        }

        var needsChangesOfMembers: Bool {
            self == .configurationNotRolledBack || self == .removedNotWaitedFor || self == .jointQuorumByOneHalf
        }
    }
#endif
