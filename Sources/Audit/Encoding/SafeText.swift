/// Makes text from outside safe to store in a line and to show on a terminal.
enum SafeText {
    /// Whether a byte of UTF-8 needs a closer look: control characters, the two characters that JSON escapes, and
    /// everything beyond ASCII.
    private static let needsCare: [Bool] = (0...UInt8.max).map { byte in
        byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        needsCare.withUnsafeBufferPointer { table in
            for byte in bytes where table[Int(byte)] { return false }
            return true
        }
    }

    /// Whether a character could move the cursor, reorder the text around it, or hide: controls, format characters (all
    /// bidirectional ones among them), line separators, and code points without a meaning.
    static func isDangerous(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7F { return scalar.value < 0x20 }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }

    /// The longest prefix of at most `limit` bytes that ends between two characters.
    static func cut(_ bytes: UnsafeBufferPointer<UInt8>, at limit: Int) -> UnsafeBufferPointer<UInt8> {
        guard bytes.count > limit else { return bytes }
        var end = limit
        while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return UnsafeBufferPointer(rebasing: bytes[..<end])
    }

    /// Text for a terminal: dangerous characters appear as `\u{...}`.
    static func printable(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if isDangerous(scalar) {
                result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }
}
