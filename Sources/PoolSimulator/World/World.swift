import HSMNode
import NodeEnvironment
import PoolState
import Raft

/// Everything that happens in a run, in one order. Times are true time in nanoseconds.
final class World {
    enum Event {
        case deliver(PeerMessage, from: Int, to: Int)
        case wake(Int)
        case call
        case fault
        case restart(Int)
        case unseal(Int)
        case heal
        case coup(Int)
        /// A removed node is switched off for good.
        case retire(Int)
        case diskRecovers(Int)
        /// A lease clock runs at this rate from now on.
        case drift(Int, Int64)
    }

    var profile: SimulationProfile
    let random: SimulatedRandom
    let checker: SafetyChecker
    var counters = SimulationCounters()
    private(set) var digest = TraceDigest()
    private(set) var now: UInt64 = 0
    var events = EventQueue()
    var nodes: [SimulatedNode] = []
    var network: SimulatedNetwork
    var workload: Workload
    /// Faults have ended; the pool is to come to rest.
    var isHealing = false
    var healedAt: UInt64 = 0
    /// What was asked for by each write operation.
    var commands: [Int: PoolCommand] = [:]
    let authenticator: SimulatedAuthenticator
    /// In whose name something was forged.
    var forgers: Set<NodeID> = []
    /// When the last status on each link comes to its receiver.
    private var statusArrivals: [Int: UInt64] = [:]
    /// Misfortunes draw from generators that come from here.
    let misfortuneSeed: UInt64
    /// By the last committed configuration that isn't joint, and those who were members before.
    var members: Set<NodeID> = []
    var formerMembers: Set<NodeID> = []
    var learntConfigurations = 0
    var probe: Probe?
    /// A leader whose entries don't reach those who were members when it began a change.
    var unheard: (leader: Int, by: Set<NodeID>)?
    /// What happens, line by line, if somebody wants to read it.
    private(set) var trace: [String]?

    init(seed: UInt64, profile: SimulationProfile, isTraced: Bool = false) {
        let random = SimulatedRandom(seed: seed)
        misfortuneSeed = random.uint64()
        trace = isTraced ? [] : nil
        self.profile = profile
        self.random = random
        checker = SafetyChecker(
            state: StateChecker(catalog: profile.faults.upgrade > 0 ? SimulatedProgram.later : .current),
            history: HistoryChecker(readsAreCurrent: profile.readsAreCurrent))
        authenticator = SimulatedAuthenticator(key: random.uint64())
        workload = Workload(random: random.fork())
        let size = random.element(of: profile.sizes) ?? 3
        let machines = size + profile.spares
        network = SimulatedNetwork(
            nodes: machines,
            conditions: NetworkConditions(
                loss: profile.loss, duplication: profile.duplication, meanExtraDelay: profile.meanExtraDelay),
            random: random.fork())
        for number in 0..<machines {
            let disk = SimulatedDisk(
                node: NodeID(UInt64(number + 1)), random: random.fork(), checker: checker,
                lies: profile.plantedFault == .lyingDisks,
                cutsDamagedLogs: profile.plantedFault == .truncatesDamagedLog)
            // Up to two seconds of civil time: a badly kept machine, within what is allowed.
            let clock = SimulatedClock(
                offset: random.within(1_000_000_000...9_000_000_000),
                drift: Int64(random.below(Int(2 * profile.maximumDrift + 1))) - profile.maximumDrift,
                civilOffset: Int64(random.below(4_001)) - 2_000)
            let node = SimulatedNode(number: number, disk: disk, clock: clock)
            node.isInService = number < size
            nodes.append(node)
        }
        members = Set(nodes.filter(\.isInService).map(\.id))
    }

    /// Makes the pool and starts its nodes.
    func begin() throws(Violation) {
        let members = nodes.filter(\.isInService).map(\.id)
        do {
            try NodeDriver.bootstrap(
                storage: nodes[0].disk, configuration: PoolConfiguration(voters: Set(members)),
                genesis: Workload.genesis(nodes: members), authenticator: authenticator)
        } catch {
            throw .startRefused(nodes[0].id, "\(error)")
        }
        for number in inService { start(number) }
        events.add(.call, at: random.exponential(mean: profile.meanCallInterval))
        events.add(.fault, at: profile.meanFaultInterval + random.exponential(mean: profile.meanFaultInterval))
    }

