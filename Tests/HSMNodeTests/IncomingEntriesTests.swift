@testable import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// Entries that a leader releases on the word of members that have them in their logs, and not yet in their views.
@Suite struct IncomingEntriesTests {
    /// The leader keeps its news to itself for long.
    private static func pool(nodes: Int = 3, fault: PlantedNodeFault? = nil) throws -> Bench {
        let bench = try Bench.running(nodes: nodes) {
            $0.raft.reads = .lease
            $0.raft.newsDelay = 50_000_000
            $0.raft.leases.length = 3_000_000_000
            $0.plantedFault = fault
        }
        bench.run(1_000)
        return bench
    }

    private static let bystander = ReadScope.caller(Register.principalID(1), key: nil)
    private static func assignee(_ number: Int) -> ReadScope { .caller(Register.assignee(number), key: nil) }

    private func leased(_ bench: Bench, _ number: Int, _ scope: ReadScope) -> PoolView? {
        bench[number].driver?.leasedView(for: scope, now: bench[number].clock.now())
    }

    /// Whether the node answers by itself from the state before the assignment.
    private func showsTheOldState(_ bench: Bench, _ number: Int) -> Bool {
        leased(bench, number, Self.assignee(0))?.isAssigned(0) == false
    }

    @Test func aWriteIsAnsweredBeforeTheOthersHaveAppliedIt() throws {
        let bench = try Self.pool()
        let write = bench.submit(Write.assign(0), at: 0)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        for number in 1...2 {
            #expect(bench[number].views.last?.isAssigned(0) == false)
            #expect(leased(bench, number, Self.assignee(0)) == nil)
            #expect(leased(bench, number, Self.bystander) != nil)
        }
        let waiting = bench.read(at: 1, for: Self.assignee(0))
        let other = bench.read(at: 1, for: Self.bystander)
        bench.run(5)
        #expect(waiting.list.isEmpty && other.view != nil)
        bench.run(60)
        #expect(waiting.view?.isAssigned(0) == true)
        for number in 1...2 { #expect(leased(bench, number, Self.assignee(0))?.isAssigned(0) == true) }
    }

    @Test func aMemberThatNotesNothingShowsTheOldState() throws {
        let bench = try Self.pool(fault: .appendsUnnoted)
        let write = bench.submit(Write.assign(0), at: 0)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        #expect(showsTheOldState(bench, 1) && showsTheOldState(bench, 2))
    }

    /// A member that has taken a write from a client doesn't wait for the leader to come to speak of it.
    @Test func whoTookTheWriteLearnsOfItAtOnce() throws {
        let bench = try Self.pool()
        let write = bench.submit(Write.assign(0), at: 1)
        bench.run(6)
        #expect(write.outcome == .applied)
    }

    /// The entry stands in one log only, and is replaced there.
    @Test func whatIsGoneFromTheLogHoldsNobodyUp() throws {
        let bench = try Self.pool(nodes: 5)
        bench.route = { $0.entries.isEmpty || $0.to == 4 ? .deliver : .lose }
        _ = bench.submit(Write.assign(0), at: 0)
        bench.run(5)
        #expect(leased(bench, 4, Self.assignee(0)) == nil && leased(bench, 4, Self.bystander) != nil)
        let waiting = bench.read(at: 4, for: Self.assignee(0))
        bench.run(5)
        #expect(waiting.list.isEmpty)
        bench.cut = [0, 4]
        bench.route = { _ in .deliver }
        try bench.run(until: "another leader") { bench.leader.map { $0 != 0 } ?? false }
        bench.run(20)
        bench.cut = [0]
        try bench.run(until: "the read") { !waiting.list.isEmpty }
        #expect(waiting.view?.isAssigned(0) == false)
        bench.run(200)
        #expect(showsTheOldState(bench, 4))
    }

    /// The node gets its lease while the entry stands uncommitted in its log, which it had acknowledged while sealed.
    @Test(arguments: [nil, PlantedNodeFault.unsealedNotesNothing])
    func aNodeThatIsUnsealedWaitsForWhatItsLogHolds(fault: PlantedNodeFault?) throws {
        let bench = try Self.pool(nodes: 5, fault: fault)
        bench.seal(4)
        bench.run(10)
        bench.route = { $0.entries.isEmpty || $0.to == 4 ? .deliver : .lose }
        let write = bench.submit(Write.assign(0), at: 0)
        bench.run(10)
        bench.unseal(4)
        bench.run(500)
        #expect(bench[4].driver?.leasedReads?.isCurrent(now: bench[4].clock.now()) == true && write.list.isEmpty)
        bench.route = { _ in .deliver }
        try bench.run(until: "the answer") { !write.list.isEmpty }
        #expect(showsTheOldState(bench, 4) == (fault != nil))
        bench.run(100)
        #expect(leased(bench, 4, Self.assignee(0))?.isAssigned(0) == true)
    }

    /// Who led has proposed the entry, which its successor commits, and goes on to hold the last lease of its reign.
    @Test(arguments: [nil, PlantedNodeFault.formerLeaderNotesNothing])
    func aFormerLeaderWaitsForWhatItProposed(fault: PlantedNodeFault?) throws {
        let bench = try Self.pool(fault: fault)
        bench.route = { $0.to == 0 || $0.to == 2 && !$0.entries.isEmpty ? .lose : .deliver }
        _ = bench.submit(Write.assign(0), at: 0)
        bench.run(3)
        let entry = try #require(bench[1].standing?.lastIndex)
        bench.cut = [0]
        bench.route = { $0.entries.isEmpty ? .deliver : .lose }
        try bench.run(until: "another leader") { bench.leader == 1 }
        // Both others acknowledge at once.
        bench.cut = []
        bench.run(2)
        // Without the proposal once more, which would be noted.
        bench.route = { letter in
            if case .forwardedProposal = letter.message { return .lose }
            return .deliver
        }
        try bench.run(until: "the release") { bench[1].driver.map { $0.raft.releasedIndex >= entry } ?? false }
        #expect(showsTheOldState(bench, 0) == (fault != nil))
        bench.run(100)
        #expect(leased(bench, 0, Self.assignee(0))?.isAssigned(0) == true)
    }
}
