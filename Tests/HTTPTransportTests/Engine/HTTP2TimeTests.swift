import Testing

@testable import HTTPTransport

@Suite("HTTP/2 engine: deadlines and shutdown")
struct HTTP2TimeTests {
    private static let ready = RawFrames.preface + RawFrames.emptySettings

    @Test func `a connection without a first request ends after ten seconds`() throws {
        let server = try ServerHarness(sink: RecordingSink())
        _ = server.exchange(HTTP2TimeTests.ready)
        server.tick(after: 9)
        #expect(server.output().isEmpty)
        server.tick(after: 1)
        #expect(RawFrames.parse(server.output()).map(\.type) == [7])
        #expect(server.engine.isFinished)
    }

    @Test func `an idle connection is ended in two steps`() throws {
        let server = try ServerHarness(sink: RecordingSink())
        _ = server.exchange(HTTP2TimeTests.ready + RawFrames.headers(1, RawFrames.request(), end: true))
        server.tick(after: 89)
        _ = server.exchange(RawFrames.ping())
        server.tick(after: 1)
        let notice = RawFrames.parse(server.output())
        #expect(notice.map(\.type).sorted() == [6, 7])
        #expect(!server.engine.isFinished)
        server.tick(after: 1)
        let last = RawFrames.parse(server.output())
        #expect(last.map(\.type) == [7])
        #expect(last.first?.payload.prefix(4) == [0, 0, 0, 1])
        #expect(server.engine.isFinished)
    }

    @Test func `a body that does not come is answered 408`() throws {
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        _ = server.exchange(HTTP2TimeTests.ready + RawFrames.headers(1, RawFrames.request(method: "POST"), end: false))
        server.tick(after: 20)
        #expect(server.exchange(RawFrames.data(1, [1], end: false)).isEmpty)
        server.tick(after: 10)
        let answer = RawFrames.parse(server.output())
        #expect(answer.map(\.type) == [1, 0])
        #expect(String(decoding: answer[1].payload, as: UTF8.self).contains("RequestTimeout"))
        #expect(server.load.bufferedBodyBytes == 0)
    }

    @Test func `a first header block has the ten seconds of a first request, whenever it begins`() throws {
        let server = try ServerHarness(sink: RecordingSink())
        _ = server.exchange(HTTP2TimeTests.ready)
        server.tick(after: 9)
        _ = server.exchange(RawFrames.frame(type: 1, flags: 0, stream: 1, RawFrames.block(RawFrames.request())))
        #expect(server.output().isEmpty && !server.engine.isFinished)
        server.tick(after: 1)
        let last = RawFrames.parse(server.output())
        #expect(last.map(\.type) == [7] && last.first?.payload.suffix(4) == [0, 0, 0, 11])
        #expect(server.engine.isFinished)
    }

    @Test func `a later header block that does not end ends the connection after thirty seconds`() throws {
        let server = try ServerHarness(sink: RecordingSink())
        _ = server.exchange(HTTP2TimeTests.ready + RawFrames.headers(1, RawFrames.request(), end: true))
        _ = server.exchange(RawFrames.frame(type: 1, flags: 0, stream: 3, RawFrames.block(RawFrames.request())))
        server.tick(after: 29)
        #expect(server.output().isEmpty && !server.engine.isFinished)
        server.tick(after: 1)
        #expect(RawFrames.parse(server.output()).map(\.type) == [7])
        #expect(server.engine.isFinished)
    }

