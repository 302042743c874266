import ArgumentParser
import NIOHTTP1
import StrictJSON

struct PoolCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool", abstract: "Shows the pool.", subcommands: [Status.self])

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows each node's role, seal state and progress.")
        @OptionGroup var connection: ConnectionOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let status = try await client.send(.GET, "/quorate/v1/status").body
                output.print(status) {
                    var table = Table("NODE", "ENDPOINT", "ROLE", "SEAL", "APPLIED")
                    for member in status.objects("members") {
                        table.row(
                            member.text("name") ?? "?", member.text("endpoint") ?? "?", member.text("role") ?? "?",
                            member.text("seal") ?? "?", "\(member.number("appliedIndex") ?? 0)")
                    }
                    return table
                }
            }
        }
    }
}
