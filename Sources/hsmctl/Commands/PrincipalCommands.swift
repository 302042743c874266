import ArgumentParser
import CryptographicModule
import NIOHTTP1
import StrictJSON

struct PrincipalCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "principal", abstract: "Manages the pool's own directory.", subcommands: [Create.self, List.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates a service principal and shows its secret, once.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions
        @Option(name: .long, help: "A name for people.") var displayName: String
        @Option(name: .long, help: "Write the secret to this new file (mode 0600) and don't print it.") var secretFile:
            String?

        func run() async throws {
            try await PoolClient.with(connection) { client in
                var created = try await client.send(.POST, "/quorate/v1/principals") {
                    $0.member("displayName", displayName)
                }.body
                if let secretFile {
                    try Files.writeSecret(Array((created.text("clientSecret") ?? "").utf8), to: secretFile)
                    created = created.without("clientSecret")
                }
                output.print(created) {
                    var table = Table("FIELD", "VALUE")
                    for member in created.members { table.row(member.name, created.text(member.name) ?? "") }
                    return table
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the principals.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let principals = try await client.send(.GET, "/quorate/v1/principals").body.objects("value")
                output.print(principals) {
                    var table = Table("OBJECT ID", "CLIENT ID", "ENABLED", "NAME")
                    for one in principals {
                        table.row(
                            one.text("objectId") ?? "?", one.text("clientId") ?? "-",
                            one.flag("enabled") == true ? "yes" : "no",
                            one.text("displayName") ?? "")
                    }
                    return table
                }
            }
        }
    }
}

struct CredentialCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential", abstract: "Makes credentials without a pool.", subcommands: [Generate.self])

    struct Generate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a client secret and the identifiers that a new pool's first administrator needs.")
        @OptionGroup var output: OutputOptions
        @Option(name: .long, help: "A name for people.") var displayName: String
        @Option(name: .long, help: "New file for the secret (mode 0600).") var secretFile: String

        func run() throws {
            let secret = Base64URL.encode(Random.bytes(32))
            try Files.writeSecret(Array(secret.utf8), to: secretFile)
            var writer = JSONWriter()
            writer.object { writer in
                writer.member("displayName", displayName)
                writer.member("objectId", Self.guid())
                writer.member("clientId", Self.guid())
                writer.member("secretSha256", Hexadecimal.encode(Digest.sha256(Array(secret.utf8))))
            }
            guard case .object(let object) = try JSONReader.parse(writer.bytes) else { return }
            output.print(object) {
                var table = Table("FIELD", "VALUE")
                for member in object.members { table.row(member.name, object.text(member.name) ?? "") }
                return table
            }
        }

        private static func guid() -> String {
            var bytes = Random.bytes(16)
            bytes[6] = bytes[6] & 0x0F | 0x40
            bytes[8] = bytes[8] & 0x3F | 0x80
            let text = Array(Hexadecimal.encode(bytes))
            return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
        }
    }
}
