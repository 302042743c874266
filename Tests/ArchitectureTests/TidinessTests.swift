import Testing

/// Rules of form that a reader may rely on.
@Suite struct TidinessTests {
    private let tree = SourceTree.shared

    @Test func thereIsSomethingToCheck() {
        #expect(tree.sources.count > 200 && tree.files.contains { $0.path.hasSuffix("TidinessTests.swift") })
        #expect(tree.sources.allSatisfy { !$0.lines.isEmpty })
    }

    @Test func linesAreShort() {
        for file in tree.files + [tree.manifest] where file.isSwift || file.path.hasPrefix("Sources") {
            for (index, line) in file.lines.enumerated() where line.utf8.count > 120 && line.count > 120 {
                Issue.record("\(file.path):\(index + 1): \(line.count) columns")
            }
        }
    }

    /// Rules of form don't hold for what a tool makes, so nobody may pass off a file of their own as such.
    @Test func generatedFilesSayWhatTheyAreMadeFrom() {
        #expect(tree.generated.contains { $0.path.hasSuffix(".generated.swift") })
        for file in tree.generated {
            let head = file.lines.prefix(10)
            let isMade =
                file.path.hasSuffix(".pb.swift")
                ? head.contains { $0.hasPrefix("// Source: ") && $0.hasSuffix(".proto") }
                : head.first == "// Made by deploy/openapi from docs/openapi.json: change that."
            #expect(isMade, "\(file.path)")
        }
    }

    @Test func filesAreShort() {
        for file in tree.files where file.lines.count > 500 {
            Issue.record("\(file.path): \(file.lines.count) lines")
        }
    }

    @Test func functionsAreShort() {
        #expect(tree.sources.flatMap(\.functions).count > 1000)
        for file in tree.sources {
            for function in file.functions where function.length > 70 {
                Issue.record("\(file.path):\(function.line): \(function.length) lines")
            }
        }
    }

    /// What switches a check of the compiler or of the runtime off needs its reason beside it.
    @Test func dangerHasAReason() {
        let dangers: [Regex<Substring>] = [
            /@unchecked Sendable/, /\btry!/, /\bas!/, /\bfatalError\(/, /\bpreconditionFailure\(/,
            /nonisolated\(unsafe\)/,
            /\bunsafeBitCast\(/, /[\w)\]>]!(?![=\w])/,
        ]
        let hints = ["!", "@unchecked", "fatalError", "preconditionFailure", "nonisolated(unsafe)", "unsafeBitCast"]
        for file in tree.sources {
            for (index, line) in file.code.enumerated() where hints.contains(where: { line.contains($0) }) {
                let isDangerous = dangers.contains { line.contains($0) }
                let isExplained = !isDangerous || file.hasReason(at: index)
                #expect(isExplained, "\(file.path):\(index + 1): \(line)")
            }
        }
    }

    @Test func nothingIsLeftForLater() {
        let words = [("TO", "DO"), ("FIX", "ME"), ("XX", "X:"), ("HA", "CK:")].map { $0.0 + $0.1 }
        refuse(words)
    }

    /// A path of one machine works on no other.
    @Test func noPathsOfOneMachine() {
        refuse([("/wo", "rk/"), ("/tmp/p", "lan"), ("/tmp/p", "kg-"), ("/ho", "me/")].map { $0.0 + $0.1 })
    }

    private func refuse(_ words: [String]) {
        for file in tree.files + [tree.manifest] {
            for (index, line) in file.lines.enumerated() {
                for word in words where line.contains(word) {
                    Issue.record("\(file.path):\(index + 1): \(word)")
                }
            }
        }
    }
}
