import NIOCore
import NIOHTTP1

/// Serves one HTTP/1.1 connection: request parts in, a request to the sink, its answer out; one at a time and in order,
/// which the pipelining handler before it sees to.
final class HTTP1Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle(since: UInt64)
        case receiving(HTTP1Head, body: [UInt8], limit: Int, since: UInt64)
        /// The sink has the request.
        case handling(HTTPMethod, HTTPVersion, keepAlive: Bool)
        /// The last answer is on its way. The connection stays open for a moment and what arrives is thrown away, since
        /// closing with unread bytes makes the kernel reset the connection, and the answer could be lost with it.
        case lingering
        case closed
    }

    private static let lingerTime = TimeAmount.seconds(2)
    private static let sliceNanoseconds: UInt64 = 500_000

    private let connection: ConnectionContext
    private let sink: any RequestSink
    private let limits: TransportLimits
    private let timeouts: TransportTimeouts.Nanoseconds
    private let checkInterval: TimeAmount
    private let dates: HTTPDateCache
    private let watch: HTTP1ByteWatch
    private let openedAt = MonotonicClock.now()

    private var bodyBudget: BodyBudget
    private var state: State
    private var context: ChannelHandlerContext?
    private var checkTask: Scheduled<Void>?
    /// Tells an answer to this request from a late one to another.
    private var sequence: Int32 = 0
    private var hasSeenRequest = false
    private var isDraining = false
    /// The answer to the request in hand, until it is written.
    private var waitingAnswer: HTTPResponse?
    private var isAnswering = false
    private var isReading = false
    /// When the loop's other connections shall have their turn.
    private var sliceEnd: UInt64 = 0

    init(
        connection: ConnectionContext, sink: any RequestSink, limits: TransportLimits, timeouts: TransportTimeouts,
        load: TransportLoad, dates: HTTPDateCache, watch: HTTP1ByteWatch
    ) {
        self.connection = connection
        self.sink = sink
        self.limits = limits
        self.timeouts = timeouts.nanoseconds
        checkInterval = timeouts.checkInterval.timeAmount
        self.dates = dates
        self.watch = watch
        bodyBudget = BodyBudget(load: load, limits: limits)
        state = .idle(since: openedAt)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        connection.receiver = self
        scheduleCheck(context)
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
        connection.receiver = nil
        state = .closed
        waitingAnswer = nil
        bodyBudget.removeAll()
    }

    // MARK: Requests

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !isReading, !isAnswering {
            isReading = true
            sliceEnd = MonotonicClock.now() + HTTP1Handler.sliceNanoseconds
        }
        switch unwrapInboundIn(data) {
        case .head(let head): receive(head, context)
        case .body(let bytes): receive(bytes, context)
        case .end: receiveEnd()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if !isAnswering { isReading = false }
        context.fireChannelReadComplete()
    }

    private func receive(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        guard case .idle(let idleSince) = state else { return }
        // Nothing is read while an earlier request is answered.
        let since = max(watch.headSince, idleSince)
        hasSeenRequest = true
        let checked: HTTP1Head
        do throws(HTTP1Refusal) {
            checked = try HTTP1Head(head, limits: limits)
        } catch {
            return refuse(error.reason, method: HTTPMethod(head.method.rawValue), context)
        }
        let limit = max(0, sink.bodyLimit(method: checked.method, path: checked.target.path))
        if let length = checked.contentLength, length > limit {
            return refuse(.bodyTooLarge, method: checked.method, context)
        }
        state = .receiving(checked, body: [], limit: limit, since: since)
        if checked.expectsContinue {
            let interim = HTTPResponseHead(version: .http1_1, status: .continue)
            context.writeAndFlush(wrapOutboundOut(.head(interim)), promise: nil)
        }
    }

    private func receive(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard case .receiving(let head, var body, let limit, let since) = state else { return }
        // The array in `state` would be a second reference, and appending would copy it each time.
        state = .closed
        guard body.count + bytes.readableBytes <= limit else {
            return refuse(.bodyTooLarge, method: head.method, context)
        }
        guard bodyBudget.add(bytes.readableBytes, bodyHeld: body.count + bytes.readableBytes) else {
            return refuse(.overloaded, method: head.method, context)
        }
        bytes.withUnsafeReadableBytes { body.append(contentsOf: $0) }
        state = .receiving(head, body: body, limit: limit, since: since)
    }

    private func receiveEnd() {
        guard case .receiving(let head, let body, _, _) = state else { return }
        bodyBudget.removeAll()
        sequence &+= 1
        state = .handling(head.method, head.version, keepAlive: head.keepAlive)
        let request = HTTPRequest(
            method: head.method, path: head.target.path, query: head.target.query, authority: head.authority,
            headers: head.fields, body: body, version: head.version, connection: connection)
        sink.handle(request, Responder(connection: connection, stream: sequence))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let parserError = error as? HTTPParserError else {
            return context.close(promise: nil)
        }
        switch state {
        case .lingering, .closed:
            return
        case .handling:
            // The parser's errors wait for the answer before them: this can't be one of them.
            context.close(promise: nil)
        case .idle, .receiving:
            hasSeenRequest = true
            let isOverflow = parserError == .headerOverflow
            refuse(isOverflow ? .headersTooLarge : .malformed("The request is malformed."), method: .get, context)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is ConnectionShouldDrain else { return context.fireUserInboundEventTriggered(event) }
        isDraining = true
        if case .idle = state, watch.partialSince == nil { leave(context) }
    }

    // MARK: Answers

    /// Answers a request that the sink shall not see, and ends the connection.
    private func refuse(_ reason: Refusal, method: HTTPMethod, _ context: ChannelHandlerContext) {
        bodyBudget.removeAll()
        state = .lingering
        write(reason.response, method: method, version: .http1_1, keepAlive: false, context)
        linger(context)
    }

    /// Ends a connection that has no request, but not before the last answer has left: it may be on its way still,
    /// where it is less than the channel takes at once.
    private func leave(_ context: ChannelHandlerContext) {
        if context.channel.unsentBytes > 0 { linger(context) } else { context.close(promise: nil) }
    }

    /// Closes our side; theirs when they close it, or a little later.
    private func linger(_ context: ChannelHandlerContext) {
        state = .lingering
        watch.discardsInput = true
        watch.stall.allWritten(now: MonotonicClock.now())
        let loop = context.eventLoop.assumeIsolated()
        let sent = context.eventLoop.makePromise(of: Void.self)
        // The moment begins when the answer has left: a slow peer may still be taking it.
        sent.futureResult.assumeIsolated().whenComplete { _ in
            loop.scheduleTask(in: HTTP1Handler.lingerTime) { self.context?.close(promise: nil) }
        }
        context.close(mode: .output, promise: sent)
    }

    private func write(
        _ response: HTTPResponse, method: HTTPMethod, version: HTTPVersion, keepAlive: Bool,
        _ context: ChannelHandlerContext
    ) {
        let response = response.isWellFormed ? response : .internalError
        var headers = HTTPHeaders()
        for (name, value) in response.allHeaders where !TransportField.isManaged(name) {
            headers.add(name: name, value: value)
        }
        if !response.isBodiless { headers.add(name: "content-length", value: String(response.body.count)) }
        headers.add(name: "date", value: String(decoding: dates.current(), as: UTF8.self))
        if !keepAlive {
            headers.add(name: "connection", value: "close")
        } else if version == .http1_0 {
            headers.add(name: "connection", value: "keep-alive")
        }
        let head = HTTPResponseHead(
            version: .http1_1, status: HTTPResponseStatus(statusCode: response.status), headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !response.body.isEmpty, !response.isBodiless, method != .head {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable, !isAnswering { answer() }
        context.fireChannelWritabilityChanged()
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
        if watch.stall.lasts(timeouts.writeStall, unsent: context.channel.unsentBytes, now: now) {
            return context.close(promise: nil)
        }
        // While an answer leaves nothing is read: no other time of the peer's runs.
        let isHeld = hasSeenRequest && !context.channel.isWritable
        switch state {
        case .idle where isHeld:
            state = .idle(since: now)
        case .receiving(let head, let body, let limit, _) where isHeld:
            state = .receiving(head, body: body, limit: limit, since: now)
        case .idle(let since):
            guard let partial = watch.partialSince else {
                let mayRest = hasSeenRequest ? timeouts.idle : min(timeouts.idle, timeouts.firstRequest)
                if now >= since + mayRest { leave(context) }
                return
            }
            var end = max(partial, since) + timeouts.request
            if !hasSeenRequest { end = min(end, openedAt + timeouts.firstRequest) }
            guard now >= end else { return }
            watch.answerUnparsed(Refusal.tooSlow.response, date: dates.current())
            linger(context)
        case .receiving(let head, _, _, let since):
            if now >= since + timeouts.request { refuse(.tooSlow, method: head.method, context) }
        case .handling, .lingering, .closed:
            break
        }
    }
}

extension HTTP1Handler: ResponseReceiver {
    func deliver(_ response: HTTPResponse, stream: Int32, inBatch: Bool) {
        guard stream == sequence, case .handling = state, waitingAnswer == nil else { return }
        waitingAnswer = response
        if !isAnswering { answer() }
    }

    /// Writes the answer that waits, and those to the pipelined requests behind it that are answered at once.
    ///
    /// Writing an answer lets the next request in. Were its answer written from in there, each would stand on the stack
    /// of the one before, and a peer that sends enough of them would bring the stack to its end. So they come back
    /// here, and after a slice of time the rest waits for the loop's other connections.
    private func answer() {
        isAnswering = true
        defer { isAnswering = false }
        if !isReading { sliceEnd = MonotonicClock.now() + HTTP1Handler.sliceNanoseconds }
        while let context, let response = waitingAnswer, case .handling(let method, let version, let wanted) = state {
            // The peer has to take what it got first: a later answer would only be kept for it.
            guard context.channel.isWritable else { return }
            let now = MonotonicClock.now()
            guard now < sliceEnd else {
                return context.eventLoop.assumeIsolated().afterOthers {
                    self.isReading = false
                    self.answer()
                }
            }
            waitingAnswer = nil
            let keepAlive = wanted && !isDraining
            state = keepAlive ? .idle(since: now) : .lingering
            write(response, method: method, version: version, keepAlive: keepAlive, context)
            if !keepAlive { linger(context) }
        }
    }

    func deliveriesEnded() {}
}
