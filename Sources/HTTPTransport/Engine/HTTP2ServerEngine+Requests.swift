import CNghttp2

/// What comes in on a stream becomes a request, or a refusal. These run inside libnghttp2's callbacks.
extension HTTP2ServerEngine {
    private static let smallDataFrame = 256
    private static let fieldOverhead = 32
    private static let reservedBodyBytes = 64 * 1024

    /// Takes the price of frames that bring no request further.
    func frameBegins(_ header: UnsafePointer<nghttp2_frame_hd>?) -> Int32 {
        guard let header else { return 0 }
        let endsStream = header.pointee.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        switch UInt32(header.pointee.type) {
        case NGHTTP2_HEADERS.rawValue, NGHTTP2_CONTINUATION.rawValue:
            return 0
        case NGHTTP2_DATA.rawValue where endsStream || header.pointee.length >= HTTP2ServerEngine.smallDataFrame:
            return 0
        default:
            return frameBudget.charge(now: now) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
        }
    }

    func headersBegin(_ frame: UnsafePointer<nghttp2_frame>?) -> Int32 {
        guard let session, let frame, UInt32(frame.pointee.hd.type) == NGHTTP2_HEADERS.rawValue else { return 0 }
        let stream = frame.pointee.hd.stream_id
        guard frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST else {
            // Trailers are counted like the rest of the request's fields, and not kept.
            headerRecord = record(of: stream)
            return 0
        }
        let record = takeRecord(id: stream)
        nghttp2_session_set_stream_user_data(session, stream, Unmanaged.passUnretained(record).toOpaque())
        headerRecord = record
        frameBudget.credit()
        return 0
    }

