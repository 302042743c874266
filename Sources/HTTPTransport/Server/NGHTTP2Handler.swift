import NIOCore

/// Moves bytes between a channel and the HTTP/2 engine, and gives the engine its turns.
///
/// One read of the socket is parsed as a whole, its requests are handed over, and what they answered leaves in one
/// write. Handing over is cut into slices, so that a batch of slow operations neither delays the answers that are ready
/// nor keeps the other connections of the loop waiting.
final class NGHTTP2Handler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// The plaintext of one TLS record.
    private static let writeSize = 16 * 1024
    /// How long a connection may rest from reading after a refusal for load.
    private static let pauseNanoseconds: UInt64 = 50_000_000
    /// After so much the channel is asked again whether it takes more.
    private static let flushSize = 64 * 1024

    private let engine: HTTP2ServerEngine
    private let checkInterval: TimeAmount
    private let writeStall: UInt64
    private let sliceNanoseconds: UInt64
    private var context: ChannelHandlerContext?
    /// Has room only while there is something to send: most connections rest, and there may be many.
    private var buffer = ByteBuffer()
    private var checkTask: Scheduled<Void>?

    private var isReading = false
    private var isDispatching = false
    private var isFlushScheduled = false
    private var isTurnScheduled = false
    private var isReadHeld = false
    private var isPausing = false
    private var isClosing = false
    private var stall = WriteStall()
    /// Since when the channel takes nothing, or since the last look after that.
    private var heldSince: UInt64?
    /// For how long it has taken nothing since the last look.
    private var held: UInt64 = 0

    init(engine: HTTP2ServerEngine, timeouts: TransportTimeouts, sliceNanoseconds: UInt64 = 500_000) {
        self.engine = engine
        self.sliceNanoseconds = sliceNanoseconds
        checkInterval = timeouts.checkInterval.timeAmount
        writeStall = timeouts.nanoseconds.writeStall
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        engine.connection.receiver = self
        scheduleCheck(context)
        writeOutput(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) { stop() }

    func channelInactive(context: ChannelHandlerContext) {
        stop()
        context.fireChannelInactive()
    }

    private func stop() {
        checkTask?.cancel()
        checkTask = nil
        context = nil
        engine.connection.receiver = nil
        engine.close()
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isReading = true
        guard !isClosing else { return }
        let bytes = unwrapInboundIn(data)
        let now = MonotonicClock.now()
        bytes.withUnsafeReadableBytes { engine.receive($0, now: now) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        takeTurn(context)
    }

    /// Hands requests over for the length of a slice, sends what came of it, and comes back for the rest.
    private func takeTurn(_ context: ChannelHandlerContext) {
        if engine.hasReadyRequests {
            isDispatching = true
            engine.dispatch(until: MonotonicClock.now() + sliceNanoseconds)
            isDispatching = false
        }
        writeOutput(context)
        guard engine.hasReadyRequests, !isTurnScheduled else { return }
        isTurnScheduled = true
        context.eventLoop.assumeIsolated().afterOthers {
            self.isTurnScheduled = false
            if let context = self.context { self.takeTurn(context) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ConnectionShouldDrain {
            engine.beginShutdown(now: MonotonicClock.now())
            writeOutput(context)
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isClosing = true
        context.close(promise: nil)
    }

    // MARK: Outbound

    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable, !isPausing {
            context.read()
        } else {
            isReadHeld = true
        }
    }

    private func readHeld(_ context: ChannelHandlerContext) {
        guard isReadHeld, !isPausing, context.channel.isWritable else { return }
        isReadHeld = false
        context.read()
    }

    /// Where there is too much to do, a wake-up for each request that is refused would take the processor from what was
    /// admitted: a connection that was refused something is read a little later, and then as a whole. All of a loop's
    /// connections that pause go on at the same moments.
    private func pauseReading(_ context: ChannelHandlerContext) {
        guard !isPausing else { return }
        isPausing = true
        let rest = NGHTTP2Handler.pauseNanoseconds - MonotonicClock.now() % NGHTTP2Handler.pauseNanoseconds
        context.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(Int64(rest))) {
            self.isPausing = false
            if let context = self.context { self.readHeld(context) }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        stall.turned(isWritable: context.channel.isWritable)
        countHeld(context, now: MonotonicClock.now())
        if context.channel.isWritable {
            writeOutput(context)
            readHeld(context)
        }
        context.fireChannelWritabilityChanged()
    }

    private func countHeld(_ context: ChannelHandlerContext, now: UInt64) {
        if let heldSince, now > heldSince { held += now - heldSince }
        heldSince = context.channel.isWritable ? nil : now
    }

    /// Sends what the engine has, in pieces of a TLS record, as long as the channel takes it.
    private func writeOutput(_ context: ChannelHandlerContext) {
        guard !isClosing else { return }
        engine.now = MonotonicClock.now()
        var unflushed = 0
        while context.channel.isWritable, let chunk = engine.nextOutput() {
            if buffer.readableBytes > 0, buffer.readableBytes + chunk.count > NGHTTP2Handler.writeSize {
                unflushed += writeBuffer(context)
            }
            if buffer.capacity == 0 { buffer = context.channel.allocator.buffer(capacity: NGHTTP2Handler.writeSize) }
            buffer.writeBytes(chunk)
            if unflushed >= NGHTTP2Handler.flushSize {
                context.flush()
                unflushed = 0
            }
        }
        if buffer.readableBytes > 0 { unflushed += writeBuffer(context) }
        if unflushed > 0 { context.flush() }
        if engine.isFinished, !isClosing { finish(context) }
    }

    /// Closes the connection once the peer has taken its last answers: what isn't with the kernel yet would be dropped.
    private func finish(_ context: ChannelHandlerContext) {
        isClosing = true
        // Who broke the protocol isn't waited for.
        guard !engine.hasFailed else { return context.close(promise: nil) }
        stall.allWritten(now: engine.now)
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in self.context?.close(promise: nil) }
        context.close(mode: .output, promise: sent)
    }

    private func writeBuffer(_ context: ChannelHandlerContext) -> Int {
        let count = buffer.readableBytes
        context.write(wrapOutboundOut(buffer), promise: nil)
        buffer = ByteBuffer()
        return count
    }

    // MARK: Time

    private func scheduleCheck(_ context: ChannelHandlerContext) {
        checkTask = context.eventLoop.assumeIsolated().scheduleTask(in: checkInterval) {
            guard let context = self.context else { return }
            self.check(context, now: MonotonicClock.now())
            if self.context != nil { self.scheduleCheck(context) }
        }
    }

    /// Ends what has taken too long.
    func check(_ context: ChannelHandlerContext, now: UInt64) {
        if stall.lasts(writeStall, unsent: context.channel.unsentBytes, now: now) {
            isClosing = true
            context.close(promise: nil)
            return
        }
        countHeld(context, now: now)
        engine.tick(now: now, held: held)
        held = 0
        writeOutput(context)
    }
}

extension NGHTTP2Handler: ResponseReceiver {
    func deliver(_ response: HTTPResponse, stream: Int32, inBatch: Bool) {
        engine.submit(response, stream: stream)
        if response.status == 429, let context { pauseReading(context) }
        guard !inBatch, !isReading, !isDispatching, !isFlushScheduled, let context else { return }
        isFlushScheduled = true
        context.eventLoop.assumeIsolated().execute {
            self.isFlushScheduled = false
            if let context = self.context { self.writeOutput(context) }
        }
    }

    func deliveriesEnded() {
        if !isReading, !isDispatching, let context { writeOutput(context) }
    }
}
