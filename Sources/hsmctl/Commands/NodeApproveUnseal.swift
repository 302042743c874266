import ArgumentParser
import NIOHTTP1
import StrictJSON

extension NodeCommands {
    struct ApproveUnseal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "approve-unseal", abstract: "Lets its peers unseal a node that waits for an approval.",
            discussion: """
                'hsmctl pool status' says which node waits, and why. The node shows a code of eight digits in its log: \
                read it there, at the machine, and not where somebody else could have written it. Who has stolen a \
                node's disk and key shows another code.

                The approval is good for 15 minutes, once, and for the process that shows the code. Give the endpoint \
                of an unsealed node.

                Example: hsmctl node approve-unseal node-2 --code 40718235
                """)
        @Argument(help: ArgumentHelp("The node's id or name.", valueName: "node")) var node: String
        @Option(name: .long, help: ArgumentHelp("The eight digits that the node shows.", valueName: "digits"))
        var code: String
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard code.utf8.count == 8, code.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw ValidationError("A code has eight digits.")
            }
        }

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let id = try await NodeCommands.find(node, client)
                let answer = try await client.send(
                    .POST, "\(NodeCommands.collection)/\(id)/approve-unseal"
                ) { $0.member("code", code) }.body
                output.print(answer, text: "Approved: its peers unseal node \(id) in a moment.")
            }
        }
    }
}
