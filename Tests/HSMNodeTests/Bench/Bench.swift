import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft

/// A small pool of real drivers on simulated disks and clocks, whose time and messages a test moves by hand.
///
/// Nodes are counted from 0; node 0 begins the pool and is the first to lead. A tick is a millisecond: every message
/// that was sent in the last tick arrives, then every node makes a step.
final class Bench {
    struct Letter {
        let message: PeerMessage
        let from: Int
        let to: Int

        /// The log entries that it carries.
        var entries: [LogEntry] {
            guard case .raft(let raft) = message, case .append(let request) = raft.body else { return [] }
            return request.entries
        }
    }

    enum Route {
        case deliver, lose, hold
    }

    struct NotReached: Error {
        let what: String
    }

    static let timeout = 5_000

    private(set) var machines: [Machine] = []
    private(set) var now: UInt64 = 0
    private var letters: [Letter] = []
    private var held: [Letter] = []
    private var lastProposal: UInt64 = 1_000
    private let random = SimulatedRandom(seed: 7)
    /// The checks of the simulator watch here too.
    let checker = SafetyChecker(history: HistoryChecker())
    /// What becomes of each message.
    var route: (Letter) -> Route = { _ in .deliver }
    /// These nodes hear nobody and are heard by nobody.
    var cut: Set<Int> = []

    /// Makes the pool on its disks; nothing runs yet.
    init(
        nodes count: Int = 3, founders: Int? = nil, civilOffsets: [Int64] = [], reads: ReadPolicy = .lease,
        adjust: @escaping (inout NodeOptions) -> Void = { _ in }
    ) throws {
        for number in 0..<count {
            let disk = SimulatedDisk(
                node: NodeID(UInt64(number + 1)), random: random.fork(), checker: checker, lies: false)
            let clock = SimulatedClock(
                offset: 1_000_000_000, drift: 0,
                civilOffset: civilOffsets.indices.contains(number) ? civilOffsets[number] : 0)
            machines.append(Machine(number: number, disk: disk, clock: clock, random: random.fork(), adjust: adjust))
        }
        let members = machines.prefix(founders ?? count).map(\.id)
        try NodeDriver.bootstrap(
            storage: machines[0].disk, configuration: PoolConfiguration(voters: Set(members)),
            genesis: Workload.genesis(nodes: members, settings: PoolSettings(reads: reads)),
            authenticator: SimulatedAuthenticator(key: 1))
    }

    /// A pool that runs, unsealed, with node 0 for its leader.
    static func running(
        nodes: Int = 3, founders: Int? = nil, civilOffsets: [Int64] = [], reads: ReadPolicy = .lease,
        adjust: @escaping (inout NodeOptions) -> Void = { _ in }
    ) throws -> Bench {
        let bench = try Bench(
            nodes: nodes, founders: founders, civilOffsets: civilOffsets, reads: reads, adjust: adjust)
        for number in 0..<(founders ?? nodes) {
            try bench.start(number)
            bench.unseal(number)
        }
        try bench.settle()
        return bench
    }

    subscript(number: Int) -> Machine { machines[number] }

    // MARK: Time

    func run(_ milliseconds: Int) {
        for _ in 0..<milliseconds { tick() }
    }

    /// Runs until `reached` holds, but not for ever.
    func run(until what: String, _ reached: () -> Bool) throws {
        for _ in 0..<Self.timeout {
            if reached() { return }
            tick()
        }
        throw NotReached(what: what)
    }

    /// Runs until somebody leads and every running node has the same log and has applied it, if it is unsealed.
    func settle() throws {
        try run(until: "rest") {
            guard let leader, let goal = machines[leader].standing, goal.commitIndex == goal.lastIndex else {
                return false
            }
            return machines.allSatisfy { machine in
                guard let standing = machine.standing else { return true }
                return standing.commitIndex == goal.commitIndex && standing.term == goal.term
                    && (standing.isSealed || standing.appliedIndex == goal.commitIndex)
            }
        }
    }

    /// The roots of the states that are stored once nobody has anything left to store, by node.
    func storedRoots() throws -> [[UInt8]?] {
        try settle()
        run(100)
        return try machines.map { try $0.disk.openSnapshot()?.mark.stateRoot }
    }

