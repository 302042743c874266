import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import HTTPTransport

@Suite("Server: the handler around the HTTP/2 engine")
struct NGHTTP2HandlerTests {
    /// - Parameter slice: nanoseconds. An hour holds whatever a read brings, however busy the machine is.
    private func makeChannel(sink: any RequestSink, slice: UInt64 = 3_600_000_000_000) throws -> EmbeddedChannel {
        let timeouts = TransportTimeouts()
        let channel = EmbeddedChannel()
        let engine = try HTTP2ServerEngine(
            connection: ConnectionContext(
                remoteAddress: "", executor: EventLoopExecutor(loop: channel.eventLoop)),
            sink: sink, limits: TransportLimits(), timeouts: timeouts, load: TransportLoad(), dates: HTTPDateCache(),
            now: MonotonicClock.now())
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try channel.pipeline.syncOperations.addHandler(
            NGHTTP2Handler(engine: engine, timeouts: timeouts, sliceNanoseconds: slice))
        try channel.writeInbound(ByteBuffer(bytes: RawFrames.preface + RawFrames.emptySettings))
        _ = try written(channel)
        return channel
    }

    private func written(_ channel: EmbeddedChannel) throws -> [[UInt8]] {
        var buffers: [[UInt8]] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
            buffers.append(Array(buffer.readableBytesView))
        }
        return buffers
    }

    private func requests(_ streams: Range<UInt32>) -> ByteBuffer {
        ByteBuffer(bytes: streams.flatMap { RawFrames.headers($0 * 2 + 1, RawFrames.request(), end: true) })
    }

    private func answered(_ buffers: [[UInt8]]) -> [UInt32] {
        RawFrames.parse(buffers.flatMap { $0 }).filter { $0.type == 1 }.map(\.stream)
    }

    @Test func `the answers of one read leave in one write`() throws {
        let channel = try makeChannel(sink: RecordingSink())
        try channel.writeInbound(requests(0..<50))
        let buffers = try written(channel)
        #expect(buffers.count == 1)
        #expect(answered(buffers).count == 50)
    }

    @Test func `large answers leave in pieces of a record`() throws {
        let body = [UInt8](repeating: 65, count: 60_000)
        let channel = try makeChannel(
            sink: RecordingSink { _, responder in responder.respond(HTTPResponse(status: 200, body: body)) })
        try channel.writeInbound(requests(0..<1))
        let sizes = try written(channel).map(\.count)
        #expect(sizes.reduce(0, +) > 60_000)
        #expect(sizes.allSatisfy { $0 <= 16 * 1024 + 9 })
        #expect(sizes.count <= 8)
    }

    @Test func `answers to several requests in one turn of the loop leave in one write`() throws {
        let responders = Kept()
        let channel = try makeChannel(sink: RecordingSink { _, responder in responders.keep(responder) })
        try channel.writeInbound(requests(0..<10))
        for responder in responders.take() { responder.respond(HTTPResponse(status: 200)) }
        #expect(try written(channel).isEmpty)
        channel.embeddedEventLoop.run()
        let buffers = try written(channel)
        #expect(buffers.count == 1)
        #expect(answered(buffers).count == 10)
    }

    @Test func `slow operations don't hold back the answers before them`() throws {
        // Each takes longer than a slice.
        let channel = try makeChannel(sink: RecordingSink(), slice: 0)
        try channel.writeInbound(requests(0..<3))
        #expect(try answered(written(channel)) == [1])
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(try answered(written(channel)) == [3, 5])
    }

    @Test func `nothing is read from a peer that takes nothing, and in the end it is left`() throws {
        let reads = ReadCounter()
        let channel = try makeChannel(sink: RecordingSink())
        try channel.pipeline.syncOperations.addHandler(reads, position: .first)
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        channel.read()
        #expect(reads.count == 0)
        try channel.writeInbound(requests(0..<2))
        #expect(try written(channel).isEmpty)

        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        #expect(reads.count == 1)
        #expect(try answered(written(channel)) == [1, 3])

        let handler = try channel.pipeline.syncOperations.handler(type: NGHTTP2Handler.self)
        let context = try channel.pipeline.syncOperations.context(handler: handler)
        let stall = TransportTimeouts().nanoseconds.writeStall
        // It takes something: however long ago it last took nothing, it stays.
        handler.check(context, now: MonotonicClock.now() + stall)
        #expect(channel.isActive)
        let before = MonotonicClock.now()
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        let after = MonotonicClock.now()
        handler.check(context, now: before + stall - 1)
        #expect(channel.isActive)
        handler.check(context, now: after + stall)
        #expect(!channel.isActive)
    }

    @Test func `a peer that takes its answers slowly has thirty seconds from when it took something last`() throws {
        let channel = try makeChannel(sink: RecordingSink())
        try channel.writeInbound(requests(0..<1))
        let handler = try channel.pipeline.syncOperations.handler(type: NGHTTP2Handler.self)
        let context = try channel.pipeline.syncOperations.context(handler: handler)
        let second: UInt64 = 1_000_000_000
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        let begin = MonotonicClock.now()
        for round in UInt64(1)...5 {
            channel.write(ByteBuffer(repeating: 0, count: 100_000), promise: nil)
            handler.check(context, now: begin + (round * 40 - 20) * second)
            channel.flush()
            handler.check(context, now: begin + round * 40 * second)
        }
        handler.check(context, now: begin + 230 * second - 1)
        #expect(channel.isActive)
        handler.check(context, now: begin + 230 * second)
        #expect(!channel.isActive)
    }

    @Test func `the time that a body has stands still while the channel takes nothing`() throws {
        let channel = try makeChannel(sink: RecordingSink())
        let handler = try channel.pipeline.syncOperations.handler(type: NGHTTP2Handler.self)
        let context = try channel.pipeline.syncOperations.context(handler: handler)
        let second: UInt64 = 1_000_000_000
        let before = MonotonicClock.now()
        let post = RawFrames.headers(1, RawFrames.request(method: "POST"), end: false)
        try channel.writeInbound(ByteBuffer(bytes: post))
        channel.isWritable = false
        channel.pipeline.fireChannelWritabilityChanged()
        let begin = MonotonicClock.now()
        handler.check(context, now: begin + 40 * second)
        channel.isWritable = true
        channel.pipeline.fireChannelWritabilityChanged()
        handler.check(context, now: before + 70 * second - 1)
        #expect(try written(channel).isEmpty)
        handler.check(context, now: begin + 70 * second)
        #expect(try answered(written(channel)) == [1])
    }

    @Test(arguments: [false, true])
    func `the last answers have thirty seconds to leave`(leave: Bool) throws {
        let channel = try makeChannel(sink: RecordingSink())
        let output = SlowOutput()
        try channel.pipeline.syncOperations.addHandler(output, position: .first)
        try channel.writeInbound(requests(0..<1))
        let before = MonotonicClock.now()
        try channel.writeInbound(
            ByteBuffer(bytes: RawFrames.frame(type: 7, flags: 0, stream: 0, [UInt8](repeating: 0, count: 8))))
        let after = MonotonicClock.now()
        #expect(try answered(written(channel)) == [1])
        let end = try #require(output.end)
        let handler = try channel.pipeline.syncOperations.handler(type: NGHTTP2Handler.self)
        let context = try channel.pipeline.syncOperations.context(handler: handler)
        let stall = TransportTimeouts().nanoseconds.writeStall
        handler.check(context, now: before + stall - 1)
        #expect(channel.isActive)
        if !leave { handler.check(context, now: after + stall) }
        end.succeed(())
        #expect(!channel.isActive)
    }

    @Test func `a connection that was refused something for load is read a little later`() throws {
        let reads = ReadCounter()
        let statuses = [200, 429, 429]
        let number = Atomic<Int>(0)
        let channel = try makeChannel(
            sink: RecordingSink { _, responder in
                let (place, _) = number.add(1, ordering: .relaxed)
                responder.respond(HTTPResponse(status: statuses[place]))
            })
        try channel.pipeline.syncOperations.addHandler(reads, position: .first)
        try channel.writeInbound(requests(0..<1))
        channel.read()
        #expect(reads.count == 1)
        // The refusal itself leaves at once.
        for stream in UInt32(1)..<3 {
            try channel.writeInbound(requests(stream..<stream + 1))
            #expect(try answered(written(channel)).last == 2 * stream + 1)
            channel.read()
            channel.read()
            #expect(reads.count == Int(stream))
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(50))
            #expect(reads.count == Int(stream) + 1)
        }
    }

    private final class ReadCounter: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        private(set) var count = 0

        func read(context: ChannelHandlerContext) {
            count += 1
            context.read()
        }
    }
}
