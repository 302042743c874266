import Foundation
import NIOCore
import Synchronization
import Testing

@testable import HTTPTransport

@Suite("Server: HTTP/1.1", .serialized)
struct HTTP1Tests {
    private func converse(
        _ text: String, sink: RecordingSink = RecordingSink(),
        configure: (inout HTTPServerConfiguration) -> Void = { _ in }
    ) async throws -> (text: String, ending: RawSocket.Ending?) {
        try await TestServer.run(tls: false, sink: sink, configure: configure) { server in
            let socket = try #require(RawSocket(port: server.port))
            socket.send(text)
            return await socket.read()
        }
    }

    @Test(arguments: [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX0\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\tfolded\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\u{0}c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX y: b\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
        "GET /\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        "G\u{1}T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
        "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{FC}",
    ])
    func `ambiguous and malformed requests are answered 400, and the connection ends`(text: String) async throws {
        let sink = RecordingSink()
        // What follows is what an attacker would have taken for the next request.
        let (answer, ending) = try await converse(text + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n", sink: sink)
        #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
        #expect(answer.contains("content-type: application/json; charset=utf-8\r\n"))
        #expect(answer.contains("connection: close\r\n"))
        #expect(answer.contains(#"{"error":{"code":"BadParameter","message":""#))
        #expect(answer.split(separator: "HTTP/1.1 ").count == 1)
        #expect(ending == .closed)
        #expect(sink.seen.isEmpty)
    }

    @Test func `a probe without a body keeps its connection`() async throws {
        let sink = RecordingSink { _, responder in
            responder.respond(HTTPResponse(status: 401, headers: [("WWW-Authenticate", "Bearer")]))
        }
        try await TestServer.run(tls: false, sink: sink) { server in
            let socket = try #require(RawSocket(port: server.port))
            for _ in 0..<3 {
                socket.send("POST /keys/k/sign HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
                let (answer, ending) = await socket.read(until: "\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 401 Unauthorized\r\n"))
                #expect(answer.contains("WWW-Authenticate: Bearer\r\n"))
                #expect(answer.contains("content-length: 0\r\n"))
                #expect(!answer.contains("connection: close"))
                #expect(ending == nil)
            }
            #expect(server.server.openConnections == 1)
        }
        #expect(sink.seen.count == 3)
        #expect(sink.seen.allSatisfy { $0.version == .http1_1 && $0.authority == "a" && !$0.connection.isEncrypted })
    }

    @Test func `pipelined requests are answered in order`() async throws {
        // The first answer is ready last.
        let kept = Kept()
        let sink = RecordingSink { request, responder in
            guard request.path != "/1" else { return kept.keep(responder) }
            Thread.detachNewThread {
                responder.respond(HTTPResponse(status: 200, body: Array("[\(request.path)]".utf8)))
            }
        }
        try await TestServer.run(tls: false, sink: sink) { server in
            let socket = try #require(RawSocket(port: server.port))
            socket.send(
                "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
                    + "GET http://b:1/2?q HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
            try #require(await eventually { kept.count == 1 })
            try await server.letLoopTurn()
            for responder in kept.take() { responder.respond(HTTPResponse(status: 200, body: Array("[/1]".utf8))) }
            let (answer, _) = await socket.read(until: "[/3]")
            let order = ["[/1]", "[/2]", "[/3]"].compactMap { answer.range(of: $0)?.lowerBound }
            #expect(order.count == 3)
            #expect(order == order.sorted())
        }
        #expect(sink.seen.map(\.body) == [Array("abcde".utf8), [], []])
        #expect(sink.seen.map(\.authority) == ["a", "b:1", "a"])
    }

    @Test func `an answer under way outlives what follows its request and can't be read`() async throws {
        let kept = Kept()
        let sink = RecordingSink { _, responder in kept.keep(responder) }
        try await TestServer.run(tls: false, sink: sink) { server in
            let socket = try #require(RawSocket(port: server.port))
            socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n\u{1}\u{2}\u{3}")
            try #require(await eventually { kept.count == 1 })
            try await server.letLoopTurn()
            for responder in kept.take() { responder.respond(HTTPResponse(status: 200)) }
            let (answers, ending) = await socket.read()
            #expect(answers.hasPrefix("HTTP/1.1 200 "))
            #expect(answers.contains("HTTP/1.1 400 "))
            #expect(ending == .closed)
        }
    }

    /// Each answer lets the next request in. Written from in there, they would stand on one another's stacks.
    @Test func `thousands of requests behind one that takes long are answered`() async throws {
        let kept = Kept()
        let sink = RecordingSink { request, responder in
            if request.path == "/long" { kept.keep(responder) } else { responder.respond(HTTPResponse(status: 204)) }
        }
        let requests = String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 5000)
        try await TestServer.run(tls: false, sink: sink) { server in
            let socket = try #require(RawSocket(port: server.port))
            // The server reads in larger pieces the more it finds: the later rounds are the hard ones.
            for _ in 0..<4 {
                socket.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n" + requests)
                // All of them are on their way, and as many as one read takes behind the one that is kept.
                try #require(await eventually { kept.count == 1 })
                async let answers = socket.read(until: "HTTP/1.1 204 ", count: 5000)
                for responder in kept.take() { responder.respond(HTTPResponse(status: 200)) }
                #expect(await answers.ending == nil)
            }
        }
        #expect(sink.seen.count == 4 * 5001)
    }

    @Test func `answers aren't made for a peer that takes none`() async throws {
        let body = [UInt8](repeating: 65, count: 60_000)
        let kept = Kept()
        let sink = RecordingSink { request, responder in
            if request.path == "/long" {
                kept.keep(responder)
            } else {
                responder.respond(HTTPResponse(status: 200, body: body))
            }
        }
        let requests = String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 1000)
        try await TestServer.run(tls: false, sink: sink) { server in
            let socket = try #require(RawSocket(port: server.port))
            socket.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n" + requests)
            try #require(await eventually { kept.count == 1 })
            for responder in kept.take() { responder.respond(HTTPResponse(status: 200)) }
            // Until the server makes no more of them.
            var count = 0
            while sink.seen.count == 1 || sink.seen.count > count {
                count = sink.seen.count
                try await server.letLoopTurn()
            }
            // What the kernel holds for both sides, and not sixty megabytes.
            #expect((2..<300).contains(count))
            let (answers, _) = await socket.read(until: "HTTP/1.1 200 ", count: count + 50)
            #expect(answers.utf8.count > 60_000 * 50)
        }
    }

