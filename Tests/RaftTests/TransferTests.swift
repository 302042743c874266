import Raft
import Testing

/// Leadership that is handed on, by whom, to whom, and when (thesis, section 3.10).
@Suite struct TransferTests {
    private func isTold(_ output: RaftOutput) -> [NodeID] {
        output.messages.filter { $0.body == .timeoutNow }.map(\.to)
    }

    @Test func onlyToAVoter() throws {
        var node = try OneNode()
        node.lead()
        node.accept(from: 2)
        let learner = PoolConfiguration(voters: [NodeID(1), NodeID(2), NodeID(3)], learners: [NodeID(4)])
        _ = node.raft.propose(.configuration(learner), tag: [])
        _ = node.take()
        for target in [1, 4, 9] as [UInt64] {
            node.raft.transferLeadership(to: NodeID(target), now: node.now)
            #expect(node.raft.transferTarget == nil)
        }
    }

    @Test func onlyWhenTheTargetHasTheWholeLog() throws {
        var node = try OneNode()
        node.lead()
        node.accept(from: 2)
        _ = node.raft.propose(.command([1]), tag: [])
        _ = node.take()
        node.raft.transferLeadership(to: NodeID(2), now: node.now)
        #expect(isTold(node.take()).isEmpty)
        #expect(node.raft.propose(.command([2]), tag: []) == .failure(.transferring(target: NodeID(2))))
        // The other one's answer does not make the target any better.
        #expect(isTold(node.accept(from: 3)).isEmpty)
        #expect(isTold(node.accept(from: 2)) == [NodeID(2)])
        #expect(isTold(node.accept(from: 2)).isEmpty)
    }

    /// What the leader has committed is news that the target's term would make a stranger's.
    @Test func whatIsCommittedIsToldBefore() throws {
        var node = try OneNode { $0.newsDelay = 50_000_000 }
        node.lead()
        for peer in [2, 3] as [UInt64] { node.accept(from: peer) }
        node.raft.transferLeadership(to: NodeID(2), now: node.now)
        let messages = node.take().messages
        let told = messages.compactMap { message -> NodeID? in
            guard case .append(let request) = message.body, request.commit == 1 else { return nil }
            return message.to
        }
        #expect(told == [NodeID(2), NodeID(3)])
        #expect(messages.last == RaftMessage(from: NodeID(1), to: NodeID(2), term: 1, body: .timeoutNow))
    }

    @Test func readsGoOnUntilTheTargetCampaigns() throws {
        var node = try OneNode()
        node.lead()
        node.accept(from: 2)
        node.raft.transferLeadership(to: NodeID(2), now: node.now)
        node.raft.requestRead(id: 7, now: node.now)
        // Still this node's to answer, and still only with a quorum.
        #expect(node.take().readStates.isEmpty)
        #expect(node.accept(from: 3, round: 2).readStates.map(\.id) == [7])
        node.raft.requestRead(id: 8, now: node.now)
        _ = node.take()
        let request = RaftMessage.Body.voteRequest(lastIndex: 1, lastTerm: 1, isTransfer: true)
        #expect(node.receive(request, from: 2, term: 2).failedReads == [8])
    }

    @Test func anotherTargetReplacesTheFirst() throws {
        var node = try OneNode()
        node.lead()
        node.accept(from: 3)
        node.raft.transferLeadership(to: NodeID(2), now: node.now)
        #expect(isTold(node.take()).isEmpty)
        node.raft.transferLeadership(to: NodeID(3), now: node.now)
        #expect(isTold(node.take()) == [NodeID(3)])
        #expect(isTold(node.accept(from: 2)).isEmpty)
    }

    @Test func onlyTheLeadersCallCounts() throws {
        var node = try OneNode(term: 4)
        node.receive(.timeoutNow, from: 2, term: 4)
        #expect(node.raft.role == .follower)
        node.receive(
            .append(.init(prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: 1)), from: 2, term: 4)
        node.receive(.timeoutNow, from: 3, term: 4)
        node.receive(.timeoutNow, from: 2, term: 3)
        #expect(node.raft.role == .follower)
        let output = node.receive(.timeoutNow, from: 2, term: 4)
        #expect(node.raft.role == .candidate)
        #expect(output.hardState == HardState(term: 5, vote: NodeID(1), commit: 0))
    }

    @Test func aLearnerDoesNotHeedTheCall() throws {
        var raft = try Raft(
            options: .init(id: NodeID(1), randomSeed: 1),
            restored: .init(
                hardState: .init(term: 4),
                configuration: .init(voters: [NodeID(2), NodeID(3)], learners: [NodeID(1)])),
            now: Instant(nanoseconds: 0))
        let start = Instant(nanoseconds: 0)
        let heartbeat = RaftMessage.Body.append(.init(prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: 1))
        for body in [heartbeat, .timeoutNow] {
            raft.step(RaftMessage(from: NodeID(2), to: NodeID(1), term: 4, body: body), now: start)
        }
        #expect(raft.role == .follower)
        raft.campaign(now: start)
        raft.advance(to: Instant(nanoseconds: 10_000_000_000))
        #expect(raft.role == .follower)
        #expect(raft.term == 4)
    }
}
