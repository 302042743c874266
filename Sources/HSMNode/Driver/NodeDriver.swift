public import NodeEnvironment
import PoolState
public import Raft

/// One node of a pool, without a clock, a disk or a network of its own.
///
/// The owner feeds it events with ``handle(_:now:)`` and ends each step with ``finishStep(now:)``, which carries out
/// everything that follows from them. Many events may share a step: their log entries then share one durable write.
/// Between steps it sleeps until the next event, or ``nextDeadline``.
///
/// Not Sendable: one thread owns it. Same events, times, clock readings and random numbers in, same effects out.
public final class NodeDriver {
    /// The world around the node.
    public struct Environment {
        /// The node's own disk. From the node's start on nobody else changes what is on it.
        public var storage: any NodeStorage
        public var network: any PeerNetwork
        /// Asked for civil time, and for readings that show whether the clock behind `Instant` is right. The time of a
        /// step is not read here: it comes with each event.
        public var clock: any NodeClock
        /// Draws the ids of this process, of proposals and of read rounds. Election timeouts come from
        /// `Raft.Options.randomSeed`.
        public var random: any NodeRandom
        public var observer: NodeObserver

        public init(
            storage: any NodeStorage, network: any PeerNetwork, clock: any NodeClock, random: any NodeRandom,
            observer: NodeObserver
        ) {
            self.storage = storage
            self.network = network
            self.clock = clock
            self.random = random
            self.observer = observer
        }
    }

    let options: NodeOptions
    let environment: Environment
    let processID: [UInt8]
    var raft: Raft
    /// The configuration that was in force where the log begins.
    var compactedConfiguration: PoolConfiguration
    var now: Instant
    /// Set when the node has stopped: from then on nothing happens any more.
    public internal(set) var halted: HaltReason?

    /// Where the node stood at the end of the last step.
    public internal(set) var standing: NodeStanding
    /// What consensus said of itself then. A Raft is a large value: most questions to it copy it.
    var consensus: RaftStanding

    var seal: SealState
    var unsealRequest: UnsealRequest?
    var recovery: PoolRecovery?
    var applied = AppliedState()
    var unsaved = UnsavedChanges()
    /// The last index whose state is stored. What was published may be ahead of it.
    var savedIndex: LogIndex
    /// When saving is tried again, after it found no room.
    var savingDue = Instant.distantFuture
    /// The newest published view; nil while sealed.
    var published: PoolView?

    var submissions: Submissions
    var intake: ProposalIntake
    var decoded = DecodedProposals()
    var membership = MembershipChange()
    var reads: ReadRounds
    /// Answers that wait for the release of what they show.
    var held = HeldAnswers()
    /// The right to answer reads from the published view.
    var leases = LeaseHolder()
    /// What the applied entries touch that aren't released.
    var effects = EffectLedger()
    /// What the log's entries touch that the published view doesn't hold.
    var incoming = EffectLedger()
    /// The term in which this node leads, so that its own proposals are not in `incoming`.
    var reign: Term?
    /// How the pool reads, as far as this node has learnt it.
    var readPolicy = ReadPolicy.lease
    /// For how long after its lease a view may be answered from.
    var staleness: Nanoseconds = 0
    /// What the threads have that answer reads.
    var leasedReads: LeasedReads?
    var clockWatch = ClockWatch()
    var peers: PeerTable
    /// The term that is on the disk.
    var storedTerm: Term
    /// Members that this node itself has caught having less than they had acknowledged.
    var suspects: Set<NodeID> = []
    /// When the pool is told of them again, as long as its state doesn't say so.
    var suspectsDue = Instant(nanoseconds: 0)
    var statusDue: Instant
    /// What the last status to all said to be applied.
    var statusIndex: LogIndex = 0
    var membershipDue: Instant
    var versionDue: Instant
    var compaction: CompactionPolicy
    /// Snapshots that others read here.
    var lending = SnapshotLending()
    /// The snapshot that this node is getting.
    var fetch = SnapshotFetch()
    /// When an installation is tried again, after it found no room: not before. May be past.
    var installationDue = Instant(nanoseconds: 0)
    /// The node belongs to the pool no more.
    public internal(set) var isRemoved = false
    var transferNotBefore = Instant(nanoseconds: 0)
    /// An output whose write found no room. Nothing else is done until it has been carried out.
    var stalled: RaftOutput?
    var stalledUntil = Instant(nanoseconds: 0)
    /// The step has not carried out all that there was.
    var isOutputLeft = false
    /// Asked at the end of the step whether everything is stored.
    var saveRequests: [(Bool) -> Void] = []
    /// Calls to make at the end of the step.
    var completions: [() -> Void] = []

