/// Writes the canonical form of everything that is authenticated, hashed or stored here: a sequence of fields, each
/// with its length before it (32 bits, big-endian). Two different sequences never have the same bytes. The first field
/// is the label of the form.
package struct FieldWriter {
    package private(set) var bytes: [UInt8] = []

    package init(label: String, reserving capacity: Int = 128) {
        bytes.reserveCapacity(capacity)
        field(label)
    }

    package mutating func field(_ value: some Collection<UInt8>) {
        appendInteger(UInt32(truncatingIfNeeded: value.count))
        bytes.append(contentsOf: value)
    }

    package mutating func field(_ value: String) {
        field(value.utf8)
    }

    package mutating func field(_ value: some FixedWidthInteger) {
        appendInteger(UInt32(truncatingIfNeeded: value.bitWidth / 8))
        appendInteger(value)
    }

    private mutating func appendInteger(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

/// Big-endian bytes of an integer, as the contexts of key derivations take them.
func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
}
