import Testing

@testable import Raft

/// Whatever arrives, nothing traps, and what was promised stays.
@Suite struct HostileMessageTests {
    private static let numbers: [UInt64] = [0, 1, 2, 3, 4, 5, 9, 1 << 61, 1 << 62, (1 << 62) + 1, .max - 1, .max]

    private func number(_ random: inout SplitMix64) -> UInt64 {
        Self.numbers[Int(random.next(in: 0..<UInt64(Self.numbers.count)))]
    }

    private func small(_ random: inout SplitMix64) -> UInt64 {
        random.next(in: 0..<8) == 0 ? number(&random) : random.next(in: 0..<6)
    }

    private func configuration(_ random: inout SplitMix64) -> PoolConfiguration {
        func some(_ random: inout SplitMix64) -> Set<NodeID> {
            Set((0..<random.next(in: 0..<4)).map { _ in NodeID(small(&random)) })
        }
        return PoolConfiguration(
            voters: some(&random), outgoingVoters: some(&random), learners: some(&random))
    }

    private func entries(after previous: UInt64, _ random: inout SplitMix64) -> [LogEntry] {
        (0..<random.next(in: 0..<4)).map { offset in
            let payload: EntryPayload =
                random.next(in: 0..<3) == 0 ? .configuration(configuration(&random)) : .command([1])
            let index = random.next(in: 0..<8) == 0 ? number(&random) : previous &+ 1 &+ offset
            return LogEntry(index: index, term: small(&random), payload: payload, tag: [])
        }
    }

    private func body(_ random: inout SplitMix64) -> RaftMessage.Body {
        let (a, b, flag) = (small(&random), small(&random), random.next(in: 0..<2) == 0)
        switch random.next(in: 0..<11) {
        case 0: return .preVoteRequest(lastIndex: a, lastTerm: b)
        case 1: return .preVoteResponse(granted: flag)
        case 2: return .voteRequest(lastIndex: a, lastTerm: b, isTransfer: flag)
        case 3: return .voteResponse(granted: flag)
        case 4: return .appendResponse(.init(outcome: .accepted(matchIndex: a), round: b))
        case 5: return .appendResponse(.init(outcome: .rejected(hintIndex: a, hintTerm: b), round: small(&random)))
        case 6: return .readIndexRequest(id: a)
        case 7: return .readIndexResponse(id: a, index: b)
        case 8: return .timeoutNow
        case 9:
            return .snapshotOffer(.init(index: a, term: b, configuration: configuration(&random)))
        default:
            return .append(
                .init(
                    prevIndex: a, prevTerm: b, entries: entries(after: a, &random), commit: small(&random),
                    round: small(&random)))
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func nothingTraps(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<60 {
            var node = try OneNode(log: [1, 1, 2, 4], term: 4)
            if random.next(in: 0..<2) == 0 { node.lead() }
            for _ in 0..<60 {
                let message = RaftMessage(
                    from: NodeID(small(&random)), to: NodeID(random.next(in: 0..<9) == 0 ? 2 : 1),
                    term: random.next(in: 0..<6) == 0 ? number(&random) : node.raft.term &+ random.next(in: 0..<2),
                    body: body(&random))
                let (term, commit) = (node.raft.term, node.raft.commitIndex)
                let kept = node.raft.entries(from: 1, to: commit)
                node.raft.step(message, now: node.now)
                // The first failure ends it: thousands would follow, and take longer to print than to find.
                try #require(node.raft.term >= term && node.raft.commitIndex >= commit)
                try #require(node.raft.entries(from: 1, to: commit) == kept)
                switch random.next(in: 0..<8) {
                case 0: _ = node.pass(milliseconds: random.next(in: 0..<300))
                case 1: _ = node.raft.propose(.command([2]), tag: [])
                case 2: node.raft.requestRead(id: random.next(), now: node.now)
                case 3: node.raft.campaign(now: node.now)
                case 4: node.raft.transferLeadership(to: NodeID(small(&random)), now: node.now)
                case 5: node.raft.compact(through: small(&random))
                case 6: node.raft.persisted(through: small(&random), term: small(&random))
                default: break
                }
                for _ in 0..<4 { _ = node.take() }
                try #require(!node.raft.hasOutput)
            }
        }
    }

    @Test func anAbsurdTermIsIgnored() throws {
        var node = try OneNode(term: 4)
        node.receive(.voteRequest(lastIndex: 0, lastTerm: 0, isTransfer: true), from: 2, term: .max)
        #expect(node.raft.term == 4)
        node.receive(.voteRequest(lastIndex: 0, lastTerm: 0, isTransfer: true), from: 2, term: 1 << 62)
        #expect(node.raft.term == 1 << 62)
        node.raft.campaign(now: node.now)
        #expect(node.raft.role == .follower)
    }
}
