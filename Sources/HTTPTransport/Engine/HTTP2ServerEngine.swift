import CNghttp2

/// The server's side of one HTTP/2 connection: bytes in, requests to the sink; responses in, bytes out.
///
/// It is a libnghttp2 session with a request in each stream, and knows no socket, loop or thread: whoever owns it calls
/// it from one place at a time. `receive` only parses. Requests that became complete wait until `dispatch`, so that the
/// sink never runs inside a callback of libnghttp2, and a request that was reset in the same read is never begun.
final class HTTP2ServerEngine {
    /// How far a graceful end has come (RFC 9113 section 6.8).
    enum Shutdown: Equatable {
        case none
        /// The peer was told that the end is near, and may still open streams that cross that message.
        case noticed(at: UInt64)
        /// The last stream that will be served is known to the peer.
        case final
    }

    static let shutdownPing: [UInt8] = Array("shutdown".utf8)
    static let roundTripAllowance: UInt64 = 1_000_000_000
    /// How long, and for how many bytes, a refused request may go on.
    static let lingerNanoseconds: UInt64 = 5_000_000_000
    static let lingerBytes = 1 << 20

    let connection: ConnectionContext
    let sink: any RequestSink
    let limits: TransportLimits
    let timeouts: TransportTimeouts.Nanoseconds
    let dates: HTTPDateCache
    /// Without it the sink hears of each turn's end at once.
    private let turns: TurnEnds?

    /// Nil after `close`.
    var session: OpaquePointer?
    var now: UInt64
    var frameBudget: FrameBudget
    var bodyBudget: BodyBudget
    let headers: SharedHeaderBlock
    let tokens: TokenWorkshop
    private var unpacker = TokenUnpacker()

    /// Every record ever made; those that are free are listed again in `freeRecords`.
    private var records: [StreamRecord] = []
    private var freeRecords: [StreamRecord] = []
    private(set) var openStreams = 0
    /// The record whose header block is being received: header blocks can't interleave.
    var headerRecord: StreamRecord?
    var lastAuthority = LastReading<String>()
    var lastTarget = LastReading<RequestTarget>()

    private(set) var ready: [(record: StreamRecord, id: Int32)] = []
    private var readyHead = 0
    /// Requests that the sink has, those included whose streams have gone.
    var outstanding = 0

    var shutdown = Shutdown.none
    private(set) var hasFailed = false
    var hasSeenRequest = false
    var pace: Pace
    /// Answers that are on their way.
    var leavingAnswers = 0
    private let openedAt: UInt64
    private var idleSince: UInt64

