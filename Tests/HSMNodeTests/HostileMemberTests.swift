import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

#if PLANTED_FAULTS
    /// A member that has its disk and its certificate and not the pool's keys, and does all it can to write. It may
    /// make the pool stop. It gets nothing acknowledged or applied by a node that has the keys.
    @Suite struct HostileMemberTests {
        /// A pool in which `hostile` is sealed, fights, and has won an election.
        private func pool(
            of nodes: Int, hostile: Int, alsoSealed: Set<Int> = [], others: PlantedNodeFault? = nil
        ) throws -> Bench {
            let bench = try Bench.running(nodes: nodes) { options in
                options.submitTimeout = 2_000_000_000
                options.plantedFault = options.raft.id == NodeID(UInt64(hostile + 1)) ? .writesWhileSealed : others
            }
            for number in alsoSealed.union([hostile]) { bench.seal(number) }
            bench.run(200)
            bench[0].inbox.append(.transferLeadership(to: bench[hostile].id))
            try bench.run(until: "the hostile leader") { bench.leader == hostile }
            #expect(bench[hostile].standing?.isSealed == true)
            return bench
        }

        /// Asks for a role at the hostile node itself and at an honest one.
        private func askForRoles(
            _ bench: Bench, hostile: Int, honest: Int
        ) -> [Answers<Result<Committed, PoolUnavailable>>] {
            [bench.submit(Write.assign(0), at: hostile), bench.submit(Write.assign(1), at: honest)]
        }

        private func holdsNoRole(_ machine: Machine) -> Bool {
            machine.views.allSatisfy { !$0.isAssigned(0) && !$0.isAssigned(1) }
        }

        @Test func aSealedLeaderGetsNothingAcknowledged() throws {
            let bench = try pool(of: 3, hostile: 1)
            // The no-op of its term is all that it can add.
            bench.run(100)
            let ends = [0, 2].map { bench[$0].disk.lastIndex }
            let forged = bench[1].disk.lastIndex + 1
            var acknowledged: [LogIndex] = []
            bench.route = { letter in
                if letter.to == 1, let match = letter.message.acceptedIndex { acknowledged.append(match) }
                return .deliver
            }
            let writes = askForRoles(bench, hostile: 1, honest: 2)
            bench.run(2_500)
            #expect(bench[1].disk.lastIndex >= forged + 1, "the attack did not take place")
            #expect(!acknowledged.isEmpty && acknowledged.allSatisfy { $0 < forged })
            for number in [0, 2] {
                #expect(bench[number].disk.lastIndex == ends[number / 2])
                #expect(bench[number].alarms.contains(.forgedEntry(from: NodeID(2), index: forged)))
                #expect(holdsNoRole(bench[number]))
            }
            for write in writes { #expect(write.refusal == .timedOut(maybeApplied: true)) }
            #expect(bench[1].standing?.commitIndex == forged - 1)
            // Without it the pool goes on, and what it forged is gone when it comes back honest.
            bench.crash(1)
            try bench.run(until: "an honest leader") { bench.leader.map { $0 != 1 } ?? false }
            let genuine = bench.submit(Write.assign(2), at: 2)
            try bench.run(until: "the answer") { !genuine.list.isEmpty }
            #expect(genuine.outcome == .applied)
            #expect(bench.checker.violation == nil)
        }

        /// Sealed members store what they can't check: with them the hostile one has a majority. It changes nothing for
        /// those who can.
        @Test func aMajorityOfSealedMembersConvincesNobodyWhoHasTheKeys() throws {
            let bench = try pool(of: 5, hostile: 1, alsoSealed: [2, 3])
            bench.run(100)
            let forged = bench[1].disk.lastIndex + 1
            let writes = askForRoles(bench, hostile: 1, honest: 4)
            bench.run(2_500)
            #expect(bench[1].standing?.commitIndex ?? 0 >= forged && bench[2].disk.lastIndex >= forged)
            for number in [0, 4] {
                #expect(bench[number].disk.lastIndex < forged)
                #expect(bench[number].alarms.contains(.forgedEntry(from: NodeID(2), index: forged)))
                #expect(holdsNoRole(bench[number]))
            }
            for write in writes { #expect(write.refusal == .timedOut(maybeApplied: true)) }
            // Nor for those who get them.
            let unsealed = bench.unseal(2)
            bench.run(50)
            #expect(unsealed.refusal == .entryForged(index: forged))
            #expect(holdsNoRole(bench[2]))
        }

        /// The proof that the tests above could fail.
        @Test func withoutTheCheckOfTagsTheAttackSucceeds() throws {
            let bench = try pool(of: 3, hostile: 1, others: .entryTagsUnchecked)
            let writes = askForRoles(bench, hostile: 1, honest: 2)
            bench.run(1_500)
            #expect(bench[0].views.last?.isAssigned(0) == true)
            #expect(writes[1].outcome == .applied)
        }
    }

    extension PeerMessage {
        /// The index through which the sender says that it holds what the leader has.
        fileprivate var acceptedIndex: LogIndex? {
            guard case .raft(let raft) = self, case .appendResponse(let response) = raft.body,
                case .accepted(let match) = response.outcome
            else { return nil }
            return match
        }
    }
#endif
