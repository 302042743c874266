import Testing

@testable import HTTPTransport

@Suite("HTTP/2 engine: limits and attacks")
struct HTTP2LimitTests {
    private static let ready = RawFrames.preface + RawFrames.emptySettings
    private static let goAway: UInt8 = 7
    private static let reset: UInt8 = 3

    private func frames(_ bytes: [UInt8], of type: UInt8) -> [[UInt8]] {
        RawFrames.parse(bytes).filter { $0.type == type }.map(\.payload)
    }

    @Test func `a declared body over the limit is answered 413 before it is sent`() throws {
        let sink = RecordingSink(bodyLimit: 100)
        let server = try ServerHarness(sink: sink)
        let client = try ClientHarness()
        client.send(.post, "/", body: Array(repeating: 1, count: 101))
        client.send(.post, "/", body: Array(repeating: 1, count: 100))
        client.converse(with: server)
        #expect(client.response(0)?.status == 413)
        #expect(client.response(0)?.text.hasPrefix(#"{"error":{"code":"RequestBodyTooLarge","message":"#) == true)
        #expect(client.response(1)?.status == 200)
        #expect(sink.seen.count == 1)
        #expect(server.engine.openStreams == 0)
    }

    @Test(arguments: ["end", "flood", "silence"])
    func `an undeclared body over the limit is answered 413 and thrown away`(rest: String) throws {
        let sink = RecordingSink(bodyLimit: 100)
        let server = try ServerHarness(sink: sink)
        _ = server.exchange(HTTP2LimitTests.ready + RawFrames.headers(1, RawFrames.request(method: "POST"), end: false))
        let fields = server.load.bufferedBodyBytes
        #expect(server.exchange(RawFrames.data(1, Array(repeating: 1, count: 100), end: false)).isEmpty)
        #expect(server.load.bufferedBodyBytes == fields + 100)
        let answer = server.exchange(RawFrames.data(1, [1], end: false))
        #expect(RawFrames.parse(answer).map(\.type) == [1, 0])
        #expect(server.load.bufferedBodyBytes == 0)
        #expect(server.engine.openStreams == 1)
        switch rest {
        case "end":
            #expect(server.exchange(RawFrames.data(1, [1], end: true)).isEmpty)
        case "flood":
            var resets: [[UInt8]] = []
            for _ in 0..<80 {
                let answer = server.exchange(RawFrames.data(1, Array(repeating: 1, count: 16_000), end: false))
                resets += frames(answer, of: HTTP2LimitTests.reset)
            }
            #expect(resets == [[0, 0, 0, 0]])
        default:
            server.tick(after: 5)
            #expect(frames(server.output(), of: HTTP2LimitTests.reset) == [[0, 0, 0, 0]])
        }
        #expect(sink.seen.isEmpty)
        #expect(server.engine.openStreams == 0)
    }

    @Test func `a body that differs from its declared length is a stream error`() throws {
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        let fields = RawFrames.request(method: "POST") + [("content-length", "5")]
        _ = server.exchange(HTTP2LimitTests.ready + RawFrames.headers(1, fields, end: false))
        let answer = server.exchange(RawFrames.data(1, [1, 2, 3, 4], end: true))
        #expect(frames(answer, of: HTTP2LimitTests.reset) == [[0, 0, 0, 1]])
        #expect(sink.seen.isEmpty)
        #expect(server.load.bufferedBodyBytes == 0)
    }