    /// - Throws: `TransportError.configuration` if libnghttp2 refuses, which only lack of memory makes it do.
    init(
        connection: ConnectionContext, sink: any RequestSink, limits: TransportLimits, timeouts: TransportTimeouts,
        load: TransportLoad, dates: HTTPDateCache, headers: SharedHeaderBlock = SharedHeaderBlock(),
        tokens: TokenWorkshop = TokenWorkshop(), turns: TurnEnds? = nil, now: UInt64
    ) throws(TransportError) {
        self.connection = connection
        self.sink = sink
        self.limits = limits
        self.timeouts = timeouts.nanoseconds
        pace = Pace(stall: timeouts.nanoseconds.writeStall, now: now)
        self.dates = dates
        self.headers = headers
        self.tokens = tokens
        self.turns = turns
        self.now = now
        openedAt = now
        idleSince = now
        frameBudget = FrameBudget(burst: limits.controlFrameBurst, now: now)
        bodyBudget = BodyBudget(load: load, limits: limits)
        session = try HTTP2ServerEngine.makeSession(
            limits: limits, userData: Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { close() }

    /// Ends the session without a word to the peer. Responses that come later are dropped.
    func close() {
        guard let session else { return }
        self.session = nil
        bodyBudget.removeAll()
        nghttp2_session_del(session)
        for record in records where record.phase != .free { record.end() }
        headerRecord = nil
        ready.removeAll()
        readyHead = 0
    }

    // MARK: Input

    /// Parses what the peer sent. Nothing is kept of `bytes`.
    func receive(_ bytes: UnsafeRawBufferPointer, now: UInt64) {
        self.now = now
        guard session != nil, !hasFailed else { return }
        if unpacker.unpack(bytes, in: tokens) {
            tokens.take(parse)
        } else {
            parse(bytes)
        }
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) {
        guard let session, let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
        let consumed = nghttp2_session_mem_recv(session, base, bytes.count)
        if consumed < 0 { fail(Int32(truncatingIfNeeded: consumed)) }
    }

    /// Whether requests wait for `dispatch`.
    var hasReadyRequests: Bool { readyHead < ready.count }

    /// Hands complete requests to the sink until none is left or the time is up; at least one.
    /// - Parameter deadline: when to stop, on the monotonic clock in nanoseconds.
    func dispatch(until deadline: UInt64) {
        connection.isInTurn = true
        defer {
            connection.isInTurn = false
            if let turns { turns.note() } else { sink.turnEnded() }
        }
        while readyHead < ready.count {
            let (record, id) = ready[readyHead]
            readyHead += 1
            // The stream may have been reset, and its record may serve another, since the request was complete.
            if record.id == id, record.phase == .ready { handOver(record) }
            if readyHead < ready.count, MonotonicClock.now() >= deadline { return dropHandedOver() }
        }
        ready.removeAll(keepingCapacity: true)
        readyHead = 0
    }

    /// With enough to do the queue may not run empty for hours.
    private func dropHandedOver() {
        guard readyHead >= 256, readyHead * 2 >= ready.count else { return }
        ready.removeFirst(readyHead)
        readyHead = 0
    }

    private func handOver(_ record: StreamRecord) {
        guard let method = record.method, let target = record.target else { return }
        record.phase = .handling
        outstanding += 1
        let request = HTTPRequest(
            method: method, path: target.path, query: target.query, authority: record.authority,
            headers: record.fields, body: record.body, version: .http2, connection: connection)
        record.fields = HTTPFields()
        record.body = []
        sink.handle(request, Responder(connection: connection, stream: record.id))
    }

    /// Puts a complete request in the queue for the sink.
    func enqueue(_ record: StreamRecord) {
        record.phase = .ready
        ready.append((record, record.id))
    }

    /// Nothing more is read. The peer is told why if that is still possible.
    private func fail(_ code: Int32) {
        hasFailed = true
        ready.removeAll()
        readyHead = 0
        guard let session, code != NGHTTP2_ERR_BAD_CLIENT_MAGIC.rawValue else { return }
        let isExcess = code == NGHTTP2_ERR_FLOODED.rawValue || code == NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
        let reason = isExcess ? NGHTTP2_ENHANCE_YOUR_CALM : NGHTTP2_PROTOCOL_ERROR
        nghttp2_session_terminate_session(session, reason.rawValue)
    }

    // MARK: Records

    func takeRecord(id: Int32) -> StreamRecord {
        let record: StreamRecord
        if let free = freeRecords.popLast() {
            record = free
        } else {
            record = StreamRecord()
            records.append(record)
        }
        record.begin(id: id, now: now)
        openStreams += 1
        return record
    }

    func releaseRecord(_ record: StreamRecord) {
        letGo(of: record)
        if record.phase == .responding { leavingAnswers -= 1 }
        if headerRecord === record { headerRecord = nil }
        record.end()
        freeRecords.append(record)
        openStreams -= 1
        if openStreams == 0 { idleSince = now }
    }

    // MARK: Output

    /// The next bytes for the peer, valid until the next call to the engine; nil when there are none.
    /// libnghttp2 hands out a frame at a time: the caller gathers them.
    func nextOutput() -> UnsafeRawBufferPointer? {
        guard let session else { return nil }
        var data: UnsafePointer<UInt8>?
        let count = nghttp2_session_mem_send(session, &data)
        guard count > 0, let data else { return nil }
        return UnsafeRawBufferPointer(start: data, count: count)
    }

    /// Whether the connection has done all that it will do and may be closed.
    var isFinished: Bool {
        guard let session else { return true }
        guard nghttp2_session_want_write(session) == 0 else { return false }
        if hasFailed || (shutdown == .final && openStreams == 0) { return true }
        return nghttp2_session_want_read(session) == 0
    }

    // MARK: Time

    /// Begins a graceful end: the peer is asked to open no more streams; those that are open are served.
    func beginShutdown(now: UInt64) {
        self.now = now
        guard let session, shutdown == .none, !hasFailed else { return }
        shutdown = .noticed(at: now)
        nghttp2_submit_shutdown_notice(session)
        HTTP2ServerEngine.shutdownPing.withUnsafeBufferPointer { payload in
            // The answer tells that the notice has been read: streams opened before that have arrived.
            _ = nghttp2_submit_ping(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), payload.baseAddress)
        }
    }

    /// Tells the peer which stream is the last one that is served.
    func completeShutdown() {
        guard let session, case .noticed = shutdown else { return }
        shutdown = .final
        let last = nghttp2_session_get_last_proc_stream_id(session)
        nghttp2_submit_goaway(
            session, UInt8(NGHTTP2_FLAG_NONE.rawValue), last, NGHTTP2_NO_ERROR.rawValue, nil, 0)
    }

    /// Acts on deadlines that have passed. To be called every so often, and the output sent afterwards.
    /// - Parameter held: for how many nanoseconds since the last call the output has waited for the channel. Nothing
    ///   was read meanwhile either, so that no time of a stream ran; how long it may last is the owner's matter.
    func tick(now: UInt64, held: UInt64 = 0) {
        self.now = now
        guard session != nil, !hasFailed else { return }
        if case .noticed(let at) = shutdown, now >= at + HTTP2ServerEngine.roundTripAllowance { completeShutdown() }
        if !hasSeenRequest, now >= openedAt + timeouts.firstRequest {
            // A header block that has begun and doesn't end gives it no more time.
            return terminate(openStreams == 0 ? NGHTTP2_NO_ERROR : NGHTTP2_ENHANCE_YOUR_CALM)
        }
        if openStreams == 0, now >= idleSince + timeouts.idle { beginShutdown(now: now) }
        pace.waited(held, now: now)
        for record in records {
            // A stream gets back that time and no more: else a peer that has it happen now and then has no limit.
            let since = record.since + held
            record.since = record.phase == .responding ? since : min(now, since)
            expire(record)
        }
    }

    private func expire(_ record: StreamRecord) {
        switch record.phase {
        case .free, .ready, .handling:
            return
        case .receivingHeaders:
            // Until the block ends no other frame may come, not even one that resets the stream.
            if now >= record.since + timeouts.request { terminate(NGHTTP2_ENHANCE_YOUR_CALM) }
        case .receivingBody:
            if now >= record.since + timeouts.request { refuse(record, .tooSlow) }
        case .responding:
            if now >= earnedTime(of: record) + timeouts.writeStall { reset(record, NGHTTP2_CANCEL) }
        case .lingering:
            if now >= record.since + HTTP2ServerEngine.lingerNanoseconds { reset(record, NGHTTP2_NO_ERROR) }
        }
    }

    /// Up to when the waiting of an answer is paid for. One that its own window lets out waits for those before it.
    private func earnedTime(of record: StreamRecord) -> UInt64 {
        guard let session, nghttp2_session_get_stream_remote_window_size(session, record.id) > 0 else {
            return record.since
        }
        return max(record.since, pace.earned)
    }

    func reset(_ record: StreamRecord, _ code: nghttp2_error_code) {
        guard let session else { return }
        nghttp2_submit_rst_stream(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), record.id, code.rawValue)
    }

    private func terminate(_ code: nghttp2_error_code) {
        guard let session else { return }
        hasFailed = true
        nghttp2_session_terminate_session(session, code.rawValue)
    }
}
