import StrictJSON

/// Why a form was refused.
public enum FormFault: Error, Hashable, Sendable {
    case tooLong
    case tooManyPairs
    /// A percent sign that is not followed by two hexadecimal digits.
    case badEscape
    case notUTF8
    /// A parameter that occurs more than once (RFC 6749, 3.2 forbids it).
    case duplicate
}

/// A strict decoder of `application/x-www-form-urlencoded` bodies.
///
/// Names are decoded at once, values only when asked for, so that a secret is decoded straight into memory that will be
/// wiped.
public struct FormDecoder: Sendable {
    /// Of the body as it was sent, escapes included.
    public static let maximumBytes = 16 * 1024
    /// Of pairs that aren't empty, whether or not anybody asks for them.
    public static let maximumPairs = 64

    private let bytes: [UInt8]
    private let values: [String: Range<Int>]

    /// - Throws: ``FormFault`` for a body that is too long, has too many pairs, or whose names are malformed or
    ///   repeated.
    public init(_ bytes: [UInt8]) throws(FormFault) {
        guard bytes.count <= Self.maximumBytes else { throw .tooLong }
        var values: [String: Range<Int>] = [:]
        var start = 0
        var pairs = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "&")) ?? bytes.count
            if end > start {
                pairs += 1
                guard pairs <= Self.maximumPairs else { throw .tooManyPairs }
                let mark = bytes[start..<end].firstIndex(of: UInt8(ascii: "=")) ?? end
                let name = try Self.text(bytes[start..<mark])
                guard values.updateValue(min(mark + 1, end)..<end, forKey: name) == nil else { throw .duplicate }
            }
            start = end + 1
        }
        self.bytes = bytes
        self.values = values
    }

    /// Whether the parameter is there, even with an empty value.
    public func contains(_ name: String) -> Bool {
        values[name] != nil
    }

    /// The value of a parameter; `nil` when it is absent.
    public func text(_ name: String) throws(FormFault) -> String? {
        guard let range = values[name] else { return nil }
        return try Self.text(bytes[range])
    }

    /// The value of a parameter that is a secret; `nil` when it is absent.
    public func secret(_ name: String) throws(FormFault) -> PresentedSecret? {
        guard let range = values[name] else { return nil }
        return try Self.secret(bytes[range])
    }

    // MARK: - Decoding

    static func text(_ encoded: some RandomAccessCollection<UInt8>) throws(FormFault) -> String {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(encoded.count)
        guard decode(encoded, { decoded.append($0) }) else { throw .badEscape }
        guard let text = String(validating: decoded, as: UTF8.self) else { throw .notUTF8 }
        return text
    }

    static func secret(_ encoded: some RandomAccessCollection<UInt8>) throws(FormFault) -> PresentedSecret {
        let secret = PresentedSecret(capacity: encoded.count) { space in
            var count = 0
            let isWellFormed = decode(encoded) { byte in
                space[count] = byte
                count += 1
            }
            return isWellFormed ? count : nil
        }
        guard let secret else { throw .badEscape }
        return secret
    }

    /// Undoes `+` and percent escapes; false at a malformed escape. Never yields more bytes than it was given.
    private static func decode(_ encoded: some RandomAccessCollection<UInt8>, _ yield: (UInt8) -> Void) -> Bool {
        var rest = encoded.makeIterator()
        while let byte = rest.next() {
            switch byte {
            case UInt8(ascii: "+"): yield(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.next().flatMap(Hexadecimal.value(of:)),
                    let low = rest.next().flatMap(Hexadecimal.value(of:))
                else { return false }
                yield(high << 4 | low)
            default: yield(byte)
            }
        }
        return true
    }
}
