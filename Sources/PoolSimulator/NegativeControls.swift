#if PLANTED_FAULTS
    import HSMNode
    import Raft

    /// A known bug, and what it takes to find it. The simulator is only worth something as long as it finds them all.
    public struct NegativeControl: Sendable {
        public let fault: PlantedSimulationFault
        /// The world in which the bug shows, with the bug planted.
        public let profile: SimulationProfile
        /// It has to be found in so many seeds, wherever one begins.
        public let budget: UInt64
        /// What has to be broken by it.
        public let promise: Promise

        /// What a bug breaks, by the violations that show it.
        public enum Promise: Sendable {
            /// What was committed stays, on every node, and is what was acknowledged.
            case committedEntriesStay
            case votesAreKept
            case readsAreCurrent
            case onlyClientsWrite
            /// Only what is committed is applied, and the same everywhere.
            case onlyCommittedIsApplied
            /// A node can start from what it has stored, which is what the log comes to.
            case storedStateIsWhole
            /// A pool's log holds nothing that one of its members doesn't know.
            case everybodyCanFollow
            /// A pool without faults comes to rest.
            case poolComesToRest

            /// Whether this violation shows that the promise was broken. Not every violation that the same bug can
            /// cause does.
            public func isBroken(by violation: Violation) -> Bool {
                switch (self, violation) {
                case (.committedEntriesStay, .leaderLacksCommitted), (.committedEntriesStay, .committedEntryChanged),
                    (.committedEntriesStay, .committedEntryTruncated),
                    (.committedEntriesStay, .acknowledgedWriteLost), (.committedEntriesStay, .wrongOutcome),
                    (.committedEntriesStay, .twoLeaders), (.committedEntriesStay, .appliedUncommitted),
                    (.committedEntriesStay, .disjointConfigurations):
                    true
                // A leader that notices what a follower has forgotten says so, and counts it no more.
                case (.committedEntriesStay, .falseAlarm(_, let alarm)): alarm.hasPrefix("memberForgot")
                case (.votesAreKept, .forgotVote), (.votesAreKept, .votedTwice), (.votesAreKept, .twoLeaders): true
                case (.readsAreCurrent, .notLinearizable): true
                case (.onlyClientsWrite, .foreignProposal): true
                case (.onlyCommittedIsApplied, .statesDiffer), (.onlyCommittedIsApplied, .appliedUncommitted),
                    (.onlyCommittedIsApplied, .indexesOutOfOrder), (.onlyCommittedIsApplied, .wrongView):
                    true
                case (.storedStateIsWhole, .startRefused), (.storedStateIsWhole, .statesDiffer): true
                case (.everybodyCanFollow, .commandTooNew), (.everybodyCanFollow, .leftBehind): true
                case (.poolComesToRest, .noProgress): true
                default: false
                }
            }
        }

        init(_ fault: PlantedFault, in profile: SimulationProfile, within budget: UInt64, breaks promise: Promise) {
            self.init(.raft(fault), in: profile, within: budget, breaks: promise)
        }

        init(
            _ fault: PlantedSimulationFault, in profile: SimulationProfile, within budget: UInt64,
            breaks promise: Promise
        ) {
            self.fault = fault
            var profile = profile
            profile.plantedFault = fault
            self.profile = profile
            self.budget = budget
            self.promise = promise
        }

        /// The known bug with this name, as a table has it; nil if there is none.
        public static func named(_ name: String) -> NegativeControl? {
            all.first { $0.fault.name == name }
        }

        /// The same bug with another budget.
        public init(_ control: NegativeControl, budget: UInt64) {
            fault = control.fault
            profile = control.profile
            promise = control.promise
            self.budget = budget
        }

        /// Whether the run with this seed shows the bug. Nil if it breaks nothing, or another promise.
        public func violation(in seed: UInt64) -> Violation? {
            guard let found = Simulation(seed: seed, profile: profile).run().violation else { return nil }
            return promise.isBroken(by: found) ? found : nil
        }

        /// How many seeds from `first` on it takes; nil if more than the budget.
        public func seedsToDetection(from first: UInt64) -> UInt64? {
            (1...budget).first { violation(in: first + $0 - 1) != nil }
        }
    }

    extension NegativeControl: CustomStringConvertible {
        public var description: String { "\(fault.name) in \(profile.name)" }
    }

    extension NegativeControl {
        /// Every known bug, each under a name of its own.
        public static let all: [NegativeControl] = consensus + members + storage + leases

        private static let consensus = [
            NegativeControl(.acknowledgeBeforePersist, in: .suite, within: 100, breaks: .committedEntriesStay),
            NegativeControl(.lyingDisks, in: .crashes, within: 50, breaks: .votesAreKept),
            NegativeControl(.answerVoteBeforePersisting, in: .crashes, within: 300, breaks: .votesAreKept),
            NegativeControl(.node(.termAndVoteInTwoWrites), in: .crashes, within: 2_000, breaks: .votesAreKept),
            NegativeControl(
                .commitEarlierTermByCounting, in: .briefReigns, within: 400, breaks: .committedEntriesStay),
            NegativeControl(.noNoOpAtTermStart, in: .suite, within: 50, breaks: .poolComesToRest),
            NegativeControl(.readIndexCountsEarlierAcks, in: .suite, within: 1_000, breaks: .readsAreCurrent),
            NegativeControl(.readIndexBeforeTermCommit, in: .suite, within: 300, breaks: .readsAreCurrent),
            NegativeControl(.appliesPastCommit, in: .suite, within: 20, breaks: .onlyCommittedIsApplied),
        ]

        private static let members = [
            NegativeControl(.jointQuorumByOneHalf, in: .changes, within: 800, breaks: .committedEntriesStay),
            NegativeControl(
                .configurationNotRolledBack, in: .unfinishedChanges, within: 200, breaks: .committedEntriesStay),
            NegativeControl(.removedNotWaitedFor, in: .unfinishedChanges, within: 100, breaks: .readsAreCurrent),
            NegativeControl(.leaseBeforeAdmission, in: .unfinishedChanges, within: 400, breaks: .readsAreCurrent),
        ]

        private static let storage = [
            NegativeControl(.node(.sessionTableLeftOut), in: .suite, within: 20, breaks: .storedStateIsWhole),
            NegativeControl(.truncatesDamagedLog, in: .damage, within: 800, breaks: .committedEntriesStay),
            NegativeControl(.node(.proposalProofUnchecked), in: .seals, within: 20, breaks: .onlyClientsWrite),
            NegativeControl(
                .node(.raisesVersionWithoutAsking), in: .upgrade, within: 20, breaks: .everybodyCanFollow),
            NegativeControl(.node(.newerCommandsUngated), in: .upgrade, within: 20, breaks: .everybodyCanFollow),
        ]

        private static let leases = [
            NegativeControl(.leaseWithoutRound, in: .leases, within: 400, breaks: .readsAreCurrent),
            NegativeControl(.leaseByEarlierRound, in: .leases, within: 400, breaks: .readsAreCurrent),
            NegativeControl(.leaseCountedFromReceipt, in: .leases, within: 2_000, breaks: .readsAreCurrent),
            NegativeControl(.leaseGrantNotMatched, in: .lateGrants, within: 100, breaks: .readsAreCurrent),
            NegativeControl(.leaseBookedWithoutDrift, in: .leases, within: 400, breaks: .readsAreCurrent),
            NegativeControl(.leaseFloorAtReceipt, in: .laggards, within: 800, breaks: .readsAreCurrent),
            NegativeControl(.leaseFloorIgnored, in: .laggards, within: 800, breaks: .readsAreCurrent),
            NegativeControl(.releasedOnCommit, in: .leases, within: 20, breaks: .readsAreCurrent),
            NegativeControl(.leaseNotBooked, in: .leases, within: 20, breaks: .readsAreCurrent),
            NegativeControl(.restartedElectorSaysNever, in: .leases, within: 400, breaks: .readsAreCurrent),
            NegativeControl(.newLeaderDoesNotWait, in: .leases, within: 50, breaks: .readsAreCurrent),
            NegativeControl(.answerTimeClearedByVote, in: .leases, within: 400, breaks: .readsAreCurrent),
            NegativeControl(.leaseClockStopsInSuspend, in: .leases, within: 200, breaks: .readsAreCurrent),
            NegativeControl(.node(.appendsUnnoted), in: .leases, within: 20, breaks: .readsAreCurrent),
        ]
    }
#endif
