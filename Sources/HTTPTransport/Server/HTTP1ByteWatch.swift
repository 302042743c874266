import NIOCore
import NIOHTTP1

/// Sits between the network and the HTTP/1.1 decoder, and knows what the decoder doesn't tell: that a request has begun
/// and is not complete yet. It also holds reads back while the peer doesn't take what it was sent.
final class HTTP1ByteWatch: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// When the first bytes arrived that are not part of a request, or of its head, that has been decoded.
    private(set) var partialSince: UInt64?
    /// When the head that was decoded last began to arrive.
    private(set) var headSince: UInt64 = 0
    var stall = WriteStall()
    /// Set when no other request will be taken: what still comes in is thrown away.
    var discardsInput = false
    private var isReadHeld = false
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// The head of the request that the bytes belong to has been decoded.
    func headDecoded() {
        headSince = partialSince ?? MonotonicClock.now()
        partialSince = nil
    }

    /// The request that the bytes belong to has been decoded.
    func requestDecoded() { partialSince = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        // The decoder doesn't tell whether something is left behind the end of a request. If the last byte isn't that
        // end, the next request has begun with it at the latest.
        if bytes.readableBytes > 1, let front = bytes.readSlice(length: bytes.readableBytes - 1) {
            pass(front, context)
        }
        pass(bytes, context)
    }

    private func pass(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard !discardsInput, bytes.readableBytes > 0 else { return }
        if partialSince == nil { partialSince = MonotonicClock.now() }
        context.fireChannelRead(wrapInboundOut(bytes))
    }

    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall.turned(isWritable: context.channel.isWritable)
        if context.channel.isWritable, isReadHeld {
            isReadHeld = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    /// Answers a request whose head never became complete. The handlers that follow can't: for them there is no
    /// request.
    func answerUnparsed(_ response: HTTPResponse, date: [UInt8]) {
        guard let context else { return }
        var text = "HTTP/1.1 \(response.status) \(response.status == 408 ? "Request Timeout" : "Bad Request")\r\n"
        for (name, value) in response.allHeaders { text += "\(name): \(value)\r\n" }
        text += "content-length: \(response.body.count)\r\ndate: \(String(decoding: date, as: UTF8.self))\r\n"
        text += "connection: close\r\n\r\n"
        var buffer = context.channel.allocator.buffer(capacity: text.utf8.count + response.body.count)
        buffer.writeString(text)
        buffer.writeBytes(response.body)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }
}

/// Sits behind the decoder and tells the watch what has been decoded, before it is held back for an earlier answer.
final class HTTP1PartWatch: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    private let watch: HTTP1ByteWatch

    init(watch: HTTP1ByteWatch) { self.watch = watch }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: watch.headDecoded()
        case .body: break
        case .end: watch.requestDecoded()
        }
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // Given more, the decoder would fail anew, past the answers that the first failure waits for.
        if error is HTTPParserError { watch.discardsInput = true }
        context.fireErrorCaught(error)
    }
}