    func tick() {
        now += 1_000_000
        let arriving = letters
        letters = []
        for letter in arriving { pass(letter) }
        for machine in machines { letters += machine.step(now: now) }
        for machine in machines {
            guard let standing = machine.standing, !standing.isStalled else { continue }
            if standing.role == .leader {
                checker.votes.leads(machine.id, term: standing.term)
                checker.log.leads(machine.id, term: standing.term, disk: machine.disk)
            }
            checker.log.commits(machine.id, through: standing.commitIndex, term: standing.term, disk: machine.disk)
        }
        checker.state.learn(checker.log)
    }

    private func pass(_ letter: Letter) {
        guard !cut.contains(letter.from), !cut.contains(letter.to) else { return }
        switch route(letter) {
        case .deliver: machines[letter.to].inbox.append(.message(letter.message, from: machines[letter.from].id))
        case .lose: break
        case .hold: held.append(letter)
        }
    }

    /// Everything is delivered from now on, what was held back first.
    func release() {
        route = { _ in .deliver }
        letters = held + letters
        held = []
    }

    /// What was held back arrives now; routes stay as they are.
    func deliverHeld() {
        for letter in held {
            machines[letter.to].inbox.append(.message(letter.message, from: machines[letter.from].id))
        }
        held = []
    }

    /// A message that no driver has sent.
    func inject(_ message: PeerMessage, from sender: Int, to receiver: Int) {
        machines[receiver].inbox.append(.message(message, from: machines[sender].id))
    }

    // MARK: Nodes

    var leader: Int? {
        let leading = machines.filter { $0.standing?.role == .leader && !cut.contains($0.number) }
        return leading.max { ($0.standing?.term ?? 0) < ($1.standing?.term ?? 0) }?.number
    }

    func start(_ number: Int) throws {
        checker.votes.starts(machines[number].id, stored: machines[number].disk.hardState ?? HardState())
        checker.log.starts(machines[number].id)
        try machines[number].start(now: now)
    }

    func crash(_ number: Int) {
        machines[number].crash()
    }

    @discardableResult
    func unseal(_ number: Int, key: UInt64 = 1) -> Answers<Result<LogIndex, UnsealRefusal>> {
        let answers = Answers<Result<LogIndex, UnsealRefusal>>()
        machines[number].inbox.append(
            .unseal(SimulatedAuthenticator(key: key)) { answers.list.append($0) })
        return answers
    }

    func seal(_ number: Int) {
        machines[number].inbox.append(.seal)
    }

    /// Makes a key, in a pool that has none.
    func makeKey() throws {
        try activate()
        let answer = submit(Write.createKey, at: 0)
        try run(until: "the key") { answer.outcome != nil }
        try settle()
    }

    /// From now on keys can be made.
    func activate() throws {
        let commands = [
            PoolCommand.securityDomainPrepared(Workload.securityDomain), .securityDomainActivated(generation: 0),
        ]
        let answers = commands.map { submit($0, at: 0) }
        try run(until: "the activation") { answers.allSatisfy { $0.outcome == .applied } }
    }

    // MARK: Calls

    func newID() -> [UInt8] {
        lastProposal += 1
        return Workload.id(of: lastProposal)
    }

    func submit(
        _ command: PoolCommand, at number: Int, id: [UInt8]? = nil
    ) -> Answers<Result<Committed, PoolUnavailable>> {
        let answers = Answers<Result<Committed, PoolUnavailable>>()
        let origin = ProposalOrigin(principal: nil, authentication: .node, proposalID: id ?? newID())
        machines[number].inbox.append(.submit(command, origin: origin) { answers.list.append($0) })
        return answers
    }

    func read(at number: Int, for scope: ReadScope = .everything) -> Answers<Result<PoolView, PoolUnavailable>> {
        let answers = Answers<Result<PoolView, PoolUnavailable>>()
        machines[number].inbox.append(.read(for: scope) { answers.list.append($0) })
        return answers
    }

    /// How many entries of the log on a node's disk hold the proposal.
    func copies(of id: [UInt8], on number: Int) -> Int {
        machines[number].disk.entries.count { entry in
            guard case .command(let bytes) = entry.payload else { return false }
            return (try? ProposalEnvelope(decoding: bytes))?.proposalID == id
        }
    }
}

/// What was told to a caller, as often as it was told.
final class Answers<Value> {
    var list: [Value] = []
}
