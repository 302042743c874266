import Glibc

/// What the connections of a loop need to set tokens aside, one after the other.
final class TokenWorkshop {
    let decoder = FieldDecoder()
    /// What goes to libnghttp2 instead of what was read.
    private(set) var output: [UInt8] = []
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

    var isFull: Bool { tokens.count == 256 }

    func clear() {
        output.removeAll(keepingCapacity: true)
        tokens.removeAll(keepingCapacity: true)
    }

    /// Adds bytes as they are.
    func append(_ bytes: UnsafeRawBufferPointer) { output.append(contentsOf: bytes) }

    /// Adds a frame with a place for `token` instead of its code.
    func append(_ frame: UnsafeRawBufferPointer, without token: [UInt8], at literal: AuthorizationLiteral) {
        let start = output.count
        output.append(contentsOf: frame.part(0..<literal.length))
        // Without Huffman code (RFC 7541 section 5.2); shorter than what needs a second byte for its length.
        output.append(UInt8(Self.placeBytes))
        output.append(contentsOf: mark)
        output.append(Self.firstDigit + UInt8(tokens.count >> 4))
        output.append(Self.firstDigit + UInt8(tokens.count & 0xF))
        output.append(contentsOf: frame.part(literal.code.upperBound..<frame.count))
        tokens.append(token)
        let length = output.count - start - FrameFormat.headBytes
        for (place, shift) in [16, 8, 0].enumerated() { output[start + place] = UInt8(length >> shift & 0xFF) }
    }

    private static let firstDigit = UInt8(ascii: "A")
}
