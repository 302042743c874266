@testable import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// A leader that was cut off with an entry of its own under way, and goes on to hold the last lease of its reign while
/// others lead.
@Suite struct FormerLeaderTests {
    private func showsTheOldState(_ bench: Bench, _ number: Int) -> Bool {
        let scope = ReadScope.caller(Register.assignee(0), key: nil)
        let view = bench[number].driver?.leasedView(for: scope, now: bench[number].clock.now())
        return view?.isAssigned(0) == false
    }

    private func inject(_ body: RaftMessage.Body, _ bench: Bench, from leader: Int, to follower: Int) throws {
        let term = try #require(bench[leader].standing?.term)
        let message = RaftMessage(from: bench[leader].id, to: bench[follower].id, term: term, body: body)
        bench.inject(.raft(message), from: leader, to: follower)
    }

    /// Brings a node what its leader's log holds, without a word of what is committed.
    private func bring(_ indexes: ClosedRange<LogIndex>, _ bench: Bench, from leader: Int, to follower: Int) throws {
        let raft = try #require(bench[leader].driver?.raft)
        let request = AppendRequest(
            prevIndex: indexes.lowerBound - 1, prevTerm: try #require(raft.term(at: indexes.lowerBound - 1)),
            entries: raft.entries(from: indexes.lowerBound, to: indexes.upperBound), commit: 0, round: 1, released: 0)
        try inject(.append(request), bench, from: leader, to: follower)
    }

    /// Has `number` elected by all that are not cut off.
    private func elect(_ number: Int, after leader: Int, _ bench: Bench) throws {
        try inject(.timeoutNow, bench, from: leader, to: number)
        try bench.run(until: "the leader \(number)") { bench.leader == number }
    }

    private func isAcceptance(_ letter: Bench.Letter) -> Bool {
        guard case .raft(let raft) = letter.message, case .appendResponse(let response) = raft.body,
            case .accepted = response.outcome
        else { return false }
        return true
    }

    /// Node 0 hears in one step that it leads no more and of three entries, the last of which another leader replaces.
    /// What it had proposed itself lies before all of them, and is committed and released by that leader.
    @Test(arguments: [nil, PlantedNodeFault.formerLeaderNotesNothing])
    func whatItProposedWaitsThoughLaterEntriesAreReplaced(fault: PlantedNodeFault?) throws {
        let bench = try Bench.running(nodes: 5) {
            $0.raft.reads = .lease
            $0.raft.leases.length = 3_000_000_000
            $0.plantedFault = fault
        }
        bench.run(1_000)
        bench.route = { $0.entries.isEmpty || $0.to == 1 ? .deliver : .lose }
        _ = bench.submit(Write.assign(0), at: 0)
        bench.run(3)
        let entry = try #require(bench[1].standing?.lastIndex)
        // Node 1 leads, with two more entries that nobody else gets but from here.
        bench.cut = [0]
        bench.route = { $0.entries.isEmpty ? .deliver : .lose }
        try elect(1, after: 0, bench)
        for number in 1...2 { _ = bench.submit(Write.assign(number), at: 1) }
        try bench.run(until: "its log") { bench[1].standing?.lastIndex == entry + 3 }
        bench.cut = [0, 1, 2, 3, 4]
        try bring(entry...entry + 2, bench, from: 1, to: 2)
        try bring(entry + 1...entry + 3, bench, from: 1, to: 0)
        bench.run(1)
        #expect(bench[0].standing?.role == .follower && bench[0].standing?.lastIndex == entry + 3)
        // Node 2 leads, and puts another entry in the last one's place. Its followers say nothing yet.
        bench.cut = [0, 1]
        bench.route = { isAcceptance($0) && $0.to == 2 ? .hold : .deliver }
        try elect(2, after: 1, bench)
        let term = try #require(bench[2].standing?.term)
        try bench.run(until: "their logs") { [2, 3, 4].allSatisfy { bench[$0].standing?.lastTerm == term } }
        #expect(bench[2].standing?.lastIndex == entry + 3 && bench[2].standing?.commitIndex ?? entry < entry)
        for number in 0...1 { try bring(entry + 3...entry + 3, bench, from: 2, to: number) }
        bench.cut = []
        bench.route = { $0.to == 0 ? .lose : .deliver }
        bench.deliverHeld()
        try bench.run(until: "the release") { bench[2].driver.map { $0.raft.releasedIndex >= entry } ?? false }
        #expect(bench[0].driver?.leasedReads?.isCurrent(now: bench[0].clock.now()) == true)
        #expect(showsTheOldState(bench, 0) == (fault != nil))
        bench.route = { _ in .deliver }
        bench.run(200)
        #expect(bench[0].views.last?.isAssigned(0) == true && !showsTheOldState(bench, 0))
        #expect(bench.checker.violation == nil)
    }
}
