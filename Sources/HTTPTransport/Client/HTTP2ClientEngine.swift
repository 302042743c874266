import CNghttp2

/// The client's side of one HTTP/2 connection: requests in, bytes out; bytes in, responses to their completions.
///
/// Like the server's engine it knows no socket, loop or thread. Completions run at the end of `receive` or `abandon`,
/// in `nextOutput` where memory is out, and in `submit` for a request that can't be sent: never inside a callback of
/// libnghttp2, so that they may submit the next request.
public final class HTTP2ClientEngine {
    /// Called once for each request, also for one that ``submit(_:completion:)`` can't send: then before that returns.
    public typealias Completion = (Result<HTTP2ClientResponse, HTTP2ClientError>) -> Void

    final class Exchange {
        let completion: Completion
        let body: [UInt8]
        var bodyOffset = 0
        var status = 0
        var headers = HTTPFields()
        var responseBody: [UInt8] = []
        var failure: HTTP2ClientError?

        init(body: [UInt8], completion: @escaping Completion) {
            self.body = body
            self.completion = completion
        }
    }

    private static let maximumHeaderFields = 256

    let maximumResponseBytes: Int
    var session: OpaquePointer?
    private var exchanges: [Int32: Exchange] = [:]
    private var finished: [(Completion, Result<HTTP2ClientResponse, HTTP2ClientError>)] = []
    private var block = HeaderBlock()
    /// Whether the server has broken the connection, or said that it takes no more requests.
    public private(set) var isClosing = false

    /// - Parameter maximumResponseBytes: the largest response body that is kept; a larger one fails its exchange.
    /// - Throws: `TransportError.configuration` if libnghttp2 is out of memory.
    public init(maximumResponseBytes: Int = 16 * 1024 * 1024) throws(TransportError) {
        self.maximumResponseBytes = maximumResponseBytes
        session = try HTTP2ClientEngine.makeSession(userData: Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        if let session { nghttp2_session_del(session) }
    }

    /// The number of requests without a response yet.
    public var inProgress: Int { exchanges.count }

    /// Queues a request; its bytes are in the output from now on.
    public func submit(_ request: HTTP2ClientRequest, completion: @escaping Completion) {
        guard let session, !isClosing, nghttp2_session_check_request_allowed(session) != 0 else {
            return completion(.failure(.connectionClosed))
        }
        block.reset()
        block.append(":method", request.method.rawValue.utf8)
        block.append(":scheme", request.scheme.utf8)
        block.append(":authority", request.authority.utf8)
        block.append(":path", request.path.utf8)
        for (name, value) in request.headers {
            guard block.append(name: name, value: value) else {
                return completion(.failure(.badRequest("the field \(name) is malformed")))
            }
        }
        if !request.body.isEmpty || request.method == .post || request.method == .put {
            block.append("content-length", number: request.body.count)
        }
        let exchange = Exchange(body: request.body, completion: completion)
        let pointer = Unmanaged.passUnretained(exchange).toOpaque()
        let stream = block.withVectors { vectors, count in
            guard !request.body.isEmpty else {
                return nghttp2_submit_request(session, nil, vectors, count, nil, pointer)
            }
            var provider = nghttp2_data_provider()
            provider.source.ptr = pointer
            provider.read_callback = { _, _, buffer, room, flags, source, _ in
                HTTP2ClientEngine.readBody(buffer, room, flags, source)
            }
            return nghttp2_submit_request(session, nil, vectors, count, &provider, pointer)
        }
        guard stream > 0 else { return completion(.failure(.connectionClosed)) }
        exchanges[stream] = exchange
    }

    /// Parses what the server sent, then runs the completions of what it finished.
    public func receive(_ bytes: UnsafeRawBufferPointer) {
        guard let session, let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return }
        let consumed = nghttp2_session_mem_recv(session, base, bytes.count)
        if consumed < 0 { isClosing = true }
        runCompletions()
        if consumed < 0 { abandon() }
    }

    /// The next bytes for the server, valid until the next call to the engine; nil when there are none.
    public func nextOutput() -> UnsafeRawBufferPointer? {
        guard let session else { return nil }
        var data: UnsafePointer<UInt8>?
        let count = nghttp2_session_mem_send(session, &data)
        // Without memory nothing more can be said: nobody shall wait for an answer.
        if count < 0 { abandon() }
        guard count > 0, let data else { return nil }
        return UnsafeRawBufferPointer(start: data, count: count)
    }

