import Synchronization
import Testing

@testable import HTTPTransport

@Suite("HTTP/2 engine: requests and answers")
struct HTTP2EngineTests {
    @Test func `a request reaches the sink whole, and its answer the client`() throws {
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        let client = try ClientHarness()
        let body = Array("{\"value\":\"x\"}".utf8)
        let token = "Bearer " + String(repeating: "t", count: 900)
        let number = client.send(
            .post, "/keys/a%20b/sign?api-version=7.5&x=?", headers: [("authorization", token), ("x-a", "1")], body: body
        )
        client.converse(with: server)

        let request = try #require(sink.seen.first)
        #expect(request.method == .post)
        #expect(request.path == "/keys/a%20b/sign")
        #expect(request.query == "api-version=7.5&x=?")
        #expect(request.authority == "hsm.example")
        #expect(request.headers.authorization == Array(token.utf8))
        #expect(request.headers.first("x-a") == "1")
        #expect(request.headers.first("authorization") == token)
        #expect(request.body == body)
        #expect(request.version == .http2)
        #expect(request.remoteAddress == "192.0.2.1")

        let response = try #require(client.response(number))
        #expect(response.status == 200)
        #expect(response.body == body)
        #expect(response.headers.first("x-path") == "/keys/a%20b/sign")
        #expect(response.headers.first("content-length") == String(body.count))
        #expect(response.headers.first("date")?.utf8.count == 29)
        #expect(server.load.bufferedBodyBytes == 0)
    }

    @Test func `every split of the byte stream gives the same result`() throws {
        let reference = try ClientHarness()
        reference.send(
            .post, "/one", headers: [("authorization", "Bearer abc")], body: Array(repeating: 65, count: 300))
        reference.send(.get, "/two")
        let bytes = reference.output()
        for split in 0...bytes.count {
            let sink = RecordingSink()
            let server = try ServerHarness(sink: sink)
            var received = server.exchange(Array(bytes[..<split]))
            received += server.exchange(Array(bytes[split...]))
            #expect(sink.seen.map(\.path).sorted() == ["/one", "/two"])
            #expect(sink.seen.first { $0.path == "/one" }?.body.count == 300)
            let client = try ClientHarness()
            client.send(
                .post, "/one", headers: [("authorization", "Bearer abc")], body: Array(repeating: 65, count: 300))
            client.send(.get, "/two")
            _ = client.output()
            // The answers are split at the mirrored place.
            let cut = min(split, received.count)
            client.receive(Array(received[..<cut]))
            client.receive(Array(received[cut...]))
            #expect(client.response(0)?.body.count == 300)
            #expect(client.response(1)?.status == 200)
        }
    }

    @Test func `byte by byte works as well`() throws {
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        let client = try ClientHarness()
        client.send(.post, "/one", body: Array(repeating: 65, count: 100))
        for byte in client.output() { client.receive(server.exchange([byte])) }
        #expect(client.response(0)?.body.count == 100)
    }

