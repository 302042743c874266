import ArgumentParser
import NIOHTTP1
import SecurityDomain
import StrictJSON

/// Keys on tokens that open the pool's nodes when they start.
struct AutoUnsealCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "auto-unseal",
        abstract: "Enrols tokens by which nodes open themselves, and gives them up.",
        discussion: """
            Who holds an enrolled token, its PIN and a node's disk can open the pool; of a development key file, \
            which has no PIN, whoever can read it: that is for the officers to decide. Both commands order a new \
            root, which a quorum of them approves ('hsmctl help security-domain reshare'): the new root is sealed \
            for the tokens that are enrolled then, and for no other.

              hsmctl auto-unseal show
              hsmctl auto-unseal enrol node-1
              hsmctl security-domain reshare approve --officer officer-1.crt:officer-1.key    # a quorum in office
              hsmctl security-domain reshare prepare --out new-security-domain.json
              hsmctl security-domain reshare confirm --security-domain new-security-domain.json --officer …

            Any quorum of officers opens the pool and its backups without a token, too.
            """,
        subcommands: [Show.self, Enrol.self, Remove.self])

    static let path = "/quorate/v1/auto-unseal"

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Asks each node for its token, and the pool for those that are enrolled.",
            discussion: "Example: hsmctl auto-unseal show")
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            var nodes: [JSONObject] = []
            try await PoolClient.with(connection) { client in
                for node in try await client.list(NodeCommands.collection) {
                    guard let endpoint = node.text("endpoint") else { continue }
                    nodes.append(await standing(of: node.text("name") ?? endpoint, endpoint, client))
                }
            }
            let result = JSONObject.make { writer in
                writer.member("nodes") { writer in
                    writer.array { writer in for node in nodes { writer.value(.object(node)) } }
                }
            }
            output.print(result) {
                var table = Table("NODE", "TOKEN", "PROVIDER", "SHA-256 OF ITS KEY", "STATE")
                for node in nodes {
                    let key = node.object("key")
                    table.row(
                        node.text("node") ?? "?", key?.text("name") ?? "-", key?.text("provider") ?? "-",
                        key?.text("sha256") ?? "-", state(of: node))
                }
                return table
            }
            let enrolled = nodes.first { !$0.objects("enrolled").isEmpty }?.objects("enrolled") ?? []
            if let warning = UnsealKeyText.warning(enrolled.map(UnsealKeyText.init)) { Terminal.note(warning) }
        }

        /// What the node says, or why it says nothing.
        private func standing(of name: String, _ endpoint: String, _ client: PoolClient) async -> JSONObject {
            do {
                return try PoolClient.check(await client.send(.GET, path, to: endpoint)).body
            } catch {
                return .make { writer in
                    writer.member("node", name)
                    writer.member("problem", HSMControl.explained(error)?.message ?? "\(error)")
                }
            }
        }

        private func state(of node: JSONObject) -> String {
            if let problem = node.text("problem") { return problem }
            guard node.object("key") != nil else { return "no token is configured" }
            return node.flag("isEnrolled") == true ? "enrolled" : "not enrolled"
        }
    }

    struct Enrol: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Orders a new root that the tokens of these nodes open, too.",
            discussion: """
                Tokens that are enrolled already stay. The officers see the SHA-256 of each token's key: they compare \
                it with what 'hsmd --make-token-key' has shown on the node.

                Example: hsmctl auto-unseal enrol node-1 node-2
                """)
        @Argument(help: ArgumentHelp("The nodes' names.", valueName: "node")) var nodes: [String]
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            let keys = try await PoolClient.with(connection) { client in
                let known = try await client.list(NodeCommands.collection)
                var keys = try await client.send(.GET, path).body.objects("enrolled").map(UnsealKeyText.init)
                for name in nodes {
                    guard let endpoint = known.first(where: { $0.text("name") == name })?.text("endpoint") else {
                        throw ClientError.notFound("The pool has no node '\(name)'.")
                    }
                    let answer = try PoolClient.check(await client.send(.GET, path, to: endpoint)).body
                    guard let key = answer.object("key") else {
                        throw ClientError.refused(
                            "\(name) has no token to enrol: \(answer.text("problem") ?? "none is configured").")
                    }
                    guard answer.flag("isEnrolled") != true else {
                        throw ClientError.refused("The token of \(name) is enrolled already.")
                    }
                    var own = UnsealKeyText(key)
                    own.name = "\(own.name) at \(name)"
                    if !keys.contains(where: { $0.point == own.point }) { keys.append(own) }
                }
                return keys
            }
            try await ReshareCommands.begin([], 0, unsealKeys: keys, output, connection)
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Orders a new root that these tokens don't open.",
            discussion: """
                A token that was given up still opens disks and copies of them from before: destroy its key as well.

                Example: hsmctl auto-unseal remove 5f0c1a6b7d2e49
                """)
        @Argument(
            help: ArgumentHelp("The begin of the SHA-256 of a token's key, 8 digits or more.", valueName: "digest"))
        var digests: [String] = []
        @Flag(name: .long, help: "All tokens.") var all = false
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard all != !digests.isEmpty else { throw ValidationError("Name tokens, or --all.") }
            guard digests.allSatisfy({ $0.count >= 8 }) else { throw ValidationError("A digest has 8 digits or more.") }
        }

        func run() async throws {
            var keys = try await PoolClient.with(connection) { client in
                try await client.send(.GET, path).body.objects("enrolled").map(UnsealKeyText.init)
            }
            for digest in digests {
                guard keys.contains(where: { $0.digest.hasPrefix(digest.lowercased()) }) else {
                    throw ClientError.notFound("No token is enrolled whose digest begins with \(digest).")
                }
                keys.removeAll { $0.digest.hasPrefix(digest.lowercased()) }
            }
            try await ReshareCommands.begin([], 0, unsealKeys: all ? [] : keys, output, connection)
        }
    }
}

/// A token's key as the pool tells of it.
struct UnsealKeyText: Hashable {
    var provider: String
    var name: String
    /// Base64url.
    var point: String
    /// SHA-256 of the point, hexadecimal.
    var digest: String

    init(_ object: JSONObject) {
        provider = object.text("provider") ?? ""
        name = object.text("name") ?? ""
        point = object.text("point") ?? ""
        digest = object.text("sha256") ?? ""
    }

    /// Whether it is in a file that nothing protects.
    var isForDevelopment: Bool { provider == AutoUnsealKey.Provider.developmentFile.name }

    /// What to say where keys in files open the pool; nil where none does.
    static func warning(_ keys: [UnsealKeyText]) -> String? { warning(keys.filter(\.isForDevelopment).map(\.name)) }

    static func warning(_ names: [String]) -> String? {
        guard !names.isEmpty else { return nil }
        let named = names.map { Table.harmless($0) }.joined(separator: ", ")
        return "WARNING: for development only: this pool is opened by a key in a file "
            + "(\(named)). Whoever reads it and a node's disk has every key. "
            + "Give it up: hsmctl auto-unseal remove --all"
    }

    func write(_ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("provider", provider)
            writer.member("name", name)
            writer.member("point", point)
        }
    }
}
