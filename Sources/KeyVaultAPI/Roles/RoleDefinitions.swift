import AccessControl
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// The roles that can be assigned, built in and custom. Listed at every scope, since clients look a role's name up
/// where they are about to assign it; some of them always at the whole pool's, so who may read them at all keys may
/// there, too: they are the same everywhere.
enum RoleDefinitions {
    private static let collection = "/providers/Microsoft.Authorization/roleDefinitions"

    static let endpoints: [Endpoint] =
        RoleScopes.all.flatMap { place in
            let rule = place.prefix.isEmpty ? ScopeRule.keys : place.rule
            return [
                Endpoint(
                    .get, place.prefix + collection, operation: "RoleDefinitionList",
                    access: .dataAction(.roleDefinitionsRead, rule), phase: .unsealed,
                    handler: .inline { context throws(APIError) in list(context) }),
                Endpoint(
                    .get, place.prefix + collection + "/{definition}", operation: "RoleDefinitionGet",
                    access: .dataAction(.roleDefinitionsRead, rule), phase: .unsealed,
                    handler: .inline { context throws(APIError) in
                        let definition = try find(context)
                        return .object { write(definition, &$0) }
                    }),
            ]
        } + [
            Endpoint(
                .put, collection + "/{definition}", operation: "RoleDefinitionCreate",
                access: .dataAction(.roleDefinitionsWrite, .root), phase: .unsealed, handler: .proposal(put)),
            Endpoint(
                .delete, collection + "/{definition}", operation: "RoleDefinitionDelete",
                access: .dataAction(.roleDefinitionsDelete, .root), phase: .unsealed,
                handler: .proposal { context throws(APIError) in
                    let definition = try find(context)
                    _ = try await context.apply(.deleteRoleDefinition(id: definition.id))
                    return .object(audit: details(definition)) { write(definition, &$0) }
                }),
        ]

    static func identifier(_ id: GUID) -> String {
        "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/\(id)"
    }

    private static func find(_ context: RequestContext) throws(APIError) -> RoleDefinition {
        guard let id = RoleScopes.name(context, "definition"),
            let definition = context.view.state.permissions.roleDefinition(id)
        else {
            throw .notFound("RoleDefinitionNotFound", "Requested role definition not found")
        }
        return definition
    }

    private static func list(_ context: RequestContext) -> APIResponse {
        let definitions = context.view.state.permissions.roleDefinitions.sorted { $0.name < $1.name }
        return .object { writer in
            writer.member("value") {
                $0.array { writer in for one in definitions { writer.object { write(one, &$0) } } }
            }
        }
    }

    @Sendable
    private static func put(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let id = try RoleScopes.newName(context, "definition")
        guard let properties = try context.fields().section("properties") else {
            throw .badParameter("The parameter 'properties' is required.")
        }
        let permissions = try Permissions(properties)
        let definition = RoleDefinition(
            id: id, name: try text(properties, "roleName", limit: 512),
            description: try text(properties, "description", limit: 2048),
            kind: .custom, dataActions: permissions.dataActions, notDataActions: permissions.notDataActions,
            actions: permissions.actions, notActions: permissions.notActions, assignableScopes: [.root])
        _ = try await context.apply(.putRoleDefinition(definition))
        return .object(status: 201, audit: details(definition)) { write(definition, &$0) }
    }

    /// - Parameter limit: bytes of UTF-8 that the pool takes.
    private static func text(_ fields: Fields, _ name: String, limit: Int) throws(APIError) -> String {
        let text = try fields.string(name) ?? ""
        guard text.utf8.count <= limit else {
            throw .badParameter("The parameter '\(fields.path)\(name)' has more than \(limit) bytes.")
        }
        return text
    }

    private static func details(_ definition: RoleDefinition) -> OperationDetails {
        OperationDetails(
            extra: [("roleDefinitionId", "\(definition.id)"), ("roleName", definition.name)]
                + list("dataActions", definition.dataActions) + list("notDataActions", definition.notDataActions))
    }