    /// Carries out the next event; false if it lies behind `end`, if a promise was broken, or if there were too many.
    func advance(until end: UInt64) -> Bool {
        guard let (time, event) = events.next() else { return false }
        now = time
        counters.events += 1
        if counters.events > profile.maximumEvents { checker.report(.endless(events: counters.events)) }
        carryOut(event)
        return now < end && checker.violation == nil
    }

    private func carryOut(_ event: Event) {
        switch event {
        case .deliver(let message, let sender, let receiver):
            guard nodes[receiver].process != nil, network.delivers(from: sender, to: receiver) else { return }
            nodes[receiver].inbox.append(.message(message, from: nodes[sender].id))
            wake(receiver, at: now)
        case .wake(let number): wakeUp(number)
        case .call: callAgainLater()
        case .fault: if !isHealing { strike() }
        case .restart(let number): if nodes[number].process == nil, !nodes[number].isLost { start(number) }
        case .unseal(let number): unseal(number)
        case .heal: network.heal()
        case .coup(let number): if !isHealing { depose(number) }
        case .retire(let number): retire(number)
        case .diskRecovers(let number): nodes[number].diskDelay = 0
        case .drift(let number, let drift): setDrift(drift, of: number)
        }
    }

    // MARK: Nodes

    func start(_ number: Int) {
        let node = nodes[number]
        checker.votes.starts(node.id, stored: node.disk.hardState ?? HardState())
        checker.log.starts(node.id)
        checker.state.starts(node.id)
        node.clock.trueTime = now
        do {
            try node.start(options: options(for: node.id, isUpgraded: node.isUpgraded), random: random.fork())
        } catch {
            guard node.disk.damage != nil else { return checker.report(.startRefused(node.id, "\(error)")) }
            // It says what is wrong, and takes part in nothing.
            note("node \(node.id) does not start: \(error)")
            counters.damagesFound += 1
            node.isLost = true
            return
        }
        note("node \(node.id) starts")
        if node.disk.damage?.part.isChecksummed == true { return checker.report(.damageUnnoticed(node.id)) }
        for peer in nodes where peer.number != number { node.inbox.append(.peerConnected(peer.id)) }
        let delay = isHealing ? 1_000_000 : random.exponential(mean: profile.meanSealedTime)
        events.add(.unseal(number), at: now + delay)
        wake(number, at: now)
    }

    private func options(for id: NodeID, isUpgraded: Bool) -> NodeOptions {
        var raft = Raft.Options(id: id, randomSeed: random.uint64())
        raft.maxEntryBytesPerMessage = profile.maxEntryBytesPerMessage
        raft.maxInflightMessages = profile.maxInflightMessages
        raft.reads = profile.readMode
        let choice = random.uint64()
        raft.newsDelay = profile.longestNewsDelay / 2 * (choice % 3)
        #if PLANTED_FAULTS
            if case .raft(let fault)? = profile.plantedFault { raft.plantedFault = fault }
        #endif
        var options = NodeOptions(raft: raft, version: "simulated")
        #if PLANTED_FAULTS
            if case .node(let fault)? = profile.plantedFault { options.plantedFault = fault }
        #endif
        if isMixed { options.catalog = isUpgraded ? SimulatedProgram.later : SimulatedProgram.former }
        options.gatheringInterval *= choice / 3 % 2
        options.submitTimeout = 2_000_000_000
        options.readTimeout = 1_000_000_000
        options.retryInterval = 200_000_000
        options.refusalPause = 20_000_000
        options.statusInterval = 250_000_000
        options.peerSilence = 800_000_000
        options.logEntriesKept = profile.logEntriesKept
        options.compactionStep = 5
        options.snapshotChunkBytes = 3_000
        return options
    }

    func crash(_ number: Int) {
        guard nodes[number].process != nil else { return }
        counters.crashes += 1
        note("node \(number + 1) is down")
        for operation in nodes[number].openOperations { probe?.ends(operation, refused: true) }
        checker.history.dies(operations: nodes[number].crash())
        let downtime = isHealing ? 1_000_000 : random.exponential(mean: profile.meanDowntime)
        events.add(.restart(number), at: now + downtime)
    }

