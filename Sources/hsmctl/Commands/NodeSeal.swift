import ArgumentParser
import NIOHTTP1
import StrictJSON

extension NodeCommands {
    struct Seal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a node forget the pool's keys.",
            discussion: """
                The node goes on to vote and to store the log, hands leadership on, and answers nothing that needs \
                keys. It asks no other node for them: officers open it ('hsmctl unseal'), or a restart lets it ask \
                again.

                When it is the last unsealed one the pool is sealed, and nobody but the officers opens it: --last.

                Example: hsmctl node seal node-2
                """)
        @Argument(help: ArgumentHelp("The node's id or name.", valueName: "node")) var node: String
        @Flag(name: .long, help: "Seal the last unsealed node, too.") var last = false
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let nodes = try await client.list(NodeCommands.collection)
                let found = nodes.first { $0.text("name") == node }
                    ?? nodes.first { $0.number("id").map(String.init) == node }
                guard let found, let endpoint = found.text("endpoint") else {
                    throw ClientError.notFound("The pool has no node '\(node)'.")
                }
                let name = found.text("name") ?? node
                // A sealed node carries out no order, this one included.
                if (try? await client.transport.health(endpoint))?.text("seal") == "sealed" {
                    return output.print(.make { $0.member("seal", "sealed") }, text: "\(name) is sealed already.")
                }
                let answer = try PoolClient.check(
                    await client.send(
                        .POST, "/quorate/v1/seal", body: { if last { $0.member("last", true) } }, to: endpoint))
                output.print(answer.body, text: "\(name) is sealed.")
            }
        }
    }
}
