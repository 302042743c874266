import ArgumentParser
import NIOHTTP1
import StrictJSON

extension PrincipalCommands {
    struct RenewSecret: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "renew-secret",
            abstract: "Gives a service principal a new secret; the former one and its tokens end at once.",
            discussion: """
                After a restore into a new pool, too, where principals come without secrets.

                Example: hsmctl principal renew-secret billing --secret-file billing.secret
                """)
        @OptionGroup var principal: PrincipalArgument
        @Option(
            name: .long,
            help: ArgumentHelp("Write the secret to this new file (mode 0600) and don't print it.", valueName: "file"),
            completion: .file())
        var secretFile: String?
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            guard let secretFile else {
                let renewed = try await renew()
                return output.print(renewed) { .fields(renewed) }
            }
            var file = try SecretFile(creating: secretFile)
            let renewed = try await renew()
            do {
                try file.store(Array((renewed.text("clientSecret") ?? "").utf8))
            } catch {
                throw ClientError.unreadable("\(error) The new secret is lost: repeat the command.")
            }
            let shown = renewed.without("clientSecret")
            output.print(shown) { .fields(shown) }
        }

        private func renew() async throws -> JSONObject {
            try await PoolClient.with(connection) { client in
                let found = try principal.find(in: await client.list(PrincipalCommands.collection))
                let path = "\(PrincipalCommands.collection)/\(found.text("objectId") ?? "")/secret"
                return try await client.send(.POST, path, isRepeatable: false).body
            }
        }
    }
}
