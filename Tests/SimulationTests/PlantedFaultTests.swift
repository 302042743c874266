import HSMNode
import PoolSimulator
import Raft
import Testing

#if PLANTED_FAULTS
    /// Bugs that were put in on purpose are found, by the check that is there for them.
    @Suite struct PlantedFaultTests {
        struct Case: Sendable, CustomTestStringConvertible {
            let fault: PlantedSimulationFault
            let profile: SimulationProfile
            /// The fault has to be found in so many seeds.
            let seeds: UInt64
            /// What has to be broken by it.
            let promise: Promise

            var testDescription: String { "\(fault) in \(profile.name)" }
        }

        enum Promise: Sendable {
            case committedEntriesStay, votesAreKept, readsAreCurrent, onlyClientsWrite

            func isBroken(by violation: Violation) -> Bool {
                switch (self, violation) {
                case (.committedEntriesStay, .leaderLacksCommitted), (.committedEntriesStay, .committedEntryChanged),
                    (.committedEntriesStay, .committedEntryTruncated):
                    true
                case (.votesAreKept, .forgotVote), (.votesAreKept, .votedTwice), (.votesAreKept, .twoLeaders): true
                case (.readsAreCurrent, .notLinearizable): true
                case (.onlyClientsWrite, .foreignProposal): true
                default: false
                }
            }
        }

        static let cases = [
            // Figure 8 of the Raft paper.
            Case(
                fault: .raft(.commitEarlierTermByCounting), profile: .briefReigns, seeds: 400,
                promise: .committedEntriesStay),
            Case(
                fault: .raft(.answerVoteBeforePersisting), profile: .crashes, seeds: 100, promise: .votesAreKept),
            Case(
                fault: .raft(.acknowledgeBeforePersist), profile: .suite, seeds: 200,
                promise: .committedEntriesStay),
            Case(
                fault: .raft(.readIndexCountsEarlierAcks), profile: .suite, seeds: 1_000, promise: .readsAreCurrent),
            Case(
                fault: .raft(.readIndexBeforeTermCommit), profile: .suite, seeds: 200, promise: .readsAreCurrent),
            Case(
                fault: .node(.proposalProofUnchecked), profile: .seals, seeds: 20, promise: .onlyClientsWrite),
            Case(fault: .lyingDisks, profile: .crashes, seeds: 50, promise: .votesAreKept),
        ]

        @Test(arguments: cases) func isFound(planted: Case) throws {
            var profile = planted.profile
            profile.plantedFault = planted.fault
            let found = (1...planted.seeds).lazy.first { seed in
                guard let violation = Simulation(seed: seed, profile: profile).run().violation else { return false }
                guard planted.promise.isBroken(by: violation) else { return false }
                print("\(planted.testDescription): seed \(seed), \(violation)")
                return true
            }
            let seed = try #require(found, "goes unnoticed")
            // It is the fault that was found, and nothing else that is wrong with this seed.
            #expect(Simulation(seed: seed, profile: planted.profile).run().violation == nil)
        }
    }
#endif
