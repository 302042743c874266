import CNghttp2

/// Gathers the fields of one header block for libnghttp2, in buffers that are used again for the next.
struct HeaderBlock {
    private struct Span {
        var start: Int
        var nameCount: Int
        var valueCount: Int
        var flags: nghttp2_nv_flag
    }

    private var bytes: [UInt8] = []
    private var spans: [Span] = []
    private var vectors: [nghttp2_nv] = []

    mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        spans.removeAll(keepingCapacity: true)
        vectors.removeAll(keepingCapacity: true)
    }

    /// Begins anew with the fields of an answer; false if a handler's field can't be sent.
    mutating func fill(_ response: HTTPResponse, date: [UInt8]) -> Bool {
        reset()
        append(":status", number: response.status)
        if let standing = response.standing { append(standing) }
        for (name, value) in response.headers where !TransportField.isManaged(name) {
            guard append(name: name, value: value) else { return false }
        }
        if !response.isBodiless { append("content-length", number: response.body.count) }
        append("date", date)
        return true
    }

    private mutating func append(_ standing: StandingFields) {
        let start = bytes.count
        bytes.append(contentsOf: standing.bytes)
        for span in standing.spans {
            spans.append(
                Span(
                    start: start + span.start, nameCount: span.nameCount, valueCount: span.valueCount,
                    flags: NGHTTP2_NV_FLAG_NONE))
        }
    }

    /// Adds a field whose name is in lower case and whose value is known to be clean.
    mutating func append(_ name: StaticString, _ value: some Collection<UInt8>) {
        let start = bytes.count
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        let nameCount = bytes.count - start
        bytes.append(contentsOf: value)
        spans.append(
            Span(
                start: start, nameCount: nameCount, valueCount: bytes.count - start - nameCount,
                flags: NGHTTP2_NV_FLAG_NONE))
    }

    /// Adds a field with a number as its value.
    mutating func append(_ name: StaticString, number: Int) {
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &digits) { buffer in
            var index = buffer.count
            var rest = UInt(number.magnitude)
            repeat {
                index -= 1
                buffer[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            append(name, buffer[index...])
        }
    }

    /// Adds a field of a handler. False if it must not be sent: its name is no token, or its value holds a control
    /// character, which on another hop could end the field and begin the next.
    mutating func append(name: String, value: String) -> Bool {
        let start = bytes.count
        var name = name
        var value = value
        guard name.withUTF8({ appendLowered($0) }) else { return false }
        let nameCount = bytes.count - start
        let valueIsClean = value.withUTF8 { source in
            bytes.append(contentsOf: source)
            return Self.isClean(source)
        }
        guard valueIsClean else { return false }
        spans.append(
            Span(
                start: start, nameCount: nameCount, valueCount: bytes.count - start - nameCount,
                flags: TransportField.isUnique(name) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE))
        return true
    }

    /// Appends a field's name in lower case; false if it is no token.
    private mutating func appendLowered(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        HTTPToken.lowered.withUnsafeBufferPointer { lowered in
            var isToken = !name.isEmpty
            var isLow = true
            for byte in name {
                isToken = isToken && lowered[Int(byte)] != 0
                isLow = isLow && lowered[Int(byte)] == byte
            }
            guard isToken else { return false }
            if isLow { bytes.append(contentsOf: name) } else { bytes.append(contentsOf: name.map { lowered[Int($0)] }) }
            return true
        }
    }

    /// Whether a value holds no control character. Looks at all bytes whatever they are: that takes the processor less
    /// than to stop at the first.
    private static func isClean(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
        var controls: UInt8 = 0
        for byte in value {
            controls |= (byte < 0x20 && byte != 0x09) || byte == 0x7F ? 1 : 0
        }
        return controls == 0
    }

    /// Calls `body` with the fields, which libnghttp2 copies.
    mutating func withVectors<Result>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result) -> Result {
        bytes.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return body(nil, 0) }
            for span in spans {
                let name = base + span.start
                vectors.append(
                    nghttp2_nv(
                        name: name, value: name + span.nameCount, namelen: span.nameCount, valuelen: span.valueCount,
                        flags: UInt8(span.flags.rawValue)))
            }
            return vectors.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
        }
    }
}

/// One header block for all connections of an event loop: none is begun before the last one is with libnghttp2.
final class SharedHeaderBlock {
    var block = HeaderBlock()
}

/// What the transport knows of fields by their names.
enum TransportField {
    /// Whether nearly every message has another value of the field. The table of a header compressor (RFC 7541) would
    /// drop what all messages have in common for such values, and never find one again.
    static func isUnique(_ name: String) -> Bool {
        switch name.utf8.count {
        case 15: name == "x-ms-request-id"
        case 19: name == "x-ms-server-latency"
        case 22: name == "x-ms-client-request-id"
        default: false
        }
    }

    /// Fields that belong to the transport; a handler's own are left out.
    static func isManaged(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: return HTTPFields.equal(name.utf8, "date")
        case 7: return HTTPFields.equal(name.utf8, "upgrade")
        case 10: return HTTPFields.equal(name.utf8, "connection") || HTTPFields.equal(name.utf8, "keep-alive")
        case 14: return HTTPFields.equal(name.utf8, "content-length")
        case 16: return HTTPFields.equal(name.utf8, "proxy-connection")
        case 17: return HTTPFields.equal(name.utf8, "transfer-encoding")
        default: return false
        }
    }
}
