import NIOCore

/// Sits between the network and the HTTP/1.1 decoder, and knows what the decoder doesn't tell: that a request has begun
/// and is not complete yet. It also holds reads back while the peer doesn't take what it was sent.
final class HTTP1ByteWatch: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// When the first bytes arrived that are not part of a request the handler has seen.
    private(set) var partialSince: UInt64?
    private(set) var unwritableSince: UInt64?
    /// Set when the connection is about to close: what still comes in is thrown away.
    var discardsInput = false
    private var isReadHeld = false
    private var context: ChannelHandlerContext?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    /// The head of the request that the bytes belong to has been decoded.
    func headDecoded() { partialSince = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !discardsInput else { return }
        if partialSince == nil { partialSince = MonotonicClock.now() }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        unwritableSince = context.channel.isWritable ? nil : MonotonicClock.now()
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
