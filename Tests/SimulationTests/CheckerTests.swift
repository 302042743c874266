import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// Each check says what it is there to say, and is silent where all is well.
@Suite struct CheckerTests {
    private let one = NodeID(1)
    private let two = NodeID(2)

    private func message(_ body: RaftMessage.Body, term: Term, from: NodeID, to: NodeID) -> RaftMessage {
        RaftMessage(from: from, to: to, term: term, body: body)
    }

    private func noOp(_ index: LogIndex, term: Term) -> LogEntry {
        LogEntry(index: index, term: term, payload: .noOp, tag: [])
    }

    private func disk(_ node: NodeID, _ entries: [LogEntry]) throws -> SimulatedDisk {
        let disk = SimulatedDisk(
            node: node, random: SimulatedRandom(seed: 1), checker: SafetyChecker(history: HistoryChecker()),
            lies: false)
        try disk.persist(hardState: nil, truncateFrom: nil, entries: entries)
        return disk
    }

    @Test func electionSafety() {
        let votes = VoteChecker()
        votes.leads(one, term: 2)
        votes.leads(one, term: 2)
        votes.leads(two, term: 3)
        #expect(votes.violation == nil)
        votes.leads(two, term: 2)
        #expect(votes.violation == .twoLeaders(term: 2, one, two))
    }

    @Test func voteDurability() {
        let votes = VoteChecker()
        votes.sent(message(.voteResponse(granted: true), term: 2, from: one, to: two))
        votes.starts(one, stored: HardState(term: 2, vote: two))
        votes.starts(one, stored: HardState(term: 3))
        #expect(votes.violation == nil)
        votes.starts(one, stored: HardState(term: 2))
        #expect(votes.violation == .forgotVote(one, term: 2, candidate: two))
    }

    @Test func ownVoteDurability() {
        let votes = VoteChecker()
        let request = RaftMessage.Body.voteRequest(lastIndex: 1, lastTerm: 1, isTransfer: false)
        votes.sent(message(request, term: 2, from: one, to: two))
        #expect(votes.violation == nil)
        votes.sent(message(.voteResponse(granted: true), term: 2, from: one, to: two))
        #expect(votes.violation == .votedTwice(one, term: 2, one, two))
    }

    @Test func termDurability() {
        let votes = VoteChecker()
        votes.sent(message(.voteResponse(granted: false), term: 4, from: one, to: two))
        votes.starts(one, stored: HardState(term: 3))
        #expect(votes.violation == .forgotTerm(one, spoken: 4, stored: 3))
    }

    @Test func storedVotesDoNotChange() {
        let votes = VoteChecker()
        votes.stored(HardState(term: 2, vote: one), over: HardState(term: 2), by: one)
        #expect(votes.violation == nil)
        votes.stored(HardState(term: 2, vote: two), over: HardState(term: 2, vote: one), by: one)
        #expect(votes.violation == .hardStateWentBack(one, term: 2))
    }

    @Test func logMatching() {
        let log = LogChecker()
        log.stored([noOp(1, term: 1), noOp(2, term: 2)], behind: 0, term: 0, by: one)
        log.stored([noOp(1, term: 1), noOp(2, term: 2)], behind: 0, term: 0, by: two)
        log.stored([noOp(2, term: 3)], behind: 1, term: 1, by: two)
        #expect(log.violation == nil)
        let other = LogEntry(index: 2, term: 2, payload: .command([1]), tag: [])
        log.stored([other], behind: 1, term: 1, by: two)
        #expect(log.violation == .logsDoNotMatch(two, index: 2, term: 2))
    }

    @Test func leaderCompleteness() throws {
        let log = LogChecker()
        let full = try disk(one, [noOp(1, term: 1), noOp(2, term: 2)])
        log.commits(one, through: 2, term: 2, disk: full)
        log.leads(one, term: 3, disk: full)
        #expect(log.violation == nil)
        log.leads(two, term: 3, disk: try disk(two, [noOp(1, term: 1)]))
        #expect(log.violation == .leaderLacksCommitted(two, term: 3, index: 2))
    }

    @Test func stateMachineSafety() throws {
        let log = LogChecker()
        log.commits(one, through: 2, term: 2, disk: try disk(one, [noOp(1, term: 1), noOp(2, term: 2)]))
        log.commits(two, through: 1, term: 2, disk: try disk(two, [noOp(1, term: 1), noOp(2, term: 3)]))
        #expect(log.violation == nil)
        log.commits(two, through: 2, term: 3, disk: try disk(two, [noOp(1, term: 1), noOp(2, term: 3)]))
        #expect(log.violation == .committedEntryChanged(two, index: 2))
    }

    @Test func committedEntriesAreNotTruncated() throws {
        let log = LogChecker()
        log.commits(one, through: 1, term: 2, disk: try disk(one, [noOp(1, term: 1), noOp(2, term: 2)]))
        log.truncated(from: 2, compacted: 0, by: one)
        #expect(log.violation == nil)
        log.truncated(from: 1, compacted: 0, by: one)
        #expect(log.violation == .committedEntryTruncated(one, index: 1))
    }

