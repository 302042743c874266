import ArgumentParser
import NIOHTTP1
import StrictJSON

struct RoleCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "Manages who may do what.", subcommands: [Assignment.self, Definition.self])

    struct Definition: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "definition", abstract: "Shows the roles.", subcommands: [List.self, Show.self])

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Lists the roles that can be assigned.", discussion: "Example: hsmctl role definition list")
            @OptionGroup(title: "Output") var output: OutputOptions
            @OptionGroup(title: "Connection") var connection: ConnectionOptions

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    let roles = try await RoleCommands.definitions(client)
                    output.print(roles) { RoleCommands.table(definitions: roles) }
                }
            }
        }

        struct Show: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Shows what a role permits.",
                discussion: "Example: hsmctl role definition show 'Managed HSM Crypto User'")
            @Argument(help: ArgumentHelp("The role's name or GUID.", valueName: "role")) var role: String
            @OptionGroup(title: "Output") var output: OutputOptions
            @OptionGroup(title: "Connection") var connection: ConnectionOptions

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    let found = try await RoleCommands.find(role, client)
                    output.print(found) {
                        var table = Table("PERMISSION", "DATA ACTION")
                        for permission in found.object("properties")?.objects("permissions") ?? [] {
                            for action in permission.texts("dataActions") { table.row("allowed", action) }
                            for action in permission.texts("notDataActions") { table.row("excepted", action) }
                        }
                        return table
                    }
                }
            }
        }
    }

    struct Assignment: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "assignment", abstract: "Manages role assignments.",
            subcommands: [Create.self, List.self, Delete.self])

        struct Create: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Gives a principal a role at a scope.",
                discussion: """
                    Who may assign roles but not list principals names an object id: it isn't looked up then.

                    Example: hsmctl role assignment create --role 'Managed HSM Crypto User' --scope /keys/invoices \
                    --assignee billing
                    """)
            @Option(name: .long, help: ArgumentHelp("The role's name or GUID.", valueName: "role")) var role: String
            @Option(
                name: [.long, .customLong("assignee-object-id")],
                help: ArgumentHelp(
                    "The principal's object id, client id, or a display name that is unique.", valueName: "principal"))
            var assignee: String
            @OptionGroup var place: ScopeOption
            @OptionGroup(title: "Output") var output: OutputOptions
            @OptionGroup(title: "Connection") var connection: ConnectionOptions

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    let roles = try await RoleCommands.definitions(client)
                    let definition = try RoleCommands.find(role, among: roles).text("id") ?? ""
                    let people = try await KnownPrincipals.read(client)
                    let principal = try people.objectID(of: assignee)
                    if people.all == nil {
                        Terminal.note("You may not list principals: whether there is one \(principal) isn't checked.")
                    }
                    // The name is chosen here, so that a repetition on another node makes no second assignment.
                    let path = place.path + "roleAssignments/" + GUIDText.random()
                    let created = try await client.send(.PUT, path) { writer in
                        writer.member("properties") { writer in
                            writer.object { writer in
                                writer.member("principalId", principal)
                                writer.member("roleDefinitionId", definition)
                            }
                        }
                    }.body
                    output.print(created) { AssignmentNames(people, roles).table([created]) }
                }
            }
        }

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Lists the assignments made at a scope, or who has access to what.",
                discussion: """
                    Those made at the scope, at / also those at /keys; with --all also those at all scopes below; \
                    with --assignee those of one principal at, above and below it.

                    Example: hsmctl role assignment list --all

                    More:
                      hsmctl role assignment list --assignee billing
                      hsmctl role assignment list --scope /keys/invoices
                    """)
            @Flag(name: .long, help: "Also the assignments at all scopes below.") var all = false
            @Option(
                name: .long,
                help: ArgumentHelp(
                    "Only this principal: its object id, client id, or display name.", valueName: "principal"))
            var assignee: String?
            @OptionGroup var place: ScopeOption
            @OptionGroup(title: "Output") var output: OutputOptions
            @OptionGroup(title: "Connection") var connection: ConnectionOptions

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    var people: KnownPrincipals?
                    var filter = all ? "atOrBelowScope()" : nil
                    if let assignee {
                        let known = try await KnownPrincipals.read(client)
                        (people, filter) = (known, "principalId eq \(try known.objectID(of: assignee))")
                    }
                    let found = try await client.send(
                        .GET, place.path + "roleAssignments", query: filter.map { [("$filter", $0)] } ?? []
                    ).body.objects("value")
                    guard !output.json else { return output.printJSON(.array(found.map { .object($0) })) }
                    try await AssignmentNames.read(client, people).table(found).print()
                }
            }
        }

        struct Delete: AsyncParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Takes an assignment back.",
                discussion: """
                    Example: hsmctl role assignment delete 0b2c9a2e-31a5-4f0b-8f6e-2f3a1f0f7d55 --scope /keys/invoices
                    """)
            @Argument(help: ArgumentHelp("The assignment's GUID, as the list shows it.", valueName: "assignment"))
            var name: String
            @OptionGroup var place: ScopeOption
            @OptionGroup(title: "Output") var output: OutputOptions
            @OptionGroup(title: "Connection") var connection: ConnectionOptions

            func validate() throws {
                guard GUIDText.isGUID(name) else { throw ValidationError("'\(name)' isn't a GUID.") }
            }

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    // Before: who takes an own role away may not be able to ask afterwards.
                    let names = output.json ? AssignmentNames(nil, []) : try await AssignmentNames.read(client)
                    let gone = try await client.send(
                        .DELETE, place.path + "roleAssignments/" + name, isRepeatable: false
                    ).body
                    output.print(gone) { names.table([gone]) }
                }
            }
        }
    }

    static let provider = "/providers/Microsoft.Authorization/"

    static func definitions(_ client: PoolClient) async throws -> [JSONObject] {
        try await client.list(provider + "roleDefinitions")
    }

    /// The role that a name or a GUID means.
    static func find(_ role: String, _ client: PoolClient) async throws -> JSONObject {
        try find(role, among: try await definitions(client))
    }

    static func find(_ role: String, among known: [JSONObject]) throws -> JSONObject {
        let match = known.first {
            $0.text("name") == role.lowercased() || $0.object("properties")?.text("roleName") == role
        }
        guard let match else {
            let names = known.compactMap { $0.object("properties")?.text("roleName") }.joined(separator: ", ")
            throw ClientError.notFound("There is no role '\(role)'. The roles are: \(names).")
        }
        return match
    }

    static func table(definitions: [JSONObject]) -> Table {
        var table = Table("ID", "KIND", "ROLE")
        for role in definitions {
            let properties = role.object("properties")
            table.row(
                role.text("name") ?? "?", properties?.text("type") == "CustomRole" ? "custom" : "built in",
                properties?.text("roleName") ?? "?")
        }
        return table
    }
}

/// Where an assignment holds.
struct ScopeOption: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("/, /keys or /keys/NAME.", valueName: "scope")) var scope = "/"

    /// The path before the collections of the roles' provider.
    var path: String { (scope == "/" ? "" : scope) + RoleCommands.provider }

    func validate() throws {
        let isKey = scope.hasPrefix("/keys/") && KeyReference.isName(String(scope.dropFirst("/keys/".count)))
        guard scope == "/" || scope == "/keys" || isKey else {
            throw ValidationError("'\(scope)' isn't a scope: /, /keys or /keys/NAME.")
        }
    }
}
