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
        @OptionGroup var secret: SecretOutput
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await secret.show(in: output, renew) { _ in "The new secret is lost: repeat the command." }
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
