import Testing

@testable import LoadGenerator

/// What a load makes of the times at which answers come, reckoned without a clock.
@Suite struct ReckoningTests {
    private static let second: UInt64 = 1_000_000_000
    private static let node = LoadPlan.Node(name: "node-1", host: "127.0.0.1", port: 1)
    private static let other = LoadPlan.Node(name: "node-2", host: "127.0.0.1", port: 2)

    /// A node that needs a millisecond for each request, and two seconds for the given one.
    private static func stalling(at request: Int) -> VirtualLoad {
        VirtualLoad { .answered(after: $0 == request ? 2 * second : second / 1000) }
    }

    @Test func anOpenLoopShowsAStallInItsTail() throws {
        let plan = try LoadPlan.test([Self.node], LoadPlan.steady(400), seconds: 8)
        let (tally, _) = try Self.stalling(at: 400).run(plan)
        let (counts, latency) = (tally.sum().counts, tally.sum().latency)
        // The last one would be due at the end.
        #expect(counts.good == 3199 && counts.bad == 0)
        // 800 were due while the node stood still, and waited for what was left of the two seconds, behind those
        // before them: the first for all of it, the next ones, of which there are 2.5 ms less for each, but 1 ms more,
        // shorter by 1.5 ms each. The slowest tenth of all 3199 is 320 of them.
        #expect((2_000_000...2_010_000).contains(latency.longestMicroseconds))
        let tenth = 2_000_000 - 319 * 1500 as UInt64
        #expect((tenth - 5000...tenth + 5000).contains(latency.microseconds(atPercentile: 90)))
        // Most were answered at once: 1334 requests were needed to catch up.
        #expect(latency.microseconds(atPercentile: 50) < 1500)
        // They left when they were due, or within a tick.
        #expect(tally.total.lag.longestMicroseconds <= 251)
    }

    @Test func aClosedLoopHidesTheStallFromItsPercentiles() throws {
        let plan = try LoadPlan.test([Self.node], .closed, seconds: 3)
        let (tally, _) = try Self.stalling(at: 400).run(plan)
        let latency = tally.sum().latency
        #expect((2_000_000...2_015_000).contains(latency.longestMicroseconds))
        // Eight are under way, each for a millisecond.
        #expect((7500...8500).contains(latency.microseconds(atPercentile: 90)))
        #expect((995...1012).contains(tally.sum().counts.good))
    }

    @Test func whatIsNotAnsweredInTimeIsLost() throws {
        let load = VirtualLoad { $0.isMultiple(of: 2) ? .never : .answered(after: Self.second / 1000) }
        let plan = try LoadPlan.test([Self.node], LoadPlan.steady(100), seconds: 1, timeout: 3)
        let (tally, end) = try load.run(plan)
        let counts = tally.sum().counts
        #expect(counts.timedOut == 50 && counts.good == 49 && counts.total == 99)
        // The last of them was sent at 0.99 s.
        let last = try #require(end)
        #expect((3_990_000_000...4_000_000_000).contains(last))
    }

    @Test func moreThanMayWaitIsCountedAsUnsent() throws {
        var plan = try LoadPlan.test([Self.node], LoadPlan.steady(200), seconds: 1, timeout: 1)
        plan.maximumOutstanding = 20
        let (tally, _) = try VirtualLoad { _ in .never }.run(plan)
        // 199 were due; the first twenty are given up only when none comes any more.
        #expect(tally.sum().counts.timedOut == 20 && tally.sum().counts.total == 20)
        #expect(tally.total.unsent == 179 && tally.total.homeless == 0)
    }

    @Test(arguments: [true, false])
    func aRunCanBeEndedEarly(isAnswered: Bool) throws {
        let load = VirtualLoad { _ in isAnswered ? .answered(after: Self.second / 1000) : .never }
        let (tally, end) = try load.run(try LoadPlan.test([Self.node], .closed, seconds: 60)) { worker, point in
            if point.second == 0 { worker.stop() }
        }
        // What is under way has a second still.
        let last = try #require(end)
        #expect(last <= (isAnswered ? 12 : 21) * Self.second / 10 + Self.second / 100)
        #expect(isAnswered ? tally.sum().counts.good > 990 : tally.sum().counts.timedOut == 8)
    }

