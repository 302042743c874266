import Raft
import Testing

/// A snapshot that is offered and installed, between everything else that happens (pitfalls: a stale snapshot, one that
/// brings old entries back, one that takes acknowledged ones away).
@Suite struct SnapshotTests {
    private static let three = PoolConfiguration(voters: [NodeID(1), NodeID(2), NodeID(3)])

    private func follower(log: [Term], commit: LogIndex) throws -> OneNode {
        var node = try OneNode(log: log, term: 4)
        node.receive(
            .append(
                .init(
                    prevIndex: LogIndex(log.count), prevTerm: log.last ?? 0, entries: [], commit: commit, round: 1)),
            from: 2, term: 4)
        #expect(node.raft.commitIndex == commit)
        return node
    }

    private func matches(_ output: RaftOutput) -> [LogIndex] {
        output.messages.compactMap { message in
            guard case .appendResponse(let response) = message.body, case .accepted(let match) = response.outcome
            else { return nil }
            return match
        }
    }

    @Test func whatIsOlderThanTheCommitIsAnsweredAndNotOffered() throws {
        var node = try follower(log: [1, 1, 2], commit: 2)
        let old = SnapshotDescriptor(index: 2, term: 1, configuration: Self.three)
        let output = node.receive(.snapshotOffer(old), from: 2, term: 4)
        #expect(output.snapshotOffered == nil)
        #expect(matches(output) == [2])
        let new = SnapshotDescriptor(index: 3, term: 2, configuration: Self.three)
        #expect(node.receive(.snapshotOffer(new), from: 2, term: 4).snapshotOffered?.descriptor == new)
    }

    @Test func entriesThatFollowFromItStay() throws {
        var node = try follower(log: [1, 1, 2, 2], commit: 1)
        node.raft.installed(
            SnapshotDescriptor(index: 3, term: 2, configuration: Self.three), tag: [7], now: node.now)
        let output = node.take()
        #expect(node.raft.compactedIndex == 3)
        #expect(node.raft.lastIndex == 4)
        #expect(node.raft.durableIndex == 4)
        #expect(output.truncateFrom == nil)
        #expect(output.committed.isEmpty)
        #expect(matches(output) == [3])
    }

    @Test func entriesOfAnotherHistoryGo() throws {
        var node = try follower(log: [1, 1, 2, 2], commit: 1)
        node.raft.installed(
            SnapshotDescriptor(index: 3, term: 3, configuration: Self.three), tag: [7], now: node.now)
        _ = node.take()
        #expect(node.raft.lastIndex == 3)
        #expect(node.raft.lastTerm == 3)
        #expect(node.raft.lastTag == [7])
        #expect(node.raft.commitIndex == 3)
        #expect(node.raft.appliedIndex == 3)
        #expect(node.raft.entries(from: 1, to: 9).isEmpty)
    }

    @Test func oneThatCameTooLateIsIgnored() throws {
        let late = SnapshotDescriptor(index: 3, term: 2, configuration: .init(voters: [NodeID(9)]))
        var ahead = try follower(log: [1, 1, 2, 2], commit: 4)
        ahead.raft.installed(late, tag: [], now: ahead.now)
        #expect(ahead.raft.compactedIndex == 0)
        #expect(ahead.raft.configuration == Self.three)
        #expect(ahead.raft.commitIndex == 4)
        var leader = try OneNode(log: [1, 1], term: 4)
        leader.lead()
        leader.raft.installed(late, tag: [], now: leader.now)
        #expect(leader.raft.role == .leader)
        #expect(leader.raft.compactedIndex == 0)
        #expect(leader.raft.configuration == Self.three)
    }

    @Test func itsConfigurationCountsUnlessTheLogBehindItHoldsAnother() throws {
        let two = PoolConfiguration(voters: [NodeID(1), NodeID(2)])
        let joint = PoolConfiguration(voters: [NodeID(1), NodeID(2), NodeID(5)], outgoingVoters: two.voters)
        for holdsLater in [false, true] {
            var node = try follower(log: [1, 1], commit: 1)
            let payload = holdsLater ? EntryPayload.configuration(joint) : .noOp
            let tail = [
                LogEntry(index: 3, term: 2, payload: .noOp, tag: []),
                LogEntry(index: 4, term: 2, payload: payload, tag: []),
            ]
            node.receive(
                .append(.init(prevIndex: 2, prevTerm: 1, entries: tail, commit: 1, round: 1)), from: 2, term: 4)
            node.raft.installed(
                SnapshotDescriptor(index: 3, term: 2, configuration: two), tag: [], now: node.now)
            #expect(node.raft.configuration == (holdsLater ? joint : two))
            #expect(node.raft.committedConfiguration == two)
        }
    }
}
