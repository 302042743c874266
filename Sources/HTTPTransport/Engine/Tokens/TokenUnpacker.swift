import Glibc

/// What the connections of a loop need to unpack tokens, one after the other.
final class TokenWorkshop {
    let decoder = FieldDecoder()
    /// What goes to libnghttp2 instead of what was read.
    fileprivate(set) var output: [UInt8] = []

    /// Gives the output away for the length of a call, and overwrites it: bodies with secrets pass here as well.
    func take(_ body: (UnsafeRawBufferPointer) -> Void) {
        output.withUnsafeMutableBytes { bytes in
            body(UnsafeRawBufferPointer(bytes))
            if let start = bytes.baseAddress { explicit_bzero(start, bytes.count) }
        }
        output.removeAll(keepingCapacity: true)
    }

    /// Adds a frame with `token` in place of its code.
    fileprivate func append(_ frame: UnsafeRawBufferPointer, with token: [UInt8], for literal: AuthorizationLiteral) {
        let start = output.count
        output.append(contentsOf: frame.part(0..<literal.length))
        appendLength(token.count)
        output.append(contentsOf: token)
        output.append(contentsOf: frame.part(literal.code.upperBound..<frame.count))
        let length = output.count - start - Frame.headBytes
        for (place, shift) in [16, 8, 0].enumerated() { output[start + place] = UInt8(length >> shift & 0xFF) }
    }

    /// The length of a string without Huffman code (RFC 7541 sections 5.1 and 5.2).
    private func appendLength(_ count: Int) {
        guard count >= 0x7F else { return output.append(UInt8(count)) }
        output.append(0x7F)
        var rest = count - 0x7F
        while rest >= 0x80 {
            output.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        output.append(UInt8(rest))
    }
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

/// Replaces the Huffman code of a token by the token, in whole HEADERS frames, before libnghttp2 reads them.
///
/// libnghttp2 decodes such a code anew with each request, bit by bit: for a token of 900 bytes that takes a fifth of
/// the time of a P-256 signature. Nearly always it is the code of the request before. A value may be sent with or
/// without the code (RFC 7541 section 5.2), so that nothing else changes. Frames that are split between reads, padded,
/// continued or that would outgrow a frame pass as they are, and libnghttp2 judges of everything: this refuses nothing.
struct TokenUnpacker {
    /// The last token, by its code.
    private var last = LastReading<[UInt8]>(longest: 4096)
    /// What is still to come of the client's preface (RFC 9113 section 3.4), or of a frame.
    private var remaining = Frame.prefaceBytes
    /// The length in a frame's head that the last read ended in, as far as it came, and how much of the head did.
    private var headLength = 0
    private var headCount = 0

    /// Puts the bytes into the workshop's output, with tokens unpacked.
    /// - Returns: false if there was nothing to unpack: then `bytes` are to be read as they are.
    mutating func unpack(_ bytes: UnsafeRawBufferPointer, in workshop: TokenWorkshop) -> Bool {
        workshop.output.removeAll(keepingCapacity: true)
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
            if let unpacked = token(of: frame, by: workshop.decoder) {
                workshop.output.append(contentsOf: bytes.part(copied..<place))
                workshop.append(frame, with: unpacked.token, for: unpacked.literal)
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

    /// The token of a HEADERS frame, and where its code is in the frame.
    private mutating func token(
        of frame: UnsafeRawBufferPointer, by decoder: FieldDecoder
    ) -> (literal: AuthorizationLiteral, token: [UInt8])? {
        let flags = frame[4]
        guard frame[3] == Frame.headers, flags & (Frame.endHeaders | Frame.padded) == Frame.endHeaders else {
            return nil
        }
        let first = Frame.headBytes + (flags & Frame.priority == 0 ? 0 : Frame.priorityBytes)
        guard first <= frame.count else { return nil }
        let block = frame.part(first..<frame.count)
        guard let literal = AuthorizationLiteral.first(in: block),
            let token = last.of(block.part(literal.code), { _ in decoder.value(of: block.part(literal.field)) }),
            // Neither what came nor what it becomes may be more than a frame holds.
            max(frame.count, frame.count - literal.code.count + token.count) <= Frame.mostBytes
        else { return nil }
        return (literal.moved(by: first), token)
    }
}

extension UnsafeRawBufferPointer {
    /// Some of the bytes, counted from 0.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self[range]) }
}
