import CryptographicModule

/// Reads what `FieldWriter` wrote, strictly: every length is checked before anything is copied, and nothing may be left
/// over.
///
/// It reads from a buffer that the caller keeps alive, so that secret contents can be read without a copy on the
/// ordinary heap.
package struct FieldReader {
    private let document: String
    private let source: UnsafeRawBufferPointer
    private var offset = 0

    /// Reads `bytes` as one document that begins with `label` and holds nothing after what `body` has read.
    package static func read<Value>(
        _ bytes: [UInt8], document: String, label: String, limit: Int, _ body: (inout FieldReader) throws -> Value
    ) throws -> Value {
        try bytes.withUnsafeBytes { buffer in
            try read(buffer, document: document, label: label, limit: limit, body)
        }
    }

    static func read<Value>(
        _ buffer: UnsafeRawBufferPointer, document: String, label: String, limit: Int,
        _ body: (inout FieldReader) throws -> Value
    ) throws -> Value {
        var reader = FieldReader(document: document, source: buffer)
        guard buffer.count <= limit else { throw reader.malformed("longer than \(limit) bytes") }
        guard try reader.field(upTo: label.utf8.count).elementsEqual(label.utf8) else {
            throw reader.malformed("does not begin with \(label)")
        }
        let value = try body(&reader)
        guard reader.offset == buffer.count else { throw reader.malformed("bytes after the last field") }
        return value
    }

    private init(document: String, source: UnsafeRawBufferPointer) {
        self.document = document
        self.source = source
    }

    /// The error that names this document, for what is wrong with a field that was read.
    package func malformed(_ reason: String) -> SecurityDomainError {
        .malformed(document: document, reason: reason)
    }

    private mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
        guard count <= source.count - offset else { throw malformed("cut short") }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: source[offset..<offset + count])
    }

    private mutating func length() throws -> Int {
        let prefix = try take(4)
        return prefix.reduce(0) { $0 << 8 | Int($1) }
    }

    private mutating func field(upTo limit: Int) throws -> UnsafeRawBufferPointer {
        let count = try length()
        guard count <= limit else { throw malformed("a field of \(count) bytes where at most \(limit) are allowed") }
        return try take(count)
    }

    private mutating func field(exactly count: Int) throws -> UnsafeRawBufferPointer {
        let got = try length()
        guard got == count else { throw malformed("a field of \(got) bytes where \(count) are needed") }
        return try take(count)
    }

    /// The next field.
    ///
    /// - Throws: `SecurityDomainError.malformed` if it is longer than `limit`, or cut short.
    package mutating func bytes(upTo limit: Int) throws -> [UInt8] {
        Array(try field(upTo: limit))
    }

    /// The next field.
    ///
    /// - Throws: `SecurityDomainError.malformed` if it has another length, or is cut short.
    package mutating func bytes(exactly count: Int) throws -> [UInt8] {
        Array(try field(exactly: count))
    }

    /// The next field as a big-endian number. It has to be exactly as wide as the type.
    package mutating func integer<Integer: FixedWidthInteger>(_: Integer.Type = Integer.self) throws -> Integer {
        try field(exactly: Integer.bitWidth / 8).reduce(0) { $0 << 8 | Integer(truncatingIfNeeded: $1) }
    }

    mutating func secret(exactly count: Int) throws -> Secret {
        let source = try field(exactly: count)
        return try Secret(copying: source)
    }

    /// A count of things that follow, refused beyond `limit`.
    package mutating func count(upTo limit: Int) throws -> Int {
        let count = Int(try integer(UInt32.self))
        guard count <= limit else { throw malformed("\(count) items where at most \(limit) are allowed") }
        return count
    }
}
