import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPTransport

/// How long a peer may take, without waiting for it: the moments are reckoned from the clock's readings before and
/// after what begins them.
@Suite("Server: HTTP/1.1 deadlines")
struct HTTP1TimeTests {
    private static let second: UInt64 = 1_000_000_000
    private static let whole = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let partialHead = "GET / HTTP/1.1\r\nHost:"
    private static let partialBody = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc"

    /// The server's end of a connection, without a socket.
    private final class Connection {
        let channel = EmbeddedChannel()
        private let initializer: ConnectionInitializer
        /// The clock before and after the last step.
        private var step: (before: UInt64, after: UInt64)

        init(sink: any RequestSink = RecordingSink()) throws {
            initializer = ConnectionInitializer(
                configuration: HTTPServerConfiguration(host: "127.0.0.1", port: 0, tls: nil), sink: sink,
                registry: ConnectionRegistry(), tls: nil)
            let before = MonotonicClock.now()
            try initializer.initialize(channel).wait()
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            step = (before, MonotonicClock.now())
        }

        func take(_ action: () throws -> Void) rethrows {
            step.before = MonotonicClock.now()
            try action()
            // What a turn has left for the next one, where the machine was slow.
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
            step.after = MonotonicClock.now()
        }

        func receive(_ text: String) throws { try take { try channel.writeInbound(ByteBuffer(string: text)) } }

        func turn(isWritable: Bool) {
            take {
                channel.isWritable = isWritable
                channel.pipeline.fireChannelWritabilityChanged()
            }
        }

        func check(at time: UInt64) throws {
            let handler = try channel.pipeline.syncOperations.handler(type: HTTP1Handler.self)
            handler.check(try channel.pipeline.syncOperations.context(handler: handler), now: time)
        }

        /// Whether it is there still just before `seconds` have passed since the last step.
        func outlasts(_ seconds: UInt64) throws -> Bool {
            try check(at: step.before + seconds * HTTP1TimeTests.second - 1)
            return try channel.isActive && written().isEmpty
        }

        /// What it is told once they have passed, if it has been ended.
        func ending(after seconds: UInt64) throws -> String? {
            try check(at: step.after + seconds * HTTP1TimeTests.second)
            let text = try written()
            // Behind an answer it stays for a moment, and is closed then.
            channel.embeddedEventLoop.advanceTime(by: .seconds(2))
            return channel.isActive ? nil : text
        }

        func written() throws -> String {
            var text = ""
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
            return text
        }
    }

