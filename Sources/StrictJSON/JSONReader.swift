/// A strict reader of JSON (RFC 8259) with limits, over bytes as they came from the network.
///
/// Refused: duplicate names, unpaired surrogates, invalid UTF-8, control characters in strings, leading zeros, anything
/// after the document, and whatever exceeds ``Limits``. No input traps; work and memory are proportional to the input.
public struct JSONReader {
    /// What a document may have at most.
    public struct Limits: Sendable {
        /// Nesting of arrays and objects.
        public var depth: Int
        /// Members of one object and elements of one array.
        public var members: Int
        /// Characters of one number.
        public var numberLength: Int

        public init(depth: Int = 16, members: Int = 256, numberLength: Int = 32) {
            self.depth = depth
            self.members = members
            self.numberLength = numberLength
        }
    }

    /// Why and where (byte offset) a document was refused.
    public struct Failure: Error, Hashable, Sendable {
        /// Bytes from the beginning of the document to where the reader had come.
        public let offset: Int
        /// For people. It repeats nothing of the document.
        public let reason: String
    }

    private let bytes: [UInt8]
    private let limits: Limits
    private var position = 0
    private var depth = 0

    /// Parses one document.
    public static func parse(_ bytes: [UInt8], limits: Limits = Limits()) throws(Failure) -> JSONValue {
        var reader = JSONReader(bytes: bytes, limits: limits)
        reader.skipBlanks()
        let value = try reader.readValue()
        reader.skipBlanks()
        guard reader.position == bytes.count else { throw reader.failure("data after the document") }
        return value
    }

    private init(bytes: [UInt8], limits: Limits) {
        self.bytes = bytes
        self.limits = limits
    }

    private func failure(_ reason: String) -> Failure { Failure(offset: position, reason: reason) }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func readValue() throws(Failure) -> JSONValue {
        guard let byte = current else { throw failure("the document ends early") }
        switch byte {
        case UInt8(ascii: "{"): return .object(try readObject())
        case UInt8(ascii: "["): return .array(try readArray())
        case UInt8(ascii: "\""): return .string(try readString())
        case UInt8(ascii: "t"): try expect("true"); return .bool(true)
        case UInt8(ascii: "f"): try expect("false"); return .bool(false)
        case UInt8(ascii: "n"): try expect("null"); return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try readNumber()
        default: throw failure("unexpected character")
        }
    }

    private mutating func expect(_ word: StaticString) throws(Failure) {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count else { throw failure("the document ends early") }
        for offset in 0..<word.utf8CodeUnitCount where bytes[position + offset] != word.utf8Start[offset] {
            throw failure("unexpected word")
        }
        position = end
    }

    private mutating func enter() throws(Failure) {
        depth += 1
        guard depth <= limits.depth else { throw failure("nested deeper than \(limits.depth)") }
        position += 1
        skipBlanks()
    }

    /// Consumes `,` or the closing byte; true when the container is at its end.
    private mutating func atEnd(closing: UInt8) throws(Failure) -> Bool {
        skipBlanks()
        guard let byte = current else { throw failure("the document ends early") }
        position += 1
        if byte == closing {
            depth -= 1
            return true
        }
        guard byte == UInt8(ascii: ",") else {
            position -= 1
            throw failure("expected ',' or the end of the container")
        }
        skipBlanks()
        return false
    }

    private mutating func readArray() throws(Failure) -> [JSONValue] {
        try enter()
        var elements: [JSONValue] = []
        if current == UInt8(ascii: "]") {
            position += 1
            depth -= 1
            return elements
        }
        repeat {
            guard elements.count < limits.members else { throw failure("more than \(limits.members) elements") }
            elements.append(try readValue())
        } while try !atEnd(closing: UInt8(ascii: "]"))
        return elements
    }

    private mutating func readObject() throws(Failure) -> JSONObject {
        try enter()
        var object = JSONObject()
        var names: Set<String> = []
        if current == UInt8(ascii: "}") {
            position += 1
            depth -= 1
            return object
        }
        repeat {
            guard object.members.count < limits.members else { throw failure("more than \(limits.members) members") }
            guard current == UInt8(ascii: "\"") else { throw failure("expected a member name") }
            let name = try readString()
            guard !Self.isRepeated(name, in: object, &names) else { throw failure("duplicate member name") }
            skipBlanks()
            guard current == UInt8(ascii: ":") else { throw failure("expected ':'") }
            position += 1
            skipBlanks()
            object.append(name: name, value: try readValue())
        } while try !atEnd(closing: UInt8(ascii: "}"))
        return object
    }

