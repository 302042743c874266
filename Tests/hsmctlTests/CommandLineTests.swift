import ArgumentParser
import Foundation
import Testing

@testable import hsmctl

/// What may be typed, and what help says of it.
@Suite struct CommandLineTests {
    private static func leaves(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
        // Hidden ones are not for people.
        let below = command.configuration.subcommands.filter { $0.configuration.shouldDisplay }
        return below.isEmpty ? [command] : below.flatMap(leaves)
    }

    @Test func eachCommandShowsAnExample() {
        let commands = Self.leaves(HSMControl.self)
        #expect(commands.count >= 40)
        for command in commands {
            let help = HSMControl.helpMessage(for: command, columns: 1000)
            #expect(help.contains("Example: hsmctl "), "\(command) has no example")
            #expect(!command.configuration.abstract.isEmpty)
        }
    }

    /// An example that isn't understood is worse than none.
    @Test func examplesParse() throws {
        for command in Self.leaves(HSMControl.self) {
            let line = HSMControl.helpMessage(for: command, columns: 1000).split(separator: "\n")
                .first { $0.contains("Example: hsmctl ") }
            let example = try #require(line).split(separator: "Example: hsmctl ", maxSplits: 1).last
            let words = Self.words(String(try #require(example)).components(separatedBy: " > ")[0])
            #expect(throws: Never.self, "\(words)") {
                let parsed = try HSMControl.parseAsRoot(words)
                #expect(type(of: parsed) == command, "\(words)")
            }
        }
    }

    /// Splits as a shell does, as far as the examples need it.
    private static func words(_ line: String) -> [String] {
        line.split(separator: "'", omittingEmptySubsequences: false).enumerated().flatMap { index, part in
            index.isMultiple(of: 2) ? part.split(separator: " ").map(String.init) : [String(part)]
        }
    }

    @Test func keysAreNamedOnceAndProperly() throws {
        for good in [["k"], ["--name", "k"], ["-n", "k"]] {
            #expect(throws: Never.self) { try HSMControl.parseAsRoot(["key", "delete"] + good) }
        }
        for bad in [[], ["k", "--name", "k"], ["a/b"], ["../x"], ["k%2F"], [String(repeating: "k", count: 128)]] {
            #expect(throws: (any Error).self, "\(bad)") { try HSMControl.parseAsRoot(["key", "delete"] + bad) }
        }
        #expect(KeyReference.parse("name/0123") == "name/0123")
        #expect(KeyReference.parse("https://a.example:8443/keys/name/0123") == "name/0123")
        for bad in ["", "/", "a/", "a/b/c", "a b", "https://a.example/secrets/x", "ключ"] {
            #expect(KeyReference.parse(bad) == nil, "\(bad)")
        }
    }

    @Test(arguments: [
        ["key", "update", "k"], ["key", "update", "k", "--tags", "x"], ["key", "update", "k", "--expires", "soon"],
        ["key", "random", "--count", "0"], ["key", "random", "--count", "129"],
        ["key", "sign", "k", "--algorithm", "RS1"], ["key", "sign", "k", "--algorithm", "HS256", "--digest"],
        ["key", "create", "k", "--type", "EC-HSM", "--ops", "fly"], ["key", "import", "k"],
        ["key", "encrypt", "k", "--algorithm", "A256KW"], ["key", "wrap", "k", "--algorithm", "A256GCM"],
        ["key", "rotation-policy", "set", "k"], ["key", "attest", "k", "--verify"], ["key", "attest"],
        ["key", "attest", "k", "--verify", "--identity", "00"], ["key", "attest", "--file", "f"],
        ["key", "release", "k"], ["key", "release", "k", "--target", "t", "--enc", "AES"],
        ["key", "import", "k", "--file", "f", "--byok"], ["key", "import", "k", "--file", "f", "--type", "EC-HSM"],
        ["key", "create", "k", "--type", "EC-HSM", "--immutable"], ["key", "sign-many", "k", "--algorithm", "ES256"],
        ["key", "rotation-policy", "set", "k", "--rotate-after", "P30D", "--rotate-before-expiry", "P30D"],
        ["role", "assignment", "list", "--scope", "/secrets"],
        ["role", "assignment", "delete", "x"], ["audit", "tail", "/", "-n", "0"], ["principal", "show"],
        ["unseal", "--security-domain", "f", "--officer", "alone"],
        ["unseal", "--security-domain", "f", "--officer", "a:b", "--timeout", "0"],
        ["security-domain", "reshare", "begin", "--required", "3"],
    ])
    func whatCannotWorkIsRefusedBeforeAnyRequest(_ words: [String]) {
        do {
            _ = try HSMControl.parseAsRoot(words)
            Issue.record("\(words) was accepted")
        } catch {
            #expect(HSMControl.exitCode(for: error).rawValue == 64, "\(words)")
        }
    }

    @Test func aMistypedCommandIsNamed() throws {
        let said = try #require(CommandTree.mistake(in: ["key", "sing", "second"]))
        #expect(said.contains("There is no command 'key sing'. Did you mean 'key sign'?"))
        #expect(said.contains("'hsmctl key': create, "))
        #expect(CommandTree.mistake(in: ["kye", "list"])?.contains("Did you mean 'key'?") == true)
        let far = try #require(CommandTree.mistake(in: ["help", "security-domain", "frobnicate"]))
        #expect(!far.contains("Did you mean") && far.contains("reshare"))
        #expect(CommandTree.mistake(in: ["frob"])?.contains("load-worker") == false, "a hidden command is shown")
        for good in [["key", "sign", "sing"], ["key", "set-attributes"], ["help", "key", "sign"], ["--version"], []] {
            #expect(CommandTree.mistake(in: good) == nil, "\(good)")
        }
    }

    @Test func completionScriptsKnowTheCommands() {
        for shell in [CompletionShell.zsh] {
            let script = HSMControl.completionScript(for: shell)
            for word in ["list-deleted", "security-domain", "node-certificate", "P-256K"] {
                #expect(script.contains(word), "\(word) is missing for \(shell.rawValue)")
            }
        }
    }

    @Test func theConnectTimeoutHasBounds() throws {
        for (text, expected) in [("1", 1), ("60", 60)] {
            #expect(try ConnectionOptions.parse(["--connect-timeout", text]).connectSeconds == expected)
        }
        for bad in ["0", "61", "-1"] {
            #expect(throws: ClientError.self) {
                try ConnectionOptions.parse(["--connect-timeout=\(bad)"]).connectSeconds
            }
        }
        #expect(throws: ClientError.self) { try ConnectionOptions.parse(["--endpoint", "http://a"]).endpoints }
        for more in [
            "https://a:1/keys", "https://a:1?x=y", "https://a/#x", "https://127.0.0.1:65536", "https://[::1]:70000/",
            "https://a:0", "https://a:99999999999999999999",
        ] {
            #expect(throws: ClientError.self) { try ConnectionOptions.parse(["--endpoint", more]).endpoints }
        }
        #expect(try ConnectionOptions.parse(["--endpoint", "https://a:1/"]).endpoints == ["https://a:1"])
        for good in ["https://a:65535", "https://a", "https://[::1]", "https://[2001:db8::443]:8443"] {
            #expect(try ConnectionOptions.parse(["--endpoint", good]).endpoints == [good])
        }
    }
}