    /// Whether the connection has nothing more to do.
    public var isFinished: Bool {
        guard let session else { return true }
        return nghttp2_session_want_read(session) == 0 && nghttp2_session_want_write(session) == 0
    }

    /// Says goodbye to the server; what is in progress may finish.
    public func submitGoAway() {
        guard let session else { return }
        isClosing = true
        // Where there is no memory for it, the end of the connection tells the server the same.
        _ = nghttp2_submit_goaway(session, UInt8(NGHTTP2_FLAG_NONE.rawValue), 0, NGHTTP2_NO_ERROR.rawValue, nil, 0)
    }

    /// Fails everything in progress: the connection is gone.
    public func abandon() {
        isClosing = true
        if let session {
            nghttp2_session_del(session)
            self.session = nil
        }
        for exchange in exchanges.values { finished.append((exchange.completion, .failure(.connectionClosed))) }
        exchanges = [:]
        runCompletions()
    }

    private func runCompletions() {
        while !finished.isEmpty {
            let batch = finished
            finished.removeAll(keepingCapacity: true)
            for (completion, result) in batch { completion(result) }
        }
    }
}

/// What libnghttp2 reports.
extension HTTP2ClientEngine {
    func exchange(of stream: Int32) -> Exchange? {
        guard let session, let pointer = nghttp2_session_get_stream_user_data(session, stream) else { return nil }
        return Unmanaged<Exchange>.fromOpaque(pointer).takeUnretainedValue()
    }

    func headerReceived(stream: Int32, name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> Int32 {
        guard let exchange = exchange(of: stream) else { return 0 }
        if name.elementsEqual(":status".utf8) {
            exchange.status = Int(String(decoding: value, as: UTF8.self)) ?? 0
            // An interim response is followed by another with fields of its own.
            exchange.headers = HTTPFields()
        } else if exchange.headers.count < HTTP2ClientEngine.maximumHeaderFields {
            exchange.headers.append(name: name, value: value)
        } else {
            exchange.failure = .badResponse("too many fields")
        }
        return 0
    }

    func bodyReceived(stream: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32 {
        guard let exchange = exchange(of: stream), exchange.failure == nil else { return 0 }
        if exchange.responseBody.count + bytes.count > maximumResponseBytes {
            exchange.failure = .badResponse("the body is too large")
            exchange.responseBody = []
        } else {
            exchange.responseBody.append(contentsOf: bytes)
        }
        return 0
    }

    func streamClosed(_ stream: Int32, code: UInt32) -> Int32 {
        guard let exchange = exchanges.removeValue(forKey: stream) else { return 0 }
        let isComplete = code == NGHTTP2_NO_ERROR.rawValue && exchange.status >= 200
        if let failure = exchange.failure {
            finished.append((exchange.completion, .failure(failure)))
        } else if isComplete {
            let response = HTTP2ClientResponse(
                status: exchange.status, headers: exchange.headers, body: exchange.responseBody)
            finished.append((exchange.completion, .success(response)))
        } else {
            finished.append((exchange.completion, .failure(.reset(code: code))))
        }
        return 0
    }

    func goAwayReceived() {
        isClosing = true
    }

    private static func readBody(
        _ buffer: UnsafeMutablePointer<UInt8>?, _ room: Int, _ flags: UnsafeMutablePointer<UInt32>?,
        _ source: UnsafeMutablePointer<nghttp2_data_source>?
    ) -> Int {
        guard let buffer, let flags, let pointer = source?.pointee.ptr else {
            return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
        return Unmanaged<Exchange>.fromOpaque(pointer)._withUnsafeGuaranteedRef { exchange in
            let count = min(room, exchange.body.count - exchange.bodyOffset)
            exchange.body.withUnsafeBufferPointer { body in
                if let base = body.baseAddress { buffer.update(from: base + exchange.bodyOffset, count: count) }
            }
            exchange.bodyOffset += count
            if exchange.bodyOffset == exchange.body.count { flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
            return count
        }
    }
}
