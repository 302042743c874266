import CryptographicModule

/// Writes the members of one record. Hand-made because this is on the path of every signature: literals are copied as
/// they are, and text is copied whole unless a byte of it needs an escape.
struct LineWriter {
    private(set) var bytes: [UInt8] = []

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    /// Appends text of our own, which needs no escape.
    mutating func literal(_ text: StaticString) {
        text.withUTF8Buffer { bytes.append(contentsOf: $0) }
    }

    mutating func integer(_ value: Int64) {
        if value < 0 { bytes.append(UInt8(ascii: "-")) }
        unsigned(value.magnitude)
    }

    mutating func unsigned(_ value: UInt64) {
        if value < 10 { return bytes.append(UInt8(ascii: "0") + UInt8(value)) }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = value
            var start = 20
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            bytes.append(contentsOf: digits[start..<20])
        }
    }

    mutating func time(_ unixMilliseconds: Int64) {
        Timestamp.append(unixMilliseconds, to: &bytes)
    }

    /// Appends text from outside as the content of a JSON string, cut at `limit` bytes.
    mutating func text(_ text: String, limit: Int) {
        var text = text
        text.withUTF8 { utf8 in
            let kept = SafeText.cut(utf8, at: limit)
            if SafeText.isPlain(kept) {
                bytes.append(contentsOf: kept)
            } else {
                escape(String(decoding: kept, as: UTF8.self))
            }
        }
    }

    /// Appends text from outside as the content of a JSON string within a JSON document that is itself the content of a
    /// string.
    mutating func nestedText(_ text: String, limit: Int) {
        let start = bytes.count
        self.text(text, limit: limit)
        guard bytes[start...].contains(where: Self.isEscaped) else { return }
        let inner = Array(bytes[start...])
        bytes.removeLast(inner.count)
        for byte in inner {
            if Self.isEscaped(byte) { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
    }

    private static func isEscaped(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") }

    mutating func base64URL(_ value: [UInt8]) {
        Base64URL.append(value, to: &bytes)
    }

    private mutating func escape(_ text: String) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(UInt8(ascii: scalar))
            case _ where scalar.value == 0x7F || SafeText.isDangerous(scalar):
                for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter { unicodeEscape(unit) }
            default:
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }

    private mutating func unicodeEscape(_ unit: UInt16) {
        literal("\\u")
        for shift in [12, 8, 4, 0] {
            let digit = UInt8(unit >> UInt16(shift) & 0xF)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
