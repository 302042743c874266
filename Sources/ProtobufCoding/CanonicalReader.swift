/// Reads messages of Protocol Buffers field by field, in the order of ``CanonicalWriter``. Where the next field has
/// another number or type than was asked for, the field that was asked for isn't there.
///
/// Whoever reads asks for all fields in ascending order, and then whether the reader ``isComplete``. What can't be read
/// so may be a message all the same, by another program or of a later version: the generated code decides on it. And
/// what can be read need not be canonical: whoever depends on that encodes the value again.
package struct CanonicalReader {
    private let bytes: [UInt8]
    private var position: Int
    private let end: Int
    /// Whether a length or a number was none, or a message within was not as it has to be. Then all that was read is
    /// worth nothing.
    private var isBroken = false

    /// Reads a whole message, without what may stand before it.
    package init(_ bytes: [UInt8]) {
        self.init(bytes, from: 0, to: bytes.count)
    }

    private init(_ bytes: [UInt8], from position: Int, to end: Int) {
        self.bytes = bytes
        self.position = position
        self.end = end
    }

    /// Whether everything was read, and is worth something.
    package var isComplete: Bool { position == end && !isBroken }

    /// A varint: signed numbers as their 64 bits, truth as 0 or 1. Nil if the field isn't there; 0 if it is broken, and
    /// the reader is never complete then.
    package mutating func number(_ field: UInt8) -> UInt64? {
        next(field, WireType.varint) ? varint() : nil
    }

    /// Nil if the field isn't there, or is longer than what is left; then the reader is never complete.
    package mutating func bytes(_ field: UInt8) -> [UInt8]? {
        range(field).map { Array(bytes[$0]) }
    }

    /// What isn't UTF-8 becomes another text, which has another encoding.
    package mutating func text(_ field: UInt8) -> String? {
        range(field).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    /// Lets `body` read the message within this one, which it has to read as a whole.
    ///
    /// What `body` finds it leaves in a variable. Were it the result instead, whose type differs, much would have to be
    /// looked up at run time.
    ///
    /// - Returns: whether the message is there.
    @discardableResult
    package mutating func message(_ field: UInt8, _ body: (inout CanonicalReader) -> Void) -> Bool {
        guard let range = range(field) else { return false }
        var reader = CanonicalReader(bytes, from: range.lowerBound, to: range.upperBound)
        body(&reader)
        if !reader.isComplete { isBroken = true }
        return true
    }

    /// - Precondition: `field` is below 16, so that its tag has one byte.
    private mutating func next(_ field: UInt8, _ type: UInt8) -> Bool {
        assert(field < 16, "the tag of field \(field) has two bytes")
        guard position < end, bytes[position] == field << 3 | type else { return false }
        position += 1
        return true
    }

    private mutating func range(_ field: UInt8) -> Range<Int>? {
        guard next(field, WireType.lengthDelimited) else { return nil }
        let length = varint()
        guard !isBroken, length <= UInt64(end - position) else {
            isBroken = true
            return nil
        }
        defer { position += Int(length) }
        return position..<position + Int(length)
    }

    private mutating func varint() -> UInt64 {
        var value: UInt64 = 0
        var shift = 0
        while position < end, shift < 64 {
            let byte = bytes[position]
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            // The tenth byte has room for one bit.
            if byte < 0x80, shift < 63 || byte < 2 { return value }
            shift += 7
        }
        isBroken = true
        return 0
    }
}