    private func genesisLog() throws -> (log: LogChecker, entry: LogEntry, root: [UInt8]) {
        let genesis = Workload.genesis(nodes: [one, two])
        let entry = LogEntry(index: 1, term: 1, payload: .command(genesis.encode()), tag: [7])
        let log = LogChecker()
        log.commits(one, through: 1, term: 1, disk: try disk(one, [entry]))
        var state = PoolState()
        _ = state.apply(index: 1, term: 1, genesis)
        return (log, entry, state.root)
    }

    private func mark(_ index: LogIndex, tag: [UInt8], root: [UInt8]) -> AppliedMark {
        AppliedMark(index: index, term: 1, chainTag: tag, stateRoot: root, tag: [])
    }

    @Test func stateRootEquality() throws {
        let (log, entry, root) = try genesisLog()
        let state = StateChecker()
        state.saved(mark(1, tag: entry.tag, root: root), logged: 1, by: one)
        state.learn(log)
        state.finish()
        #expect(state.violation == nil)
        state.saved(mark(1, tag: entry.tag, root: PoolState().root), logged: 1, by: two)
        state.learn(log)
        #expect(state.violation == .statesDiffer(two, index: 1))
    }

    @Test func onlyCommittedEntriesAreApplied() throws {
        let (log, entry, root) = try genesisLog()
        let state = StateChecker()
        state.saved(mark(2, tag: entry.tag, root: root), logged: 2, by: one)
        state.learn(log)
        #expect(state.violation == nil)
        state.finish()
        #expect(state.violation == .appliedUncommitted(one, index: 2))
    }

    @Test func readsAreLinearizable() throws {
        let (log, _, _) = try genesisLog()
        let genesis = Workload.genesis(nodes: [one, two])
        var state = PoolState()
        _ = state.apply(index: 1, term: 1, genesis)
        let current = PoolView(state: state, appliedIndex: 1)
        let history = HistoryChecker()
        history.learn(log)
        let early = history.begins(proposal: nil, node: 0, now: 0)
        let first = history.begins(proposal: nil, node: 0, now: 0)
        history.ends(first, .view(current))
        // It began before anyone had seen anything, so it may see nothing.
        history.ends(early, .view(PoolView(state: PoolState(), appliedIndex: 0)))
        #expect(history.violation == nil)
        let late = history.begins(proposal: nil, node: 1, now: 1)
        history.ends(late, .view(PoolView(state: PoolState(), appliedIndex: 0)))
        #expect(history.violation == .notLinearizable(floor: 1, got: 0))
    }

    @Test func viewsAreWhatTheLogComesTo() throws {
        let (log, _, _) = try genesisLog()
        let history = HistoryChecker()
        history.learn(log)
        let read = history.begins(proposal: nil, node: 0, now: 0)
        history.ends(read, .view(PoolView(state: PoolState(), appliedIndex: 1)))
        #expect(history.violation == .wrongView(index: 1, register: 0))
    }

    @Test func callsAreAnsweredOnce() {
        let history = HistoryChecker()
        let read = history.begins(proposal: nil, node: 0, now: 0)
        history.ends(read, .unavailable(.noLeader))
        #expect(history.violation == nil)
        history.ends(read, .unavailable(.noLeader))
        #expect(history.violation == .answeredTwice(operation: read))
    }

    private func configuration(_ index: LogIndex, _ configuration: PoolConfiguration) -> LogEntry {
        LogEntry(index: index, term: 1, payload: .configuration(configuration), tag: [])
    }

    @Test func configurationsInARowShareAQuorum() throws {
        let three = NodeID(3)
        let both = PoolConfiguration(voters: [one, two])
        let joint = PoolConfiguration(voters: [three], outgoingVoters: [one, two])
        let log = LogChecker()
        let left = PoolConfiguration(voters: [three])
        let good = [configuration(1, both), configuration(2, joint), configuration(3, left)]
        log.commits(one, through: 3, term: 1, disk: try disk(one, good))
        #expect(log.violation == nil)
        let skipping = LogChecker()
        let bad = [configuration(1, both), configuration(2, PoolConfiguration(voters: [three]))]
        skipping.commits(one, through: 2, term: 1, disk: try disk(one, bad))
        #expect(skipping.violation == .disjointConfigurations(index: 2))
    }

    /// A damaged log is refused; a store that cut it would lose what was acknowledged.
    @Test func damagedLogsAreRefused() throws {
        let stored = try disk(one, [noOp(1, term: 1), noOp(2, term: 1)])
        _ = try stored.load()
        #expect(stored.spoil(.entry) != nil)
        #expect(throws: StorageFailure.self) { _ = try stored.load() }
    }
}
