/// Takes paths and queries apart that are printable ASCII without an escape, which is what nearly every client sends:
/// straight from the bytes, without the steps that other text needs.
enum PlainText {
    private static let slash = UInt8(ascii: "/")

    /// The segments of a path, without empty ones at either end. `nil` for text that has to be decoded, or that has too
    /// many.
    static func segments(_ path: String) -> [String]? {
        var path = path
        return path.withUTF8 { bytes in
            guard isPlain(bytes), bytes.count(where: { $0 == slash }) < RequestPath.maximumSegments else { return nil }
            var (start, end) = (0, bytes.count)
            while start < end, bytes[start] == slash { start += 1 }
            while end > start, bytes[end - 1] == slash { end -= 1 }
            guard start < end else { return [] }
            var segments: [String] = []
            segments.reserveCapacity(4)
            var first = start
            for position in start..<end where bytes[position] == slash {
                segments.append(text(bytes, first..<position))
                first = position + 1
            }
            segments.append(text(bytes, first..<end))
            return segments
        }
    }

    /// The parameters of a query, names in lower case. `nil` for text that has to be decoded, be it for a space that is
    /// written as a plus.
    static func parameters(_ query: String) -> [(name: String, value: String)]? {
        var query = query
        return query.withUTF8 { bytes in
            guard isPlain(bytes), !bytes.contains(UInt8(ascii: "+")) else { return nil }
            var pairs: [(name: String, value: String)] = []
            var start = 0
            while start < bytes.count {
                let rest = UnsafeBufferPointer(rebasing: bytes[start...])
                let end = start + (rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.count)
                if end > start { pairs.append(parameter(bytes, start..<end)) }
                start = end + 1
            }
            return pairs
        }
    }

    private static func parameter(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> (String, String) {
        let equals = bytes[range].firstIndex(of: UInt8(ascii: "=")) ?? range.upperBound
        let name = text(bytes, range.lowerBound..<equals)
        let isLower = !bytes[range.lowerBound..<equals].contains { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
        let value = equals < range.upperBound ? text(bytes, equals + 1..<range.upperBound) : ""
        return (isLower ? name : name.lowercased(), value)
    }

    private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "%") }
    }

    private static func text(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> String {
        String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }
}
