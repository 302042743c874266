import CNghttp2

/// Responses become frames.
extension HTTP2ServerEngine {
    /// Takes the sink's answer to a stream. Where the stream has gone meanwhile, the answer is dropped.
    func submit(_ response: HTTPResponse, stream: Int32) {
        guard session != nil else { return }
        outstanding -= 1
        guard let record = record(of: stream), record.phase == .handling else { return }
        send(response, on: record)
    }

    /// Answers a request that the sink shall not see. The rest of the request is not kept.
    func refuse(_ record: StreamRecord, _ refusal: Refusal) {
        letGo(of: record)
        record.body = []
        record.fields = HTTPFields()
        send(refusal.response, on: record)
    }

    /// Tells a client that waits for it to go on with its body (RFC 9110 section 10.1.1).
    func submitContinue(_ record: StreamRecord) {
        guard let session else { return }
        headers.block.reset()
        headers.block.append(":status", number: 100)
        headers.block.withVectors { vectors, count in
            _ = nghttp2_submit_headers(
                session, UInt8(NGHTTP2_FLAG_NONE.rawValue), record.id, nil, vectors, count, nil)
        }
    }

    private func send(_ response: HTTPResponse, on record: StreamRecord) {
        guard let session else { return }
        var response = response
        if !makeBlock(response) {
            response = .internalError
            _ = makeBlock(response)
        }
        record.phase = .responding
        record.since = now
        if leavingAnswers == 0 { pace.begin(now: now) }
        leavingAnswers += 1
        let hasBody = !response.body.isEmpty && !response.isBodiless && record.method != .head
        if hasBody { record.response = response.body }
        // Where the request is cut short, the data provider notices the end of the answer.
        let needsProvider = hasBody || !record.isRequestComplete
        let stream = record.id
        let result = headers.block.withVectors { vectors, count in
            guard needsProvider else { return nghttp2_submit_response(session, stream, vectors, count, nil) }
            var provider = nghttp2_data_provider()
            provider.source.ptr = Unmanaged.passUnretained(record).toOpaque()
            provider.read_callback = { _, _, buffer, room, flags, source, userData in
                HTTP2ServerEngine.readBody(buffer, room, flags, source, userData)
            }
            return nghttp2_submit_response(session, stream, vectors, count, &provider)
        }
        if result != 0 { reset(record, NGHTTP2_INTERNAL_ERROR) }
    }

    /// Writes the header block; false if a handler's field can't be sent.
    private func makeBlock(_ response: HTTPResponse) -> Bool {
        guard response.status >= 200, response.status <= 599 else { return false }
        return headers.block.fill(response, date: dates.current())
    }

    /// Copies the next part of an answer into a frame of libnghttp2.
    private static func readBody(
        _ buffer: UnsafeMutablePointer<UInt8>?, _ room: Int, _ flags: UnsafeMutablePointer<UInt32>?,
        _ source: UnsafeMutablePointer<nghttp2_data_source>?, _ userData: UnsafeMutableRawPointer?
    ) -> Int {
        guard let buffer, let flags, let pointer = source?.pointee.ptr, let userData else {
            return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
        let engine = Unmanaged<HTTP2ServerEngine>.fromOpaque(userData)
        return Unmanaged<StreamRecord>.fromOpaque(pointer)._withUnsafeGuaranteedRef { record in
            let count = min(room, record.response.count - record.responseOffset)
            record.response.withUnsafeBufferPointer { body in
                if let base = body.baseAddress { buffer.update(from: base + record.responseOffset, count: count) }
            }
            record.responseOffset += count
            let isLast = record.responseOffset == record.response.count
            if isLast { flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
            engine._withUnsafeGuaranteedRef { $0.noteSent(count, of: record, isLast: isLast) }
            return count
        }
    }

    private func noteSent(_ count: Int, of record: StreamRecord, isLast: Bool) {
        pace.sent(count, now: now)
        frameBudget.credit(sent: count)
        if isLast, !record.isRequestComplete {
            record.phase = .lingering
            record.since = now
            leavingAnswers -= 1
        } else {
            record.since = max(record.since, pace.earned)
        }
    }
}
