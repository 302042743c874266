import ArgumentParser
import CryptographicModule
import StrictJSON

struct CredentialCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential", abstract: "Makes credentials without a pool.", subcommands: [Generate.self])

    struct Generate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a client secret and the identifiers that a new pool's first administrator needs.",
            discussion: """
                What it prints goes into the pool's initialisation file; the secret stays with the administrator.

                Example: hsmctl credential generate --display-name 'First administrator' --secret-file admin.secret
                """)
        @Option(name: .long, help: ArgumentHelp("A name for people.", valueName: "text")) var displayName: String
        @Option(
            name: .long, help: ArgumentHelp("New file for the secret (mode 0600).", valueName: "file"),
            completion: .file())
        var secretFile: String
        @OptionGroup(title: "Output") var output: OutputOptions

        func run() throws {
            var file = try SecretFile(creating: secretFile)
            let secret = Base64URL.encode(Random.bytes(32))
            try file.store(Array(secret.utf8))
            let made = JSONObject.make { writer in
                writer.member("displayName", displayName)
                writer.member("objectId", GUIDText.random())
                writer.member("clientId", GUIDText.random())
                writer.member("secretSha256", Hexadecimal.encode(Digest.sha256(Array(secret.utf8))))
            }
            output.print(made) { .fields(made) }
        }
    }
}

/// Random GUIDs of version 4 (RFC 9562).
enum GUIDText {
    static func random() -> String {
        var bytes = Random.bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let text = Array(Hexadecimal.encode(bytes))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
    }

    static func isGUID(_ text: String) -> Bool {
        text.wholeMatch(of: /[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/) != nil
    }
}
