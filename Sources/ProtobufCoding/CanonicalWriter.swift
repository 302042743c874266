/// Writes messages of Protocol Buffers by hand, in their canonical form: fields in ascending order, each number in its
/// shortest form, and nothing that has the default value of a field without presence.
///
/// For the few messages that come with every write to the pool. To make a generated message only to encode it costs
/// several times as much.
package struct CanonicalWriter {
    /// What was written so far.
    package private(set) var bytes: [UInt8] = []

    /// - Parameter capacity: about how many bytes there will be.
    package init(reserving capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    // MARK: Fields without presence: a default value isn't written

    /// A `uint64`, as a varint.
    package mutating func field(_ number: UInt8, _ value: UInt64) {
        if value != 0 { present(number, value) }
    }

    /// An `int64`: a negative number takes ten bytes.
    package mutating func field(_ number: UInt8, _ value: Int64) { field(number, UInt64(bitPattern: value)) }

    /// A `uint32`, as a varint.
    package mutating func field(_ number: UInt8, _ value: UInt32) { field(number, UInt64(value)) }

    /// A `bool`: false isn't written.
    package mutating func field(_ number: UInt8, _ value: Bool) { field(number, UInt64(value ? 1 : 0)) }

    /// `bytes`.
    package mutating func field(_ number: UInt8, _ value: [UInt8]) {
        if !value.isEmpty { present(number, value) }
    }

    /// A `string`, as UTF-8.
    package mutating func field(_ number: UInt8, _ value: String) {
        guard !value.isEmpty else { return }
        begin(number, WireType.lengthDelimited)
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    // MARK: Fields with presence: optional ones that are there, and cases of a `oneof`

    /// A varint, also where it is 0.
    package mutating func present(_ number: UInt8, _ value: UInt64) {
        begin(number, WireType.varint)
        varint(value)
    }

    /// Bytes, or a message that is encoded already.
    package mutating func present(_ number: UInt8, _ value: [UInt8]) {
        begin(number, WireType.lengthDelimited)
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// A message within this one, whose fields `body` writes.
    package mutating func message(_ number: UInt8, _ body: (inout CanonicalWriter) -> Void) {
        begin(number, WireType.lengthDelimited)
        var place = bytes.count
        bytes.append(0)
        body(&self)
        var rest = bytes.count - place - 1
        if rest > 0x7F {
            // One byte isn't enough for the length: what was written makes room for one more for each 7 bits.
            let more = (Int.bitWidth - 1 - rest.leadingZeroBitCount) / 7
            bytes.insert(contentsOf: repeatElement(0, count: more), at: place)
        }
        while rest > 0x7F {
            bytes[place] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            place += 1
        }
        bytes[place] = UInt8(truncatingIfNeeded: rest)
    }

    private mutating func begin(_ number: UInt8, _ type: UInt8) {
        varint(UInt64(number) << 3 | UInt64(type))
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}

/// How a field's value is laid out (Protocol Buffers, "Encoding").
enum WireType {
    static let varint: UInt8 = 0
    static let lengthDelimited: UInt8 = 2
}
