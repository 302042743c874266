import Raft

@testable import struct Raft.SplitMix64

/// Several nodes under random trouble: messages are lost, delayed, repeated and reordered, links are cut, nodes crash
/// between any two steps of an output and come back, logs are compacted, configurations change, leadership is handed
/// on. Everything follows from one seed. `Checker` watches.
///
/// It is small on purpose: it drives the core alone, by the contract of `RaftOutput` and nothing else.
final class RandomPool {
    struct Settings {
        var seed: UInt64
        var changesMembers = true
        /// Chance that a message is lost, in percent.
        var loss: UInt64 = 10
        /// Chance, in percent and each step, that a leader crashes.
        var leaderCrashes: UInt64 = 0
        /// Members read under leases, on clocks that drift as far as the options allow for.
        var leases = false
        /// Links that are cut stay so for seconds, so that leases run out and bookings too.
        var cutsLast = false
        var prepare: (inout Raft.Options) -> Void = { _ in }
    }

    private struct Flight {
        let arrival: UInt64
        let message: RaftMessage
    }

    let settings: Settings
    var random: SplitMix64
    var nodes: [PoolNode] = []
    let checker = Checker()
    /// Milliseconds.
    private(set) var clock: UInt64 = 1000
    private var network: [Flight] = []
    private var sent = 0
    private var cutLinks: Set<[NodeID]> = []
    private var isCalm = false
    private var nextRead: UInt64 = 1
    private var nextCommand: UInt64 = 1

    static let nodeCount: UInt64 = 5
    /// Far more than there are when each message has at most one answer and streams are bounded by their windows.
    private static let mostUnderWay = 20_000
    /// 25 rounds of heartbeats with their answers, and what nodes ask that were removed and never learned it.
    private static let mostInAnIdleSecond = 1000

    init(_ settings: Settings) {
        self.settings = settings
        random = SplitMix64(seed: settings.seed)
        let founders = PoolConfiguration(voters: [NodeID(1), NodeID(2), NodeID(3)])
        for id in 1...Self.nodeCount {
            let disk = PoolDisk(configuration: id <= 3 ? founders : .empty)
            nodes.append(PoolNode(id: NodeID(id), disk: disk))
        }
        for node in nodes { start(node) }
    }

