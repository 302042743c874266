/// Writes the canonical form of everything that is authenticated, hashed or stored here: a sequence of fields, each
/// with its length before it (32 bits, big-endian). Two different sequences never have the same bytes. The first field
/// is the label of the form.
package struct FieldWriter {
    /// All fields so far, the label's included.
    package private(set) var bytes: [UInt8] = []

    /// Writes the label as the first field.
    package init(label: String, reserving capacity: Int = 128) {
        bytes.reserveCapacity(capacity)
        field(label)
    }

    /// Appends a field. The caller keeps it below 4 GiB: of a greater length the prefix would hold 32 bits.
    package mutating func field(_ value: some Collection<UInt8>) {
        appendInteger(UInt32(truncatingIfNeeded: value.count))
        bytes.append(contentsOf: value)
    }

    /// Appends a text as UTF-8.
    package mutating func field(_ value: String) {
        field(value.utf8)
    }

    /// Appends a number, big-endian, in as many bytes as its type has: the type is part of the form.
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