    @Test func `an answer that the peer's window never lets out is cancelled`() throws {
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in
                responder.respond(HTTPResponse(status: 200, body: Array(repeating: 1, count: 1000)))
            })
        // SETTINGS_INITIAL_WINDOW_SIZE = 0
        let noWindow = RawFrames.frame(type: 4, flags: 0, stream: 0, [0, 4, 0, 0, 0, 0])
        _ = server.exchange(RawFrames.preface + noWindow + RawFrames.headers(1, RawFrames.request(), end: true))
        #expect(server.engine.openStreams == 1)
        server.tick(after: 30)
        let answer = RawFrames.parse(server.output())
        #expect(answer.map(\.type) == [3])
        #expect(answer.first?.payload == [0, 0, 0, 8])
        #expect(server.engine.openStreams == 0)
    }

    @Test func `no time of a stream runs while the channel takes nothing`() throws {
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in
                responder.respond(HTTPResponse(status: 200, body: Array(repeating: 1, count: 1000)))
            })
        server.receive(HTTP2TimeTests.ready + RawFrames.headers(1, RawFrames.request(), end: true))
        server.receive(RawFrames.headers(3, RawFrames.request(method: "POST"), end: false))
        server.engine.dispatch(until: .max)
        server.tick(after: 40, isHeld: true)
        server.tick(after: 29)
        // Settings, their acknowledgement, and the one answer.
        #expect(RawFrames.parse(server.output()).map(\.type) == [4, 4, 1, 0])
        server.tick(after: 1)
        #expect(RawFrames.parse(server.output()).first?.stream == 3)
    }

    @Test func `a channel that takes nothing now and then gives a body no more time`() throws {
        let server = try ServerHarness(sink: RecordingSink())
        _ = server.exchange(HTTP2TimeTests.ready + RawFrames.headers(1, RawFrames.request(method: "POST"), end: false))
        for _ in 0..<29 {
            server.tick(after: 1)
            server.tick(after: 1, isHeld: true)
        }
        #expect(server.output().isEmpty)
        server.tick(after: 1)
        #expect(RawFrames.parse(server.output()).map(\.type) == [1, 0])
    }

    @Test func `an answer that waits for another one is not cancelled`() throws {
        let server = try ServerHarness(
            sink: RecordingSink { request, responder in
                let count = request.path == "/long" ? 200_000 : 1000
                responder.respond(HTTPResponse(status: 200, body: Array(repeating: 1, count: count)))
            })
        // SETTINGS_INITIAL_WINDOW_SIZE = 1 MiB: only the connection's window holds something back.
        let wide = RawFrames.frame(type: 4, flags: 0, stream: 0, [0, 4, 0, 16, 0, 0])
        let long = RawFrames.headers(1, RawFrames.request(path: "/long"), end: true)
        let short = RawFrames.headers(3, RawFrames.request(path: "/short"), end: true)
        _ = server.exchange(RawFrames.preface + wide + long + short)
        server.tick(after: 20)
        _ = server.exchange(RawFrames.frame(type: 8, flags: 0, stream: 0, [0, 0, 0x27, 0x10]))
        server.tick(after: 29)
        #expect(server.output().isEmpty && server.engine.openStreams > 0)
        server.tick(after: 1)
        #expect(RawFrames.parse(server.output()).allSatisfy { $0.type == 3 })
        #expect(server.engine.openStreams == 0)
    }

    @Test func `shutdown serves what is open and what crosses its notice`() throws {
        let kept = Kept()
        let server = try ServerHarness(sink: RecordingSink { _, responder in kept.keep(responder) })
        _ = server.exchange(HTTP2TimeTests.ready + RawFrames.headers(1, RawFrames.request(), end: true))
        server.engine.beginShutdown(now: server.now)
        let notice = RawFrames.parse(server.output())
        let goAway = try #require(notice.first { $0.type == 7 })
        #expect(goAway.payload.prefix(4) == [0x7F, 0xFF, 0xFF, 0xFF])
        let ping = try #require(notice.first { $0.type == 6 })
        // This request was on its way when the notice left.
        _ = server.exchange(RawFrames.headers(3, RawFrames.request(), end: true))
        #expect(kept.count == 2)
        let last = RawFrames.parse(server.exchange(RawFrames.frame(type: 6, flags: 1, stream: 0, ping.payload)))
        #expect(last.first { $0.type == 7 }?.payload.prefix(4) == [0, 0, 0, 3])
        #expect(!server.engine.isFinished)
        // Later ones are not begun.
        _ = server.exchange(RawFrames.headers(5, RawFrames.request(), end: true))
        #expect(kept.count == 2)
        for responder in kept.take() { responder.respond(HTTPResponse(status: 200)) }
        #expect(RawFrames.parse(server.output()).filter { $0.type == 1 }.map(\.stream) == [1, 3])
        #expect(server.engine.isFinished)
    }
}
