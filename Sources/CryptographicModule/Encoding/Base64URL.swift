/// base64url without padding (RFC 4648 section 5), strict: no padding, no blanks, no stray bits.
public enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, digit) in alphabet.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    public static func encode(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { encode($0) } }

    public static func encode(_ bytes: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: (bytes.count * 4 + 2) / 3) { target in
            var position = 0
            var bits: UInt32 = 0
            var pending: UInt32 = 0
            for byte in bytes {
                bits = bits << 8 | UInt32(byte)
                pending += 8
                while pending >= 6 {
                    pending -= 6
                    target[position] = alphabet[Int(bits >> pending & 63)]
                    position += 1
                }
            }
            if pending > 0 {
                target[position] = alphabet[Int(bits << (6 - pending) & 63)]
                position += 1
            }
            return position
        }
    }

    /// `nil` for anything that ``encode(_:)`` would not have written.
    public static func decode(_ text: String) -> [UInt8]? { decode(text.utf8) }

    public static func decode(_ digits: some Collection<UInt8>) -> [UInt8]? {
        // One concrete loop: a generic one is not specialized for callers in other modules and costs ten times as much.
        if let result = digits.withContiguousStorageIfAvailable({ decode($0) }) { return result }
        return Array(digits).withUnsafeBufferPointer { decode($0) }
    }

    private static func decode(_ digits: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
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
