import ArgumentParser
import NIOHTTP1
import StrictJSON

struct PoolCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool", abstract: "Shows the pool, gives it new keys of its own, and recovers it.",
        subcommands: [
            Status.self, PeerUnsealCommands.self, RotateRoot.self, RotateKeyEncryptionCommand.self,
            RecoverCommand.self,
        ])

    struct RotateRoot: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate-root", abstract: "Orders a new root for the same officers.",
            discussion: """
                They approve, and take the new file, as 'hsmctl help security-domain reshare' says.

                Example: hsmctl pool rotate-root
                """)
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws { try await ReshareCommands.begin([], 0, output, connection) }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks each node how it stands.",
            discussion: """
                Works without credentials, on sealed nodes and without a majority too; then only the nodes that \
                --endpoint names are known, and no versions. ROLE 'candidate' or 'preCandidate': the node looks for a \
                leader. A node behind the others in APPLIED is catching up. VERSION is that of the node's program, \
                POOL the pool's own version. A sealed node that its peers don't unseal says why behind the table. A \
                program that knows a higher one says so behind it; the pool's rises \
                once every member knows it.

                Exit code 69: no node answered at all.

                Example: hsmctl pool status
                """)
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let obstacle = Self.obstacle { _ = try connection.credentials() }
            let found = try await PoolClient.with(connection, authenticated: obstacle == nil) { client in
                let named = await client.transport.healths(client.endpoints)
                let status = await Self.status(client, obstacle, named.compactMap { try? $0.health.get() })
                let others = (status?.objects("members") ?? []).compactMap { $0.text("endpoint") }
                    .filter { !client.endpoints.contains($0) }
                return PoolStatus(status: status, asked: await named + client.transport.healths(others))
            }
            output.print(found.json) { found.table }
            for node in found.nodes {
                if let failure = node.failure { Terminal.note("\(node.endpoint): \(failure)") }
            }
            for note in found.waiting { Terminal.note(note) }
            for warning in [found.backupWarning, found.developmentWarning] {
                if let warning { Terminal.note(warning) }
            }
            guard found.answering > 0 else {
                throw ClientError.unavailable("No node answers.")
            }
        }

        /// Why there are no credentials; `nil` where there are some. That none are given is no mistake; a file that
        /// can't be read is one, and named.
        static func obstacle(_ credentials: () throws -> Void) -> String? {
            do {
                try credentials()
                return nil
            } catch let error as ClientError where error.exitCode == ClientError.unreadable("").exitCode {
                return error.message.hasSuffix(".") ? String(error.message.dropLast()) : error.message
            } catch {
                return "No credentials are given"
            }
        }

        /// What one node knows of the pool; nothing where none can tell or nobody asks with a token.
        private static func status(
            _ client: PoolClient, _ obstacle: String?, _ healths: [JSONObject]
        ) async -> JSONObject? {
            guard !healths.isEmpty else { return nil }
            if let obstacle {
                Terminal.note("\(obstacle): versions and other members aren't shown.")
                return nil
            }
            // Nodes that can't serve would let the question wait for seconds.
            guard healths.contains(where: { $0.text("seal") == "unsealed" }) else {
                Terminal.note("All nodes that answer are sealed: versions and other members aren't shown.")
                return nil
            }
            guard healths.contains(where: { $0.text("leader") != nil }) else {
                Terminal.note("No node knows a leader: a majority of the nodes is down or can't be reached.")
                return nil
            }
            do {
                return try await client.send(.GET, "/quorate/v1/status").body
            } catch {
                Terminal.note("The pool's own status is missing: \(HSMControl.explained(error)?.message ?? "\(error)")")
                return nil
            }
        }
    }
}
