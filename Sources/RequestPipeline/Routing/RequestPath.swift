import StrictJSON

/// The segments of a request's path, percent-decoded once.
///
/// Clients send empty segments on purpose: `/keys/name/` and `/keys/name//sign` both mean the latest version. Inner
/// empty segments are kept, leading and trailing ones dropped.
public struct RequestPath: Hashable, Sendable {
    /// Bytes of the path as it was sent, percent-encoded.
    public static let maximumLength = 2048
    /// Empty segments count, those included that are dropped.
    public static let maximumSegments = 16

    public let segments: [String]

    /// Returns `nil` for a path that no route can mean: too long, a bad escape, an escaped slash or NUL, `.` or `..`
    /// segments, or bytes that are not UTF-8.
    public init?(_ path: String) {
        guard path.utf8.count <= Self.maximumLength else { return nil }
        if let segments = PlainText.segments(path) {
            guard !segments.contains(where: { $0 == "." || $0 == ".." }) else { return nil }
            self.segments = segments
            return
        }
        var parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        guard parts.count <= Self.maximumSegments else { return nil }
        while let first = parts.first, first.isEmpty { parts.removeFirst() }
        while let last = parts.last, last.isEmpty { parts.removeLast() }
        var segments: [String] = []
        segments.reserveCapacity(parts.count)
        for part in parts {
            guard let segment = PercentEncoding.decode(part), segment != ".", segment != "..",
                !segment.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
            else { return nil }
            segments.append(segment)
        }
        self.segments = segments
    }
}

/// Percent-decoding (RFC 3986 section 2.1), once and strictly.
enum PercentEncoding {
    static func decode(_ text: some Collection<UInt8>) -> String? {
        guard text.contains(UInt8(ascii: "%")) else { return String(validating: text, as: UTF8.self) }
        var decoded: [UInt8] = []
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let high = iterator.next().flatMap(Hexadecimal.value),
                let low = iterator.next().flatMap(Hexadecimal.value)
            else { return nil }
            decoded.append(high << 4 | low)
        }
        return String(validating: decoded, as: UTF8.self)
    }
}

/// The parameters of a query string, first occurrence of each name, names compared without case as the clients vary it.
public struct QueryParameters: Sendable {
    private let pairs: [(name: String, value: String)]

    /// Bytes of the query as it was sent, percent-encoded.
    public static let maximumLength = 2048
    /// Those with the same name count each; empty ones, as in `a=1&&b=2`, don't.
    public static let maximumParameters = 32

    /// Returns `nil` for a query that is too long, or has a bad escape or more than ``maximumParameters`` parameters.
    public init?(_ query: String) {
        guard query.utf8.count <= Self.maximumLength else { return nil }
        if let pairs = PlainText.parameters(query) {
            guard pairs.count <= Self.maximumParameters else { return nil }
            self.pairs = pairs
            return
        }
        var pairs: [(name: String, value: String)] = []
        for part in query.utf8.split(separator: UInt8(ascii: "&")) {
            guard pairs.count < Self.maximumParameters else { return nil }
            let equals = part.firstIndex(of: UInt8(ascii: "="))
            let text = equals.map { part[part.index(after: $0)...] } ?? part[part.endIndex...]
            // Clients that write queries like forms (WHATWG URL, section 5.2) send a space as a plus, a plus as %2B.
            let spaced = text.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }
            guard let name = PercentEncoding.decode(part[..<(equals ?? part.endIndex)]),
                let value = PercentEncoding.decode(spaced)
            else { return nil }
            pairs.append((name.lowercased(), value))
        }
        self.pairs = pairs
    }

    /// The decoded value; empty for a parameter without `=`; `nil` where there is none of that name.
    ///
    /// - Parameter name: in lower case.
    public subscript(name: String) -> String? {
        pairs.first { $0.name == name }?.value
    }
}
