import Foundation
import Testing

/// Whoever follows a document on a bad night finds what it points to.
@Suite struct LinkTests {
    private static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The documents by their paths from the package's folder.
    private static func documents() throws -> [String: String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "docs").path)
        var documents: [String: String] = [:]
        for path in names.filter({ $0.hasSuffix(".md") }).map({ "docs/" + $0 }) + ["README.md"] {
            documents[path] = try String(contentsOf: root.appending(path: path), encoding: .utf8)
        }
        return documents
    }

    /// What links call the chapters: their titles in small letters, with hyphens for spaces and without other signs.
    private static func chapters(of text: String) -> Set<String> {
        var names: Set<String> = []
        for line in text.split(separator: "\n") where line.hasPrefix("#") {
            let title = line.drop { $0 == "#" || $0 == " " }.lowercased()
            let signs = title.compactMap { (sign: Character) -> Character? in
                if sign == " " { return "-" }
                return sign.isLetter || sign.isNumber || sign == "-" || sign == "_" ? sign : nil
            }
            names.insert(String(signs))
        }
        return names
    }

    @Test func linksLeadSomewhere() throws {
        let documents = try Self.documents()
        var count = 0
        for (path, text) in documents {
            let folder = path.hasPrefix("docs/") ? "docs/" : ""
            for match in text.matches(of: /\]\(([^)\s]+)\)/) where !match.1.hasPrefix("http") {
                count += 1
                let parts = match.1.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let name = parts[0].isEmpty ? path : folder + parts[0]
                let file = Self.root.appending(path: name).standardizedFileURL.path
                #expect(FileManager.default.fileExists(atPath: file), "\(path): \(match.1)")
                guard parts.count == 2 else { continue }
                let document = documents[String(file.dropFirst(Self.root.path.count + 1))]
                let isThere = document.map { Self.chapters(of: $0).contains(String(parts[1])) } ?? true
                #expect(isThere, "\(path): \(match.1)")
            }
        }
        #expect(count > 50)
    }
}
