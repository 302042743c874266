import ArgumentParser
import CryptographicModule
import Foundation
import NIOHTTP1
import StrictJSON

struct NodeCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Manages the nodes of the pool.",
        subcommands: [
            List.self, Add.self, Replace.self, Remove.self, TransferLeadership.self, Seal.self, ApproveUnseal.self,
        ])

    static let collection = "/quorate/v1/nodes"

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the nodes, and those that are invited.",
            discussion: """
                STATE 'voter' decides, 'learner' is catching up and will be a voter, 'joining' was admitted a moment \
                ago, 'invited' has a ticket, 'leaving' goes as soon as that is safe. 'distrusted': its disk was put \
                back to an earlier state, it counts for nothing; replace it.

                Example: hsmctl node list
                """)
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let nodes = try await client.list(NodeCommands.collection)
                output.print(nodes) { NodeCommands.table(nodes) }
            }
        }
    }

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes room for one more node, and a file by which it joins.",
            discussion: """
                The pool gives the node its id. Issue its certificates for this id, write its configuration, and start \
                it with 'hsmd --config node.yaml --join FILE' within an hour. It becomes a voter by itself when it has \
                caught up. The file also says by identityKeySha256 which keys are the pool's: the node takes no others.

                Example: hsmctl node add --name node-4 --public-key node-4.pub.pem --out node-4.join
                """)
        @OptionGroup var invitation: InvitationOptions
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await invitation.make(NodeCommands.collection, connection, output)
        }
    }

    struct Replace: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes room for a node that takes the place of another one.",
            discussion: """
                As 'node add'; in the step that makes the new node a voter the old one goes. Until then the old one \
                stays as it is, and may well be down.

                Example: hsmctl node replace node-2 --name node-4 --out node-4.join
                """)
        @Argument(help: ArgumentHelp("The id or the name of the node that goes.", valueName: "node")) var node: String
        @OptionGroup var invitation: InvitationOptions
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let id = try await PoolClient.with(connection) { try await NodeCommands.find(node, $0) }
            try await invitation.make("\(NodeCommands.collection)/\(id)/replace", connection, output)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes a node from the pool, or withdraws an invitation.",
            discussion: """
                The node stops by itself. Its id is never used again: to come back, the machine joins as a new node \
                with an empty data folder. Returns when the node is out, or after --wait seconds.

                Example: hsmctl node remove node-5
                """)
        @Argument(help: ArgumentHelp("The node's id or name.", valueName: "node")) var node: String
        @Option(name: .long, help: ArgumentHelp("How long to wait until it is out.", valueName: "seconds"))
        var wait: Int = 30
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let id = try await NodeCommands.find(node, client)
                var removed = try await client.send(.DELETE, "\(NodeCommands.collection)/\(id)").body
                try await NodeCommands.until(seconds: wait) {
                    let nodes = try await client.list(NodeCommands.collection)
                    return !nodes.contains { $0.number("id") == id }
                }
                removed = .make {
                    $0.member("id", id)
                    $0.member("state", "removed")
                }
                output.print(removed) { .fields(removed) }
            }
        }
    }

    struct TransferLeadership: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "transfer-leadership", abstract: "Lets another node lead, before its leader is taken down.",
            discussion: """
                Signing goes on meanwhile; writes wait for a moment.

                Example: hsmctl node transfer-leadership node-2
                """)
        @Argument(help: ArgumentHelp("The id or name of the voter that is to lead.", valueName: "node"))
        var node: String
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let id = try await NodeCommands.find(node, client)
                _ = try await client.send(.POST, "\(NodeCommands.collection)/\(id)/lead")
                try await NodeCommands.until(seconds: 10) {
                    let nodes = try await client.list(NodeCommands.collection)
                    return nodes.contains { $0.number("id") == id && $0.text("role") == "leader" }
                }
                let leader = JSONObject.make { $0.member("leader", id) }
                output.print(leader) { .fields(leader) }
            }
        }
    }

    /// A node by its id or its name.
    static func find(_ node: String, _ client: PoolClient) async throws -> Int64 {
        let nodes = try await client.list(collection)
        let found = nodes.first { $0.text("name") == node } ?? nodes.first { $0.number("id").map(String.init) == node }
        guard let id = found?.number("id") else { throw ClientError.notFound("The pool has no node '\(node)'.") }
        return id
    }

    /// Asks every now and then, because the pool goes through several steps by itself.
    fileprivate static func until(seconds: Int, _ isReached: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(seconds)
        repeat {
            // In between a node that answers may be the one that leaves.
            if (try? await isReached()) == true { return }
            try await Task.sleep(for: .milliseconds(200))
        } while ContinuousClock.now < deadline
        throw ClientError.unavailable("It is not done after \(seconds) s. The pool goes on: see 'hsmctl node list'.")
    }

    private static func table(_ nodes: [JSONObject]) -> Table {
        var table = Table("ID", "NAME", "STATE", "ROLE", "SEAL", "APPLIED", "ENDPOINT", "PEER ADDRESS")
        for node in nodes {
            table.row(
                node.number("id").map(String.init) ?? "?", node.text("name") ?? "?", node.text("state") ?? "?",
                node.text("role") ?? "-", node.text("seal") ?? "-", node.number("appliedIndex").map(String.init) ?? "-",
                node.text("endpoint") ?? "-", node.text("peerAddress") ?? "-")
        }
        return table
    }
}

