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
        _ = server.exchange(window(0, 10_000))
        // 75,535 bytes have left, which earn 138 seconds.
        server.tick(after: 148)
        #expect(server.output().isEmpty && server.engine.openStreams > 0)
        server.tick(after: 1)
        #expect(RawFrames.parse(server.output()).allSatisfy { $0.type == 3 })
        #expect(server.engine.openStreams == 0)
    }

    /// WINDOW_UPDATE.
    private func window(_ stream: UInt32, _ count: UInt32) -> [UInt8] {
        let payload = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> UInt32($0)) }
        return RawFrames.frame(type: 8, flags: 0, stream: stream, payload)
    }

    @Test func `a byte of window now and then keeps no answer alive, whatever else is answered`() throws {
        let server = try ServerHarness(
            sink: RecordingSink { request, responder in
                let count = request.path == "/none" ? 0 : 1000
                responder.respond(HTTPResponse(status: 200, body: Array(repeating: 1, count: count)))
            })
        // SETTINGS_INITIAL_WINDOW_SIZE = 0
        let noWindow = RawFrames.frame(type: 4, flags: 0, stream: 0, [0, 4, 0, 0, 0, 0])
        let starved = [UInt32(1), 3].flatMap { RawFrames.headers($0, RawFrames.request(), end: true) }
        _ = server.exchange(RawFrames.preface + noWindow + starved)
        for round in UInt32(0)..<3 {
            server.tick(after: 9)
            let other = RawFrames.headers(5 + 2 * round, RawFrames.request(path: "/none"), end: true)
            let frames = RawFrames.parse(server.exchange(window(1, 1) + window(3, 1) + other))
            #expect(frames.map(\.type).sorted() == [0, 0, 1])
            server.tick(after: 1)
            #expect(server.output().isEmpty && server.engine.openStreams == 2)
        }
        server.tick(after: 1)
        #expect(RawFrames.parse(server.output()).map(\.type) == [3, 3])
        #expect(server.engine.openStreams == 0)
    }

    @Test func `a byte of the connection's window now and then keeps no answer alive`() throws {
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in
                responder.respond(HTTPResponse(status: 200, body: Array(repeating: 1, count: 200_000)))
            })
        // SETTINGS_INITIAL_WINDOW_SIZE = 1 MiB
        let wide = RawFrames.frame(type: 4, flags: 0, stream: 0, [0, 4, 0, 16, 0, 0])
        let requests = [UInt32(1), 3].flatMap { RawFrames.headers($0, RawFrames.request(), end: true) }
        _ = server.exchange(RawFrames.preface + wide + requests)
        for _ in 0..<7 {
            server.tick(after: 20)
            #expect(RawFrames.parse(server.exchange(window(0, 1))).map(\.type) == [0])
        }
        server.tick(after: 9)
        #expect(server.output().isEmpty && server.engine.openStreams == 2)
        // The 65,535 bytes at the beginning earned 120 seconds.
        server.tick(after: 2)
        #expect(RawFrames.parse(server.output()).map(\.type) == [3, 3])
        #expect(server.engine.openStreams == 0)
    }

    @Test func `a slow client that gives room by halves of its window gets its answer`() throws {
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in
                responder.respond(HTTPResponse(status: 200, body: Array(repeating: 1, count: 200_000)))
            })
        func bodyBytes(_ output: [UInt8]) -> Int {
            RawFrames.parse(output).filter { $0.type == 0 }.reduce(0) { $0 + $1.payload.count }
        }
        var count = bodyBytes(
            server.exchange(HTTP2TimeTests.ready + RawFrames.headers(1, RawFrames.request(), end: true)))
        #expect(count == 65_535)
        // 16 KiB in half a minute, and hardly more.
        for _ in 0..<5 {
            server.tick(after: 59)
            count += bodyBytes(server.exchange(window(0, 32 * 1024) + window(1, 32 * 1024)))
        }
        #expect(count == 200_000 && server.engine.openStreams == 0)
    }

    @Test func `time is earned for bytes, and some minutes ahead at most`() {
        let second = ServerHarness.second
        var pace = Pace(stall: 16 * 1024, now: 1000)
        pace.sent(10, now: 1000)
        pace.sent(10, now: 5000)
        #expect(pace.earned == 1020)
        pace.begin(now: 5000)
        pace.begin(now: 4000)
        pace.waited(7, now: 5007)
        #expect(pace.earned == 5007)
        pace.sent(1 << 20, now: 6000)
        #expect(pace.earned == 6000 + 128 * 1024)
        var longest = Pace(stall: .max, now: second)
        for _ in 0..<1000 { longest.sent(16 * 1024, now: second) }
        #expect(longest.earned > second)
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
