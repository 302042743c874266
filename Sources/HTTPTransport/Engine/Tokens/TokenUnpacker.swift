import CNghttp2
import Glibc

/// What the connections of a loop need to set tokens aside, one after the other.
final class TokenWorkshop {
    let decoder = FieldDecoder()
    /// What goes to libnghttp2 instead of what was read.
    fileprivate(set) var output: [UInt8] = []
    /// The tokens that were taken out of it, in order.
    private var tokens: [[UInt8]] = []
    /// What stands in a token's place begins with this, which no client knows. Two digits follow.
    private let mark: [UInt8]

    init() {
        var random = SystemRandomNumberGenerator()
        mark = (0..<Self.placeBytes - 2).map { _ in
            UInt8.random(in: UInt8(ascii: "a")...UInt8(ascii: "z"), using: &random)
        }
    }

    /// How long a token's place is. Where the code is shorter there is nothing to gain.
    static let placeBytes = 18

    /// Gives the output away for the length of a call, and overwrites it: bodies with secrets pass here as well.
    /// Within the call ``token(at:)`` knows the tokens that were taken out.
    func take(_ body: (UnsafeRawBufferPointer) -> Void) {
        output.withUnsafeMutableBytes { bytes in
            body(UnsafeRawBufferPointer(bytes))
            if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
        }
        clear()
    }

    /// The token whose place this is; nil for any other value of a field.
    func token(at place: UnsafeRawBufferPointer) -> [UInt8]? {
        guard place.count == Self.placeBytes, place.starts(with: mark) else { return nil }
        let high = Int(place[mark.count] &- Self.firstDigit)
        let low = Int(place[mark.count + 1] &- Self.firstDigit)
        return low < 16 && high << 4 | low < tokens.count ? tokens[high << 4 | low] : nil
    }

    fileprivate var isFull: Bool { tokens.count == 256 }

    fileprivate func clear() {
        output.removeAll(keepingCapacity: true)
        tokens.removeAll(keepingCapacity: true)
    }

    /// Adds a frame with a place for `token` instead of its code.
    fileprivate func append(_ frame: UnsafeRawBufferPointer, without token: [UInt8], at literal: AuthorizationLiteral) {
        let start = output.count
        output.append(contentsOf: frame.part(0..<literal.length))
        // Without Huffman code (RFC 7541 section 5.2); shorter than what needs a second byte for its length.
        output.append(UInt8(Self.placeBytes))
        output.append(contentsOf: mark)
        output.append(Self.firstDigit + UInt8(tokens.count >> 4))
        output.append(Self.firstDigit + UInt8(tokens.count & 0xF))
        output.append(contentsOf: frame.part(literal.code.upperBound..<frame.count))
        tokens.append(token)
        let length = output.count - start - Frame.headBytes
        for (place, shift) in [16, 8, 0].enumerated() { output[start + place] = UInt8(length >> shift & 0xFF) }
    }

    private static let firstDigit = UInt8(ascii: "A")
}

/// What is to be known of frames (RFC 9113 section 4.1).
private enum Frame {
    static let prefaceBytes = 24
    static let headBytes = 9
    static let mostBytes = 16_384  // SETTINGS_MAX_FRAME_SIZE, which the server leaves as it is.
    static let headers: UInt8 = 1
    static let endHeaders: UInt8 = 0x4
    static let padded: UInt8 = 0x8
    static let priority: UInt8 = 0x20
    static let priorityBytes = 5
}

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
    private var remaining = Frame.prefaceBytes
    /// The length in a frame's head that the last read ended in, as far as it came, and how much of the head did.
    private var headLength = 0
    private var headCount = 0

    /// Puts the bytes into the workshop's output, without the tokens.
    /// - Returns: false if there was nothing to unpack: then `bytes` are to be read as they are.
    mutating func unpack(_ bytes: UnsafeRawBufferPointer, in workshop: TokenWorkshop) -> Bool {
        workshop.clear()
        var copied = 0
        var place = beginning(of: bytes)
        while bytes.count - place >= Frame.headBytes {
            let length = Int(bytes[place]) << 16 | Int(bytes[place + 1]) << 8 | Int(bytes[place + 2])
            let end = place + Frame.headBytes + length
            guard end <= bytes.count else {
                remaining = end - bytes.count
                place = bytes.count
                break
            }
            let frame = bytes.part(place..<end)
            if !workshop.isFull, let found = token(of: frame, by: workshop.decoder) {
                workshop.output.append(contentsOf: bytes.part(copied..<place))
                workshop.append(frame, without: found.token, at: found.literal)
                copied = end
            }
            place = end
        }
        keepHead(bytes.part(place..<bytes.count))
        guard copied > 0 else { return false }
        workshop.output.append(contentsOf: bytes.part(copied..<bytes.count))
        return true
    }

    /// Steps over what the last read had begun.
    private mutating func beginning(of bytes: UnsafeRawBufferPointer) -> Int {
        var place = 0
        if headCount > 0 {
            place = min(Frame.headBytes - headCount, bytes.count)
            keepHead(bytes.part(0..<place))
            guard headCount == Frame.headBytes else { return place }
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
        guard frame[3] == Frame.headers, flags & (Frame.endHeaders | Frame.padded) == Frame.endHeaders,
            frame.count <= Frame.mostBytes
        else { return nil }
        let first = Frame.headBytes + (flags & Frame.priority == 0 ? 0 : Frame.priorityBytes)
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