    /// Starts a node, sealed, from what its disk holds.
    public init(options: NodeOptions, environment: Environment, now: Instant) throws(NodeStartFailure) {
        let stored: StoredNode
        do { stored = try environment.storage.load() } catch { throw .storage(error) }
        let restored = Raft.Restored(
            hardState: stored.hardState ?? HardState(), entries: stored.entries,
            compactedIndex: stored.compactedIndex, compactedTerm: stored.compactedTerm,
            compactedTag: stored.compactedTag, configuration: stored.configuration,
            appliedIndex: stored.applied?.index ?? 0)
        var raftOptions = options.raft
        raftOptions.followsLostQuorum = Self.wasRecovered(stored)
        raftOptions.coversAppended = true
        do { raft = try Raft(options: raftOptions, restored: restored, now: now) } catch { throw .raft(error) }
        compactedConfiguration = stored.configuration
        self.options = options
        self.environment = environment
        self.now = now
        processID = environment.random.bytes(16)
        seal = .sealed(.stored(mark: stored.applied, rows: stored.rows))
        raft.setMayHoldLeases(false, now: now)
        savedIndex = stored.applied?.index ?? 0
        submissions = Submissions(options: options)
        intake = ProposalIntake(maximumInFlight: options.maximumProposalsInFlight)
        reads = ReadRounds(options: options, firstID: environment.random.uint64() >> 1)
        peers = PeerTable(silence: options.peerSilence)
        storedTerm = stored.hardState?.term ?? 0
        statusDue = now
        membershipDue = now
        versionDue = now
        compaction = CompactionPolicy(options: options)
        consensus = raft.standing
        standing = NodeStanding(consensus, appliedIndex: savedIndex, isSealed: true, isStalled: false)
    }

    /// This node.
    public var id: NodeID { options.raft.id }

    /// Takes an event in. What follows from it happens in ``finishStep(now:)``.
    public func handle(_ event: NodeEvent, now: Instant) {
        self.now = max(self.now, now)
        guard halted == nil else { return decline(event) }
        switch event {
        case .timer: break
        case .message(let message, let sender): receive(message, from: sender)
        case .peerConnected(let peer): sendStatus(to: peer)
        case .peerReturned(let peer): peers.returned(peer)
        case .submit(let command, let origin, let completion): submit(command, origin: origin, completion)
        case .read(let scope, let completion): read(scope, completion)
        case .unseal(let authenticator, let completion): requestUnseal(authenticator, completion)
        case .recover(let request, let completion):
            if let other = recovery { completions.append { other.completion(.failure(.halted)) } }
            recovery = PoolRecovery(request: request, completion: completion)
        case .seal: sealNow()
        case .save(let completion):
            unsaved.save(by: self.now)
            saveRequests.append(completion)
        case .transferLeadership(let target): raft.transferLeadership(to: target, now: self.now)
        case .changeMembers(let voters, let learners, let completion):
            changeMembers(voters: voters, learners: learners, completion)
        }
    }

    /// Ends a step: writes, sends, applies, answers, in this order.
    public func finishStep(now: Instant) {
        self.now = max(self.now, now)
        if halted == nil { work() }
        let isSaved = halted == nil && isSaved
        for request in saveRequests { completions.append { request(isSaved) } }
        saveRequests = []
        consensus = raft.standing
        // A view that was published may release entries, or has to be confirmed to the leader.
        isOutputLeft = isOutputLeft || stalled == nil && consensus.hasOutput
        standing = NodeStanding(
            consensus, appliedIndex: published?.appliedIndex ?? savedIndex, isSealed: seal.isSealed,
            isStalled: stalled != nil)
        let calls = completions
        completions.removeAll(keepingCapacity: true)
        for call in calls { call() }
    }

    /// When ``finishStep(now:)`` has to be called though nothing else happens. To be asked between two steps.
    public var nextDeadline: Instant {
        if halted != nil { return .distantFuture }
        // Nothing else is done before that: what is overdue would make a step follow the other without a pause.
        guard stalled == nil else { return stalledUntil }
        guard !isOutputLeft else { return now }
        let calls = min(min(submissions.nextDeadline, reads.nextDeadline), held.nextDeadline)
        let deadline = min(min(statusDue, min(nextSaving, nextInstallation)), calls)
        let isIdle = consensus.commitIndex == consensus.lastIndex
        let proposing = intake.due(isIdle: isIdle, interval: options.gatheringInterval)
        return min(min(deadline, proposing), consensus.nextDeadline)
    }

    /// Stops the node in good order: every waiting call is answered. Nothing happens afterwards.
    public func stop() {
        giveUp(.shuttingDown)
        if halted == nil {
            // Nobody has to wait for the leases of a node that says goodbye.
            raft.setMayHoldLeases(false, now: now)
            drainOutput()
            save()
        }
        halted = halted ?? .stopped
        publishReads()
        finishStep(now: now)
    }

