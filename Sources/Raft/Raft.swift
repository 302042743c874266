/// One node of a Raft group, as a value: the same events in the same order give the same outputs.
///
/// It owns no clock, disk, network or source of randomness. A driver tells it what happened (`step`, `advance`,
/// `propose`, `requestRead`, `persisted`, `applied` ...) and carries out what `takeOutput` says, in the order that
/// `RaftOutput` states. Events may be fed in any number between two outputs; what can be batched then is.
///
/// It is Raft by Ongaro & Ousterhout (2014) and Ongaro's thesis (2014) with pre-vote (9.6), check-quorum and leader
/// stickiness (6.2, 4.2.3), leadership transfer (3.10), membership change by joint consensus, and reads confirmed by
/// rounds of heartbeats (6.4). The configuration in force is the last one in the log, committed or not. To that come
/// leases, by which every member answers reads from its own state without a round.
///
/// No message, whatever it holds, makes it trap. It trusts that peers are authenticated and that a disk that reported
/// success keeps what it was given.
public struct Raft: Sendable {
    /// Only `reads` ever changes: see `forgoLeases`.
    var options: Options
    var random: SplitMix64
    /// The latest instant that the driver told.
    var now: Instant

    /// The latest term that this node has been in. It may be ahead of the disk until the next output is written.
    public internal(set) var term: Term
    /// Who got this node's vote in `term`.
    public internal(set) var vote: NodeID?
    /// The last index that this node knows to be committed. It never falls while the process lives.
    public internal(set) var commitIndex: LogIndex
    /// How far the driver has applied.
    public internal(set) var appliedIndex: LogIndex
    /// How far committed entries were put out.
    var deliveredIndex: LogIndex
    var log: RaftLog
    var configurations: ConfigurationHistory
    var currentRole: Role
    /// The role without what it carries: asking for this one copies nothing.
    public internal(set) var role: RaftRole = .follower
    /// When a node that does not lead gives up on its leader or its ballot.
    var electionDeadline: Instant
    var mayLead = true
    /// Members that have forgotten what they had acknowledged. They count as dead.
    public internal(set) var distrusted: Set<NodeID> = []

    /// When this node last answered any leader.
    var lastAnswer: Instant
    /// Until when nodes that no configuration names any more may hold leases. No member can vouch for them.
    let unknownLeasesEnd: Instant
    var leaseRequests: LeaseRequests
    /// The leases that this node holds.
    public internal(set) var leases = LeaseHolder()
    var grantStamps = GrantStamps()
    var mayHoldLeases = true
    /// Everything through here is released, as far as this node knows.
    public internal(set) var releasedIndex: LogIndex
    /// All reads of this node are answered from a view that holds everything through here.
    public internal(set) var publishedIndex: LogIndex = 0

    /// Collects what `takeOutput` will hand out.
    var pending = RaftOutput()
    /// A leader may have something to send.
    var flushIsDue = false
    var written: (term: Term, vote: NodeID?)
    var announced: RoleChange
    var announcedLeases = LeaseHolder()
    var announcedRelease: LogIndex
    /// The published index that the leader was told last.
    var toldPublished: LogIndex = 0
    /// When the leader is told of a published view that it does not wait for, if no answer has done so.
    var confirmationDue = Instant.distantFuture

    /// Starts a node, as a follower, on what its disk holds.
    ///
    /// - Throws: `RaftError` where the disk's content cannot be that of a node that kept its promises. The node must
    ///   not take part then; guessing would break promises that it has forgotten.
    public init(options: Options, restored: Restored, now: Instant) throws(RaftError) {
        try Self.check(options)
        let log = try RaftLog(restored: restored)
        try Self.check(restored, log: log)
        self.options = options
        self.log = log
        self.now = now
        random = SplitMix64(seed: options.randomSeed)
        term = restored.hardState.term
        vote = restored.hardState.vote
        commitIndex = max(restored.hardState.commit, restored.appliedIndex, restored.compactedIndex)
        appliedIndex = restored.appliedIndex
        deliveredIndex = restored.appliedIndex
        configurations = ConfigurationHistory(base: restored.configuration, at: restored.compactedIndex)
        for entry in restored.entries {
            guard case .configuration(let configuration) = entry.payload else { continue }
            guard configuration.isWellFormed else { throw .invalidConfiguration }
            configurations.append(configuration, at: entry.index)
        }
        currentRole = .follower(Following())
        electionDeadline = now
        lastAnswer = options.has(fault: .restartedElectorSaysNever) ? Instant(nanoseconds: 0) : now
        unknownLeasesEnd =
            options.followsLostQuorum ? now.advanced(by: options.leases.bookedLength) : Instant(nanoseconds: 0)
        // Not from the sequence that timeouts are drawn from, which tests know.
        var processes = SplitMix64(seed: ~options.randomSeed)
        leaseRequests = LeaseRequests(process: processes.next())
        releasedIndex = options.reads == .lease ? 0 : commitIndex
        announcedRelease = releasedIndex
        written = (term, vote)
        announced = RoleChange(role: .follower, term: term, leader: nil)
        resetElectionDeadline()
        #if PLANTED_FAULTS
            leases.fault = options.plantedFault
            announcedLeases = leases
        #endif
    }

    private static func check(_ options: Options) throws(RaftError) {
        guard options.id.rawValue != 0 else { throw .invalidNodeID }
        guard options.heartbeatInterval > 0, options.heartbeatInterval < options.electionTimeoutMinimum,
            options.electionTimeoutMinimum < options.electionTimeoutMaximum,
            options.electionTimeoutMaximum <= Limits.longestTimeout,
            options.maxEntryBytesPerMessage > 0, options.maxInflightMessages > 0, options.maxInflightBytes > 0,
            options.maxUncommittedBytes > 0, options.maxPendingReads > 0, options.leases.areValid
        else { throw .invalidOptions }
    }

    private static func check(_ restored: Restored, log: RaftLog) throws(RaftError) {
        let hard = restored.hardState
        guard log.lastTerm <= hard.term else { throw .termBehindLog }
        guard (log.compactedIndex == 0) == (log.compactedTerm == 0) else { throw .brokenLog(at: log.compactedIndex) }
        guard hard.term <= Limits.largestNumber, log.lastIndex <= Limits.largestNumber else {
            throw .brokenLog(at: log.lastIndex)
        }
        guard restored.appliedIndex >= restored.compactedIndex else {
            throw .stateBehindLog(applied: restored.appliedIndex, compacted: restored.compactedIndex)
        }
        let needed = max(hard.commit, restored.appliedIndex)
        guard needed <= log.lastIndex else { throw .logTooShort(last: log.lastIndex, needed: needed) }
        guard restored.configuration.isEmpty || restored.configuration.isWellFormed else {
            throw .invalidConfiguration
        }
    }
}

/// Bounds on what comes from outside, far beyond what a pool reaches and far enough from overflow.
enum Limits {
    static let largestNumber: UInt64 = 1 << 62
    static let longestTimeout: Nanoseconds = 3_600_000_000_000
    static let mostMembers = 64
}
