import CryptographicModule
import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft
import Testing

/// Nodes that come, go, and take one another's place.
@Suite struct MembershipTests {
    private func running(nodes: Int, founders: Int, adjust: @escaping (inout NodeOptions) -> Void = { _ in }) throws
        -> Bench
    {
        try Bench.running(nodes: nodes, founders: founders) { options in
            options.logEntriesKept = 5
            options.compactionStep = 3
            options.promotionLag = 0
            options.peerSilence = 400_000_000
            adjust(&options)
        }
    }

    private func submit(_ command: PoolCommand, _ bench: Bench, at number: Int? = nil) throws -> CommandOutcome? {
        let place = number ?? bench.leader ?? 0
        let write = bench.submit(command, at: place)
        try bench.run(until: "the answer") { !write.list.isEmpty }
        return write.outcome
    }

    /// Machine `number` joins under the id that it has: ids are given in order.
    private func join(_ bench: Bench, _ number: Int, replaces: UInt64? = nil, isRunning: Bool = true) throws {
        let ticket = [UInt8](repeating: UInt8(number), count: 32)
        let invited = try submit(
            .inviteNode(
                NodeInvitation(
                    name: "joiner-\(number)", ticketDigest: ticket, expires: 1_700_003_000, replaces: replaces)), bench)
        #expect(invited == .applied)
        let admitted = try submit(
            .admitNode(
                NodeAdmission(
                    ticketDigest: ticket, publicKey: [UInt8](repeating: UInt8(number), count: 91),
                    apiURL: "https://joiner\(number).example", peerAddress: "joiner\(number).example:7000",
                    audience: "https://example")), bench)
        #expect(admitted == .applied)
        guard isRunning else { return }
        try bench.start(number)
        bench.unseal(number)
    }

    private func membership(_ bench: Bench, at number: Int = 0) -> MembershipRecord? {
        bench[number].views.last?.state.membership
    }

    private func expect(_ bench: Bench, voters: Set<UInt64>, at number: Int = 0) throws {
        try bench.run(until: "voters \(voters.sorted())") {
            let now = membership(bench, at: number)
            return now?.voters == voters && now?.isJoint == false
        }
    }

