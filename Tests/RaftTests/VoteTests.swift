import Raft
import Testing

/// The paper's rules of voting (section 5.4.1, Figure 2), pre-votes and stickiness.
@Suite struct VoteTests {
    private func answer(_ output: RaftOutput) -> Bool? {
        for message in output.messages {
            switch message.body {
            case .voteResponse(let granted, _), .preVoteResponse(let granted): return granted
            default: break
            }
        }
        return nil
    }

    @Test(arguments: [
        (Term(2), LogIndex(2), true), (2, 3, true), (3, 1, true), (2, 1, false), (1, 9, false), (0, 0, false),
    ])
    func votesOnlyForALogThatHasAll(lastTerm: Term, lastIndex: LogIndex, granted: Bool) throws {
        var node = try OneNode(log: [1, 2], term: 4)
        let request = RaftMessage.Body.voteRequest(lastIndex: lastIndex, lastTerm: lastTerm, isTransfer: false)
        #expect(answer(node.receive(request, from: 2, term: 5)) == granted)
        #expect(node.raft.term == 5)
        #expect(node.raft.vote == (granted ? NodeID(2) : nil))
        let preVote = RaftMessage.Body.preVoteRequest(lastIndex: lastIndex, lastTerm: lastTerm)
        #expect(answer(node.receive(preVote, from: 3, term: 6)) == granted)
        #expect(node.raft.term == 5)
    }

    @Test func votesOnceATerm() throws {
        var node = try OneNode(term: 4)
        let request = RaftMessage.Body.voteRequest(lastIndex: 0, lastTerm: 0, isTransfer: false)
        let output = node.receive(request, from: 2, term: 5)
        #expect(output.hardState == HardState(term: 5, vote: NodeID(2), commit: 0))
        #expect(answer(output) == true)
        #expect(answer(node.receive(request, from: 3, term: 5)) == false)
        #expect(answer(node.receive(request, from: 2, term: 5)) == true)
        #expect(answer(node.receive(request, from: 3, term: 6)) == true)
    }

    @Test func remembersItsVote() throws {
        var node = try OneNode(term: 5, vote: NodeID(2))
        let request = RaftMessage.Body.voteRequest(lastIndex: 0, lastTerm: 0, isTransfer: false)
        #expect(answer(node.receive(request, from: 3, term: 5)) == false)
        #expect(answer(node.receive(request, from: 2, term: 5)) == true)
    }

    @Test func preVoteStoresNothingAndPutsNothingOff() throws {
        var node = try OneNode(term: 4)
        let deadline = node.raft.nextDeadline
        let output = node.receive(.preVoteRequest(lastIndex: 0, lastTerm: 0), from: 2, term: 5)
        #expect(answer(output) == true)
        #expect(output.messages.first?.term == 5)
        #expect(output.hardState == nil)
        #expect(node.raft.nextDeadline == deadline)
        // A grant is for one term, and none is given for the present one.
        #expect(answer(node.receive(.preVoteRequest(lastIndex: 0, lastTerm: 0), from: 2, term: 4)) == false)
    }

    @Test func staysWithALeaderThatItHears() throws {
        var node = try OneNode(term: 4)
        let heartbeat = RaftMessage.Body.append(
            .init(prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: 1))
        node.receive(heartbeat, from: 2, term: 4)
        let request = RaftMessage.Body.voteRequest(lastIndex: 0, lastTerm: 0, isTransfer: false)
        #expect(node.receive(request, from: 3, term: 9).messages.isEmpty)
        #expect(node.raft.term == 4)
        #expect(answer(node.receive(.preVoteRequest(lastIndex: 0, lastTerm: 0), from: 3, term: 9)) == false)
        // Not against that leader's own wish, nor against itself, nor when it is silent.
        var asked = node
        let transfer = RaftMessage.Body.voteRequest(lastIndex: 0, lastTerm: 0, isTransfer: true)
        #expect(answer(asked.receive(transfer, from: 3, term: 5)) == true)
        asked = node
        #expect(answer(asked.receive(request, from: 2, term: 5)) == true)
        asked = node
        asked.clock += 119
        #expect(asked.receive(request, from: 3, term: 5).messages.isEmpty)
        asked.clock += 1
        #expect(answer(asked.receive(request, from: 3, term: 5)) == true)
    }

    @Test func timeoutsAreWithinBoundsAndDiffer() throws {
        var deadlines: Set<UInt64> = []
        for seed in 1...50 as ClosedRange<UInt64> {
            let node = try OneNode { $0.randomSeed = seed }
            let timeout = node.raft.nextDeadline.since(node.now)
            #expect(timeout >= 120_000_000 && timeout < 240_000_000)
            deadlines.insert(timeout / 1_000_000)
        }
        #expect(deadlines.count > 20)
    }

    @Test func aNodeThatShouldNotLeadWaitsLonger() throws {
        var node = try OneNode()
        node.raft.setMayLead(false)
        let timeout = node.raft.nextDeadline.since(node.now)
        #expect(timeout >= 360_000_000 && timeout < 720_000_000)
        _ = node.pass(milliseconds: 720)
        #expect(node.raft.role == .preCandidate)
        node.raft.setMayLead(true)
        #expect(node.raft.nextDeadline.since(node.now) < 240_000_000)
    }

    @Test func ignoresAnswersToOlderQuestions() throws {
        var node = try OneNode(voters: 5, term: 4)
        node.raft.campaign(now: node.now)
        _ = node.take()
        node.receive(.preVoteResponse(granted: true), from: 2, term: 4)
        node.receive(.preVoteResponse(granted: true), from: 3, term: 3)
        #expect(node.raft.role == .preCandidate)
        node.receive(.preVoteResponse(granted: true), from: 2, term: 5)
        node.receive(.preVoteResponse(granted: true), from: 2, term: 5)
        #expect(node.raft.role == .preCandidate)
        node.receive(.preVoteResponse(granted: true), from: 3, term: 5)
        #expect(node.raft.role == .candidate)
        node.receive(.voteResponse(granted: true), from: 2, term: 4)
        node.receive(.voteResponse(granted: true), from: 2, term: 5)
        node.receive(.voteResponse(granted: true), from: 9, term: 5)
        #expect(node.raft.role == .candidate)
        node.receive(.voteResponse(granted: true), from: 4, term: 5)
        #expect(node.raft.role == .leader)
    }

    @Test func aNodeWithoutAConfigurationNeverCampaigns() throws {
        var raft = try Raft(
            options: .init(id: NodeID(1), randomSeed: 1), restored: .init(), now: Instant(nanoseconds: 0))
        raft.advance(to: Instant(nanoseconds: 10_000_000_000))
        raft.campaign(now: Instant(nanoseconds: 10_000_000_000))
        #expect(raft.role == .follower)
        #expect(raft.takeOutput().messages.isEmpty)
    }
}