    private func work() {
        watchClock()
        guard resumeStalled() else { return expire() }
        raft.advance(to: now)
        tendLeadership()
        tendMembership()
        reportSuspects()
        tendVersion()
        sendDueSubmissions()
        proposeQueued()
        beginReadRound()
        drainOutput()
        performUnseal()
        publishApplied()
        // The leader waits to hear of it.
        drainOutput()
        installSnapshot()
        performRecovery()
        guard halted == nil else { return }
        answerReads()
        answerReleased()
        saveIfDue()
        compactIfDue()
        sendStatusIfDue()
        expire()
    }

    private func receive(_ message: PeerMessage, from sender: NodeID) {
        switch message {
        case .raft(let message):
            guard stalled == nil, message.from == sender, message.to == id else { return }
            receive(message)
        case .forwardedProposal(let proposal): receive(proposal, from: sender)
        case .proposalRefused(let proposalID, let reason):
            if let proposal = ProposalID(proposalID) { refused(proposal, reason: reason) }
        case .nodeStatus(let status): receive(status, from: sender)
        case .unsealRequest, .unsealReply: environment.observer.unsealMessage(message, sender)
        case .snapshotRequest(let request): lend(request, to: sender)
        case .snapshotChunk(let chunk): receive(chunk, from: sender)
        case .memberNotices: break  // For the owner of the connections.
        }
    }

    private func receive(_ status: NodeStatus, from sender: NodeID) {
        let match = raft.progress.first { $0.node == sender }?.matchIndex ?? 0
        if peers.heard(status, from: sender, acknowledged: min(match, raft.commitIndex), now: now) { distrust(sender) }
    }

    private func receive(_ message: RaftMessage) {
        guard case .append(let request) = message.body else { return raft.step(message, now: now) }
        guard let request = verified(request, in: message.term, from: message.from) else { return }
        raft.step(
            RaftMessage(from: message.from, to: message.to, term: message.term, body: .append(request)), now: now)
    }

    /// A stopped node answers every call at once.
    private func decline(_ event: NodeEvent) {
        switch event {
        case .submit(_, _, let completion): completions.append { completion(.failure(.shuttingDown)) }
        case .read(_, let completion): completions.append { completion(.failure(.shuttingDown)) }
        case .unseal(_, let completion): completions.append { completion(.failure(.halted)) }
        case .recover(_, let completion): completions.append { completion(.failure(.halted)) }
        case .save(let completion): completions.append { completion(false) }
        case .changeMembers(_, _, let completion): completions.append { completion(.notLeader(leader: nil)) }
        case .timer, .message, .peerConnected, .peerReturned, .seal, .transferLeadership: break
        }
    }

    /// Answers everything that waits here. A write that was sent may still be applied by the others.
    func giveUp(_ reason: PoolUnavailable) {
        for write in unsaved.finished {
            completions.append { write.completion(.failure(.timedOut(maybeApplied: true))) }
        }
        unsaved.finished = []
        for giveUp in held.takeAll() { completions.append { giveUp(reason) } }
        for write in submissions.takeAll() {
            let answer: PoolUnavailable = write.wasSent ? .timedOut(maybeApplied: true) : reason
            completions.append { write.completion(.failure(answer)) }
        }
        for completion in reads.takeAll() { completions.append { completion(.failure(reason)) } }
        if let request = unsealRequest {
            completions.append { request.completion(.failure(.halted)) }
            unsealRequest = nil
        }
        if let wish = membership.take() { completions.append { wish.completion(.notLeader(leader: nil)) } }
        // Sealed, the node can still go on alone.
        if reason == .shuttingDown, let recovery {
            completions.append { recovery.completion(.failure(.halted)) }
            self.recovery = nil
        }
    }

    /// The disk failed: what it holds is unknown, so the node must not act on what it remembers.
    func halt(_ failure: StorageFailure) { halt(.storage(failure)) }

    /// The node must take part in nothing any more.
    func halt(_ reason: HaltReason) {
        halted = reason
        lending.removeAll()
        publishReads()
        environment.observer.alarm(.halted(reason))
        giveUp(.shuttingDown)
        unsaved = UnsavedChanges()
    }

    private func expire() {
        for write in unsaved.takeExpired(now: now) {
            completions.append { write.completion(.failure(.timedOut(maybeApplied: true))) }
        }
        let reason = lacksRoom ? PoolUnavailable.diskFull : .noLeader
        for giveUp in held.takeExpired(now: now) { completions.append { giveUp(reason) } }
        for (completion, answer) in submissions.takeExpired(now: now, unsent: reason) {
            completions.append { completion(.failure(answer)) }
        }
        for completion in reads.takeExpired(now: now) { completions.append { completion(.failure(reason)) } }
    }
}
