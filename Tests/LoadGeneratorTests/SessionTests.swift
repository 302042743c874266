import HTTPTransport
import Testing

@testable import LoadGenerator

/// Loads on real connections to scripted servers.
@Suite(.serialized) struct SessionTests {
    private static let ok = HTTPResponse(status: 200, body: Array("{}".utf8))

    @Test func answersAreToldApart() async throws {
        let statuses = [200, 429, 503, 404, 500]
        let sink = ScriptedSink { _, request, responder in
            let status = Int(request.path.split(separator: "/").last ?? "") ?? 0
            responder.respond(HTTPResponse(status: status, body: Array("{}".utf8)))
        }
        try await LoadServer.with(sink) { server in
            let plan = try LoadPlan.test(
                [server.node], LoadPlan.steady(500), seconds: 1, timeout: 300, paths: statuses.map { "/\($0)" })
            let counts = try await plan.run().sum().counts
            for member in [counts.good, counts.throttled, counts.unavailable, counts.refused, counts.failed] {
                #expect((50...150).contains(member), "\(counts)")
            }
            #expect(counts.timedOut + counts.disconnected == 0)
            #expect(counts.errors == counts.total - counts.good - counts.throttled)
        }
    }

    @Test(.timeLimit(.minutes(60))) func theLoadOfANodeThatEndsGoesToTheOthers() async throws {
        let sink = ScriptedSink { _, _, responder in responder.respond(Self.ok) }
        try await LoadServer.with(sink, name: "node-1") { first in
            try await LoadServer.with(sink, name: "node-2") { second in
                // Goes on until it is seen, or for ten minutes.
                let plan = try LoadPlan.test(
                    [first.node, second.node], LoadPlan.steady(400), seconds: 600, timeout: 300)
                var isSeen = false
                let tally = try await plan.run { session, point in
                    if point.second == 0 { await first.server.shutdown(graceSeconds: 0) }
                    isSeen = isSeen || point.connections == [0, 2] && point.nodeCounts[0].total == 0
                        && point.nodeCounts[1].good > 0
                    if isSeen { session.stop() }
                }
                #expect(isSeen && tally.total.homeless == 0)
                // What was under way when the node ended is lost, and nothing else.
                #expect(tally.sum(node: 1).counts.disconnected == 0)
            }
        }
    }

    /// Whoever asks for the end while the load is being prepared doesn't wait for ten minutes.
    @Test(.timeLimit(.minutes(60)), arguments: [LoadPlan.steady(400), .closed])
    func aSessionThatWasStoppedBeforeItRanEndsAtOnce(arrival: LoadPlan.Arrival) async throws {
        let sink = ScriptedSink { _, _, responder in responder.respond(Self.ok) }
        try await LoadServer.with(sink) { server in
            let plan = try LoadPlan.test([server.node], arrival, seconds: 600)
            let session = try await LoadSession.connect(plan, patience: .seconds(3600))
            session.stop()
            var sent: UInt64 = 0
            for await sample in session.run() { sent += sample.cells[0].counts.total }
            await session.close()
            #expect(sent == 0)
        }
    }

    /// Nor does any of its attempts outlive the loop that they are made on.
    @Test func aNodeThatIsNotThereStopsTheRunBeforeItStarts() async throws {
        let node = LoadPlan.Node(name: "gone", host: "127.0.0.1", port: 1)
        for _ in 0..<50 {
            await #expect(throws: TransportError.self) {
                _ = try await LoadPlan.test([node, node], .closed, seconds: 1).run()
            }
        }
    }
}