    /// A list in as many members as it takes, since each is cut at 1024 bytes: `name`, `name2` and on. A list of more
    /// than 8 KiB ends in `nameOmitted`, the number of elements that are left out.
    private static func list(_ name: String, _ elements: [String]) -> [(name: String, value: String)] {
        var parts: [String] = []
        var taken = 0
        for element in elements {
            guard element.utf8.count <= 1024 else { break }
            if let last = parts.last, last.utf8.count + 1 + element.utf8.count <= 1024 {
                parts[parts.count - 1] = last + " " + element
            } else {
                guard parts.count < 8 else { break }
                parts.append(element)
            }
            taken += 1
        }
        var members = parts.enumerated().map { (name: $0 == 0 ? name : "\(name)\($0 + 1)", value: $1) }
        if taken < elements.count { members.append(("\(name)Omitted", "\(elements.count - taken)")) }
        return members
    }

    private static func write(_ definition: RoleDefinition, _ writer: inout JSONWriter) {
        writer.member("id", identifier(definition.id))
        writer.member("name", definition.id.description)
        writer.member("type", "Microsoft.Authorization/roleDefinitions")
        writer.member("properties") { writer in
            writer.object { writer in
                writer.member("roleName", definition.name)
                writer.member("description", definition.description)
                writer.member("type", definition.kind.wireName)
                writer.member("assignableScopes", array: definition.assignableScopes.map(\.path))
                writer.member("permissions") { writer in
                    writer.array { writer in
                        writer.object { writer in
                            writer.member("actions", array: definition.actions)
                            writer.member("notActions", array: definition.notActions)
                            writer.member("dataActions", array: definition.dataActions)
                            writer.member("notDataActions", array: definition.notDataActions)
                        }
                    }
                }
            }
        }
    }
}

/// The member `permissions` of a custom role. A role holds one block of them, so several are put together; that means
/// the same as long as nothing is excluded: an exclusion takes away from its own block only.
private struct Permissions {
    /// Of one list, with those of all blocks.
    private static let mostEntries = 100
    private static let longestEntry = 256

    var (actions, notActions): ([String], [String]) = ([], [])
    var (dataActions, notDataActions): ([String], [String]) = ([], [])

    init(_ properties: Fields) throws(APIError) {
        if properties.object.members.contains(where: { $0.name == "permissions" && $0.value == .null }) {
            throw .badParameter("The parameter 'properties.permissions' must be an array of objects, not null.")
        }
        let blocks = try properties.sections("permissions") ?? []
        for block in blocks {
            actions += try Self.entries(block, "actions")
            notActions += try Self.entries(block, "notActions")
            dataActions += try Self.dataActions(block, "dataActions")
            notDataActions += try Self.dataActions(block, "notDataActions")
            guard [actions, notActions, dataActions, notDataActions].allSatisfy({ $0.count <= Self.mostEntries }) else {
                throw .badParameter(
                    "The parameter 'properties.permissions' has more than \(Self.mostEntries) entries of one kind.")
            }
        }
        guard blocks.count < 2 || (notActions.isEmpty && notDataActions.isEmpty) else {
            throw .badParameter(
                "The parameter 'properties.permissions' has several blocks, and 'notActions' or 'notDataActions' in "
                    + "them. One block is supported then: write the actions that remain, without exclusions, or make a "
                    + "role of each block and assign them all.")
        }
    }

    private static func entries(_ block: Fields, _ name: String) throws(APIError) -> [String] {
        let entries = try block.strings(name) ?? []
        guard entries.count <= mostEntries else {
            throw .badParameter("The parameter '\(block.path)\(name)' has more than \(mostEntries) entries.")
        }
        for (place, entry) in entries.enumerated() where !(1...longestEntry).contains(entry.utf8.count) {
            throw .badParameter(
                "The parameter '\(block.path)\(name)[\(place)]' must have 1 to \(longestEntry) bytes.")
        }
        return entries
    }

    /// One that means nothing is a mistake: among exclusions it would leave granted what was to be withheld. Whether it
    /// does is asked of who defines the role, and not of the pool, whose nodes may know different ones.
    private static func dataActions(_ block: Fields, _ name: String) throws(APIError) -> [String] {
        let patterns = try entries(block, name)
        for (place, pattern) in patterns.enumerated() where DataActionPattern(pattern).actions.isEmpty {
            throw .badParameter(
                "The parameter '\(block.path)\(name)[\(place)]' matches no data action. Their names are such as "
                    + "\(DataAction.keysSign.name), and '*' stands for any characters in them.")
        }
        return patterns
    }
}