    func headerReceived(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> Int32 {
        guard let record = headerRecord else { return 0 }
        let token = HTTPFields.isAuthorization(name) ? tokens.token(at: value) : nil
        let valueCount = token?.count ?? value.count
        record.headerListBytes += name.count + valueCount + HTTP2ServerEngine.fieldOverhead
        record.fieldCount += 1
        if record.headerListBytes > limits.maximumHeaderListBytes || record.fieldCount > limits.maximumHeaderFields {
            // A small table entry that is repeated by an index of one byte unpacks to a great deal: past twice the
            // limit the connection ends, since the block of a single stream can't be skipped.
            let isBomb =
                record.headerListBytes > 2 * limits.maximumHeaderListBytes
                || record.fieldCount > 2 * limits.maximumHeaderFields
            if record.refusal == nil { record.refusal = .headersTooLarge }
            if record.phase == .receivingBody { refuse(record, .headersTooLarge) }
            return isBomb ? NGHTTP2_ERR_CALLBACK_FAILURE.rawValue : 0
        }
        guard record.phase == .receivingHeaders, let first = name.first else { return 0 }
        if first == UInt8(ascii: ":") {
            pseudoHeaderReceived(record, name: name, value: value)
        } else if let token {
            record.fields.append(authorization: token)
        } else {
            record.fields.append(name: name, value: value)
        }
        return 0
    }

    private func pseudoHeaderReceived(
        _ record: StreamRecord, name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
    ) {
        // libnghttp2 lets through the four of a request, each at most once; their second letters differ.
        switch name[1] {
        case UInt8(ascii: "m"):
            record.method = HTTPMethod(bytes: value)
        case UInt8(ascii: "p"):
            record.target = lastTarget.of(value) { RequestTarget($0) }
        case UInt8(ascii: "a"):
            record.authority = lastAuthority.of(value) { String(decoding: $0, as: UTF8.self) } ?? ""
        default:
            break
        }
    }

    func bodyReceived(stream: Int32, _ bytes: UnsafeRawBufferPointer) -> Int32 {
        guard let record = record(of: stream) else { return 0 }
        guard record.phase == .receivingBody else {
            discard(bytes.count, of: record)
            return 0
        }
        guard record.body.count + bytes.count <= record.bodyLimit else {
            refuse(record, .bodyTooLarge)
            return 0
        }
        if hold(bytes.count, of: record) { record.body.append(contentsOf: bytes) }
        return 0
    }

    /// Counts bytes that are kept until the request is complete. False if that are too many: then it has been refused.
    private func hold(_ count: Int, of record: StreamRecord) -> Bool {
        guard bodyBudget.add(count, bodyHeld: record.heldBytes + count) else {
            refuse(record, .overloaded)
            return false
        }
        record.heldBytes += count
        return true
    }

    /// What was held is given on, or given up.
    func letGo(of record: StreamRecord) {
        guard record.heldBytes > 0 else { return }
        bodyBudget.remove(record.heldBytes)
        record.heldBytes = 0
    }

    private func discard(_ count: Int, of record: StreamRecord) {
        record.discardedBytes += count
        if record.phase == .lingering, record.discardedBytes > HTTP2ServerEngine.lingerBytes {
            reset(record, NGHTTP2_NO_ERROR)
        }
    }

    func frameReceived(_ frame: UnsafePointer<nghttp2_frame>?) -> Int32 {
        guard let frame else { return 0 }
        let header = frame.pointee.hd
        switch UInt32(header.type) {
        case NGHTTP2_HEADERS.rawValue:
            guard let record = headerRecord else { return 0 }
            headerRecord = nil
            let endsStream = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
            if record.phase == .receivingHeaders { headersEnded(record, endsStream: endsStream) }
            if endsStream { requestEnded(record) }
        case NGHTTP2_DATA.rawValue where header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0:
            if let record = record(of: header.stream_id) { requestEnded(record) }
        case NGHTTP2_PING.rawValue where header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0:
            let isOurs = withUnsafeBytes(of: frame.pointee.ping.opaque_data) {
                $0.elementsEqual(HTTP2ServerEngine.shutdownPing)
            }
            if isOurs { completeShutdown() }
        default:
            break
        }
        return 0
    }

    func streamClosed(_ stream: Int32) -> Int32 {
        guard let session, let record = record(of: stream) else { return 0 }
        nghttp2_session_set_stream_user_data(session, stream, nil)
        releaseRecord(record)
        return 0
    }

    private func headersEnded(_ record: StreamRecord, endsStream: Bool) {
        hasSeenRequest = true
        record.phase = .receivingBody
        if let reason = validate(record) {
            record.isRequestComplete = endsStream
            refuse(record, reason)
            return
        }
        guard !endsStream, let method = record.method, let target = record.target else { return }
        record.bodyLimit = max(0, sink.bodyLimit(method: method, path: target.path))
        if let declared = record.fields.contentLength {
            guard declared <= record.bodyLimit else { return refuse(record, .bodyTooLarge) }
        }
        // A few bytes unpack to thousands: requests whose bodies don't come shall not fill the memory with fields.
        guard hold(record.headerListBytes, of: record) else { return }
        if let declared = record.fields.contentLength {
            // What hasn't come is in nobody's budget: a declaration alone gets no more than most bodies need.
            record.body.reserveCapacity(min(declared, HTTP2ServerEngine.reservedBodyBytes))
        }
        if record.fields.contains("expect") { submitContinue(record) }
    }

    private func validate(_ record: StreamRecord) -> Refusal? {
        if let refusal = record.refusal { return refusal }
        if outstanding >= 2 * limits.maximumConcurrentStreams { return .overloaded }
        guard record.method != nil, record.target != nil else {
            return .malformed("The method or the path of the request is malformed.")
        }
        if let refusal = record.fields.refusal { return refusal }
        if record.fields.contains("host") {
            let host = record.fields.first("host") ?? ""
            if record.authority.isEmpty { record.authority = host }
            guard host == record.authority else { return .malformed("Host and :authority differ.") }
        }
        return nil
    }

    private func requestEnded(_ record: StreamRecord) {
        record.isRequestComplete = true
        guard record.phase == .receivingBody else { return }
        letGo(of: record)
        enqueue(record)
    }
}

extension HTTPMethod {
    /// Reads a method without a copy where it is one of the common ones.
    init(bytes: UnsafeRawBufferPointer) {
        if bytes.elementsEqual("POST".utf8) {
            self = .post
        } else if bytes.elementsEqual("GET".utf8) {
            self = .get
        } else {
            self.init(String(decoding: bytes, as: UTF8.self))
        }
    }
}

extension HTTPFields {
    /// The declared length of the body: nil without one, `Int.max` if it is no number or too large for one.
    var contentLength: Int? {
        withBytes(of: "content-length") { bytes in
            guard let bytes else { return nil }
            guard !bytes.isEmpty, bytes.count <= 18 else { return .max }
            var sum = 0
            for byte in bytes {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return .max }
                sum = sum * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return sum
        }
    }

    /// What is wrong with the fields of a request on any version of the protocol.
    var refusal: Refusal? {
        if authorizationCount > 1 { return .malformed("There is more than one Authorization field.") }
        let hasUnknownExpectation = withBytes(of: "expect") { bytes in
            bytes.map { !HTTPFields.equal($0, "100-continue") } ?? false
        }
        return hasUnknownExpectation ? .expectationFailed : nil
    }
}
