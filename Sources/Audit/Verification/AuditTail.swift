import StrictJSON

/// Shows the end of a log to people.
public enum AuditTail {
    private static let chunkBytes = 256 * 1024
    /// The most lines that are returned.
    public static let maximumLines = 10_000

    /// The last `count` complete lines, oldest first. They are not verified. Of a line that is longer than any record
    /// only the beginning is returned, with `…` behind it.
    ///
    /// - Throws: ``AuditOpenError/system(call:path:errno:)`` when a file can't be read.
    public static func lines(folder: String, count: Int) throws(AuditOpenError) -> [[UInt8]] {
        try lines(folder: folder, count: count, chunkBytes: chunkBytes)
    }

    /// - Parameter chunkBytes: how much is read at once.
    static func lines(folder: String, count: Int, chunkBytes: Int) throws(AuditOpenError) -> [[UInt8]] {
        let folder = LogFolder(path: folder)
        let wanted = min(max(count, 0), maximumLines)
        var lines: [[UInt8]] = []
        for number in try folder.list().numbers.reversed() where lines.count < wanted {
            try readBackwards(folder.filePath(number), chunkBytes, into: &lines, until: wanted)
        }
        return lines.reversed()
    }

    /// Adds the last lines of one file, the last one first, until there are `count` of them. However long they are, the
    /// work is proportional to the file.
    private static func readBackwards(
        _ path: String, _ chunkBytes: Int, into lines: inout [[UInt8]], until count: Int
    ) throws(AuditOpenError) {
        var start = try Disk.size(path)
        // Behind the last line end is nothing, or a line that is still being written.
        var line: BackwardLine?
        while start > 0 {
            let length = min(chunkBytes, start)
            start -= length
            var rest = try Disk.read(path, from: start, limit: length)[...]
            while let end = rest.lastIndex(of: UInt8(ascii: "\n")) {
                line?.prepend(rest[(end + 1)...])
                if let line { lines.append(line.bytes) }
                if lines.count == count { return }
                line = BackwardLine()
                rest = rest[..<end]
            }
            line?.prepend(rest)
        }
        if let line { lines.append(line.bytes) }
    }

    /// A line that is read from its end to its beginning.
    private struct BackwardLine {
        private var beginning: [UInt8] = []
        private var isCut = false

        mutating func prepend(_ piece: ArraySlice<UInt8>) {
            let limit = ChainedLine.maximumBytes
            if beginning.count + piece.count > limit { isCut = true }
            beginning = Array(piece.prefix(limit)) + beginning.prefix(limit - min(limit, piece.count))
        }

        var bytes: [UInt8] { isCut ? beginning + Array("…".utf8) : beginning }
    }

    /// One line for a terminal: time, operation, outcome, caller, address, key. Whatever the line holds, the result has
    /// no control or bidirectional characters.
    public static func render(_ line: [UInt8]) -> String {
        guard case .object(let record)? = try? JSONReader.parse(line) else {
            return "unreadable line: " + SafeText.printable(String(decoding: line.prefix(512), as: UTF8.self))
        }
        if record["header"] != nil {
            let parts = [text(record, "time"), "-- file", text(record, "file"), "of", text(record, "node")]
            return SafeText.printable(parts.joined(separator: " "))
        }
        var parts = ["time", "operationName", "httpStatusCode", "resultType"].map { text(record, $0) }
        parts.append(caller(record))
        parts.append(text(record, "callerIpAddress"))
        if case .object(let properties)? = record["properties"] {
            for name in ["id", "algorithm"] where properties[name] != nil { parts.append(text(properties, name)) }
        }
        if case .object(let properties)? = record["properties"], properties["count"] != nil {
            parts.append(text(properties, "count") + " times")
        }
        if record["resultDescription"] != nil { parts.append(text(record, "resultDescription")) }
        return SafeText.printable(parts.joined(separator: " "))
    }

    static func text(_ record: JSONObject, _ name: String) -> String {
        switch record[name] {
        case .string(let text)? where !text.isEmpty: text
        case .integer(let number)?: String(number)
        default: "-"
        }
    }

    /// The object identifier within the identity, which is JSON in a string.
    static func caller(_ record: JSONObject) -> String {
        guard case .string(let identity)? = record["identity"],
            case .object(let document)? = try? JSONReader.parse(Array(identity.utf8)),
            case .object(let claim)? = document["claim"],
            case .object(let directory)? = claim["http_schemas_microsoft_com_identity"],
            case .object(let claims)? = directory["claims"]
        else { return "-" }
        return text(claims, "objectidentifier")
    }
}
