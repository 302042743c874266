import ArgumentParser
import CryptographicModule
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

    func printJSON(_ value: JSONValue) {
        var writer = JSONWriter()
        writer.value(value)
        write(writer.bytes + [UInt8(ascii: "\n")])
    }

    private func write(_ bytes: [UInt8]) { FileHandle.standardOutput.write(Data(bytes)) }
}

/// Columns of text, each as wide as its widest cell.
struct Table {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: String...) { self.header = header }

    mutating func row(_ cells: String...) { rows.append(cells.map(Self.harmless)) }

    func print() {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        for row in all {
            let cells = row.indices.map {
                $0 == row.count - 1 ? row[$0] : row[$0].padding(toLength: widths[$0], withPad: " ", startingAt: 0)
            }
            Swift.print(cells.joined(separator: "  "))
        }
    }

    /// Names may come from others: control and direction characters must not reach the terminal.
    static func harmless(_ text: String) -> String {
        String(
            text.map { character in
                let isUnsafe = character.unicodeScalars.contains { scalar in
                    let category = scalar.properties.generalCategory
                    return category == .control || category == .format || category == .lineSeparator
                        || category == .paragraphSeparator
                }
                return isUnsafe ? "\u{FFFD}" : character
            })
    }
}

/// Files that commands read and write; `-` is standard input or output.
enum Files {
    static func read(_ path: String) throws -> [UInt8] {
        if path == "-" { return Array(FileHandle.standardInput.readDataToEndOfFile()) }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ClientError.usage("\(path) can't be read.")
        }
        return Array(data)
    }

    static func certificate(_ path: String) throws -> X509Certificate {
        let pem = try read(path)
        do {
            return try X509Certificate(pem: pem)
        } catch {
            throw ClientError.usage("\(path) isn't a PEM certificate: \(error)")
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        if path == "-" { return FileHandle.standardOutput.write(Data(bytes)) }
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
        } catch {
            throw ClientError.usage("\(path) can't be written: \(error.localizedDescription)")
        }
    }

    /// Creates a file that only its owner can read; never overwrites one.
    static func writeSecret(_ bytes: [UInt8], to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw ClientError.usage(
                "\(path) can't be created: \(String(cString: strerror(errno))). It must not exist yet.")
        }
        defer { close(descriptor) }
        guard bytes.withUnsafeBytes({ Foundation.write(descriptor, $0.baseAddress, $0.count) }) == bytes.count else {
            throw ClientError.usage("\(path) can't be written: \(String(cString: strerror(errno)))")
        }
    }
}