/// What is said of a node that is to join.
struct InvitationOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The new node's name.", valueName: "name")) var name: String
    @Option(
        name: .long,
        help: ArgumentHelp(
            "PEM file of the new node's public key: then the ticket is of use to no other key.", valueName: "file"),
        completion: .file())
    var publicKey: String?
    @Option(
        name: .long, help: ArgumentHelp("Write the ticket to this new file (mode 0600).", valueName: "file"),
        completion: .file())
    var out: String

    func make(_ path: String, _ connection: ConnectionOptions, _ output: OutputOptions) async throws {
        let digest = try publicKey.map(Self.digest)
        guard let authorityFile = connection.authorityFile else {
            throw ClientError.usage("The new node has to know the API's authority: use --ca or set QUORATE_CA.")
        }
        let authority = String(decoding: try Files.read(authorityFile), as: UTF8.self)
        var file = try SecretFile(creating: out)
        let made = try await PoolClient.with(connection) { client in
            // First, so that no ticket is lost where this fails. The node that answers is asked next, too.
            let identity = try await Self.identity(of: client)
            let invitation = try await client.send(.POST, path, isRepeatable: false) { writer in
                writer.member("name", name)
                if let digest { writer.member("publicKeySha256", Base64URL.encode(digest)) }
            }.body
            return Self.adding("identityKeySha256", identity, to: invitation)
        }
        var writer = JSONWriter()
        writer.value(.object(Self.adding("authority", authority, to: made)))
        do {
            try file.store(writer.bytes)
        } catch {
            throw ClientError.unreadable(
                "\(error) The ticket is lost, and the pool's invitation stands: withdraw it with 'hsmctl node "
                    + "remove \(name)', then repeat the command with a place for the file.")
        }
        let shown = made.without("ticket")
        output.print(shown) { .fields(shown) }
        Terminal.note("Start the node within an hour: hsmd --config node.yaml --join \(out)")
    }

    /// SHA-256 of the pool's identity key, by which the new node tells the pool's keys from those that a member might
    /// make up. Both ends of the connection have shown who they are: the node by its certificate, the caller by a
    /// token.
    private static func identity(of client: PoolClient) async throws -> String {
        let status = try await client.send(.GET, "/quorate/v1/status").body
        guard let identity = status.text("identityKeySha256"), Hexadecimal.decode(identity)?.count == 32 else {
            throw ClientError.refused("The pool's status doesn't name its identity key.")
        }
        return identity
    }

    private static func adding(_ name: String, _ text: String, to object: JSONObject) -> JSONObject {
        JSONObject.make { writer in
            for member in object.members where member.name != name {
                writer.member(member.name) { $0.value(member.value) }
            }
            writer.member(name, text)
        }
    }

    private static func digest(_ path: String) throws -> [UInt8] {
        let lines = String(decoding: try Files.read(path), as: UTF8.self).split(separator: "\n")
        let base64 = lines.filter { !$0.hasPrefix("-----") }.joined()
        guard lines.contains(where: { $0.contains("PUBLIC KEY") && !$0.contains("PRIVATE") }),
            let der = Data(base64Encoded: base64), (try? PublicKey(spkiDER: Array(der))) != nil
        else {
            throw ClientError.usage(
                "\(path) isn't a PEM public key. Make a file that is one, and name that: openssl pkey -in node.key "
                    + "-pubout -out node.pub.pem")
        }
        return Digest.sha256(Array(der))
    }
}