    @Test(arguments: [false, true])
    func `unfinished bodies of one connection are bounded together`(isBeforeFields: Bool) throws {
        var limits = TransportLimits()
        limits.maximumBufferedBodyBytes = 4000
        let server = try ServerHarness(sink: RecordingSink(bodyLimit: 5000), limits: limits)
        let post = RawFrames.request(method: "POST")
        _ = server.exchange(HTTP2LimitTests.ready + RawFrames.headers(1, post, end: false))
        let fields = server.load.bufferedBodyBytes
        #expect((100..<300).contains(fields))
        // A single body may be as large as its route allows.
        let count = isBeforeFields ? 4500 : 3000
        #expect(server.exchange(RawFrames.data(1, Array(repeating: 1, count: count), end: false)).isEmpty)
        var answer = server.exchange(RawFrames.headers(3, post, end: false))
        if !isBeforeFields {
            #expect(answer.isEmpty && server.load.bufferedBodyBytes == 2 * fields + count)
            answer = server.exchange(RawFrames.data(3, Array(repeating: 1, count: 1000), end: false))
        }
        #expect(RawFrames.parse(answer).map(\.type) == [1, 0])
        #expect(server.load.bufferedBodyBytes == fields + count)
        server.engine.close()
        #expect(server.load.bufferedBodyBytes == 0)
    }

    @Test func `fields that wait for their bodies are bounded too`() throws {
        let server = try ServerHarness(sink: RecordingSink())
        // One literal of 4,000 bytes into the dynamic table; in all blocks seven times that.
        let start = RawFrames.block(RawFrames.request(method: "POST"))
        let literal = [0x40, 1, UInt8(ascii: "x"), 127, 0xA1, 0x1E] + Array(repeating: UInt8(ascii: "v"), count: 4000)
        let first = start + literal + Array(repeating: 0xBE, count: 6)
        let next = start + Array(repeating: 0xBE, count: 7)
        _ = server.exchange(HTTP2LimitTests.ready)
        #expect(server.exchange(RawFrames.frame(type: 1, flags: 4, stream: 1, first)).isEmpty)
        let each = server.load.bufferedBodyBytes
        try #require((28_000..<30_000).contains(each))
        var answers = 0
        for number in UInt32(1)..<100 {
            let output = server.exchange(RawFrames.frame(type: 1, flags: 4, stream: 2 * number + 1, next))
            answers += frames(output, of: 1).count
        }
        #expect(answers == 100 - (1 << 20) / each)
        #expect(server.load.bufferedBodyBytes == (1 << 20) / each * each)
        server.tick(after: 30)
        #expect(server.load.bufferedBodyBytes == 0)
    }

    @Test func `a body that is only declared takes little memory`() throws {
        let server = try ServerHarness(sink: RecordingSink(bodyLimit: 1 << 20))
        _ = server.exchange(HTTP2LimitTests.ready)
        let fields = RawFrames.request(method: "POST") + [("content-length", "\(1 << 20)")]
        _ = server.exchange(RawFrames.headers(1, fields, end: false))
        let record = try #require(server.engine.record(of: 1))
        #expect((64 * 1024..<256 * 1024).contains(record.body.capacity))
    }

    @Test func `a header list over the limit is answered 431`() throws {
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        let client = try ClientHarness()
        let large = (0..<3).map { ("x-\($0)", String(repeating: "v", count: 12_000)) }
        client.send(.get, "/", headers: large)
        client.send(.get, "/", headers: (0..<200).map { ("x-\($0)", "v") })
        client.send(.get, "/", headers: Array(large.dropLast()))
        client.converse(with: server)
        #expect(client.response(0)?.status == 431)
        #expect(client.response(1)?.status == 431)
        #expect(client.response(2)?.status == 200)
        #expect(sink.seen.count == 1)
    }

    @Test func `a block that unpacks to a multiple of the limit ends the connection`() throws {
        let server = try ServerHarness(sink: RecordingSink())
        _ = server.exchange(HTTP2LimitTests.ready)
        // One literal of 4,000 bytes into the dynamic table, then its index over and over.
        var block = RawFrames.block(RawFrames.request())
        block += [0x40, 1, UInt8(ascii: "x"), 127, 0xA1, 0x1E] + Array(repeating: UInt8(ascii: "v"), count: 4000)
        block += Array(repeating: 0xBE, count: 10_000)
        let answer = server.exchange(RawFrames.frame(type: 1, flags: 5, stream: 1, block))
        #expect(frames(answer, of: HTTP2LimitTests.goAway).first?.suffix(4) == [0, 0, 0, 11])
        #expect(server.engine.isFinished)
    }

