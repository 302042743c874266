/// Fields that many answers have in common: checked once, and laid out as they are sent.
///
/// An answer that names them costs one copy of bytes, where each field by itself is looked at byte by byte.
public final class StandingFields: Sendable {
    struct Span {
        let start: Int
        let nameCount: Int
        let valueCount: Int
    }

    /// Names in lower case and values, one after the other.
    let bytes: [UInt8]
    let spans: [Span]
    /// The fields as they were given.
    public let fields: [(String, String)]

    /// Nil if one of the fields can't be sent: its name is no token, its value holds a control character, or it is one
    /// that the transport makes itself.
    public init?(_ fields: [(String, String)]) {
        guard HTTPResponse(status: 200, headers: fields).isWellFormed,
            !fields.contains(where: { TransportField.isManaged($0.0) })
        else { return nil }
        var bytes: [UInt8] = []
        var spans: [Span] = []
        for (name, value) in fields {
            spans.append(Span(start: bytes.count, nameCount: name.utf8.count, valueCount: value.utf8.count))
            bytes += name.utf8.map(HTTPFields.lowercased)
            bytes += value.utf8
        }
        self.bytes = bytes
        self.spans = spans
        self.fields = fields
    }
}
