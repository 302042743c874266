import ArgumentParser
import NIOHTTP1
import StrictJSON

struct PrincipalCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "principal", abstract: "Manages the pool's own directory.",
        subcommands: [Create.self, List.self, Show.self, Enable.self, Disable.self, RenewSecret.self])

    static let collection = "/quorate/v1/principals"

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Creates a service principal and shows its secret, once.",
            discussion: """
                It may do nothing until it is given a role: see 'hsmctl role assignment create'.

                Example: hsmctl principal create --display-name billing --secret-file billing.secret
                """)
        @Option(name: .long, help: ArgumentHelp("A name for people.", valueName: "text")) var displayName: String
        @OptionGroup var secret: SecretOutput
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await secret.show(in: output, create) { created in
                let identifier = created.text("objectId") ?? "?"
                return "The principal \(identifier) was created and its secret is lost: "
                    + "'hsmctl principal renew-secret \(identifier)' gives it another one."
            }
        }

        private func create() async throws -> JSONObject {
            try await PoolClient.with(connection) { client in
                try await client.send(.POST, PrincipalCommands.collection, isRepeatable: false) {
                    $0.member("displayName", displayName)
                }.body
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the principals.", discussion: "Example: hsmctl principal list")
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let principals = try await client.list(PrincipalCommands.collection)
                output.print(principals) { PrincipalCommands.table(principals) }
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows one principal.",
            discussion: "Example: hsmctl principal show 5f0a0f4c-2f2c-4d1c-9f52-0f6f3f1d2c11")
        @OptionGroup var principal: PrincipalArgument
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PoolClient.with(connection) { client in
                let found = try await principal.find(in: client.list(PrincipalCommands.collection))
                output.print(found) { .fields(found) }
            }
        }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a disabled principal in again.",
            discussion: "Example: hsmctl principal enable 5f0a0f4c-2f2c-4d1c-9f52-0f6f3f1d2c11")
        @OptionGroup var principal: PrincipalArgument
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PrincipalCommands.set(enabled: true, principal, connection, output)
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shuts a principal out: its tokens end at once, on every node.",
            discussion: """
                The last administrator can't be disabled.

                Example: hsmctl principal disable 5f0a0f4c-2f2c-4d1c-9f52-0f6f3f1d2c11
                """)
        @OptionGroup var principal: PrincipalArgument
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func run() async throws {
            try await PrincipalCommands.set(enabled: false, principal, connection, output)
        }
    }

    private static func set(
        enabled: Bool, _ principal: PrincipalArgument, _ connection: ConnectionOptions, _ output: OutputOptions
    ) async throws {
        try await PoolClient.with(connection) { client in
            let found = try await principal.find(in: client.list(collection))
            let changed = try await client.send(.PATCH, "\(collection)/\(found.text("objectId") ?? "")") {
                $0.member("enabled", enabled)
            }.body
            output.print(changed) { table([changed]) }
        }
    }

    static func table(_ principals: [JSONObject]) -> Table {
        var table = Table("OBJECT ID", "CLIENT ID", "ENABLED", "CREATED", "NAME")
        for one in principals {
            table.row(
                one.text("objectId") ?? "?", one.text("clientId") ?? "-", one.flag("enabled") == true ? "yes" : "no",
                Moment.text(one.number("created")), one.text("displayName") ?? "")
        }
        return table
    }
}

/// One principal of the directory.
struct PrincipalArgument: ParsableArguments {
    @Argument(
        help: ArgumentHelp("The object id, the client id, or a display name that is unique.", valueName: "principal"))
    var argument: String?
    @Option(name: .customLong("id"), help: ArgumentHelp("The same, as an option.", valueName: "principal"))
    var option: String?

    func validate() throws {
        guard argument != nil || option != nil else { throw ValidationError("Name a principal.") }
        guard argument == nil || option == nil else { throw ValidationError("Name the principal once.") }
    }

    /// Identifiers come first: a display name may be chosen to look like one.
    func find(in principals: [JSONObject]) throws -> JSONObject {
        try Self.find(argument ?? option ?? "", in: principals)
    }

    static func find(_ wanted: String, in principals: [JSONObject]) throws -> JSONObject {
        let identified = principals.first {
            $0.text("objectId") == wanted.lowercased() || $0.text("clientId") == wanted.lowercased()
        }
        if let identified { return identified }
        let named = principals.filter { $0.text("displayName") == wanted }
        guard named.count <= 1 else {
            throw ClientError.usage("\(named.count) principals are named '\(wanted)': use the object id.")
        }
        guard let found = named.first else {
            throw ClientError.notFound("There is no principal '\(wanted)'. List them: hsmctl principal list")
        }
        return found
    }
}
