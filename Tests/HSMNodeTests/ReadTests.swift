import HSMNode
import NodeEnvironment
import PoolState
import Raft
import Testing

/// A read shows every write that was answered before it was asked.
@Suite struct ReadTests {
    @Test func everyNodeShowsWhatWasAnswered() throws {
        let bench = try Bench.running()
        for round in 0..<3 {
            let write = bench.submit(Write.assign(round), at: 0)
            try bench.run(until: "the answer") { !write.list.isEmpty }
            let reads = (0..<3).map { bench.read(at: $0) }
            bench.run(20)
            for read in reads { #expect(read.view?.isAssigned(round) == true) }
        }
    }

    @Test func aNodeThatLagsWaitsUntilItHasCaughtUp() throws {
        let bench = try Bench.running()
        bench.route = { $0.to == 2 && $0.message.isAppend ? .hold : .deliver }
        let write = bench.submit(Write.assign(0), at: 0)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        let read = bench.read(at: 2)
        bench.run(60)
        #expect(read.list.isEmpty)
        bench.release()
        bench.run(60)
        #expect(read.view?.isAssigned(0) == true)
    }

    /// It believes that it leads, and its view is old: only a majority's word lets it answer.
    @Test func aDeposedLeaderDoesNotAnswerFromMemory() throws {
        let bench = try Bench.running {
            $0.readTimeout = 400_000_000
            if $0.raft.id == NodeID(1) { $0.raft.electionTimeoutMaximum = 2_000_000_000 }
        }
        let before = bench.read(at: 0)
        bench.cut = [0]
        let write = bench.submit(Write.assign(0), at: 1)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        #expect(write.outcome == .applied)
        #expect(bench[0].standing?.role == .leader)
        let read = bench.read(at: 0)
        bench.run(500)
        #expect(bench[0].standing?.role == .leader)
        #expect(before.refusal == .noLeader && read.refusal == .noLeader)
        bench.cut = []
        let late = bench.read(at: 0)
        bench.run(500)
        #expect(late.view?.isAssigned(0) == true)
    }

    /// Answers to rounds that began before the question are no proof for it.
    @Test func oldAnswersConfirmNoNewRead() throws {
        let bench = try Bench.running {
            $0.readTimeout = 400_000_000
            if $0.raft.id == NodeID(1) { $0.raft.electionTimeoutMaximum = 2_000_000_000 }
        }
        // Heartbeats are answered, and the answers come when somebody else has long been leading.
        bench.route = { $0.to == 0 && $0.message.isAppendResponse ? .hold : .deliver }
        bench.run(100)
        bench.cut = [0]
        bench.route = { _ in .deliver }
        let write = bench.submit(Write.assign(0), at: 1)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        let read = bench.read(at: 0)
        bench.run(10)
        bench.deliverHeld()
        bench.run(500)
        #expect(read.refusal == .noLeader)
    }

    /// Its commit index may be older than what its predecessor acknowledged.
    @Test func aNewLeaderAnswersOnlyWhenItHasCommittedItself() throws {
        let bench = try Bench.running { $0.readTimeout = 2_000_000_000 }
        // Node 1 holds the entry, and is not told that it is committed.
        let write = bench.submit(Write.assign(0), at: 0)
        bench.route = { $0.to == 2 && $0.message.isAppend ? .lose : .deliver }
        try bench.run(until: "the answer") { !write.list.isEmpty }
        bench.crash(0)
        bench.route = { $0.from != 0 && $0.entries.isEmpty ? .deliver : .lose }
        try bench.run(until: "a new leader") { bench.leader != nil }
        let leader = try #require(bench.leader)
        #expect(leader == 1)
        let read = bench.read(at: leader)
        bench.run(300)
        #expect(read.list.isEmpty)
        #expect(bench.leader == 1)
        bench.release()
        bench.run(500)
        #expect(read.view?.isAssigned(0) == true)
    }

    @Test func aReadThatIsLostWithItsLeaderIsAskedAgain() throws {
        let bench = try Bench.running()
        bench.cut = [0]
        let read = bench.read(at: 1)
        try bench.run(until: "the answer") { !read.list.isEmpty }
        #expect(read.view != nil)
        bench.run(500)
        #expect(read.list.count == 1)
    }

    @Test func manyReadsShareARound() throws {
        let bench = try Bench.running()
        var requests = 0
        bench.route = { letter in
            if case .raft(let raft) = letter.message, case .readIndexRequest = raft.body { requests += 1 }
            return .deliver
        }
        let reads = (0..<100).map { _ in bench.read(at: 1) }
        bench.run(20)
        for read in reads { #expect(read.view != nil) }
        #expect(requests == 1)
    }
}
