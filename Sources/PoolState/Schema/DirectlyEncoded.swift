import ProtobufCoding

/// A value that writes its canonical encoding itself, without its message, because there is one for each write to the
/// pool.
///
/// A field that its message is given has to be written here too. `DirectEncodingTests` compares the two encodings, for
/// values with every field filled in, and `SchemaTests` knows which fields there are.
protocol DirectlyEncoded: WireConvertible {
    /// About how many bytes the encoding has.
    var expectedCount: Int { get }

    func write(to writer: inout CanonicalWriter)
}

extension DirectlyEncoded {
    var expectedCount: Int { 64 }

    var canonicalBytes: [UInt8] {
        var writer = CanonicalWriter(reserving: expectedCount)
        write(to: &writer)
        return writer.bytes
    }
}
