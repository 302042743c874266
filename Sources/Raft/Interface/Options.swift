extension Raft {
    /// What a node is told about itself at its start. Times are in nanoseconds on the node's own clock.
    public struct Options: Sendable {
        /// This node. Not 0: ``Raft/init(options:restored:now:)`` throws then.
        public var id: NodeID
        /// An election timeout is drawn anew each time from `electionTimeoutMinimum ..< electionTimeoutMaximum`.
        /// Within the minimum after a leader's sign of life a node refuses its vote to others.
        public var electionTimeoutMinimum: Nanoseconds = 160_000_000
        /// A leader that has not heard from a quorum for this long steps down.
        public var electionTimeoutMaximum: Nanoseconds = 320_000_000
        /// Each one costs every node some wake-ups, and most of what an idle pool costs.
        public var heartbeatInterval: Nanoseconds = 80_000_000
        /// What is committed, or released, is told with the entries that follow, or by itself after this time. 0 tells
        /// it at once, at the price of a message, and of its answer, for each.
        public var newsDelay: Nanoseconds = 0
        /// The driver promises that no read of this node contradicts an entry of its log, committed or not: see
        /// `AppendResponse.covers`.
        public var coversAppended = false
        /// A message holds entries up to this many bytes, and at least one entry.
        public var maxEntryBytesPerMessage = 1 << 20
        /// A message holds no more entries than this. Small ones could be so many that a receiver refuses them.
        public var maxEntriesPerMessage = 4096
        /// How many unanswered messages with entries one follower may have on the way.
        public var maxInflightMessages = 64
        /// How many bytes of entries one follower may have on the way. One message is always allowed.
        public var maxInflightBytes = 8 << 20
        /// The leader refuses proposals while more than this is appended and not committed.
        public var maxUncommittedBytes = 64 << 20
        /// How many reads may wait for confirmation here; further local ones fail, further remote ones are dropped.
        public var maxPendingReads = 1 << 16
        /// The same on all nodes of a pool.
        public var reads = ReadMode.readIndex
        /// The same on all nodes of a pool.
        public var leases = LeaseParameters()
        /// This log goes on behind that of a pool which had lost its quorum. Its members aren't known here any more,
        /// and may hold leases that rest on what this node answered up to its start.
        public var followsLostQuorum = false
        /// Seeds election timeouts and request ids. Must differ between nodes, and between two starts of one node.
        public var randomSeed: UInt64
        #if PLANTED_FAULTS
            /// The bug to carry, so that tests can prove that they would find it.
            public var plantedFault: PlantedFault?
        #endif

        public init(id: NodeID, randomSeed: UInt64) {
            self.id = id
            self.randomSeed = randomSeed
        }
    }

    /// What a node finds on its disk at its start. The default is that of a new node.
    public struct Restored: Sendable {
        public var hardState: HardState
        /// The stored log behind `compactedIndex`, contiguous.
        public var entries: [LogEntry]
        /// The entry that the stored log begins behind; its term and chain tag are kept.
        public var compactedIndex: LogIndex
        /// 0 if and only if `compactedIndex` is.
        public var compactedTerm: Term
        /// Empty where nothing was cut off.
        public var compactedTag: [UInt8]
        /// The configuration in force at `compactedIndex`; later ones are found in `entries`.
        public var configuration: PoolConfiguration
        /// How far the stored state machine has come. Entries up to here are not put out again.
        public var appliedIndex: LogIndex

        public init(
            hardState: HardState = HardState(), entries: [LogEntry] = [], compactedIndex: LogIndex = 0,
            compactedTerm: Term = 0, compactedTag: [UInt8] = [], configuration: PoolConfiguration = .empty,
            appliedIndex: LogIndex = 0
        ) {
            self.hardState = hardState
            self.entries = entries
            self.compactedIndex = compactedIndex
            self.compactedTerm = compactedTerm
            self.compactedTag = compactedTag
            self.configuration = configuration
            self.appliedIndex = appliedIndex
        }
    }
}

/// Why a node refuses to start on what it was given. None of it can be repaired by guessing.
public enum RaftError: Error, Hashable, Sendable {
    /// Node 0 is nobody.
    case invalidNodeID
    /// Zero, or a minimum that is not below its maximum, or a heartbeat that is not shorter than the election timeout,
    /// or clocks that may stand still.
    case invalidOptions
    /// The stored entry is not the one that must follow: a gap, or a term that falls.
    case brokenLog(at: LogIndex)
    /// The stored term is older than an entry of the stored log.
    case termBehindLog
    /// The log ends before an index that was committed or applied: entries were lost.
    case logTooShort(last: LogIndex, needed: LogIndex)
    /// The state machine is older than the log's beginning: entries between them are gone.
    case stateBehindLog(applied: LogIndex, compacted: LogIndex)
    /// The stored configuration cannot be one.
    case invalidConfiguration
}

#if PLANTED_FAULTS
    /// Known bugs. Each exists to prove that some test, checker or simulator run would find it.
    public enum PlantedFault: String, CaseIterable, Hashable, Sendable {
        /// An entry of an earlier term counts as committed once a quorum holds it (paper, Figure 8).
        case commitEarlierTermByCounting
        /// Vote answers leave before the vote is durable: a crash between them votes twice.
        case answerVoteBeforePersisting
        /// Append answers leave before the entries are durable.
        case acknowledgeBeforePersist
        /// A new leader does not commit anything of its own: the earlier tail and all reads wait for a proposal.
        case noNoOpAtTermStart
        /// A read is confirmed by answers to rounds that began before it was asked.
        case readIndexCountsEarlierAcks
        /// A new leader serves reads at a commit index from before its election.
        case readIndexBeforeTermCommit
        /// A configuration stays in force after its entry was truncated away.
        case configurationNotRolledBack
        /// A lease is granted without asking a quorum whether this node still leads.
        case leaseWithoutRound
        /// Answers to a round that began before the request confirm it.
        case leaseByEarlierRound
        /// A new leader grants leases at a commit index from before its election.
        case leaseBeforeTermCommit
        /// The holder counts the lease from the arrival of the grant.
        case leaseCountedFromReceipt
        /// The holder takes a grant for whatever request it has open.
        case leaseGrantNotMatched
        /// The leader waits for the nominal length of a lease only.
        case leaseBookedWithoutDrift
        /// The floor of a grant is the commit index from when the request came.
        case leaseFloorAtReceipt
        /// The holder asks only whether it holds a lease, not whether its view is new enough for it.
        case leaseFloorIgnored
        /// Entries are released once they are committed.
        case releasedOnCommit
        /// The leader does not note whom it granted leases.
        case leaseNotBooked
        /// A node that has just started reports that it never answered a leader.
        case restartedElectorSaysNever
        /// A leader that stepped down reports when it last answered another one.
        case ownReignIsNoAnswer
        /// A new leader takes it that there are no leases.
        case newLeaderDoesNotWait
        /// A vote makes the voter forget when it answered a leader.
        case answerTimeClearedByVote
        /// Only an answer that also asks for a lease is noted as an answer.
        case onlyLeaseRoundsAreAnswers
        /// A joint configuration is left while those who leave may hold leases, and they get new ones meanwhile.
        case removedNotWaitedFor
        /// A node gets leases before the configuration that admits it is committed.
        case leaseBeforeAdmission
        /// A joint configuration decides by a majority of its new half alone.
        case jointQuorumByOneHalf
        /// A node applies what it has in its log, committed or not.
        case appliesPastCommit
    }
#endif
