import Foundation

/// The files of the package, read once.
struct SourceTree: Sendable {
    struct File: Sendable {
        /// Relative to the package, such as `Sources/Raft/Raft.swift`.
        let path: String
        let lines: [String]

        var folders: [Substring] { path.split(separator: "/") }
        /// `Raft` for `Sources/Raft/Interface/Term.swift`.
        var target: String { String(folders[1]) }
        var isSource: Bool { folders[0] == "Sources" }
        var isSwift: Bool { path.hasSuffix(".swift") }
    }

    let manifest: File
    /// Hand-written files in `Sources` and `Tests`.
    let files: [File]
    /// What tools make out of another file: that one is read and changed by people, and its form is not Swift's.
    let generated: [File]

    static let shared = SourceTree()

    private init() {
        let own = URL(filePath: #filePath).resolvingSymlinksInPath()
        let root = own.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        manifest = File(path: "Package.swift", lines: Self.lines(root.appending(path: "Package.swift")))
        var files: [File] = []
        var generated: [File] = []
        for folder in ["Sources", "Tests"] {
            let enumerator = FileManager.default.enumerator(
                at: root.appending(path: folder), includingPropertiesForKeys: nil)
            for case let url as URL in enumerator ?? FileManager.DirectoryEnumerator() {
                guard ["swift", "c", "h", "py", "sh"].contains(url.pathExtension) else { continue }
                let path = String(url.resolvingSymlinksInPath().path.dropFirst(root.path.count + 1))
                let file = File(path: path, lines: Self.lines(url))
                if [".pb.swift", ".generated.swift"].contains(where: { path.hasSuffix($0) }) {
                    generated.append(file)
                } else {
                    files.append(file)
                }
            }
        }
        self.files = files.sorted { $0.path < $1.path }
        self.generated = generated
    }

    private static func lines(_ url: URL) -> [String] {
        let text = (try? String(contentsOf: url, encoding: .utf8)) ?? ""
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    var sources: [File] { files.filter { $0.isSource && $0.isSwift } }
}

extension SourceTree.File {
    /// The lines without comments and the content of string literals, so that only code is looked at.
    var code: [String] {
        var isInText = false
        return lines.map { line in
            if line.contains("\"\"\"") {
                isInText.toggle()
                return String(line.prefix { $0 != "\"" })
            }
            if isInText { return "" }
            return String(Self.withoutTexts(line).split(separator: "//", omittingEmptySubsequences: false).first ?? "")
        }
    }

    /// A line with empty string literals.
    private static func withoutTexts(_ line: String) -> String {
        guard line.utf8.contains(UInt8(ascii: "\"")) else { return line }
        return line.replacing(/#+"[^#]*"#+/, with: "\"\"").replacing(/"(\\.|[^"\\])*"/, with: "\"\"")
    }

    /// Whether a comment stands on this line or directly above the declaration that it belongs to.
    func hasReason(at index: Int) -> Bool {
        if Self.withoutTexts(lines[index]).contains("//") { return true }
        var above = index - 1
        while above >= 0, lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("@") { above -= 1 }
        return above >= 0 && lines[above].trimmingCharacters(in: .whitespaces).hasPrefix("//")
    }

    var imports: [(line: Int, module: String)] {
        lines.enumerated().compactMap { number, line in
            guard line.contains("import ") else { return nil }
            return line.firstMatch(of: /^(?:@\w+ )?(?:public |package |internal |fileprivate )?import (?:\w+ )?(\w+)/)
                .map { (number + 1, String($0.1)) }
        }
    }

    /// The functions and initializers with their length in lines, by their indentation.
    var functions: [(line: Int, length: Int)] {
        lines.enumerated().compactMap { number, line in
            guard ["func ", "init", "subscript("].contains(where: { line.contains($0) }),
                let start = line.firstMatch(of: /^( *)(?:@?[\w()]+ )*(?:func |init[(<?]|deinit|subscript\()/),
                !line.hasSuffix("}"), !line.trimmingCharacters(in: .whitespaces).hasPrefix("//")
            else { return nil }
            let end = lines[(number + 1)...].firstIndex { $0 == start.1 + "}" }
            return end.map { (number + 1, $0 - number + 1) }
        }
    }
}