    private func unseal(_ number: Int) {
        guard let process = nodes[number].process, process.driver.isSealed, !nodes[number].staysSealed else { return }
        nodes[number].inbox.append(
            .unseal(authenticator) { [unowned outbox = process.outbox] in outbox.unseals.append($0) })
        wake(number, at: now)
    }

    /// Makes sure that the process looks up at `time`, or as soon afterwards as it can.
    func wake(_ number: Int, at time: UInt64) {
        let node = nodes[number]
        guard node.process != nil else { return }
        let time = max(time, node.busyUntil, now)
        if let planned = node.wakeAt, planned <= time { return }
        node.wakeAt = time
        events.add(.wake(number), at: time)
    }

    private func wakeUp(_ number: Int) {
        let node = nodes[number]
        // An earlier event may have taken the place of this one.
        guard node.wakeAt == now, let process = node.process else { return }
        node.wakeAt = nil
        guard now >= node.busyUntil else { return wake(number, at: node.busyUntil) }
        step(node, process)
    }

    /// One step of the driver, with all that it has received, and the world's answer to what it does.
    private func step(_ node: SimulatedNode, _ process: SimulatedNode.Process) {
        node.clock.trueTime = now
        let time = node.clock.now()
        let inbox = node.inbox
        node.inbox.removeAll(keepingCapacity: true)
        node.disk.writes = 0
        for event in inbox { process.driver.handle(event, now: time) }
        process.driver.finishStep(now: time)
        var spent: UInt64 = 20_000
        for _ in 0..<node.disk.writes { spent += random.exponential(mean: profile.meanWriteTime + node.diskDelay) }
        node.busyUntil = max(node.busyUntil, now + spent)

        deliver(process.outbox, of: node, after: spent)
        check(node, process)
        guard process.driver.halted == nil else {
            counters.halts += 1
            return crash(node.number)
        }
        wake(node.number, at: node.clock.trueTime(of: process.driver.nextDeadline))
    }

    private func deliver(_ outbox: SimulatedNode.Outbox, of node: SimulatedNode, after spent: UInt64) {
        for (message, receiver) in outbox.messages {
            counters.messages += 1
            if case .raft(let raft) = message { checker.votes.sent(raft) }
            let target = Int(receiver.rawValue) - 1
            guard nodes.indices.contains(target), target != node.number else { continue }
            note("  \(node.id) to \(receiver): \(message.summary)")
            if Self.carriesEntries(message), isUnheard(node, by: receiver) || random.chance(profile.entryLoss) {
                continue
            }
            send(message, from: node.number, to: target, at: now + spent)
        }
        outbox.messages.removeAll(keepingCapacity: true)
    }

    /// Raft's messages may overtake each other and come twice. A status is held against what its sender has
    /// acknowledged, which is only right on a connection: nothing that is sent after it comes before it, and it comes
    /// once.
    private func send(_ message: PeerMessage, from sender: Int, to receiver: Int, at time: UInt64) {
        var isStatus = false
        if case .nodeStatus = message { isStatus = true }
        let link = sender * nodes.count + receiver
        for delay in network.delays(from: sender, to: receiver).prefix(isStatus ? 1 : .max) {
            let arrival = max(time + delay, statusArrivals[link] ?? 0)
            if isStatus { statusArrivals[link] = arrival }
            events.add(.deliver(message, from: sender, to: receiver), at: arrival)
        }
        guard profile.lateGrants > 0, !isHealing, Self.isGrant(message), random.chance(profile.lateGrants) else {
            return
        }
        let late = time + random.exponential(mean: profile.meanGrantDelay)
        events.add(.deliver(message, from: sender, to: receiver), at: late)
    }

    private static func isGrant(_ message: PeerMessage) -> Bool {
        if case .raft(let raft) = message, case .lease(.grant) = raft.body { true } else { false }
    }

    private static func carriesEntries(_ message: PeerMessage) -> Bool {
        guard case .raft(let raft) = message, case .append(let request) = raft.body else { return false }
        return !request.entries.isEmpty
    }

    // MARK: Checks