    /// Few members are compared one by one. Beyond that a set of their names keeps the work from growing with the
    /// square of their number.
    ///
    /// - Parameter names: of the members, once there are many.
    private static func isRepeated(_ name: String, in object: JSONObject, _ names: inout Set<String>) -> Bool {
        guard object.members.count >= few else { return object.contains(name) }
        if names.isEmpty { names = Set(object.members.map(\.name)) }
        return !names.insert(name).inserted
    }

    private static let few = 16

    // MARK: Strings

    private mutating func readString() throws(Failure) -> String {
        position += 1
        let start = position
        var isASCII = true
        while let byte = current {
            switch byte {
            case UInt8(ascii: "\""):
                let text = text(start..<position, isASCII: isASCII)
                position += 1
                guard let text else { throw failure("invalid UTF-8") }
                return text
            case UInt8(ascii: "\\"): return try readEscapedString(from: start)
            case 0..<0x20: throw failure("control character in a string")
            default:
                isASCII = isASCII && byte < 0x80
                position += 1
            }
        }
        throw failure("the document ends early")
    }

    /// `nil` for what isn't UTF-8. Nearly all text is ASCII, of which nothing has to be checked.
    private func text(_ range: Range<Int>, isASCII: Bool) -> String? {
        bytes.withUnsafeBufferPointer { bytes in
            let text = UnsafeBufferPointer(rebasing: bytes[range])
            return isASCII ? String(decoding: text, as: UTF8.self) : String(validating: text, as: UTF8.self)
        }
    }

    /// The rare path: `position` is at the first escape.
    private mutating func readEscapedString(from start: Int) throws(Failure) -> String {
        var decoded = Array(bytes[start..<position])
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: decoded, as: UTF8.self) else { throw failure("invalid UTF-8") }
                return text
            case UInt8(ascii: "\\"): try readEscape(into: &decoded)
            case 0..<0x20: throw failure("control character in a string")
            default: decoded.append(byte)
            }
        }
        throw failure("the document ends early")
    }

    private mutating func readEscape(into decoded: inout [UInt8]) throws(Failure) {
        guard let byte = current else { throw failure("the document ends early") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(byte)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"):
            let scalar = try readEscapedScalar()
            decoded.append(contentsOf: String(Character(scalar)).utf8)
        default: throw failure("unknown escape")
        }
    }

    private mutating func readEscapedScalar() throws(Failure) -> Unicode.Scalar {
        let unit = try readHexUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        // A surrogate: only a high one followed by a low one names a character (RFC 8259 section 7).
        guard unit < 0xDC00, current == UInt8(ascii: "\\") else { throw failure("unpaired surrogate") }
        position += 1
        guard current == UInt8(ascii: "u") else { throw failure("unpaired surrogate") }
        position += 1
        let low = try readHexUnit()
        guard (0xDC00...0xDFFF).contains(low),
            let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
        else { throw failure("unpaired surrogate") }
        return scalar
    }

    private mutating func readHexUnit() throws(Failure) -> UInt32 {
        guard position + 4 <= bytes.count else { throw failure("the document ends early") }
        var unit: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            guard let digit = Hexadecimal.value(of: byte) else { throw failure("expected four hexadecimal digits") }
            unit = unit << 4 | UInt32(digit)
        }
        position += 4
        return unit
    }

    // MARK: Numbers

    private mutating func readNumber() throws(Failure) -> JSONValue {
        let start = position
        if current == UInt8(ascii: "-") { position += 1 }
        if current == UInt8(ascii: "0") { position += 1 } else { try skipDigits() }
        var isInteger = true
        if current == UInt8(ascii: ".") {
            isInteger = false
            position += 1
            try skipDigits()
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            isInteger = false
            position += 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position += 1 }
            try skipDigits()
        }
        guard position - start <= limits.numberLength else {
            throw failure("number longer than \(limits.numberLength)")
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let double = Double(text), double.isFinite else { throw failure("number out of range") }
        // Beyond that many numbers have the same double, so that which integer was meant isn't known.
        if double.magnitude < 0x1p53, let integer = Int64(exactly: double) { return .integer(integer) }
        return .double(double)
    }

    private mutating func skipDigits() throws(Failure) {
        let start = position
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw failure("expected a digit") }
    }
}
