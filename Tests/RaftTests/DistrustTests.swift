import Raft
import Testing

/// Members whose disks were put back: what they acknowledge and promise counts for nothing.
@Suite struct DistrustTests {
    private static let two: Set<NodeID> = [NodeID(2)]

    @Test func acknowledgementsDoNotCountNorDoEarlierOnes() throws {
        var node = try OneNode()
        node.lead()
        node.accept(from: 2)
        #expect(node.raft.commitIndex == 1)
        _ = node.raft.propose(.command([1]), tag: [])
        _ = node.take()
        node.raft.distrust(Self.two)
        #expect(node.raft.progress.first { $0.node == NodeID(2) }?.matchIndex == 0)
        node.accept(from: 2)
        #expect(node.raft.commitIndex == 1)
        node.accept(from: 3)
        #expect(node.raft.commitIndex == 2)
    }

    @Test func aMajorityNeedsTheOthers() throws {
        var node = try OneNode()
        node.raft.distrust(Self.two)
        node.lead(votes: [2])
        #expect(node.raft.role == .preCandidate)
        node.lead(votes: [3])
        #expect(node.raft.role == .leader)
    }

    @Test func aBallotBeginsAnew() throws {
        var node = try OneNode(voters: 5)
        node.raft.campaign(now: node.now)
        _ = node.take()
        node.receive(.preVoteResponse(granted: true), from: 2, term: 1)
        node.raft.distrust(Self.two)
        #expect(node.raft.role == .follower)
    }

    @Test func itGetsNoVoteAndRaisesNoTerm() throws {
        var node = try OneNode(log: [1, 1], term: 1)
        node.raft.distrust(Self.two)
        let request = RaftMessage.Body.voteRequest(lastIndex: 9, lastTerm: 4, isTransfer: true)
        #expect(node.receive(request, from: 2, term: 5).messages.isEmpty)
        #expect(node.raft.term == 1 && node.raft.vote == nil)
    }

    @Test func itLeadsNobody() throws {
        var node = try OneNode(log: [1, 1], term: 1)
        node.raft.distrust(Self.two)
        let append = AppendRequest(prevIndex: 2, prevTerm: 1, entries: [], commit: 2, round: 1)
        #expect(node.receive(.append(append), from: 2, term: 3).messages.isEmpty)
        #expect(node.raft.commitIndex == 0 && node.raft.leader == nil)
    }

    /// A leader that hears only it and itself hears no quorum.
    @Test func itHoldsNoLeaderUp() throws {
        var node = try OneNode()
        node.lead()
        node.accept(from: 2)
        node.raft.distrust(Self.two)
        for round in 1..<UInt64(12) where node.raft.role == .leader {
            _ = node.pass(milliseconds: 40)
            node.accept(from: 2, round: round)
        }
        #expect(node.raft.role == .follower)
    }
}
