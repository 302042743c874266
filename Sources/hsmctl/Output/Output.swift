import ArgumentParser
import Foundation
import StrictJSON

/// How a command prints: a table for people, JSON for scripts.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "Print JSON instead of a table.")
    var json = false

    func print(_ object: JSONObject, table: () -> Table) {
        if json { printJSON(.object(object)) } else { table().print() }
    }

    func print(_ objects: [JSONObject], table: () -> Table) {
        if json { printJSON(.array(objects.map { .object($0) })) } else { table().print() }
    }

    /// A sentence for people.
    func print(_ object: JSONObject, text: String) {
        if json { printJSON(.object(object)) } else { StandardOutput.line(Table.harmless(text, keepingLines: true)) }
    }

    static func printAnswer(_ object: JSONObject) { printJSON(.object(object)) }

    func printJSON(_ value: JSONValue) { Self.printJSON(value) }

    private static func printJSON(_ value: JSONValue) {
        var writer = JSONWriter()
        writer.value(value)
        StandardOutput.write(writer.bytes + [UInt8(ascii: "\n")])
    }
}

/// Columns of text, each as wide as its widest cell.
struct Table {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: String...) { self.header = header }

    /// Members that hold a time, in seconds since 1970.
    private static let times: Set = ["created", "expires"]

    /// One row for each member: for a single thing.
    ///
    /// - Parameter absent: what is shown for null.
    static func fields(_ object: JSONObject, absent: String = "") -> Table {
        var table = Table("FIELD", "VALUE")
        for member in object.members {
            if case .integer(let seconds) = member.value, times.contains(member.name) {
                table.row(member.name, Moment.text(seconds))
            } else {
                table.row(member.name, cell(member.value, absent))
            }
        }
        return table
    }

    /// Lists are joined; a thing in a list is shown by its name.
    private static func cell(_ value: JSONValue, _ absent: String) -> String {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .bool(let flag): flag ? "yes" : "no"
        case .array(let elements): elements.map { cell($0, absent) }.joined(separator: ", ")
        case .object(let object): object.text("name") ?? ""
        case .null: absent
        case .double: ""
        }
    }

    mutating func row(_ cells: String...) { rows.append(cells.map { Self.harmless($0) }) }

    var lines: [String] {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let line = row.indices.map {
                row[$0].padding(toLength: max(widths[$0], row[$0].count), withPad: " ", startingAt: 0)
            }.joined(separator: "  ")
            return String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    func print() { StandardOutput.line(lines.joined(separator: "\n")) }

    /// Names may come from others: control and direction characters must not reach the terminal.
    static func harmless(_ text: String, keepingLines: Bool = false) -> String {
        String(
            text.map { character in
                if keepingLines, character == "\n" { return character }
                let isUnsafe = character.unicodeScalars.contains { scalar in
                    let category = scalar.properties.generalCategory
                    return category == .control || category == .format || category == .lineSeparator
                        || category == .paragraphSeparator
                }
                return isUnsafe ? "\u{FFFD}" : character
            })
    }
}

/// Times as people read and write them: RFC 3339 in UTC.
enum Moment {
    /// - Parameter seconds: since 1970; shown as `-` where there is none.
    static func text(_ seconds: Int64?) -> String {
        guard let seconds else { return "-" }
        return Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
    }

    /// Seconds since 1970 of `2027-01-31T12:00:00Z` or `2027-01-31`, which is midnight UTC.
    static func seconds(_ text: String) throws -> Int64 {
        let full = text.contains("T") ? text : text + "T00:00:00Z"
        // The parser takes hour 25 for the next day's first one.
        guard let date = try? Date(full, strategy: .iso8601), self.text(Int64(date.timeIntervalSince1970)) == full
        else {
            throw ClientError.usage("'\(text)' isn't a time such as 2027-01-31T12:00:00Z or 2027-01-31, in UTC.")
        }
        return Int64(date.timeIntervalSince1970)
    }
}