    @Test(arguments: [false, true])
    func `the last answer has thirty seconds to leave`(leaves: Bool) throws {
        let connection = try Connection()
        let output = SlowOutput()
        try connection.channel.pipeline.syncOperations.addHandler(output, position: .first)
        try connection.receive("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        #expect(try connection.written().hasPrefix("HTTP/1.1 200 "))
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(try connection.outlasts(30))
        let end = try #require(output.end)
        if leaves {
            end.succeed(())
            connection.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
            #expect(!connection.channel.isActive)
        } else {
            #expect(try connection.ending(after: 30) == "")
            end.succeed(())
        }
    }

    @Test func `a first request has to come within ten seconds`() throws {
        let silent = try Connection()
        #expect(try silent.outlasts(10))
        #expect(try silent.ending(after: 10) == "")
        // Counted from the connection's beginning, not from the first byte.
        let slow = try Connection()
        try slow.channel.writeInbound(ByteBuffer(string: Self.partialHead))
        #expect(try slow.outlasts(10))
        #expect(try slow.ending(after: 10)?.hasPrefix("HTTP/1.1 408 ") == true)
    }

    @Test func `a later request has thirty seconds from its first byte on`() throws {
        let connection = try Connection()
        try connection.receive(Self.whole)
        #expect(try connection.written().hasPrefix("HTTP/1.1 200 "))
        try connection.receive(Self.partialHead)
        #expect(try connection.outlasts(30))
        #expect(try connection.ending(after: 30)?.hasPrefix("HTTP/1.1 408 ") == true)
    }

    /// Whether the others wait for one another's answers or not.
    @Test(arguments: 1...3, [false, true])
    func `a request that begins in the read in which others end has thirty seconds`(others: Int, wait: Bool) throws {
        let kept = Kept()
        let connection = try Connection(
            sink: RecordingSink { _, responder in
                if wait { kept.keep(responder) } else { responder.respond(HTTPResponse(status: 200)) }
            })
        try connection.receive(String(repeating: Self.whole, count: others) + Self.partialHead)
        while kept.count > 0 {
            connection.take { for responder in kept.take() { responder.respond(HTTPResponse(status: 200)) } }
        }
        #expect(try connection.written().split(separator: "HTTP/1.1 200 ").count == others)
        #expect(try connection.outlasts(30))
        #expect(try connection.ending(after: 30)?.hasPrefix("HTTP/1.1 408 ") == true)
    }

    @Test func `what is read behind a request has its thirty seconds from the answer on`() throws {
        let kept = Kept()
        let connection = try Connection(sink: RecordingSink { _, responder in kept.keep(responder) })
        try connection.receive(Self.whole + Self.partialBody)
        #expect(try connection.outlasts(1_000_000))
        connection.take { for responder in kept.take() { responder.respond(HTTPResponse(status: 200)) } }
        #expect(try connection.written().hasPrefix("HTTP/1.1 200 "))
        #expect(try connection.outlasts(30))
        #expect(try connection.ending(after: 30)?.hasPrefix("HTTP/1.1 408 ") == true)
    }

    @Test func `nothing follows a request that ends with its read`() throws {
        let connection = try Connection()
        try connection.receive(Self.whole + Self.whole)
        #expect(try connection.written().split(separator: "HTTP/1.1 200 ").count == 2)
        #expect(try connection.outlasts(90))
        #expect(try connection.ending(after: 90) == "")
    }

    @Test func `a body has thirty seconds from the request's first byte on`() throws {
        let connection = try Connection()
        try connection.receive(Self.partialBody)
        #expect(try connection.outlasts(30))
        let answer = try #require(try connection.ending(after: 30))
        #expect(answer.hasPrefix("HTTP/1.1 408 ") && answer.contains("RequestTimeout"))
    }

    @Test func `between requests there are ninety seconds`() throws {
        let connection = try Connection()
        try connection.receive(Self.whole)
        #expect(try connection.written().hasPrefix("HTTP/1.1 200 "))
        #expect(try connection.outlasts(90))
        #expect(try connection.ending(after: 90) == "")
    }

    @Test func `an answer may take as long as it likes`() throws {
        let kept = Kept()
        let connection = try Connection(sink: RecordingSink { _, responder in kept.keep(responder) })
        try connection.receive(Self.whole)
        #expect(try connection.outlasts(1_000_000))
        for responder in kept.take() { responder.respond(HTTPResponse(status: 200)) }
        #expect(try connection.written().hasPrefix("HTTP/1.1 200 "))
    }

    /// Has what waits in the channel leave by and by, a hundred kilobytes every 40 seconds.
    /// - Returns: when something left last.
    private func leaveSlowly(_ connection: Connection) throws -> UInt64 {
        let watch = try connection.channel.pipeline.syncOperations.context(handlerType: HTTP1ByteWatch.self)
        let begin = MonotonicClock.now()
        for round in UInt64(1)...5 {
            watch.write(NIOAny(ByteBuffer(repeating: 0, count: 100_000)), promise: nil)
            try connection.check(at: begin + (round * 40 - 20) * Self.second)
            watch.flush()
            _ = try connection.written()
            try connection.check(at: begin + round * 40 * Self.second)
        }
        #expect(connection.channel.isActive)
        return begin + 200 * Self.second
    }

    @Test func `a peer that takes its answer slowly has all its time after it`() throws {
        let connection = try Connection()
        try connection.receive(Self.whole)
        connection.turn(isWritable: false)
        let end = try leaveSlowly(connection)
        connection.turn(isWritable: true)
        try connection.check(at: end + 90 * Self.second - 1)
        #expect(connection.channel.isActive)
        try connection.check(at: end + 90 * Self.second)
        #expect(!connection.channel.isActive)
    }

    @Test(arguments: [false, true])
    func `an answer that still leaves when the connection is to end isn't cut off`(isDraining: Bool) throws {
        let connection = try Connection()
        let output = SlowOutput()
        try connection.channel.pipeline.syncOperations.addHandler(output, position: .first)
        try connection.receive(Self.whole)
        #expect(try connection.written().hasPrefix("HTTP/1.1 200 "))
        let watch = try connection.channel.pipeline.syncOperations.context(handlerType: HTTP1ByteWatch.self)
        watch.write(NIOAny(ByteBuffer(repeating: 0, count: 100_000)), promise: nil)
        if isDraining {
            connection.channel.pipeline.fireUserInboundEventTriggered(ConnectionShouldDrain())
        } else {
            #expect(try connection.outlasts(90))
            #expect(try connection.ending(after: 90) == nil)
        }
        #expect(connection.channel.isActive)
        let end = try #require(output.end)
        watch.flush()
        end.succeed(())
        connection.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
        #expect(!connection.channel.isActive)
    }

    @Test(arguments: [false, true])
    func `a peer that takes no more of its answer has thirty seconds from then on`(isLast: Bool) throws {
        let connection = try Connection()
        let output = SlowOutput()
        try connection.channel.pipeline.syncOperations.addHandler(output, position: .first)
        try connection.receive(isLast ? "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" : Self.whole)
        connection.turn(isWritable: false)
        let end = try leaveSlowly(connection)
        try connection.check(at: end + 30 * Self.second - 1)
        #expect(connection.channel.isActive)
        try connection.check(at: end + 30 * Self.second)
        #expect(!connection.channel.isActive)
        output.end?.succeed(())
    }

    @Test func `a peer that takes nothing is left after thirty seconds, and sent nothing more meanwhile`() throws {
        let (kept, sent) = (Kept(), Self.whole + Self.whole)
        let connection = try Connection(sink: RecordingSink { _, responder in kept.keep(responder) })
        try connection.receive(sent)
        connection.turn(isWritable: false)
        for responder in kept.take() { responder.respond(HTTPResponse(status: 200)) }
        #expect(try connection.outlasts(30) && kept.count == 0)
        // Once it takes something it has all the time anew.
        connection.turn(isWritable: true)
        #expect(try connection.written().hasPrefix("HTTP/1.1 200 ") && kept.count == 1)
        #expect(try connection.outlasts(1_000_000))
        connection.turn(isWritable: false)
        #expect(try connection.outlasts(30))
        #expect(try connection.ending(after: 30) == "")
    }
}