    /// A thousand answers take longer than a slice: whoever else is on the loop is served in between.
    @Test func `a long pipeline leaves the loop to others`() async throws {
        let mayGoOn = DispatchSemaphore(value: 0)
        let halt = 300
        let count = Atomic<Int>(0)
        let sink = RecordingSink { request, responder in
            if request.path == "/" {
                let number = count.add(1, ordering: .relaxed).newValue
                // The loop stands here until the other request has been sent.
                if number == halt { mayGoOn.wait() }
                if number >= halt { Thread.sleep(forTimeInterval: 0.001) }
            }
            responder.respond(HTTPResponse(status: request.path == "/" ? 204 : 200))
        }
        try await TestServer.run(tls: false, sink: sink) { server in
            let greedy = try #require(RawSocket(port: server.port))
            let modest = try #require(RawSocket(port: server.port))
            modest.send("GET /accepted HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await modest.read(until: "\r\n\r\n").ending == nil)
            async let answers = greedy.read(until: "HTTP/1.1 204 ", count: 1000)
            greedy.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 1000))
            let isThere = await eventually { count.load(ordering: .relaxed) == halt }
            modest.send("GET /modest HTTP/1.1\r\nHost: a\r\n\r\n")
            mayGoOn.signal()
            #expect(isThere)
            #expect(await modest.read(until: "HTTP/1.1 200 ").ending == nil)
            let position = sink.seen.firstIndex { $0.path == "/modest" } ?? .max
            #expect(position < halt + 50)
            #expect(await answers.ending == nil)
        }
    }

    /// Behind a listener: keeps the connection that it has accepted last.
    private final class Accepted: ChannelInboundHandler {
        typealias InboundIn = any Channel
        final class Box: Sendable { let channel = Mutex<(any Channel)?>(nil) }
        private let box: Box

        init(_ box: Box) { self.box = box }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let channel = unwrapInboundIn(data)
            box.channel.withLock { $0 = channel }
            context.fireChannelRead(data)
        }
    }

    /// They are decoded as they are read, and held that way: thousands of them would take megabytes.
    @Test func `few requests are read behind one that isn't answered yet`() async throws {
        try await TestServer.run(tls: false) { server in
            let (listener, box) = (try #require(server.server.listener), Accepted.Box())
            try await listener.eventLoop.submit {
                try listener.pipeline.syncOperations.addHandler(Accepted(box))
            }.get()
            let socket = try #require(RawSocket(port: server.port))
            socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await socket.read(until: "\r\n\r\n").text.hasPrefix("HTTP/1.1 200 "))
            try #require(await eventually { box.channel.withLock { $0 != nil } })
            let channel = try #require(box.channel.withLock { $0 })
            #expect(try await channel.getOption(.maxMessagesPerRead).get() == 1)
            var buffers = try await channel.getOption(.recvAllocator).get()
            for _ in 0..<100 { _ = buffers.record(actualReadBytes: 1 << 20) }
            #expect(buffers.buffer(allocator: ByteBufferAllocator()).capacity <= 16 * 1024)
        }
    }

    @Test func `HEAD has the length and not the content`() async throws {
        let sink = RecordingSink { _, responder in responder.respond(HTTPResponse(status: 200, body: [65, 66, 67])) }
        let (answer, ending) = try await converse("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", sink: sink)
        #expect(answer.contains("content-length: 3\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
        #expect(ending == .closed)
    }

    @Test func `HTTP/1.0 ends after its answer unless asked not to`() async throws {
        let (answer, ending) = try await converse("GET / HTTP/1.0\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.contains("connection: close\r\n"))
        #expect(ending == .closed)
        try await TestServer.run(tls: false) { server in
            let socket = try #require(RawSocket(port: server.port))
            socket.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            let (answer, ending) = await socket.read(until: "\r\n\r\n")
            #expect(answer.contains("connection: keep-alive\r\n"))
            #expect(ending == nil)
        }
    }

    /// What follows is for another protocol, so nobody reads it as a request, and nobody may keep it.
    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nab",
        "CONNECT * HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT https://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
    ])
    func `a wish for another protocol is answered, and the connection ends`(text: String) async throws {
        let sink = RecordingSink()
        let (answer, ending) = try await converse(text + "GET /next HTTP/1.1\r\nHost: a\r\n\r\n", sink: sink)
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(answer.contains("connection: close\r\n"))
        #expect(answer.split(separator: "HTTP/1.1 ").count == 1)
        #expect(ending == .closed)
        #expect(sink.seen.count == 1)
    }

    @Test func `bodies over the limit are answered 413`() async throws {
        let sink = RecordingSink(bodyLimit: 10)
        let declared = try await converse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", sink: sink)
        #expect(declared.text.hasPrefix("HTTP/1.1 413 "))
        #expect(declared.ending == .closed)
        let chunked = try await converse(
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n",
            sink: sink)
        #expect(chunked.text.hasPrefix("HTTP/1.1 413 "))
        #expect(chunked.text.contains("RequestBodyTooLarge"))
        #expect(chunked.ending == .closed)
        let exact = try await converse(
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 10\r\n\r\n0123456789", sink: sink)
        #expect(exact.text.hasSuffix("0123456789"))
        #expect(sink.seen.count == 1)
    }

    @Test func `header fields over the limit are answered 431`() async throws {
        let long = String(repeating: "v", count: 40_000)
        for fields in ["X: \(long)\r\n", String(repeating: "X: y\r\n", count: 200)] {
            let (answer, ending) = try await converse("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 431 "))
            #expect(answer.contains(#"{"error":{"code":"BadParameter""#))
            #expect(ending == .closed)
        }
        let unfinished = try await converse("GET / HTTP/1.1\r\nHost: a\r\nX: \(long)")
        #expect(unfinished.text.hasPrefix("HTTP/1.1 431 "))
    }

    @Test func `expectations are met or refused`() async throws {
        try await TestServer.run(tls: false) { server in
            let socket = try #require(RawSocket(port: server.port))
            socket.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n")
            #expect(await socket.read(until: "\r\n\r\n").text == "HTTP/1.1 100 Continue\r\n\r\n")
            socket.send("ab")
            #expect(await socket.read(until: "ab").text.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
        let (answer, _) = try await converse(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: coffee\r\nContent-Length: 2\r\n\r\nab")
        #expect(answer.hasPrefix("HTTP/1.1 417 "))
    }

    /// Which time counts when is in ``HTTP1TimeTests``. Here the server looks at it by itself.
    @Test func `slow heads, slow bodies and silent connections are ended`() async throws {
        let silent = try await converse("") { $0.timeouts.firstRequest = .short }
        #expect(silent.text == "" && silent.ending == .closed)
        // Counted from a request's first byte, however late that comes.
        let quick: (inout HTTPServerConfiguration) -> Void = { $0.timeouts.request = .short }
        let head = try await converse("GET / HTTP/1.1\r\nHost:", configure: quick)
        #expect(head.text.hasPrefix("HTTP/1.1 408 ") && head.ending == .closed)
        let body = try await converse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc", configure: quick)
        #expect(body.text.hasPrefix("HTTP/1.1 408 ") && body.ending == .closed)
        #expect(body.text.contains("RequestTimeout"))
    }

    @Test func `a reader that takes nothing is ended, and nothing more is read from it`() async throws {
        let sink = RecordingSink { _, responder in
            responder.respond(HTTPResponse(status: 200, body: Array(repeating: 65, count: 300_000)))
        }
        try await TestServer.run(tls: false, sink: sink, configure: { $0.timeouts.writeStall = .milliseconds(500) }) {
            server in
            let socket = try #require(RawSocket(port: server.port))
            socket.shrinkReceiveBuffer()
            for _ in 0..<1000 { socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
            try #require(await eventually { !sink.seen.isEmpty })
            #expect(await eventually { server.server.openConnections == 0 })
            // The socket's buffer takes a few answers, ours one more.
            #expect(sink.seen.count < 100)
            // It was there all the time: the server left it, and not the other way round.
            #expect(await socket.read().ending == .closed)
        }
    }

    @Test func `mutated requests never bring the server down`() async throws {
        let sample = Array(
            ("POST /keys/k HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nAuthorization: Bearer x\r\n\r\nabcde"
                + "GET /k HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").utf8)
        try await TestServer.run(tls: false) { server in
            var random = SeededRandom(seed: 7)
            for _ in 0..<400 {
                var bytes = sample
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                RawSocket(port: server.port)?.send(bytes)
            }
            let socket = try #require(RawSocket(port: server.port))
            socket.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await socket.read(until: "\r\n\r\n").text.hasPrefix("HTTP/1.1 200 "))
        }
    }
}