    private func check(_ node: SimulatedNode, _ process: SimulatedNode.Process) {
        let standing = process.driver.standing
        digest.mix(now)
        digest.mix(UInt64(node.number) << 56 ^ standing.term << 40 ^ standing.commitIndex << 20 ^ standing.lastIndex)
        digest.mix(standing.appliedIndex << 1 | (standing.role == .leader ? 1 : 0))
        let outbox = process.outbox
        note(
            "  node \(node.id) \(standing.role) term \(standing.term) applied \(standing.appliedIndex)"
                + " commit \(standing.commitIndex) last \(standing.lastIndex)")
        for change in outbox.roles where change.role == .leader {
            note("node \(node.id) leads term \(change.term)")
            checkLeader(node, term: change.term)
            if !isHealing && random.chance(profile.coups) {
                events.add(.coup(node.number), at: now + random.exponential(mean: profile.meanReign))
            }
        }
        outbox.roles.removeAll(keepingCapacity: true)
        let hasFailed = process.driver.halted != nil || standing.isStalled
        if !hasFailed {
            if standing.role == .leader { checkLeader(node, term: standing.term) }
            checker.state.stands(
                node.id, applied: standing.appliedIndex, commit: standing.commitIndex, last: standing.lastIndex)
            checker.log.commits(node.id, through: standing.commitIndex, term: standing.term, disk: node.disk)
        } else {
            // What it had in mind when its write failed is nobody's business, but what it has applied it may answer.
            checker.log.commits(node.id, through: standing.appliedIndex, term: standing.term, disk: node.disk)
        }
        checker.history.learn(checker.log)
        checker.state.learn(checker.log)
        learnMembers()
        takeAnswers(outbox, of: node)
        takeAlarms(outbox, of: node, hasFailed: hasFailed)
    }

    private func checkLeader(_ node: SimulatedNode, term: Term) {
        checker.votes.leads(node.id, term: term)
        checker.log.leads(node.id, term: term, disk: node.disk)
    }

    /// An operation has its answer.
    func ends(_ operation: Int, _ answer: HistoryChecker.Answer) {
        note("operation \(operation): \(answer.summary)")
        checker.history.ends(operation, answer)
        if case .unavailable(.commandTooNew) = answer { counters.commandsTooNew += 1 }
        if case .unavailable = answer {
            probe?.ends(operation, refused: true)
            repeatCall(operation)
        } else {
            probe?.ends(operation, refused: false)
        }
    }

    private func takeAnswers(_ outbox: SimulatedNode.Outbox, of node: SimulatedNode) {
        for (operation, answer) in outbox.answers {
            digest.mix(UInt64(operation))
            node.openOperations.remove(operation)
            ends(operation, answer)
        }
        outbox.answers.removeAll(keepingCapacity: true)
        for result in outbox.unseals {
            switch result {
            case .success:
                counters.unseals += 1
                if node.disk.damage != nil { checker.report(.damageUnnoticed(node.id)) }
            case .failure(.alreadyUnsealed), .failure(.halted): break
            case .failure where formerMembers.contains(node.id): break
            case .failure(let refusal) where node.disk.damage != nil:
                note("node \(node.id) stays sealed: \(refusal)")
                counters.damagesFound += 1
                node.staysSealed = true
            case .failure(let refusal): checker.report(.startRefused(node.id, "\(refusal)"))
            }
        }
        outbox.unseals.removeAll(keepingCapacity: true)
    }

    /// Nobody has a reason to speak of forgery but where there was one.
    ///
    /// - Parameter hasFailed: whether a write of this step failed. What the node learnt before it is not known here.
    private func takeAlarms(_ outbox: SimulatedNode.Outbox, of node: SimulatedNode, hasFailed: Bool) {
        for alarm in outbox.alarms {
            switch alarm {
            case .storageFull: counters.diskFull += 1
            case .halted(.poolIsNewer), .halted(.unknownCommand):
                // A former member may be sent a little more than it needs to know that it is one.
                if !formerMembers.contains(node.id) { checker.report(.leftBehind(node.id, "\(alarm)")) }
            case .halted, .memberChangeWaits: break
            case .removed where formerMembers.contains(node.id) || hasFailed: break
            case .clockDistrusted where node.clock.wasBent: counters.clockAlarms += 1
            case .forgedProposal(let forger) where forgers.contains(forger): counters.forgeriesRefused += 1
            default: checker.report(.falseAlarm(node.id, "\(alarm)"))
            }
        }
        outbox.alarms.removeAll(keepingCapacity: true)
    }

    /// Adds a line to the trace, if there is one.
    func note(_ line: @autoclosure () -> String) {
        guard trace != nil else { return }
        trace?.append("\(now) \(line())")
    }
}