    @Test func aPoolGrowsFromOneToFive() throws {
        let bench = try running(nodes: 5, founders: 1)
        for generation in 1...UInt32(20) { #expect(try submit(Write.rotate(to: generation), bench) == .applied) }
        for number in 1...4 {
            try join(bench, number)
            try expect(bench, voters: Set((1...UInt64(number + 1))))
        }
        try bench.settle()
        for number in 0..<5 { #expect(bench[number].views.last?.generation == 20) }
        #expect(try Set(bench.storedRoots()).count == 1)
        #expect(bench.checker.violation == nil)
    }

    /// The entry that holds the configuration is cut off then, and its index known from the state alone.
    @Test func aPoolGrowsAfterARestartOnALogThatWasCut() throws {
        let bench = try running(nodes: 2, founders: 1)
        for generation in 1...UInt32(20) { #expect(try submit(Write.rotate(to: generation), bench) == .applied) }
        let configured = try #require(membership(bench)?.index)
        try bench.run(until: "the cut") { bench[0].disk.compactedIndex > configured }
        bench.crash(0)
        try bench.start(0)
        bench.unseal(0)
        try bench.run(until: "a leader") { bench.leader == 0 }
        try join(bench, 1)
        try expect(bench, voters: [1, 2])
    }

    /// One that doesn't come stays a learner: it must not count in a majority that it can't help to form.
    @Test func whoIsAdmittedAndDoesNotComeIsNoVoter() throws {
        let bench = try running(nodes: 2, founders: 1)
        try join(bench, 1, isRunning: false)
        try bench.run(until: "a learner") { membership(bench)?.learners == [2] }
        bench.run(2_000)
        #expect(membership(bench)?.voters == [1])
        #expect(try submit(Write.rotate(to: 1), bench) == .applied)
    }

    @Test func aSealedNodeIsNotPromoted() throws {
        let bench = try running(nodes: 2, founders: 1)
        try join(bench, 1, isRunning: false)
        try bench.start(1)
        bench.run(2_000)
        #expect(membership(bench)?.voters == [1] && membership(bench)?.learners == [2])
        bench.unseal(1)
        try expect(bench, voters: [1, 2])
    }

    @Test func aNodeIsReplacedWhileItIsDown() throws {
        let bench = try running(nodes: 4, founders: 3)
        bench.crash(2)
        for generation in 1...UInt32(20) { #expect(try submit(Write.rotate(to: generation), bench) == .applied) }
        try join(bench, 3, replaces: 3)
        try expect(bench, voters: [1, 2, 4])
        try bench.settle()
        #expect(bench[3].views.last?.generation == 20)
        #expect(bench[0].views.last?.state.member(3) == nil)
        #expect(bench[0].views.last?.state.wasRemoved(3) == true)
    }

    /// One of three is dead and another one to be removed: the third alone could neither go on nor back. It begins when
    /// the dead one is there again, or replaced.
    @Test(arguments: [false, true]) func aRemovalThatWouldLeaveNoMajorityWaits(isReplaced: Bool) throws {
        let bench = try running(nodes: 4, founders: 3)
        let leader = try #require(bench.leader)
        let (dead, victim) = ((leader + 1) % 3, (leader + 2) % 3)
        bench.crash(dead)
        bench.run(500)
        #expect(try submit(.removeNode(UInt64(victim + 1)), bench, at: leader) == .applied)
        bench.run(2_000)
        #expect(membership(bench, at: leader)?.voters == [1, 2, 3] && membership(bench, at: leader)?.isJoint == false)
        #expect(bench[leader].alarms == [.memberChangeWaits(for: [bench[dead].id])])
        #expect(try submit(Write.rotate(to: 1), bench, at: leader) == .applied)
        if isReplaced {
            try join(bench, 3, replaces: UInt64(dead + 1))
            try expect(bench, voters: [UInt64(leader + 1), 4], at: leader)
        } else {
            try bench.start(dead)
            bench.unseal(dead)
            try expect(bench, voters: [UInt64(leader + 1), UInt64(dead + 1)], at: leader)
        }
        #expect(try submit(Write.rotate(to: 2), bench, at: leader) == .applied)
        #expect(bench.checker.violation == nil)
    }

    /// A new leader takes all for heard of at its election, the dead one too.
    @Test func aNewLeaderCountsOnNobodyBeforeAnAnswer() throws {
        let bench = try running(nodes: 3, founders: 3)
        let first = try #require(bench.leader)
        let (dead, victim) = ((first + 1) % 3, (first + 2) % 3)
        bench.crash(dead)
        bench.run(500)
        #expect(try submit(.removeNode(UInt64(victim + 1)), bench, at: first) == .applied)
        bench.run(500)
        bench[first].inbox.append(.transferLeadership(to: bench[victim].id))
        try bench.run(until: "the next leader") { bench.leader == victim }
        bench.run(1_000)
        #expect(membership(bench, at: first)?.voters == [1, 2, 3] && membership(bench, at: first)?.isJoint == false)
        #expect(bench[victim].alarms == [.memberChangeWaits(for: [bench[dead].id])])
        #expect(try submit(Write.rotate(to: 1), bench, at: victim) == .applied)
    }

    /// However long the leader keeps other news to itself.
    @Test(arguments: [0, 50_000_000] as [Nanoseconds])
    func aRemovedNodeNoticesAndStopsServing(newsDelay: Nanoseconds) throws {
        let bench = try running(nodes: 3, founders: 3) { $0.raft.newsDelay = newsDelay }
        let leader = try #require(bench.leader)
        let victim = (leader + 1) % 3
        #expect(try submit(.removeNode(UInt64(victim + 1)), bench) == .applied)
        try bench.run(until: "the notice") { bench[victim].alarms.contains(.removed) }
        #expect(bench[victim].driver?.isRemoved == true && bench[victim].standing?.isSealed == true)
        let read = bench.read(at: victim)
        bench.run(5)
        #expect(read.refusal == .sealed)
        let again = bench.unseal(victim)
        bench.run(5)
        #expect(again.list.count == 1 && again.index == nil)
        #expect(try submit(Write.rotate(to: 1), bench, at: leader) == .applied)
    }

    @Test(arguments: [0, 50_000_000] as [Nanoseconds])
    func aLeaderThatIsRemovedHandsOver(newsDelay: Nanoseconds) throws {
        let bench = try running(nodes: 3, founders: 3) { $0.raft.newsDelay = newsDelay }
        let leader = try #require(bench.leader)
        let other = (leader + 1) % 3
        #expect(try submit(.removeNode(UInt64(leader + 1)), bench, at: other) == .applied)
        try bench.run(until: "the notice") { bench[leader].alarms.contains(.removed) }
        try bench.run(until: "another leader") { bench.leader != nil && bench.leader != leader }
        #expect(try submit(Write.rotate(to: 1), bench, at: other) == .applied)
        #expect(membership(bench, at: other)?.voters.contains(UInt64(leader + 1)) == false)
    }

    @Test func leadershipGoesWhereItIsAsked() throws {
        let bench = try running(nodes: 3, founders: 3)
        let leader = try #require(bench.leader)
        let heir = (leader + 2) % 3
        let asked = (leader + 1) % 3
        #expect(try submit(.requestLeadership(UInt64(heir + 1)), bench, at: asked) == .applied)
        try bench.run(until: "the heir") { bench.leader == heir }
        #expect(try submit(Write.rotate(to: 1), bench) == .applied)
    }

    /// An old image of its disk: the entries that it has acknowledged are gone, and it would elect a leader without
    /// them.
    @Test func aVoterWhoseDiskWasPutBackCountsForNothing() throws {
        let bench = try running(nodes: 3, founders: 3)
        let leader = try #require(bench.leader)
        let (victim, third) = ((leader + 1) % 3, (leader + 2) % 3)
        #expect(try submit(Write.rotate(to: 1), bench) == .applied)
        bench.run(300)
        bench.crash(victim)
        let image = try bench[victim].disk.load()
        try bench.start(victim)
        bench.unseal(victim)
        for generation in 2...UInt32(4) { #expect(try submit(Write.rotate(to: generation), bench) == .applied) }
        bench.run(500)
        bench.crash(victim)
        bench[victim].disk.restore(image)
        bench.checker.votes.forget(bench[victim].id)
        try bench.start(victim)
        try bench.run(until: "the alarm") { bench[leader].alarms.contains(.memberForgot(bench[victim].id)) }
        try bench.run(until: "everybody knows") {
            bench[third].views.last?.state.member(UInt64(victim + 1))?.standing == .distrusted
        }
        // Two would be a majority if it counted.
        bench.crash(leader)
        bench.run(3_000)
        #expect(bench.leader == nil)
        try bench.start(leader)
        bench.unseal(leader)
        try bench.run(until: "a leader") { bench.leader != nil }
        #expect(try submit(Write.rotate(to: 5), bench, at: third) == .applied)
    }

    /// What a node tells another of itself first in the next 200 ms.
    private func firstStatus(from sender: Int, to receiver: Int, _ bench: Bench) -> NodeStatus? {
        var first: NodeStatus?
        bench.route = { letter in
            if letter.from == sender, letter.to == receiver, case .nodeStatus(let status) = letter.message {
                first = first ?? status
            }
            return .deliver
        }
        bench.run(200)
        return first
    }

    /// The image holds the memory of the machine too: the same process goes on, and only its connections are new.
    @Test func aVoterWhoseMachineWasPutBackIsNoticedWhenItConnects() throws {
        let bench = try running(nodes: 3, founders: 3)
        let leader = try #require(bench.leader)
        let victim = (leader + 1) % 3
        let word = try #require(firstStatus(from: victim, to: leader, bench))
        #expect(try submit(Write.rotate(to: 1), bench) == .applied)
        bench.run(300)
        // Alone it may have been late; on a new connection it can't be.
        bench.inject(.nodeStatus(word), from: victim, to: leader)
        bench.run(5)
        #expect(!bench[leader].alarms.contains(.memberForgot(bench[victim].id)))
        bench[leader].inbox.append(.peerReturned(bench[victim].id))
        bench.inject(.nodeStatus(word), from: victim, to: leader)
        bench.run(300)
        #expect(bench[leader].alarms.contains(.memberForgot(bench[victim].id)))
        #expect(bench[leader].views.last?.state.member(UInt64(victim + 1))?.standing == .distrusted)
    }

    /// Whoever notices it is sealed, and tells the pool when it can.
    @Test func aVoterThatForgotIsReportedAsSoonAsItCanBe() throws {
        let bench = try running(nodes: 3, founders: 3)
        let leader = try #require(bench.leader)
        let (victim, witness) = ((leader + 1) % 3, (leader + 2) % 3)
        let word = try #require(firstStatus(from: victim, to: witness, bench))
        #expect(try submit(Write.rotate(to: 1), bench) == .applied)
        bench.seal(witness)
        bench.run(1_500)
        bench[witness].inbox.append(.peerReturned(bench[victim].id))
        bench.inject(.nodeStatus(word), from: victim, to: witness)
        bench.run(300)
        #expect(bench[witness].alarms.contains(.memberForgot(bench[victim].id)))
        #expect(bench[leader].views.last?.state.member(UInt64(victim + 1))?.standing == .member)
        bench.unseal(witness)
        try bench.run(until: "everybody knows") {
            bench[leader].views.last?.state.member(UInt64(victim + 1))?.standing == .distrusted
        }
    }

    /// Until its first entry is committed it has nothing to do about the members, and no deadline that has passed.
    @Test func aLeaderThatCannotCommitSleepsBetweenItsHeartbeats() throws {
        let bench = try running(nodes: 3, founders: 3)
        let first = try #require(bench.leader)
        bench.route = { letter in letter.entries.isEmpty ? .deliver : .lose }
        bench.crash(first)
        try bench.run(until: "another leader") { bench.leader != nil && bench.leader != first }
        let leader = try #require(bench.leader)
        var awake = 0
        for _ in 0..<30 {
            bench.tick()
            let driver = try #require(bench[leader].driver)
            #expect(driver.standing.role == .leader && driver.standing.commitIndex < driver.standing.lastIndex)
            if driver.nextDeadline <= bench[leader].clock.now() { awake += 1 }
        }
        #expect(awake == 0)
    }
}
