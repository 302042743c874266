import Testing

@testable import Raft

/// The quorum rules against a reference that tries every subset.
@Suite struct QuorumTests {
    /// Whether every half of `configuration` has a majority in `nodes`.
    private func isQuorum(_ nodes: Set<NodeID>, of configuration: PoolConfiguration) -> Bool {
        [configuration.voters, configuration.outgoingVoters].allSatisfy { half in
            half.isEmpty || 2 * half.intersection(nodes).count > half.count
        }
    }

    private func subsets(_ nodes: Set<NodeID>) -> [Set<NodeID>] {
        nodes.sorted().reduce([[]]) { sets, node in sets + sets.map { $0.union([node]) } }
    }

    private func randomConfiguration(_ random: inout SplitMix64) -> PoolConfiguration {
        func half(_ range: Range<UInt64>) -> Set<NodeID> {
            Set((0..<random.next(in: range)).map { _ in NodeID(random.next(in: 1..<8)) })
        }
        return PoolConfiguration(voters: half(1..<6), outgoingVoters: half(0..<6))
    }

    @Test func reachedAgreesWithReference() throws {
        var random = SplitMix64(seed: 1)
        for _ in 0..<3000 {
            let configuration = randomConfiguration(&random)
            var numbers: [NodeID: UInt64] = [:]
            for node in configuration.members { numbers[node] = random.next(in: 0..<6) }
            // The highest number that all of some quorum have reached.
            let expected = subsets(configuration.members).filter { isQuorum($0, of: configuration) }
                .map { quorum in quorum.map { numbers[$0] ?? 0 }.min() ?? 0 }.max() ?? 0
            let found = Quorum(configuration).reached { numbers[$0] ?? 0 }
            try #require(found == expected, "\(configuration) \(numbers)")
        }
    }

    @Test func tallyAgreesWithReference() throws {
        var random = SplitMix64(seed: 2)
        for _ in 0..<3000 {
            let configuration = randomConfiguration(&random)
            var votes: [NodeID: Bool] = [:]
            for node in configuration.members where random.next(in: 0..<3) > 0 {
                votes[node] = random.next(in: 0..<2) == 0
            }
            let granted = Set(votes.filter(\.value).keys)
            let possible = configuration.members.subtracting(votes.filter { !$0.value }.keys)
            let expected: Tally =
                isQuorum(granted, of: configuration)
                ? .won : isQuorum(possible, of: configuration) ? .pending : .lost
            let found = Quorum(configuration).tally { votes[$0] }
            try #require(found == expected, "\(configuration) \(votes)")
        }
    }

    @Test func halvesCanBeSwapped() {
        var random = SplitMix64(seed: 3)
        for _ in 0..<1000 {
            let one = randomConfiguration(&random)
            let other = PoolConfiguration(voters: one.outgoingVoters, outgoingVoters: one.voters)
            let numbers = (0..<8).map { _ in random.next(in: 0..<9) }
            let reached = { (node: NodeID) in numbers[Int(node.rawValue)] }
            #expect(Quorum(one).reached(reached) == Quorum(other).reached(reached))
        }
    }

    @Test func nobodyIsTheNeutralHalf() {
        let three = PoolConfiguration(voters: [NodeID(1), NodeID(2), NodeID(3)])
        #expect(Majority([]).reached { _ in 0 } == .max)
        #expect(Majority([]).tally { _ in nil } == .won)
        #expect(Quorum(three).reached { $0.rawValue } == 2)
        #expect(Quorum(three).tally { _ in nil } == .pending)
    }

    @Test func consecutiveConfigurationsShareAQuorumMember() throws {
        var random = SplitMix64(seed: 4)
        var tried = 0
        // One pair in some hundreds may follow each other.
        for _ in 0..<200_000 where tried < 300 {
            let before = randomConfiguration(&random)
            let after = randomConfiguration(&random)
            guard before.allows(next: after) else { continue }
            tried += 1
            let everyone = before.members.union(after.members)
            for quorum in subsets(everyone) where isQuorum(quorum, of: before) {
                try #require(!isQuorum(everyone.subtracting(quorum), of: after), "\(before) \(after)")
            }
        }
        #expect(tried == 300)
    }
}
