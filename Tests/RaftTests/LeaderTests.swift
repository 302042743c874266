import Raft
import Testing

@Suite struct LeaderTests {
    private func bytes(_ count: Int) -> EntryPayload { .command(Array(repeating: 7, count: count)) }

    @Test func proposalsBetweenTwoOutputsTravelTogether() throws {
        var node = try OneNode()
        node.lead()
        node.accept(from: 2)
        for _ in 0..<10 { _ = node.raft.propose(bytes(10), tag: []) }
        let output = node.take()
        #expect(output.entries.count == 10)
        let appends = output.messages.compactMap { message -> AppendRequest? in
            guard message.to == NodeID(2), case .append(let request) = message.body else { return nil }
            return request
        }
        #expect(appends.map(\.entries.count) == [10])
    }

    @Test func messagesAreSplitByBytesAndTheWindowBoundsThem() throws {
        var node = try OneNode {
            $0.maxEntryBytesPerMessage = 300
            $0.maxInflightBytes = 900
            $0.maxInflightMessages = 10
        }
        node.lead()
        node.accept(from: 2)
        for _ in 0..<20 { _ = node.raft.propose(bytes(100), tag: []) }
        let output = node.take()
        let sizes = output.messages.compactMap { message -> Int? in
            guard message.to == NodeID(2), case .append(let request) = message.body else { return nil }
            return request.entries.reduce(0) { $0 + $1.size }
        }
        #expect(sizes.allSatisfy { $0 <= 300 })
        #expect(sizes.count == 4)
        #expect(node.raft.progress.first?.inflightMessages == 4)
    }

    @Test func refusesMoreThanItCanHold() throws {
        var node = try OneNode { $0.maxUncommittedBytes = 1000 }
        node.lead()
        var accepted = 0
        while case .success = node.raft.propose(bytes(100), tag: []), accepted < 100 { accepted += 1 }
        #expect(accepted > 5 && accepted < 10)
        #expect(node.raft.propose(bytes(1), tag: []) == .failure(.overloaded))
        _ = node.take()
        node.accept(from: 2)
        #expect((try? node.raft.propose(bytes(1), tag: []).get()) != nil)
    }

    @Test func noOpsCarryTheTagBefore() throws {
        var node = try OneNode(voters: 1)
        node.raft.campaign(now: node.now)
        _ = node.take()
        _ = node.raft.propose(bytes(1), tag: [4, 2])
        _ = node.raft.propose(.noOp, tag: [9])
        #expect(node.raft.tag(at: 1) == [])
        #expect(node.raft.tag(at: 2) == [4, 2])
        #expect(node.raft.lastTag == [4, 2])
        #expect(node.raft.tag(at: 4) == nil)
    }

    @Test func readsBetweenTwoOutputsShareARound() throws {
        var node = try OneNode()
        node.lead()
        node.accept(from: 2)
        for id in 1...100 as ClosedRange<UInt64> { node.raft.requestRead(id: id, now: node.now) }
        let output = node.take()
        #expect(output.messages.count == 2)
        #expect(output.readStates.isEmpty)
        let answer = node.accept(from: 2, round: 2)
        #expect(answer.readStates.map(\.id) == Array(1...100))
    }

    @Test func readsAreBounded() throws {
        var node = try OneNode { $0.maxPendingReads = 10 }
        node.lead()
        for id in 1...12 as ClosedRange<UInt64> { node.raft.requestRead(id: id, now: node.now) }
        #expect(node.take().failedReads == [11, 12])
        // A member's requests are just dropped; it will ask again.
        #expect(node.receive(.readIndexRequest(id: 5), from: 2, term: node.raft.term).messages.isEmpty)
    }

    @Test func readsOfStrangersAreIgnored() throws {
        var node = try OneNode()
        node.lead()
        node.accept(from: 2)
        node.receive(.readIndexRequest(id: 5), from: 9, term: node.raft.term)
        #expect(!node.raft.hasOutput)
    }

    @Test func answersThatClaimTooMuchAreReported() throws {
        var node = try OneNode()
        node.lead()
        let output = node.receive(
            .appendResponse(.init(outcome: .accepted(matchIndex: 99), round: 1)), from: 2, term: node.raft.term)
        #expect(output.violations == [.matchBeyondLog(from: NodeID(2), index: 99)])
        #expect(node.raft.commitIndex == 0)
        // Nor does an answer to a round that never began count for anything.
        node.accept(from: 2, round: 50)
        #expect(node.raft.commitIndex == 0)
    }

    @Test func aSecondLeaderIsReported() throws {
        var node = try OneNode()
        node.lead()
        let heartbeat = RaftMessage.Body.append(.init(prevIndex: 0, prevTerm: 0, entries: [], commit: 0, round: 1))
        let output = node.receive(heartbeat, from: 3, term: node.raft.term)
        #expect(output.violations == [.secondLeader(from: NodeID(3), term: node.raft.term)])
        #expect(node.raft.role == .leader)
    }

    @Test func committedEntriesAreNeverReplaced() throws {
        var node = try OneNode(log: [1, 1], term: 1)
        let commit = RaftMessage.Body.append(.init(prevIndex: 2, prevTerm: 1, entries: [], commit: 2, round: 1))
        node.receive(commit, from: 2, term: 1)
        #expect(node.raft.commitIndex == 2)
        let other = LogEntry(index: 2, term: 2, payload: .noOp, tag: [])
        let output = node.receive(
            .append(.init(prevIndex: 1, prevTerm: 1, entries: [other], commit: 2, round: 1)), from: 3, term: 2)
        #expect(output.violations == [.conflictWithCommitted(from: NodeID(3), index: 2)])
        #expect(node.raft.term(at: 2) == 1)
    }

    @Test func commitIsTakenOnlyAsFarAsTheLogIsProved() throws {
        var node = try OneNode(log: [1, 1, 1], term: 1)
        node.receive(
            .append(.init(prevIndex: 1, prevTerm: 1, entries: [], commit: 3, round: 1)), from: 2, term: 2)
        #expect(node.raft.commitIndex == 1)
    }

    @Test func nothingIsAppliedTwiceOrTold() throws {
        var node = try OneNode(voters: 1)
        node.raft.campaign(now: node.now)
        _ = node.take()
        #expect(node.take().committed.map(\.index) == [1])
        node.raft.applied(through: 99)
        #expect(node.raft.appliedIndex == 1)
        #expect(node.take().isEmpty)
        #expect(!node.raft.hasOutput)
        node.raft.compact(through: 50)
        #expect(node.raft.compactedIndex == 1)
    }
}
