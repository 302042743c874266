/// A 128-bit identifier in the text form of RFC 9562 section 4 (8-4-4-4-12 hexadecimal digits).
///
/// Names principals, role definitions, role assignments and tenants. No version or variant is demanded: the built-in
/// roles and existing directories use identifiers of every kind.
public struct GUID: Hashable, Comparable, Sendable {
    /// The first eight bytes, big endian.
    public let high: UInt64
    /// The last eight bytes, big endian.
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// From exactly sixteen bytes in the order of the text form; `nil` for any other count.
    public init?(bytes: some Collection<UInt8>) { self.init(bytes: Array(bytes)) }

    /// The same without generic code, which callers in other modules would not get specialized.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        let (high, low) = bytes.withUnsafeBytes { bytes in
            (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        self.init(high: high, low: low)
    }

    /// Parses the text form, in either case, without braces; `nil` for everything else.
    public init?(_ text: some StringProtocol) {
        self.init(utf8: text.utf8)
    }

    /// Parses the UTF-8 bytes of the text form; `nil` for everything else.
    public init?(utf8: some Collection<UInt8>) {
        guard utf8.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        for (position, byte) in utf8.enumerated() {
            if GUID.isHyphenPosition(position) {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = GUID.hexValue(byte) else { return nil }
            if digits < 16 {
                high = high << 4 | UInt64(digit)
            } else {
                low = low << 4 | UInt64(digit)
            }
            digits += 1
        }
        self.init(high: high, low: low)
    }

    /// The sixteen bytes in the order of the text form.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for position in 0..<8 {
                buffer[position] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * position))
                buffer[position + 8] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * position))
            }
            count = 16
        }
    }

    /// In the order of the sixteen bytes, and so of the lower-case texts.
    public static func < (left: GUID, right: GUID) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }

    private static func isHyphenPosition(_ position: Int) -> Bool {
        position == 8 || position == 13 || position == 18 || position == 23
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension GUID: LosslessStringConvertible {
    public init?(_ description: String) {
        self.init(utf8: description.utf8)
    }

    /// The text form in lower case.
    public var description: String {
        String(unsafeUninitializedCapacity: 36) { buffer in
            var nibble = 0
            for position in 0..<36 {
                if GUID.isHyphenPosition(position) {
                    buffer[position] = UInt8(ascii: "-")
                    continue
                }
                let half = nibble < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (nibble & 15))) & 15
                buffer[position] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                nibble += 1
            }
            return 36
        }
    }
}
