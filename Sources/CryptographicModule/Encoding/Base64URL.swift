/// base64url without padding (RFC 4648 section 5), strict: no padding, no blanks, no stray bits.
public enum Base64URL {
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        alphabet.withUTF8Buffer { digits in
            for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        }
        return values
    }()

    /// The digits of `bytes`; empty for none.
    public static func encode(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { encode($0) } }

    /// The digits of `bytes`; empty for none.
    public static func encode(_ bytes: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: digitCount(bytes)) { encode(bytes, into: $0) }
    }

    /// Appends the digits of `bytes` to a text that is made as bytes.
    public static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: digitCount(bytes)) { digits in
                text.append(contentsOf: digits[..<encode(bytes, into: digits)])
            }
        }
    }

    private static func digitCount(_ bytes: UnsafeRawBufferPointer) -> Int { (bytes.count * 4 + 2) / 3 }

    /// Three bytes make four digits; one that is left makes two, and two make three.
    /// - Returns: the number of digits.
    private static func encode(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableBufferPointer<UInt8>) -> Int {
        let alphabet = alphabet.utf8Start
        var (next, position) = (0, 0)
        while next + 3 <= bytes.count {
            let group = UInt32(bytes[next]) << 16 | UInt32(bytes[next + 1]) << 8 | UInt32(bytes[next + 2])
            target[position] = alphabet[Int(group >> 18)]
            target[position + 1] = alphabet[Int(group >> 12 & 63)]
            target[position + 2] = alphabet[Int(group >> 6 & 63)]
            target[position + 3] = alphabet[Int(group & 63)]
            next += 3
            position += 4
        }
        guard next < bytes.count else { return position }
        let hasTwo = next + 1 < bytes.count
        let group = UInt32(bytes[next]) << 16 | (hasTwo ? UInt32(bytes[next + 1]) << 8 : 0)
        target[position] = alphabet[Int(group >> 18)]
        target[position + 1] = alphabet[Int(group >> 12 & 63)]
        guard hasTwo else { return position + 2 }
        target[position + 2] = alphabet[Int(group >> 6 & 63)]
        return position + 3
    }

    /// `nil` for anything that ``encode(_:)`` would not have written.
    public static func decode(_ text: String) -> [UInt8]? { decode(text.utf8) }

    /// `nil` for anything that ``encode(_:)`` would not have written.
    /// - Parameter digits: ASCII.
    public static func decode(_ digits: some Collection<UInt8>) -> [UInt8]? {
        // One concrete loop: a generic one is not specialized for callers in other modules and costs ten times as much.
        if let result = digits.withContiguousStorageIfAvailable({ decode($0) }) { return result }
        return Array(digits).withUnsafeBufferPointer { decode($0) }
    }

    /// `nil` for anything that ``encode(_:)`` would not have written.
    public static func decode(_ digits: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var isStrict = false
        let bytes = [UInt8](unsafeUninitializedCapacity: digits.count * 3 / 4) { target, count in
            let decoded = decode(digits, into: UnsafeMutableRawBufferPointer(target))
            isStrict = decoded != nil
            count = decoded ?? 0
        }
        return isStrict ? bytes : nil
    }

    /// Decodes into memory that holds three quarters of the digits; no copy is left elsewhere.
    /// - Returns: the number of bytes; `nil` for anything that ``encode(_:)`` would not have written.
    static func decode(_ text: String, into target: UnsafeMutableRawBufferPointer) -> Int? {
        var text = text
        return text.withUTF8 { decode($0, into: target) }
    }

    private static func decode(
        _ digits: UnsafeBufferPointer<UInt8>, into target: UnsafeMutableRawBufferPointer
    ) -> Int? {
        guard digits.count % 4 != 1 else { return nil }
        precondition(target.count >= digits.count * 3 / 4, "room for all bytes")
        var count = 0
        var bits: UInt32 = 0
        var pending: UInt32 = 0
        let isStrict = values.withUnsafeBufferPointer { values in
            for digit in digits {
                let value = values[Int(digit)]
                guard value != 0xFF else { return false }
                bits = bits << 6 | UInt32(value)
                pending += 6
                if pending >= 8 {
                    pending -= 8
                    target[count] = UInt8(truncatingIfNeeded: bits >> pending)
                    count += 1
                }
            }
            return bits & (1 << pending - 1) == 0
        }
        return isStrict ? count : nil
    }
}
