import Raft
import Testing

/// What a node does with a leader's entries, and when it gives up what it was (paper, sections 5.1 to 5.3).
@Suite struct FollowerTests {
    private func entries(_ range: ClosedRange<LogIndex>, _ term: Term) -> [LogEntry] {
        range.map { LogEntry(index: $0, term: term, payload: .noOp, tag: []) }
    }

    private func append(
        after prevIndex: LogIndex, _ prevTerm: Term, _ entries: [LogEntry] = [], commit: LogIndex = 0
    ) -> RaftMessage.Body {
        .append(.init(prevIndex: prevIndex, prevTerm: prevTerm, entries: entries, commit: commit, round: 1))
    }

    private func outcome(_ output: RaftOutput) -> AppendResponse.Outcome? {
        for case .appendResponse(let response) in output.messages.map(\.body) { return response.outcome }
        return nil
    }

    @Test func aPreCandidateAndACandidateFollowTheTermsLeader() throws {
        var node = try OneNode(term: 4)
        node.raft.campaign(now: node.now)
        _ = node.take()
        node.receive(append(after: 0, 0), from: 3, term: 4)
        #expect(node.raft.role == .follower)
        #expect(node.raft.leader == NodeID(3))
        node.raft.campaign(now: node.now)
        _ = node.take()
        node.receive(.preVoteResponse(granted: true), from: 2, term: 5)
        #expect(node.raft.role == .candidate)
        node.receive(append(after: 0, 0), from: 3, term: 4)
        #expect(node.raft.role == .candidate)
        node.receive(append(after: 0, 0), from: 3, term: 5)
        #expect(node.raft.role == .follower)
        #expect(node.raft.vote == NodeID(1))
    }

    @Test func aLaterTermDeposes() throws {
        let bodies: [RaftMessage.Body] = [
            append(after: 0, 0), .voteResponse(granted: false), .preVoteResponse(granted: false),
            .appendResponse(.init(outcome: .rejected(hintIndex: 0, hintTerm: 0), round: 0)), .readIndexRequest(id: 1),
        ]
        for body in bodies {
            var node = try OneNode()
            node.lead()
            let output = node.receive(body, from: 3, term: 9)
            #expect(node.raft.role == .follower)
            #expect(output.hardState == HardState(term: 9, vote: nil, commit: 0))
        }
    }

    @Test func anOlderLeaderIsToldTheTerm() throws {
        var node = try OneNode(log: [1, 2], term: 4)
        let output = node.receive(append(after: 2, 2, entries(3...3, 3)), from: 3, term: 3)
        #expect(output.messages.map(\.term) == [4])
        #expect(node.raft.lastIndex == 2)
        #expect(node.raft.leader == nil)
    }

    @Test func entriesThatAgreeStayWhateverArrivesLate() throws {
        var node = try OneNode(log: [1], term: 2)
        node.receive(append(after: 1, 1, entries(2...5, 2)), from: 2, term: 2)
        #expect(node.raft.lastIndex == 5)
        let late = node.receive(append(after: 1, 1, entries(2...3, 2)), from: 2, term: 2)
        #expect(late.truncateFrom == nil)
        #expect(outcome(late) == .accepted(matchIndex: 3))
        #expect(node.raft.lastIndex == 5)
        let heartbeat = node.receive(append(after: 1, 1), from: 2, term: 2)
        #expect(outcome(heartbeat) == .accepted(matchIndex: 1))
        #expect(node.raft.lastIndex == 5)
    }

    @Test func aGapOrAnotherTermIsRefused() throws {
        var node = try OneNode(log: [1, 1, 2], term: 4)
        let gap = node.receive(append(after: 5, 3, entries(6...6, 4)), from: 2, term: 4)
        #expect(outcome(gap) == .rejected(hintIndex: 3, hintTerm: 2))
        let conflict = node.receive(append(after: 3, 3, entries(4...4, 4)), from: 2, term: 4)
        #expect(outcome(conflict) == .rejected(hintIndex: 2, hintTerm: 1))
        #expect(node.raft.lastIndex == 3)
    }

    @Test func onlyTheFirstMismatchAndWhatFollowsIsCut() throws {
        var node = try OneNode(log: [1, 1, 2, 2, 2], term: 4)
        let new = entries(2...2, 1) + entries(3...3, 2) + entries(4...4, 4)
        let output = node.receive(append(after: 1, 1, new), from: 2, term: 4)
        #expect(output.truncateFrom == 4)
        #expect(output.entries.map(\.index) == [4])
        #expect(outcome(output) == .accepted(matchIndex: 4))
    }

    @Test func aWriteThatEndsAfterTheTermCommitsNothing() throws {
        var node = try OneNode()
        node.lead()
        _ = node.raft.propose(.command([1]), tag: [])
        let written = node.raft.takeOutput()
        node.receive(append(after: 0, 0, entries(1...2, 9)), from: 2, term: 9)
        node.raft.persisted(through: 2, term: 1)
        #expect(written.entries.map(\.index) == [2])
        #expect(node.raft.commitIndex == 0)
    }

    @Test func oneVoteIsCountedOnceAndNotAfterALostElection() throws {
        var node = try OneNode(voters: 3)
        node.raft.campaign(now: node.now)
        _ = node.take()
        node.receive(.preVoteResponse(granted: true), from: 2, term: 1)
        node.receive(.voteResponse(granted: false), from: 2, term: 1)
        node.receive(.voteResponse(granted: true), from: 2, term: 1)
        #expect(node.raft.role == .candidate)
        node.receive(.voteResponse(granted: false), from: 3, term: 1)
        #expect(node.raft.role == .follower)
        node.receive(.voteResponse(granted: true), from: 3, term: 1)
        #expect(node.raft.role == .follower)
    }
}