    /// One answer 503, or one lost connection, doesn't take a node's share from it for the rest of the run.
    @Test func aClosedLoopReturnsToANodeThatRestedForAMoment() throws {
        let load = VirtualLoad(ofNodes: { node, request in
            .answered(after: Self.second / 1000, status: node == 0 && request == 100 ? 503 : 200)
        })
        let plan = try LoadPlan.test([Self.node, Self.other], .closed, seconds: 4, connections: 1)
        let (tally, _) = try load.run(plan)
        #expect(tally.sum(node: 0).counts.unavailable == 1 && tally.sum().counts.bad == 1)
        // Each makes 1000 a second; the first one rests for a quarter of a second.
        #expect(tally.sum(node: 0).counts.good > 3700 && tally.sum(node: 1).counts.good > 3900)
    }

    /// A pool without a majority: its last node would get all requests but a few.
    @Test func whereAllNodesRestTheyTakeTurns() throws {
        let load = VirtualLoad { _ in .answered(after: Self.second / 1000, status: 503) }
        let plan = try LoadPlan.test([Self.node, Self.other], LoadPlan.steady(200), seconds: 2)
        let (tally, _) = try load.run(plan)
        #expect(tally.sum().counts.unavailable == 399)
        #expect((195...205).contains(tally.sum(node: 0).counts.unavailable))
    }

    /// Four requests are always to be under way. Without a connection each of them waits once, however often it looks.
    @Test func aClosedLoopCountsWhoFindsNoNodeOnce() throws {
        let load = VirtualLoad { $0 == 100 ? .cutOff(after: Self.second / 1000) : .answered(after: Self.second / 1000) }
        let (tally, _) = try load.run(try LoadPlan.test([Self.node], .closed, seconds: 2, connections: 1))
        #expect(tally.sum().counts.disconnected == 1 && tally.total.homeless == 4)
        // The connection is made again after a tenth of a second.
        #expect(tally.sum().counts.good > 1850)
    }

    /// A node that ends in order says so: what its connection doesn't take any more is lost nowhere, and no failure.
    @Test(arguments: [LoadPlan.steady(400), .closed])
    func whatAConnectionDoesNotTakeGoesToAnother(arrival: LoadPlan.Arrival) throws {
        let load = VirtualLoad { (100..<103).contains($0) ? .turnedAway : .answered(after: Self.second / 1000) }
        let plan = try LoadPlan.test([Self.node, Self.other], arrival, seconds: 2)
        let (tally, _) = try load.run(plan)
        #expect(tally.sum().counts.bad == 0 && tally.total.homeless == 0)
        #expect(arrival == .closed || tally.sum().counts.good == 799)
        // Each was sent once.
        #expect(tally.total.lag.count == tally.sum().counts.total)
    }

    /// A connection that takes no more is replaced while its last request is under way. When that fails, it is not the
    /// new one that has ended.
    @Test func theEndOfAReplacedConnectionIsNotThatOfTheNewOne() throws {
        let load = VirtualLoad { request in
            switch request {
            case 99: .cutOff(after: 3 * Self.second / 10)
            case 100: .turnedAway
            default: .answered(after: Self.second / 1000)
            }
        }
        let (tally, _) = try load.run(try LoadPlan.test([Self.node], LoadPlan.steady(100), seconds: 4, connections: 1))
        #expect(tally.sum().counts.disconnected == 1 && load.connections == 2)
        // The new one stands after a tenth of a second.
        #expect((9...11).contains(tally.total.homeless))
    }

    /// It would get half of the load for as long as it hangs, all of it lost.
    @Test func aNodeThatHangsIsPassedOver() throws {
        let load = VirtualLoad(ofNodes: { node, request in
            node == 0 && request >= 100 ? .never : .answered(after: Self.second / 1000)
        })
        let plan = try LoadPlan.test([Self.node, Self.other], LoadPlan.steady(200), seconds: 10, timeout: 1)
        let (tally, _) = try load.run(plan)
        // It hangs after a second; what it gets in the next one, a hundred, is lost, then four a second.
        #expect((100...150).contains(tally.sum(node: 0).counts.timedOut))
        #expect(tally.sum(node: 1).counts.bad == 0 && tally.sum().counts.total == 1999)
    }