    @Test func `a large answer passes through the client's window`() throws {
        let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0) }
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in responder.respond(HTTPResponse(status: 200, body: body)) })
        let client = try ClientHarness()
        client.send(.get, "/large")
        client.converse(with: server)
        #expect(client.response(0)?.body == body)
        #expect(server.engine.openStreams == 0)
    }

    @Test func `HEAD and 204 have no content`() throws {
        let server = try ServerHarness(
            sink: RecordingSink { request, responder in
                responder.respond(HTTPResponse(status: request.method == .head ? 200 : 204, body: [1, 2, 3]))
            })
        let client = try ClientHarness()
        client.send(.head, "/")
        client.send(.delete, "/")
        client.converse(with: server)
        #expect(client.response(0)?.headers.first("content-length") == "3")
        #expect(client.response(0)?.body == [])
        #expect(client.response(1)?.status == 204)
        #expect(client.response(1)?.headers.contains("content-length") == false)
    }

    @Test func `a dropped responder answers 500`() throws {
        let server = try ServerHarness(sink: RecordingSink { _, _ in })
        let client = try ClientHarness()
        client.send(.get, "/")
        client.converse(with: server)
        #expect(client.response(0)?.status == 500)
        #expect(client.response(0)?.text.hasPrefix(#"{"error":{"code":"InternalServerError","message":""#) == true)
        #expect(client.response(0)?.headers.first("content-type") == "application/json; charset=utf-8")
    }

    @Test func `the first of two answers wins`() throws {
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in
                #expect(responder.respond(HTTPResponse(status: 201)))
                #expect(!responder.respond(HTTPResponse(status: 202)))
            })
        let client = try ClientHarness()
        client.send(.get, "/")
        client.converse(with: server)
        #expect(client.response(0)?.status == 201)
    }

    @Test(arguments: [("x-a", "1\r\nx-b: 2"), ("x a", "1"), ("", "1"), ("x-a", "1\u{0}")])
    func `an answer with a field that would split is not sent`(name: String, value: String) throws {
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in
                responder.respond(HTTPResponse(status: 200, headers: [(name, value)], body: [1]))
            })
        let client = try ClientHarness()
        client.send(.get, "/")
        client.converse(with: server)
        #expect(client.response(0)?.status == 500)
    }

    @Test func `a request with a field that would split is not sent`() throws {
        let client = try ClientHarness()
        _ = client.output()
        let number = client.send(.get, "/", headers: [("x-a", "1\r\nx-b: 2")])
        #expect(client.failure(number) == .badRequest("the field x-a is malformed"))
        #expect(client.output().isEmpty && client.engine.inProgress == 0)
    }

    @Test func `fields that belong to the transport are not the handler's`() throws {
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in
                responder.respond(
                    HTTPResponse(
                        status: 200, headers: [("Content-Length", "7"), ("Connection", "x"), ("Date", "never")],
                        body: [1]))
            })
        let client = try ClientHarness()
        client.send(.get, "/")
        client.converse(with: server)
        let headers = try #require(client.response(0)?.headers)
        #expect(headers.first("content-length") == "1")
        #expect(headers.count(of: "date") == 1)
        #expect(!headers.contains("connection"))
    }

    @Test func `an answer after the stream was reset is dropped`() throws {
        let kept = Kept()
        let server = try ServerHarness(sink: RecordingSink { _, responder in kept.keep(responder) })
        _ = server.exchange(RawFrames.preface + RawFrames.emptySettings)
        _ = server.exchange(RawFrames.headers(1, RawFrames.request(), end: true))
        #expect(server.engine.outstanding == 1)
        _ = server.exchange(RawFrames.reset(1))
        #expect(server.engine.openStreams == 0)
        _ = server.exchange(RawFrames.headers(3, RawFrames.request(), end: true))
        let responders = kept.take()
        responders[0].respond(HTTPResponse(status: 200))
        #expect(server.output().isEmpty)
        responders[1].respond(HTTPResponse(status: 200))
        #expect(RawFrames.parse(server.output()).map(\.stream) == [3])
        #expect(server.engine.outstanding == 0)
    }

    @Test func `a request that was reset in the same read is never begun`() throws {
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        _ = server.exchange(RawFrames.preface + RawFrames.emptySettings)
        _ = server.exchange(RawFrames.headers(1, RawFrames.request(), end: true) + RawFrames.reset(1))
        #expect(sink.seen.isEmpty)
        // Nor is the unfinished one that took over its record.
        _ = server.exchange(
            RawFrames.headers(3, RawFrames.request(), end: true) + RawFrames.reset(3)
                + RawFrames.headers(5, RawFrames.request(path: "/unfinished", method: "POST"), end: false))
        #expect(sink.seen.isEmpty)
        #expect(server.engine.openStreams == 1)
    }

    @Test func `answers after the connection's end are dropped`() throws {
        let kept = Kept()
        let server = try ServerHarness(sink: RecordingSink { _, responder in kept.keep(responder) })
        let client = try ClientHarness()
        client.send(.get, "/")
        client.converse(with: server)
        server.engine.close()
        kept.take().first?.respond(HTTPResponse(status: 200))
        #expect(server.output().isEmpty)
    }

    @Test func `dispatching stops at its deadline and goes on later`() throws {
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        let client = try ClientHarness()
        for _ in 0..<5 { client.send(.get, "/") }
        server.receive(client.output())
        server.engine.dispatch(until: 0)
        #expect(sink.seen.count == 1)
        #expect(server.engine.hasReadyRequests)
        server.engine.dispatch(until: .max)
        #expect(sink.seen.count == 5)
        #expect(!server.engine.hasReadyRequests)
    }

    @Test func `a queue that never runs empty doesn't grow`() throws {
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in responder.respond(HTTPResponse(status: 204)) })
        let client = try ClientHarness()
        client.send(.get, "/")
        for _ in 0..<5000 {
            client.send(.get, "/")
            server.receive(client.output())
            server.engine.dispatch(until: 0)
            while let chunk = server.engine.nextOutput() { client.receive(Array(chunk)) }
        }
        #expect(client.results.count == 5000)
        #expect(server.engine.hasReadyRequests)
        #expect(server.engine.ready.count < 1000)
    }

    @Test func `expecting clients are told to continue`() throws {
        let server = try ServerHarness(sink: RecordingSink())
        _ = server.exchange(RawFrames.preface + RawFrames.emptySettings)
        let interim = server.exchange(
            RawFrames.headers(1, RawFrames.request(method: "POST") + [("expect", "100-continue")], end: false))
        #expect(RawFrames.parse(interim).map(\.type) == [1])
        #expect(RawFrames.parse(interim).first.map { $0.flags & 1 } == 0)
        let final = server.exchange(RawFrames.data(1, [1, 2], end: true))
        #expect(RawFrames.parse(final).map(\.type) == [1, 0])
    }

    @Test func `standing fields are sent before an answer's own`() throws {
        let standing = try #require(StandingFields([("x-a", "1"), ("X-B", "two")]))
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in
                responder.respond(HTTPResponse(status: 200, standing: standing, headers: [("X-Own", "3")], body: [7]))
            })
        let client = try ClientHarness()
        for _ in 0..<3 { client.send(.get, "/") }
        client.converse(with: server)
        for number in 0..<3 {
            let headers = try #require(client.response(number)?.headers)
            #expect(headers.first("x-a") == "1" && headers.first("x-b") == "two" && headers.first("x-own") == "3")
            #expect(headers.first("content-length") == "1" && headers.count == 5)
        }
    }

    @Test func `the sink hears of the end of each turn, after its requests`() throws {
        let sink = TurnSink()
        let server = try ServerHarness(sink: sink)
        let client = try ClientHarness()
        for turn in 1...2 {
            for _ in 0..<5 { client.send(.get, "/") }
            client.converse(with: server)
            #expect(sink.events.suffix(6) == ["in", "in", "in", "in", "in", "end"], "turn \(turn)")
            #expect(!server.connection.isInTurn)
        }
    }

    @Test func `turns that end in one round of the loop are one end to the sink`() throws {
        let sink = TurnSink()
        var later: [() -> Void] = []
        let turns = TurnEnds(sink: sink) { later.append($0) }
        let servers = try (0..<3).map { _ in try ServerHarness(sink: sink, turns: turns) }
        for round in 1...2 {
            for server in servers {
                let client = try ClientHarness()
                for _ in 0..<2 { client.send(.get, "/") }
                client.converse(with: server)
            }
            #expect(later.count == 1, "round \(round)")
            for work in later { work() }
            later = []
            #expect(sink.events.suffix(7) == ["in", "in", "in", "in", "in", "in", "end"])
        }
    }
}

/// Notes in what order it is called.
private final class TurnSink: RequestSink {
    private let noted = Mutex<[String]>([])

    /// Without the ends of turns that brought nothing.
    var events: [String] {
        noted.withLock { noted in
            noted.indices.filter { noted[$0] == "in" || ($0 > 0 && noted[$0 - 1] == "in") }.map { noted[$0] }
        }
    }

    func bodyLimit(method: HTTPMethod, path: String) -> Int { 0 }

    func handle(_ request: HTTPRequest, _ responder: Responder) {
        noted.withLock { $0.append(request.connection.isInTurn ? "in" : "out") }
        responder.respond(HTTPResponse(status: 204))
    }

    func turnEnded() { noted.withLock { $0.append("end") } }
}