    @Test func `a flood of CONTINUATION frames ends the connection`() throws {
        let server = try ServerHarness(sink: RecordingSink())
        _ = server.exchange(HTTP2LimitTests.ready)
        var bytes = RawFrames.frame(type: 1, flags: 0, stream: 1, RawFrames.block(RawFrames.request()))
        for _ in 0..<20 { bytes += RawFrames.frame(type: 9, flags: 0, stream: 1, []) }
        _ = server.exchange(bytes)
        #expect(server.engine.isFinished)
    }

    @Test func `rapid resets end the connection`() throws {
        var limits = TransportLimits()
        limits.streamResetBurst = 50
        let server = try ServerHarness(sink: RecordingSink(), limits: limits)
        _ = server.exchange(HTTP2LimitTests.ready)
        var ended: UInt32?
        for number in 0..<500 {
            let stream = UInt32(number * 2 + 1)
            _ = server.exchange(RawFrames.headers(stream, RawFrames.request(), end: true) + RawFrames.reset(stream))
            if server.engine.isFinished {
                ended = stream
                break
            }
        }
        let last = try #require(ended)
        #expect(last < 250)
    }

    @Test(arguments: ["ping", "settings", "window", "priority", "data"])
    func `a flood of frames that do nothing ends the connection`(kind: String) throws {
        let server = try ServerHarness(sink: RecordingSink())
        _ = server.exchange(HTTP2LimitTests.ready + RawFrames.headers(1, RawFrames.request(method: "POST"), end: false))
        let frame: [UInt8]
        switch kind {
        case "ping": frame = RawFrames.ping()
        case "settings": frame = RawFrames.emptySettings
        case "window": frame = RawFrames.frame(type: 8, flags: 0, stream: 0, [0, 0, 0, 1])
        case "priority": frame = RawFrames.frame(type: 2, flags: 0, stream: 5, [0, 0, 0, 0, 1])
        default: frame = RawFrames.data(1, [], end: false)
        }
        var count = 0
        while !server.engine.isFinished, count < 10_000 {
            _ = server.exchange(frame)
            count += 1
        }
        #expect((1000...2100).contains(count))
    }

    @Test func `requests pay for the frames around them`() throws {
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        _ = server.exchange(HTTP2LimitTests.ready)
        for number in 0..<2000 {
            let stream = UInt32(number * 2 + 1)
            var bytes = RawFrames.headers(stream, RawFrames.request(), end: true)
            for _ in 0..<10 { bytes += RawFrames.ping() }
            _ = server.exchange(bytes)
        }
        #expect(sink.seen.count == 2000)
        #expect(!server.engine.isFinished)
    }

