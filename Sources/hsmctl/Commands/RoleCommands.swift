import ArgumentParser
import CryptographicModule
import NIOHTTP1
import StrictJSON

struct RoleCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "role", abstract: "Manages who may do what.", subcommands: [Assignment.self, Definition.self])

    struct Definition: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "definition", abstract: "Shows the roles.", subcommands: [List.self])

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Lists the roles that can be assigned.")
            @OptionGroup var connection: ConnectionOptions
            @OptionGroup var output: OutputOptions

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    let roles = try await RoleCommands.definitions(client)
                    output.print(roles) {
                        var table = Table("ID", "ROLE")
                        for role in roles {
                            table.row(role.text("name") ?? "?", role.object("properties")?.text("roleName") ?? "?")
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
            static let configuration = CommandConfiguration(abstract: "Gives a principal a role at a scope.")
            @OptionGroup var connection: ConnectionOptions
            @OptionGroup var output: OutputOptions
            @Option(name: .long, help: "The role's name or GUID.") var role: String
            @Option(name: .long, help: "The principal's object id.") var assignee: String
            @Option(name: .long, help: "/, /keys or /keys/NAME.") var scope = "/"

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    let definition = try await RoleCommands.find(role, client)
                    let path = RoleCommands.path(scope) + "roleAssignments/" + RoleCommands.randomGUID()
                    let created = try await client.send(.PUT, path) { writer in
                        writer.member("properties") { writer in
                            writer.object { writer in
                                writer.member("principalId", assignee)
                                writer.member("roleDefinitionId", definition)
                            }
                        }
                    }.body
                    output.print(created) { RoleCommands.table([created]) }
                }
            }
        }

        struct List: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Lists the assignments made at a scope.")
            @OptionGroup var connection: ConnectionOptions
            @OptionGroup var output: OutputOptions
            @Option(name: .long, help: "/, /keys or /keys/NAME.") var scope = "/"

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    let found = try await client.send(.GET, RoleCommands.path(scope) + "roleAssignments").body.objects(
                        "value")
                    output.print(found) { RoleCommands.table(found) }
                }
            }
        }

        struct Delete: AsyncParsableCommand {
            static let configuration = CommandConfiguration(abstract: "Takes an assignment back.")
            @OptionGroup var connection: ConnectionOptions
            @OptionGroup var output: OutputOptions
            @Argument(help: "The assignment's GUID.") var name: String
            @Option(name: .long, help: "/, /keys or /keys/NAME.") var scope = "/"

            func run() async throws {
                try await PoolClient.with(connection) { client in
                    let gone = try await client.send(.DELETE, RoleCommands.path(scope) + "roleAssignments/" + name).body
                    output.print(gone) { RoleCommands.table([gone]) }
                }
            }
        }
    }

    static func path(_ scope: String) -> String {
        (scope == "/" ? "" : scope) + "/providers/Microsoft.Authorization/"
    }

    static func definitions(_ client: PoolClient) async throws -> [JSONObject] {
        try await client.send(.GET, path("/") + "roleDefinitions").body.objects("value")
    }

    /// The id of the role that a name or a GUID means.
    static func find(_ role: String, _ client: PoolClient) async throws -> String {
        let known = try await definitions(client)
        let match = known.first {
            $0.text("name") == role.lowercased() || $0.object("properties")?.text("roleName") == role
        }
        guard let id = match?.text("id") else {
            let names = known.compactMap { $0.object("properties")?.text("roleName") }.joined(separator: ", ")
            throw ClientError.usage("There is no role '\(role)'. The roles are: \(names).")
        }
        return id
    }

    static func table(_ assignments: [JSONObject]) -> Table {
        var table = Table("NAME", "SCOPE", "PRINCIPAL", "ROLE")
        for one in assignments {
            let properties = one.object("properties")
            table.row(
                one.text("name") ?? "?", properties?.text("scope") ?? "?", properties?.text("principalId") ?? "?",
                properties?.text("roleDefinitionId")?.split(separator: "/").last.map(String.init) ?? "?")
        }
        return table
    }

    static func randomGUID() -> String {
        let text = Array(Hexadecimal.encode(Random.bytes(16)))
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(text[$0]) }.joined(separator: "-")
    }
}
