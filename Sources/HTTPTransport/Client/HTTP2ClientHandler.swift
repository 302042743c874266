import NIOCore

/// Moves bytes between a channel and the client's engine. What is submitted in one turn of the loop leaves in one
/// write.
final class HTTP2ClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let writeSize = 16 * 1024

    private let engine: HTTP2ClientEngine
    private var context: ChannelHandlerContext?
    private var buffer = ByteBuffer()
    private var isReading = false
    private var isFlushScheduled = false

    init(engine: HTTP2ClientEngine) {
        self.engine = engine
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        buffer = context.channel.allocator.buffer(capacity: HTTP2ClientHandler.writeSize)
        writeOutput(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    private func stop() {
        context = nil
        engine.abandon()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        unwrapInboundIn(data).withUnsafeReadableBytes { engine.receive($0) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        writeOutput(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        writeOutput(context)
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    /// On the loop.
    func submit(_ request: HTTP2ClientRequest, completion: @escaping HTTP2ClientEngine.Completion) {
        guard let context else { return completion(.failure(.connectionClosed)) }
        engine.submit(request, completion: completion)
        guard !isReading, !isFlushScheduled else { return }
        isFlushScheduled = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            if let context = self.context { self.writeOutput(context) }
        }
    }

    /// On the loop: says goodbye, and closes as soon as nothing is in progress.
    func finish() {
        engine.submitGoAway()
        if let context { writeOutput(context) }
    }

    private func writeOutput(_ context: ChannelHandlerContext) {
        var wrote = false
        while context.channel.isWritable, let chunk = engine.nextOutput() {
            if buffer.readableBytes > 0, buffer.readableBytes + chunk.count > HTTP2ClientHandler.writeSize {
                writeBuffer(context)
            }
            buffer.writeBytes(chunk)
            wrote = true
        }
        if buffer.readableBytes > 0 { writeBuffer(context) }
        if wrote { context.flush() }
        if engine.isFinished || (engine.isClosing && engine.inProgress == 0) { context.close(promise: nil) }
    }

    private func writeBuffer(_ context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(buffer), promise: nil)
        buffer.clear()
    }
}
