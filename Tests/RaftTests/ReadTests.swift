import Raft
import Testing

/// Reads that are confirmed by rounds of heartbeats (thesis, section 6.4), on the leader and behind a follower.
@Suite struct ReadTests {
    /// A follower of node 2 in term 4, and the request that it sends for read 7.
    private func followerThatAsks() throws -> (node: OneNode, request: UInt64) {
        var node = try OneNode(log: [1, 1], term: 4)
        node.receive(
            .append(.init(prevIndex: 2, prevTerm: 1, entries: [], commit: 2, round: 1)), from: 2, term: 4)
        node.raft.requestRead(id: 7, now: node.now)
        for case .readIndexRequest(let id) in node.take().messages.map(\.body) { return (node, id) }
        Issue.record("nothing is asked")
        return (node, 0)
    }

    @Test func onlyTheLeadersAnswerCountsAndOnce() throws {
        var (node, request) = try followerThatAsks()
        let answer = RaftMessage.Body.readIndexResponse(id: request, index: 2)
        #expect(node.receive(answer, from: 3, term: 4).readStates.isEmpty)
        #expect(node.receive(answer, from: 2, term: 3).readStates.isEmpty)
        #expect(node.receive(.readIndexResponse(id: request &+ 1, index: 2), from: 2, term: 4).readStates.isEmpty)
        #expect(node.receive(answer, from: 2, term: 4).readStates == [ReadState(id: 7, index: 2)])
        #expect(node.receive(answer, from: 2, term: 4).isEmpty)
    }

    @Test func anAnswerFromALaterTermIsForAnotherLeadersRequest() throws {
        var (node, request) = try followerThatAsks()
        let output = node.receive(.readIndexResponse(id: request, index: 2), from: 2, term: 5)
        #expect(output.readStates.isEmpty)
        #expect(output.failedReads == [7])
    }

    /// Two processes of one node do not use the same request ids: an answer to the one before finds no request.
    @Test func requestsOfTwoStartsDiffer() throws {
        var ids: Set<UInt64> = []
        for seed in 1...20 as ClosedRange<UInt64> {
            var node = try OneNode(term: 4) { $0.randomSeed = seed }
            node.receive(
                .append(.init(prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: 1)), from: 2, term: 4)
            node.raft.requestRead(id: 7, now: node.now)
            for case .readIndexRequest(let id) in node.take().messages.map(\.body) { ids.insert(id) }
        }
        #expect(ids.count == 20)
    }

    /// The answers at hand can be a quorum of the next configuration, and then none may follow.
    @Test func aSmallerQuorumConfirmsWhatWaits() throws {
        var node = try OneNode(voters: 5)
        node.raft.campaign(now: node.now)
        _ = node.take()
        for peer in [2, 3] as [UInt64] { node.receive(.preVoteResponse(granted: true), from: peer, term: 1) }
        for peer in [2, 3] as [UInt64] { node.receive(.voteResponse(granted: true), from: peer, term: 1) }
        let everyone = Set((1...5).map { NodeID($0) })
        let joint = PoolConfiguration(voters: [NodeID(1), NodeID(2), NodeID(3)], outgoingVoters: everyone)
        for peer in [2, 3] as [UInt64] { node.accept(from: peer) }
        _ = node.raft.propose(.configuration(joint), tag: [])
        _ = node.take()
        for peer in [2, 3] as [UInt64] { node.accept(from: peer) }
        node.raft.requestRead(id: 7, now: node.now)
        _ = node.take()
        #expect(node.accept(from: 2, round: 2).readStates.isEmpty)
        let next = try #require(node.raft.configurationToLeaveJoint)
        _ = node.raft.propose(.configuration(next), tag: [])
        #expect(node.take().readStates == [ReadState(id: 7, index: 2)])
    }
}
