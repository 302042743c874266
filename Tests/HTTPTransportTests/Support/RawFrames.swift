/// HTTP/2 frames made by hand, for what a well-behaved client library would never send.
struct RawFrames {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let emptySettings = frame(type: 4, flags: 0, stream: 0, [])

    static func frame(type: UInt8, flags: UInt8, stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let count = UInt32(payload.count)
        var bytes = [UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags]
        for shift in [24, 16, 8, 0] as [UInt32] { bytes.append(UInt8(stream >> shift & 255)) }
        return bytes + payload
    }

    static func ping(ack: Bool = false) -> [UInt8] {
        frame(type: 6, flags: ack ? 1 : 0, stream: 0, Array(repeating: 7, count: 8))
    }

    static func reset(_ stream: UInt32, code: UInt8 = 8) -> [UInt8] {
        frame(type: 3, flags: 0, stream: stream, [0, 0, 0, code])
    }

    static func data(_ stream: UInt32, _ payload: [UInt8], end: Bool) -> [UInt8] {
        frame(type: 0, flags: end ? 1 : 0, stream: stream, payload)
    }

    /// HEADERS with END_HEADERS.
    static func headers(_ stream: UInt32, _ fields: [(String, String)], end: Bool) -> [UInt8] {
        frame(type: 1, flags: 4 | (end ? 1 : 0), stream: stream, block(fields))
    }

    /// Each field as a literal without indexing and without Huffman coding (RFC 7541 section 6.2.2).
    static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + string($0.0) + string($0.1) }
    }

    private static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        guard bytes.count >= 127 else { return [UInt8(bytes.count)] + bytes }
        var length: [UInt8] = [127]
        var rest = bytes.count - 127
        while rest >= 128 {
            length.append(UInt8(rest % 128) | 128)
            rest /= 128
        }
        length.append(UInt8(rest))
        return length + bytes
    }

    static func request(path: String = "/x", method: String = "GET") -> [(String, String)] {
        [(":method", method), (":scheme", "https"), (":authority", "hsm.example"), (":path", path)]
    }

    /// Splits a stream of bytes into frames; (type, flags, stream, payload).
    static func parse(_ bytes: [UInt8]) -> [(type: UInt8, flags: UInt8, stream: UInt32, payload: [UInt8])] {
        var frames: [(type: UInt8, flags: UInt8, stream: UInt32, payload: [UInt8])] = []
        var index = 0
        while index + 9 <= bytes.count {
            let count = Int(bytes[index]) << 16 | Int(bytes[index + 1]) << 8 | Int(bytes[index + 2])
            let stream = bytes[index + 5..<index + 9].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard index + 9 + count <= bytes.count else { break }
            frames.append((bytes[index + 3], bytes[index + 4], stream, Array(bytes[index + 9..<index + 9 + count])))
            index += 9 + count
        }
        return frames
    }
}

/// SplitMix64: the same numbers for the same seed on every machine.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// Changes, loses or adds a byte somewhere from `first` on.
    mutating func damage(_ bytes: inout [UInt8], from first: Int) {
        let place = Int.random(in: first..<bytes.count, using: &self)
        switch Int.random(in: 0..<4, using: &self) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &self)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
        case 2: bytes.remove(at: place)
        default: bytes.insert(UInt8.random(in: 0...255, using: &self), at: place)
        }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