    /// Where there is no other node the requests that were given up would stay in the connection, more and more.
    @Test func aConnectionThatHoldsManyGivenUpRequestsIsReplaced() throws {
        let load = VirtualLoad { $0 < 100 ? .answered(after: Self.second / 1000) : .never }
        let plan = try LoadPlan.test([Self.node], LoadPlan.steady(1000), seconds: 5, connections: 1, timeout: 1)
        let (tally, _) = try load.run(plan)
        // From 1.1 s on a thousand a second are given up.
        #expect((3...5).contains(load.connections) && tally.sum().counts.good == 100)
    }

    @Test func aNodeThatNoLongerHangsGetsItsShareAgain() throws {
        let load = VirtualLoad(ofNodes: { node, request in
            node == 0 && (100..<210).contains(request) ? .never : .answered(after: Self.second / 1000)
        })
        let plan = try LoadPlan.test([Self.node, Self.other], LoadPlan.steady(200), seconds: 20, timeout: 1)
        let (tally, _) = try load.run(plan)
        #expect(tally.sum(node: 0).counts.timedOut == 110)
        let last = try #require(tally.points.first { $0.second == 18 })
        #expect((99...101).contains(last.nodeCounts[0].good))
    }

    /// Requests that are too slow for their limit are lost, and the node that answers others goes on getting its share.
    @Test func aSlowNodeIsNotTakenForOneThatHangs() throws {
        let load = VirtualLoad(ofNodes: { node, request in
            node == 0 && request.isMultiple(of: 2) ? .never : .answered(after: Self.second / 1000)
        })
        let plan = try LoadPlan.test([Self.node, Self.other], LoadPlan.steady(200), seconds: 10, timeout: 1)
        let (tally, _) = try load.run(plan)
        #expect((495...505).contains(tally.sum(node: 0).counts.timedOut))
    }

    /// A node that makes a thousand a second is asked for twice as much: it does so before, and goes on afterwards.
    @Test func onlyAnswersWithinTheTimeMakeTheRate() throws {
        var plan = try LoadPlan.test([Self.node], LoadPlan.steady(2000), seconds: 4)
        plan.warmUp = Self.second
        let (tally, _) = try VirtualLoad { _ in .answered(after: Self.second / 1000) }.run(plan)
        #expect((7999...8001).contains(tally.sum().counts.good))
        #expect((3998...4002).contains(tally.sum().answered))
    }

    @Test(arguments: [LoadPlan.steady(400), .closed])
    func aRunThatIsEndedBeforeItBeginsSendsNothing(arrival: LoadPlan.Arrival) throws {
        let load = VirtualLoad { _ in .answered(after: Self.second / 1000) }
        let plan = try LoadPlan.test([Self.node], arrival, seconds: 60)
        let (tally, end) = try load.run(plan, lead: Self.second, before: { $0.stop() })
        #expect(load.authorizations.isEmpty && tally.sum().counts.total == 0 && end != nil)
    }

    /// A run may take longer than a token lasts.
    @Test func newTokensTakeThePlaceOfThePlans() throws {
        let load = VirtualLoad { _ in .answered(after: Self.second / 1000) }
        let plan = try LoadPlan.test([Self.node], LoadPlan.steady(100), seconds: 4)
        let (tally, _) = try load.run(plan) { worker, point in
            if point.second == 1 { worker.use(tokens: ["new"]) }
        }
        // The test looks ten times a second.
        #expect(load.authorizations.count == 2 && (190...211).contains(load.authorizations["Bearer token"] ?? 0))
        #expect(load.authorizations.values.reduce(0, +) == 399 && load.authorizations["Bearer new"] != nil)
        #expect(tally.sum().counts.good == 399)
    }
}
