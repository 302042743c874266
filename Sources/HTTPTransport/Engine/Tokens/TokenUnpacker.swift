import CNghttp2

/// Takes the Huffman code of a token out of whole HEADERS frames before libnghttp2 reads them, and leaves a place for
/// the token, by which ``TokenWorkshop/token(at:)`` finds it.
///
/// libnghttp2 decodes such a code anew with each request, bit by bit, looks at each byte of the token, and copies it
/// twice: for a token of 900 bytes that takes a quarter of the time of a P-256 signature. Nearly always it is the code
/// of the request before. The place is a field of the same name where the token was, so that nothing else changes.
/// Frames that are split between reads, padded or continued pass as they are, and so does what libnghttp2 might refuse:
/// this refuses nothing.
struct TokenUnpacker {
    /// The last token, by its code.
    private var last = LastReading<[UInt8]>(longest: 4096)
    /// What is still to come of the client's preface (RFC 9113 section 3.4), or of a frame.
    private var remaining = FrameFormat.prefaceBytes
    /// The length in a frame's head that the last read ended in, as far as it came, and how much of the head did.
    private var headLength = 0
    private var headCount = 0

    /// Puts the bytes into the workshop's output, without the tokens.
    /// - Returns: false if there was nothing to unpack: then `bytes` are to be read as they are.
    mutating func unpack(_ bytes: UnsafeRawBufferPointer, in workshop: TokenWorkshop) -> Bool {
        workshop.clear()
        var copied = 0
        var place = beginning(of: bytes)
        while bytes.count - place >= FrameFormat.headBytes {
            let length = Int(bytes[place]) << 16 | Int(bytes[place + 1]) << 8 | Int(bytes[place + 2])
            let end = place + FrameFormat.headBytes + length
            guard end <= bytes.count else {
                remaining = end - bytes.count
                place = bytes.count
                break
            }
            let frame = bytes.part(place..<end)
            if !workshop.isFull, let found = token(of: frame, by: workshop.decoder) {
                workshop.append(bytes.part(copied..<place))
                workshop.append(frame, without: found.token, at: found.literal)
                copied = end
            }
            place = end
        }
        keepHead(bytes.part(place..<bytes.count))
        guard copied > 0 else { return false }
        workshop.append(bytes.part(copied..<bytes.count))
        return true
    }

    /// Steps over what the last read had begun.
    private mutating func beginning(of bytes: UnsafeRawBufferPointer) -> Int {
        var place = 0
        if headCount > 0 {
            place = min(FrameFormat.headBytes - headCount, bytes.count)
            keepHead(bytes.part(0..<place))
            guard headCount == FrameFormat.headBytes else { return place }
            remaining = headLength
            headLength = 0
            headCount = 0
        }
        let skipped = min(remaining, bytes.count - place)
        remaining -= skipped
        return place + skipped
    }

    private mutating func keepHead(_ rest: UnsafeRawBufferPointer) {
        for byte in rest {
            if headCount < 3 { headLength = headLength << 8 | Int(byte) }
            headCount += 1
        }
    }

    /// The value of a field, unless libnghttp2 would refuse it.
    private static func value(of field: UnsafeRawBufferPointer, by decoder: FieldDecoder) -> [UInt8]? {
        guard let value = decoder.value(of: field), nghttp2_check_header_value_rfc9113(value, value.count) != 0 else {
            return nil
        }
        return value
    }

    /// The token of a HEADERS frame, and where its code is in the frame.
    private mutating func token(
        of frame: UnsafeRawBufferPointer, by decoder: FieldDecoder
    ) -> (literal: AuthorizationLiteral, token: [UInt8])? {
        let flags = frame[4]
        guard frame[3] == FrameFormat.headers,
            flags & (FrameFormat.endHeaders | FrameFormat.padded) == FrameFormat.endHeaders,
            frame.count <= FrameFormat.mostBytes
        else { return nil }
        let first = FrameFormat.headBytes + (flags & FrameFormat.priority == 0 ? 0 : FrameFormat.priorityBytes)
        guard first <= frame.count else { return nil }
        let block = frame.part(first..<frame.count)
        guard let literal = AuthorizationLiteral.first(in: block), literal.code.count > TokenWorkshop.placeBytes else {
            return nil
        }
        let field = block.part(literal.field)
        guard let token = last.of(block.part(literal.code), { _ in Self.value(of: field, by: decoder) }) else {
            return nil
        }
        return (literal.moved(by: first), token)
    }
}

extension UnsafeRawBufferPointer {
    /// Some of the bytes, counted from 0.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }
}
