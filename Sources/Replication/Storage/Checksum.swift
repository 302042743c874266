import CryptographicModule

/// Checksums of stored data: they find damage, not forgery (that is what the tags under root-derived keys are for).
///
/// SHA-256 rather than a CRC: it costs under a microsecond for a typical entry, next to tens of microseconds for its
/// insertion and far more for the flush, and it leaves no pattern of damage unfound.
enum Checksum {
    /// Every field is preceded by its length, so that no two lists of fields have the same bytes.
    struct Input {
        private(set) var bytes: [UInt8]

        init(label: String, capacity: Int = 128) {
            bytes = []
            bytes.reserveCapacity(capacity)
            append(UInt64(label.utf8.count))
            bytes.append(contentsOf: label.utf8)
        }

        mutating func append(_ number: UInt64) {
            withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
        }

        mutating func append(_ field: [UInt8]) {
            append(UInt64(field.count))
            bytes.append(contentsOf: field)
        }

        mutating func append(_ field: [UInt8]?) {
            append(UInt64(field == nil ? 0 : 1))
            if let field { append(field) }
        }

        mutating func append(_ number: UInt64?) {
            append(UInt64(number == nil ? 0 : 1))
            if let number { append(number) }
        }

        var digest: [UInt8] { Digest.sha256(bytes) }
    }
}