    private func chance(_ percent: UInt64) -> Bool { random.next(in: 0..<100) < percent }
    private func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[Int(random.next(in: 0..<UInt64(elements.count)))]
    }

    // MARK: A run

    /// Trouble for `steps` steps of 5 ms; then calm, in which the pool must recover.
    func run(steps: Int) {
        for _ in 0..<steps where checker.failure == nil {
            trouble()
            if settings.leases { leaseTrouble() }
            step()
        }
        guard checker.failure == nil else { return }
        calm()
    }

    private func step() {
        clock += 5
        for node in nodes { node.nanoseconds += UInt64(5_000_000 + 50_000 * node.clockError) }
        for node in nodes where node.raft != nil && !isPaused(node) { feed(node) { $0.advance(to: node.now) } }
        if network.count > Self.mostUnderWay { return checker.fail("messages multiply") }
        let due = network.filter { $0.arrival <= clock && !isPaused($0.message.to) }
        network.removeAll { $0.arrival <= clock && !isPaused($0.message.to) }
        for flight in due {
            guard let node = nodes.first(where: { $0.id == flight.message.to }), node.raft != nil else { continue }
            feed(node) { $0.step(flight.message, now: node.now) }
        }
        if settings.leases { readUnderLeases() }
    }

    private func isPaused(_ node: PoolNode) -> Bool { node.pausedUntil > clock }
    private func isPaused(_ id: NodeID) -> Bool { nodes.contains { $0.id == id && isPaused($0) } }

    private func calm() {
        isCalm = true
        cutLinks = []
        for node in nodes {
            node.pausedUntil = 0
            node.reader.slowUntil = 0
            feed(node) { $0.setMayHoldLeases(true, now: node.now) }
        }
        network = []
        for node in nodes where node.raft == nil { start(node) }
        for _ in 0..<600 {
            for node in nodes { leaveJoint(node) }
            step()
        }
        guard let leader = nodes.first(where: { $0.raft?.role == .leader && $0.raft?.configurationIsMine == true })
        else { return checker.fail("no leader after the trouble: " + nodes.map(\.text).joined(separator: "; ")) }
        requestRead(at: leader)
        let before = sent
        for _ in 0..<200 { step() }
        if sent - before > Self.mostInAnIdleSecond { checker.fail("the pool does not rest: \(sent - before) messages") }
        checker.checkRecovery(of: nodes, leader: leader)
    }

    // MARK: Trouble

    private func trouble() {
        if chance(30), let node = pick(nodes.filter { $0.raft?.role == .leader }) { propose(at: node) }
        if chance(30), let node = pick(nodes.filter { $0.raft != nil }) { requestRead(at: node) }
        if chance(2), !settings.cutsLast || chance(10) { cutLinks = [] }
        if chance(2) { cutOff() }
        if chance(1), let node = pick(nodes.filter { $0.raft != nil }) { crash(node) }
        if chance(settings.leaderCrashes), let node = pick(nodes.filter { $0.raft?.role == .leader }) { crash(node) }
        if chance(10), let node = pick(nodes.filter { $0.raft == nil }) { start(node) }
        if chance(1), let node = pick(nodes.filter { $0.raft != nil }) { compact(node) }
        if chance(1), let node = pick(nodes.filter { $0.raft?.role == .leader }), let target = pick(nodes) {
            feed(node) { $0.transferLeadership(to: target.id, now: node.now) }
        }
        if chance(1), let node = pick(nodes.filter { $0.raft != nil }) { feed(node) { $0.campaign(now: node.now) } }
        if settings.changesMembers, chance(5), let node = pick(nodes.filter { $0.raft?.role == .leader }) {
            changeMembers(at: node)
        }
    }

    /// Cuts one node from the others, or one link in one direction.
    private func cutOff() {
        guard let node = pick(nodes), let other = pick(nodes) else { return }
        if chance(50) {
            cutLinks.insert([node.id, other.id])
        } else {
            for peer in nodes {
                cutLinks.insert([node.id, peer.id])
                cutLinks.insert([peer.id, node.id])
            }
        }
    }

    private func propose(at node: PoolNode) {
        let command = nextCommand
        nextCommand += 1
        feed(node) { _ = $0.propose(.command(withUnsafeBytes(of: command) { Array($0) }), tag: []) }
    }

    private func requestRead(at node: PoolNode) {
        let id = nextRead
        nextRead += 1
        checker.readBegan(id, at: node.id)
        feed(node) { $0.requestRead(id: id, now: node.now) }
    }

    private func leaveJoint(_ node: PoolNode) {
        guard let next = node.raft?.configurationToLeaveJoint else { return }
        feed(node) { _ = $0.propose(.configuration(next), tag: []) }
    }

    private func changeMembers(at node: PoolNode) {
        guard let present = node.raft?.configuration else { return }
        if present.isJoint { return leaveJoint(node) }
        let voters = Set(nodes.map(\.id).filter { _ in chance(60) })
        guard !voters.isEmpty else { return }
        // Not by the order of a set, which differs from run to run.
        let learners = nodes.map(\.id).filter { !voters.contains($0) && !present.voters.contains($0) && chance(50) }
        let next = present.joint(voters: voters, learners: Set(learners))
        feed(node) { _ = $0.propose(.configuration(next), tag: []) }
    }

    private func compact(_ node: PoolNode) {
        guard let raft = node.raft, raft.appliedIndex > raft.compactedIndex + 4 else { return }
        let index = raft.appliedIndex - random.next(in: 0..<4)
        guard node.disk.compact(through: index) else { return checker.fail("\(node.id) cannot compact") }
        feed(node) { $0.compact(through: index) }
    }

    // MARK: Leases

    /// Clocks change their rates, nodes stand still while their readers do not, views lag behind, leases are given up.
    private func leaseTrouble() {
        for node in nodes where chance(1) {
            let error = min(Int64(Raft.Options(id: node.id, randomSeed: 0).leases.clockError), 99)
            node.clockError = [-error, error, Int64(random.next(in: 0..<UInt64(2 * error + 1))) - error][pickIndex(3)]
        }
        if chance(1), let node = pick(nodes) { node.pausedUntil = clock + random.next(in: 5..<1000) }
        if chance(1), let node = pick(nodes) { node.reader.slowUntil = clock + random.next(in: 5..<1000) }
        if chance(1), let node = pick(nodes) {
            let mayHold = chance(70)
            feed(node) { $0.setMayHoldLeases(mayHold, now: node.now) }
        }
        if random.next(in: 0..<1000) == 0, let node = pick(nodes) { feed(node) { $0.distrustClock(now: node.now) } }
    }

    private func pickIndex(_ count: UInt64) -> Int { Int(random.next(in: 0..<count)) }

    /// Views are published, and every node's readers try.
    private func readUnderLeases() {
        for node in nodes where node.raft != nil {
            if !isPaused(node), clock >= node.reader.slowUntil, isCalm || chance(70) {
                node.reader.view = node.disk.applied
                feed(node) { $0.published(through: node.reader.view) }
            }
            if chance(40) {
                let pauses = (chance(80) ? 0 : random.next(in: 0..<60), chance(80) ? 0 : random.next(in: 0..<60))
                node.reader.begin(needing: checker.released, clock: clock, pauses: pauses)
            }
            for read in node.reader.advance(clock: clock, now: node.now) {
                checker.servedUnderLease(by: node.id, view: read.view, needed: read.needed)
            }
        }
    }

    // MARK: Nodes

    private func start(_ node: PoolNode) {
        var options = Raft.Options(id: node.id, randomSeed: random.next())
        // Not far above the delays of messages, so that elections and leases overlap often.
        options.heartbeatInterval = 40_000_000
        options.electionTimeoutMinimum = 120_000_000
        options.electionTimeoutMaximum = 240_000_000
        options.maxInflightMessages = 4
        options.maxEntryBytesPerMessage = 200
        if settings.leases { options.reads = .lease }
        settings.prepare(&options)
        do {
            node.raft = try Raft(options: options, restored: node.disk.restored, now: node.now)
            node.reader = LeaseReader()
        } catch {
            checker.fail("\(node.id) does not start: \(error)")
        }
    }

    private func crash(_ node: PoolNode) {
        node.raft = nil
        checker.crashed(node.id)
    }

    private func feed(_ node: PoolNode, _ event: (inout Raft) -> Void) {
        guard node.raft != nil, checker.failure == nil else { return }
        node.withRaft(event)
        // Several events can come before one output.
        if !isCalm && chance(20) { return }
        carryOut(node)
    }

    /// Carries out one output in the documented order; in trouble the node may crash between any two steps of it.
    private func carryOut(_ node: PoolNode) {
        var rounds = 0
        while let raft = node.raft, raft.hasOutput, checker.failure == nil {
            rounds += 1
            if rounds > 100 { return checker.fail("\(node.id) always has more to do") }
            var taken: RaftOutput?
            node.withRaft { taken = $0.takeOutput() }
            guard let output = taken else { return }
            checker.check(output, of: node)
            #if PLANTED_FAULTS
                for message in output.messagesBeforePersist { send(message) }
            #endif
            if crashesNow(node) { return }
            node.disk.write(output)
            if crashesNow(node) { return }
            if let leases = output.leases { node.reader.leases = leases }
            for message in output.messages { send(message) }
            if let last = output.entries.last {
                node.withRaft { $0.persisted(through: last.index, term: last.term) }
            }
            if crashesNow(node) { return }
            if let last = output.committed.last {
                node.disk.applied = last.index
                node.withRaft { $0.applied(through: last.index) }
            }
            if let offer = output.snapshotOffered { install(offer, at: node) }
        }
    }

    private func crashesNow(_ node: PoolNode) -> Bool {
        guard !isCalm, random.next(in: 0..<2000) == 0 else { return false }
        crash(node)
        return true
    }

    /// The state through the offered index comes from somewhere else at once.
    private func install(_ offer: SnapshotOffer, at node: PoolNode) {
        let snapshot = offer.descriptor
        guard let raft = node.raft, snapshot.index > raft.commitIndex, raft.role == .follower else { return }
        checker.checkSnapshot(snapshot, of: node.id)
        node.disk.install(snapshot)
        node.withRaft { $0.installed(snapshot, tag: [], now: node.now) }
    }

    // MARK: Network

    private func send(_ message: RaftMessage) {
        checker.sent(message)
        sent += 1
        if cutLinks.contains([message.from, message.to]) { return }
        if isCalm {
            network.append(Flight(arrival: clock + 5, message: message))
            return
        }
        if chance(settings.loss) { return }
        network.append(Flight(arrival: clock + delay(), message: message))
        if chance(5) { network.append(Flight(arrival: clock + delay(), message: message)) }
    }

    private func delay() -> UInt64 {
        chance(10) ? random.next(in: 5..<300) : random.next(in: 5..<25)
    }
}

extension Raft {
    /// Whether the node belongs to the pool by its own log.
    var configurationIsMine: Bool { configuration.isVoter(id) }
}
