/// Writes compact JSON (RFC 8259) straight into bytes: no tree, no Foundation, slashes unescaped as the protocol's
/// service does.
public struct JSONWriter {
    /// What was written so far, UTF-8.
    public private(set) var bytes: [UInt8]
    private var needsComma = false

    /// - Parameter capacity: bytes to reserve; the text may become longer.
    public init(capacity: Int = 512) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    /// An object whose members `body` writes.
    public mutating func object(_ body: (inout JSONWriter) -> Void) {
        separate()
        nest(opening: UInt8(ascii: "{"), closing: UInt8(ascii: "}"), body)
    }

    /// An array whose elements `body` writes.
    public mutating func array(_ body: (inout JSONWriter) -> Void) {
        separate()
        nest(opening: UInt8(ascii: "["), closing: UInt8(ascii: "]"), body)
    }

    private mutating func nest(opening: UInt8, closing: UInt8, _ body: (inout JSONWriter) -> Void) {
        bytes.append(opening)
        needsComma = false
        body(&self)
        bytes.append(closing)
        needsComma = true
    }

    /// A member's name; exactly one value must follow.
    public mutating func name(_ name: String) {
        separate()
        quote(name)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// A string. Escaped are quotation marks, backslashes and control characters, as `\u00XX`; DEL is one of them here.
    public mutating func string(_ value: String) {
        separate()
        quote(value)
    }

    /// A string of bytes known to need no escape (base64url, hexadecimal digits).
    public mutating func plainASCII(_ value: some Sequence<UInt8>) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: value)
        bytes.append(UInt8(ascii: "\""))
    }

    /// The same, of bytes that `write` appends.
    public mutating func plainASCII(_ write: (inout [UInt8]) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        write(&bytes)
        bytes.append(UInt8(ascii: "\""))
    }

    /// A number in decimal. ``JSONReader`` gives back exactly what fits into `Int64`, of greater ones an approximation.
    public mutating func integer(_ value: some BinaryInteger) {
        separate()
        bytes.append(contentsOf: String(value).utf8)
    }

    /// `true` or `false`.
    public mutating func bool(_ value: Bool) {
        separate()
        bytes.append(contentsOf: (value ? "true" : "false").utf8)
    }

    /// `null`. ``JSONObject`` reads such a member as absent.
    public mutating func null() {
        separate()
        bytes.append(contentsOf: "null".utf8)
    }

    /// Any value, objects in the order of their members.
    ///
    /// - Precondition: no number in it is infinite or NaN: JSON has no text for these.
    public mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let flag): bool(flag)
        case .integer(let number): integer(number)
        case .double(let number):
            separate()
            bytes.append(contentsOf: number.description.utf8)
        case .string(let text): string(text)
        case .array(let elements): array { writer in for element in elements { writer.value(element) } }
        case .object(let members):
            object { writer in
                for member in members.members { writer.member(member.name) { $0.value(member.value) } }
            }
        }
    }

    // MARK: Members in one call

    /// A name and the value that `write` writes: exactly one.
    public mutating func member(_ name: String, _ write: (inout JSONWriter) -> Void) {
        self.name(name)
        write(&self)
    }

    /// A name and a string, escaped as in ``string(_:)``.
    public mutating func member(_ name: String, _ value: String) { self.name(name); string(value) }
    /// A name and `true` or `false`.
    public mutating func member(_ name: String, _ value: Bool) { self.name(name); bool(value) }
    /// A name and a number, as ``integer(_:)`` writes it.
    public mutating func member(_ name: String, _ value: some BinaryInteger) { self.name(name); integer(value) }
    /// A name and an array of strings.
    public mutating func member(_ name: String, array values: [String]) {
        self.name(name)
        array { writer in for value in values { writer.string(value) } }
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            let isPlain = utf8.allSatisfy {
                $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
            }
            if isPlain { bytes.append(contentsOf: utf8) } else { escape(utf8) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ utf8: UnsafeBufferPointer<UInt8>) {
        for byte in utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<0x20, 0x7F:
                bytes.append(contentsOf: "\\u00".utf8)
                bytes.append(Hexadecimal.digits[Int(byte >> 4)])
                bytes.append(Hexadecimal.digits[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
    }
}
