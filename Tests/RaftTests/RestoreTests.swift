import Raft
import Testing

/// A node starts only on what a node that kept its promises can have left.
@Suite struct RestoreTests {
    private func entry(_ index: LogIndex, _ term: Term) -> LogEntry {
        LogEntry(index: index, term: term, payload: .noOp, tag: [])
    }

    private func start(
        _ restored: Raft.Restored, _ change: (inout Raft.Options) -> Void = { _ in }
    ) -> RaftError? {
        var options = Raft.Options(id: NodeID(1), randomSeed: 1)
        change(&options)
        do {
            _ = try Raft(options: options, restored: restored, now: Instant(nanoseconds: 0))
            return nil
        } catch {
            return error
        }
    }

    @Test func acceptsWhatIsSound() {
        #expect(start(.init()) == nil)
        #expect(
            start(
                .init(
                    hardState: .init(term: 3, vote: NodeID(2), commit: 6), entries: [entry(6, 2), entry(7, 3)],
                    compactedIndex: 5, compactedTerm: 2, configuration: .init(voters: [NodeID(1)]), appliedIndex: 5))
                == nil)
    }

    @Test func refusesABrokenLog() {
        let state = HardState(term: 9)
        #expect(start(.init(hardState: state, entries: [entry(2, 1)])) == .brokenLog(at: 1))
        #expect(start(.init(hardState: state, entries: [entry(1, 1), entry(3, 1)])) == .brokenLog(at: 2))
        #expect(start(.init(hardState: state, entries: [entry(1, 2), entry(2, 1)])) == .brokenLog(at: 2))
        #expect(
            start(.init(hardState: state, entries: [entry(6, 1)], compactedIndex: 5, compactedTerm: 2, appliedIndex: 5))
                == .brokenLog(at: 6))
        #expect(start(.init(hardState: state, compactedTerm: 2)) == .brokenLog(at: 0))
    }

    @Test func refusesWhatWasForgotten() {
        #expect(start(.init(hardState: .init(term: 1), entries: [entry(1, 2)])) == .termBehindLog)
        #expect(
            start(.init(hardState: .init(term: 1, commit: 2), entries: [entry(1, 1)]))
                == .logTooShort(last: 1, needed: 2))
        #expect(
            start(.init(hardState: .init(term: 1), entries: [entry(1, 1)], appliedIndex: 4))
                == .logTooShort(last: 1, needed: 4))
        #expect(
            start(.init(hardState: .init(term: 1), compactedIndex: 5, compactedTerm: 1, appliedIndex: 4))
                == .stateBehindLog(applied: 4, compacted: 5))
    }

    @Test func refusesImpossibleConfigurations() {
        let nobodyVotes = PoolConfiguration(voters: [], learners: [NodeID(1)])
        #expect(start(.init(configuration: nobodyVotes)) == .invalidConfiguration)
        let both = PoolConfiguration(voters: [NodeID(1)], learners: [NodeID(1)])
        #expect(start(.init(configuration: both)) == .invalidConfiguration)
        let changed = LogEntry(index: 1, term: 1, payload: .configuration(both), tag: [])
        #expect(start(.init(hardState: .init(term: 1), entries: [changed])) == .invalidConfiguration)
    }

    @Test func refusesImpossibleOptions() {
        #expect(start(.init()) { $0.id = NodeID(0) } == .invalidNodeID)
        #expect(start(.init()) { $0.heartbeatInterval = 0 } == .invalidOptions)
        #expect(start(.init()) { $0.heartbeatInterval = $0.electionTimeoutMinimum } == .invalidOptions)
        #expect(start(.init()) { $0.electionTimeoutMaximum = $0.electionTimeoutMinimum } == .invalidOptions)
        #expect(start(.init()) { $0.electionTimeoutMaximum = .max } == .invalidOptions)
        #expect(start(.init()) { $0.maxInflightMessages = 0 } == .invalidOptions)
    }

    @Test func goesOnWhereTheStateMachineIs() throws {
        var raft = try Raft(
            options: .init(id: NodeID(1), randomSeed: 1),
            restored: .init(
                hardState: .init(term: 2, vote: NodeID(1), commit: 2),
                entries: [entry(1, 1), entry(2, 2), entry(3, 2)], configuration: .init(voters: [NodeID(1)]),
                appliedIndex: 1),
            now: Instant(nanoseconds: 0))
        #expect(raft.vote == NodeID(1))
        let output = raft.takeOutput()
        #expect(output.committed.map(\.index) == [2])
        #expect(output.entries.isEmpty)
        #expect(output.hardState == nil)
        #expect(raft.durableIndex == 3)
    }
}
