import Foundation
import HTTPTransport
import Synchronization
import Testing

@testable import LoadGenerator

/// Loads on real connections to scripted servers.
@Suite(.serialized) struct SessionTests {
    private static let ok = HTTPResponse(status: 200, body: Array("{}".utf8))

    /// Blocks its only loop for two seconds, once, at the given request.
    private static func stalling(at request: Int) -> ScriptedSink {
        ScriptedSink { number, _, responder in
            if number == request { Thread.sleep(forTimeInterval: 2) }
            responder.respond(ok)
        }
    }

    @Test func anOpenLoopShowsAStallInItsTail() async throws {
        try await LoadServer.with(Self.stalling(at: 400)) { server in
            let tally = try await LoadPlan.test([server.node], LoadPlan.steady(400), seconds: 4).run()
            let (counts, latency) = (tally.sum().counts, tally.sum().latency)
            #expect(counts.bad == 0 && abs(Int(counts.good) - 1600) <= 1)
            // 800 of the 1600 were due while the server stood still, and waited for what was left of the two seconds:
            // the slowest tenth therefore at least 2 s - 160/400 s.
            #expect(latency.longestMicroseconds > 1_950_000)
            #expect(latency.microseconds(atPercentile: 90) > 1_500_000)
            // The other half was answered at once, as far as a busy machine does anything at once.
            #expect(latency.microseconds(atPercentile: 40) < 1_000_000)
            #expect(tally.total.lag.microseconds(atPercentile: 99) < 1_000_000)
        }
    }

    @Test func aClosedLoopHidesTheStallFromItsPercentiles() async throws {
        try await LoadServer.with(Self.stalling(at: 400)) { server in
            let tally = try await LoadPlan.test([server.node], .closed, seconds: 3).run()
            let latency = tally.sum().latency
            #expect(latency.longestMicroseconds > 1_950_000)
            #expect(latency.microseconds(atPercentile: 90) < 500_000)
        }
    }

    @Test func answersAreToldApart() async throws {
        let statuses = [200, 429, 503, 404, 500]
        let sink = ScriptedSink { _, request, responder in
            let status = Int(request.path.split(separator: "/").last ?? "") ?? 0
            responder.respond(HTTPResponse(status: status, body: Array("{}".utf8)))
        }
        try await LoadServer.with(sink) { server in
            let plan = try LoadPlan.test(
                [server.node], LoadPlan.steady(500), seconds: 1, paths: statuses.map { "/\($0)" })
            let counts = try await plan.run().sum().counts
            for member in [counts.good, counts.throttled, counts.unavailable, counts.refused, counts.failed] {
                #expect((50...150).contains(member), "\(counts)")
            }
            #expect(counts.timedOut + counts.disconnected == 0)
            #expect(counts.errors == counts.total - counts.good - counts.throttled)
        }
    }

    @Test func whatIsNotAnsweredInTimeIsLost() async throws {
        let kept = Mutex<[Responder]>([])
        let sink = ScriptedSink { number, _, responder in
            if number.isMultiple(of: 2) {
                kept.withLock { $0.append(responder) }
            } else {
                responder.respond(Self.ok)
            }
        }
        try await LoadServer.with(sink) { server in
            let plan = try LoadPlan.test([server.node], LoadPlan.steady(100), seconds: 1, timeout: 3)
            let counts = try await plan.run().sum().counts
            #expect(counts.timedOut == 50 || counts.timedOut == 49)
            #expect(counts.good == 50 || counts.good == 49)
        }
        kept.withLock { $0 = [] }
    }

    @Test func theLoadOfANodeThatEndsGoesToTheOthers() async throws {
        let sink = ScriptedSink { _, _, responder in responder.respond(Self.ok) }
        try await LoadServer.with(sink, name: "node-1") { first in
            try await LoadServer.with(sink, name: "node-2") { second in
                let plan = try LoadPlan.test([first.node, second.node], LoadPlan.steady(400), seconds: 4)
                let tally = try await plan.run { _, point in
                    if point.second == 0 { await first.server.shutdown(graceSeconds: 0) }
                }
                let last = try #require(tally.points.last { $0.counts.total > 100 })
                #expect(last.connections[0] == 0 && last.connections[1] == 2)
                #expect(last.nodeCounts[0].total == 0 && last.nodeCounts[1].good > 300)
                #expect(tally.sum().counts.good > 1500 && tally.total.homeless == 0)
            }
        }
    }

    @Test func moreThanMayWaitIsCountedAsUnsent() async throws {
        let kept = Mutex<[Responder]>([])
        let sink = ScriptedSink { _, _, responder in kept.withLock { $0.append(responder) } }
        try await LoadServer.with(sink) { server in
            var plan = try LoadPlan.test([server.node], LoadPlan.steady(200), seconds: 1, timeout: 1)
            plan.maximumOutstanding = 20
            let tally = try await plan.run()
            #expect(tally.total.unsent >= 170 && tally.sum().counts.timedOut >= 20)
            #expect((195...201).contains(tally.sum().counts.total + tally.total.unsent))
            #expect(tally.sum().counts.good == 0)
        }
        kept.withLock { $0 = [] }
    }

    @Test func aRunCanBeEndedEarly() async throws {
        let sink = ScriptedSink { _, _, responder in responder.respond(Self.ok) }
        try await LoadServer.with(sink) { server in
            let began = ContinuousClock.now
            let tally = try await LoadPlan.test([server.node], .closed, seconds: 60).run { session, point in
                if point.second == 0 { session.stop() }
            }
            #expect(ContinuousClock.now - began < .seconds(10))
            #expect(tally.sum().counts.good > 100)
        }
    }

    @Test func aNodeThatIsNotThereStopsTheRunBeforeItStarts() async throws {
        let node = LoadPlan.Node(name: "gone", host: "127.0.0.1", port: 1)
        await #expect(throws: TransportError.self) {
            _ = try await LoadPlan.test([node], .closed, seconds: 1).run()
        }
    }
}
