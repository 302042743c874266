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

                The approval is good for 15 minutes, once, and for the process that shows the code. Every endpoint is \
                asked until one has heard of the process.

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
                let answer = try await approve("\(NodeCommands.collection)/\(id)/approve-unseal", client)
                output.print(answer, text: "Approved: its peers unseal node \(id) in a moment.")
            }
        }

        /// Whoever waits shows its request to one peer after the other: not all know it yet, and some may know one of
        /// before a restart.
        private func approve(_ path: String, _ client: PoolClient) async throws -> JSONObject {
            let deadline = ContinuousClock.now + .seconds(5)
            while true {
                var answers: [Answer] = []
                var failures: [NodeFailure] = []
                for endpoint in client.endpoints {
                    do {
                        let answer = try await client.send(
                            .POST, path, body: { $0.member("code", code) }, to: endpoint)
                        guard [403, 409, 503].contains(answer.status) else { return try PoolClient.check(answer).body }
                        answers.append(answer)
                    } catch let failure as NodeFailure {
                        failures.append(failure)
                    }
                }
                // Each wrong code counts: it isn't given again.
                let denied = answers.first { $0.status == 403 }
                if denied != nil || ContinuousClock.now >= deadline {
                    guard let said = denied ?? answers.first(where: { $0.status == 409 }) ?? answers.first else {
                        throw NodeFailure.error(failures)
                    }
                    return try PoolClient.check(said).body
                }
                try await Task.sleep(for: .milliseconds(500))
            }
        }
    }
}