    @Test func `answers pay for the room that is given for them in small pieces`() throws {
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in
                responder.respond(HTTPResponse(status: 200, body: Array(repeating: 1, count: 200_000)))
            })
        _ = server.exchange(HTTP2LimitTests.ready)
        // 4 KiB to the stream, and to the connection.
        let more: (UInt32) -> [UInt8] = { RawFrames.frame(type: 8, flags: 0, stream: $0, [0, 0, 0x10, 0]) }
        for number in UInt32(0)..<100 {
            let stream = 2 * number + 1
            var output = server.exchange(RawFrames.headers(stream, RawFrames.request(), end: true))
            for _ in 0..<50 where !server.engine.isFinished {
                output += server.exchange(more(stream) + more(0))
            }
            try #require(frames(output, of: 0).reduce(0) { $0 + $1.count } == 200_000)
        }
        #expect(!server.engine.isFinished)
    }

    @Test func `unread acknowledgements are bounded`() throws {
        let server = try ServerHarness(sink: RecordingSink())
        _ = server.exchange(HTTP2LimitTests.ready)
        for _ in 0..<200 { server.receive(RawFrames.ping()) }
        #expect(RawFrames.parse(server.output()).contains { $0.type == HTTP2LimitTests.goAway })
        #expect(server.engine.isFinished)
    }

    @Test(arguments: [false, true])
    func `streams over the limit are refused`(isLimitAcknowledged: Bool) throws {
        let kept = Kept()
        let server = try ServerHarness(sink: RecordingSink { _, responder in kept.keep(responder) })
        _ = server.exchange(HTTP2LimitTests.ready)
        if isLimitAcknowledged { _ = server.exchange(RawFrames.frame(type: 4, flags: 1, stream: 0, [])) }
        var answer: [UInt8] = []
        for number in 0..<101 {
            answer += server.exchange(RawFrames.headers(UInt32(number * 2 + 1), RawFrames.request(), end: true))
        }
        #expect(kept.count == 100)
        // A peer that can't know the limit yet may try again; one that does know it has broken the protocol.
        #expect(frames(answer, of: HTTP2LimitTests.reset) == (isLimitAcknowledged ? [] : [[0, 0, 0, 7]]))
        #expect(frames(answer, of: HTTP2LimitTests.goAway).count == (isLimitAcknowledged ? 1 : 0))
    }

    @Test func `work that outlives its streams is bounded`() throws {
        let kept = Kept()
        var limits = TransportLimits()
        limits.maximumConcurrentStreams = 10
        limits.streamResetBurst = 1000
        let server = try ServerHarness(
            sink: RecordingSink { _, responder in kept.keep(responder) }, limits: limits)
        _ = server.exchange(HTTP2LimitTests.ready)
        for number in 0..<100 {
            let stream = UInt32(number * 2 + 1)
            _ = server.exchange(RawFrames.headers(stream, RawFrames.request(), end: true))
            _ = server.exchange(RawFrames.reset(stream))
        }
        #expect(kept.count == 20)
    }

    @Test(arguments: [
        [(":method", "GET"), (":scheme", "https"), (":authority", "a")],
        [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":path", "/"), (":authority", "a")],
        [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a"), ("X-Upper", "1")],
        [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a"), ("connection", "close")],
        [
            (":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a"),
            ("transfer-encoding", "chunked"),
        ],
        [(":method", "GET"), (":scheme", "https"), (":path", "/"), ("x", "1"), (":authority", "a")],
        [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "a"), ("x", "1\r\ny: 2")],
    ])
    func `malformed header blocks are stream errors`(fields: [(String, String)]) throws {
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        _ = server.exchange(HTTP2LimitTests.ready)
        let answer = server.exchange(RawFrames.headers(1, fields, end: true))
        #expect(frames(answer, of: HTTP2LimitTests.reset) == [[0, 0, 0, 1]])
        #expect(sink.seen.isEmpty)
        _ = server.exchange(RawFrames.headers(3, RawFrames.request(), end: true))
        #expect(sink.seen.count == 1)
    }

    @Test(arguments: [
        RawFrames.request(path: "/a#b"),
        RawFrames.request(path: "a/b"),
        [(":method", "CONNECT"), (":authority", "a:1")],
        RawFrames.request() + [("authorization", "Bearer a"), ("authorization", "Bearer b")],
        RawFrames.request() + [("host", "other.example")],
    ])
    func `requests that make no sense are answered 400`(fields: [(String, String)]) throws {
        let sink = RecordingSink()
        let server = try ServerHarness(sink: sink)
        _ = server.exchange(HTTP2LimitTests.ready)
        let answer = server.exchange(RawFrames.headers(1, fields, end: true))
        #expect(RawFrames.parse(answer).allSatisfy { $0.stream == 1 })
        #expect(sink.seen.isEmpty)
        if let body = frames(answer, of: 0).first {
            #expect(String(decoding: body, as: UTF8.self).hasPrefix(#"{"error":{"code":"BadParameter","message":""#))
        } else {
            // libnghttp2 saw it first.
            #expect(frames(answer, of: HTTP2LimitTests.reset) == [[0, 0, 0, 1]])
        }
    }

    @Test func `a peer that does not speak HTTP/2 is left`() throws {
        let server = try ServerHarness(sink: RecordingSink())
        server.receive(Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        _ = server.output()
        #expect(server.engine.isFinished)
    }
}
