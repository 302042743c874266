import NIOHTTP1
import StrictJSON

/// The pool's principals, as far as the caller may know them.
struct KnownPrincipals {
    /// `nil` where the caller may not list them.
    let all: [JSONObject]?

    static func read(_ client: PoolClient) async throws -> KnownPrincipals {
        do {
            return KnownPrincipals(all: try await client.list(PrincipalCommands.collection))
        } catch let error as ClientError where error.isDenial {
            return KnownPrincipals(all: nil)
        }
    }

    /// The object id of the principal that is meant. A role that is given to anything else is of no use to anybody.
    ///
    /// - Parameter wanted: an object id, a client id or a display name.
    /// - Throws: ``ClientError`` where there is no such principal, or where only an object id could be taken.
    func objectID(of wanted: String) throws -> String {
        if let all { return try PrincipalArgument.find(wanted, in: all).text("objectId") ?? wanted }
        guard GUIDText.isGUID(wanted) else {
            throw ClientError.denied(
                "You may not list principals, so '\(wanted)' can't be looked up: name the object id.")
        }
        return wanted
    }

    func displayName(of objectID: String) -> String {
        guard let all else { return "-" }
        return all.first { $0.text("objectId") == objectID }?.text("displayName") ?? "(no such principal)"
    }
}

/// What people call the principals and roles of assignments.
struct AssignmentNames {
    private let people: KnownPrincipals
    private let roles: [JSONObject]

    init(_ people: KnownPrincipals?, _ roles: [JSONObject]) {
        (self.people, self.roles) = (people ?? KnownPrincipals(all: nil), roles)
    }

    /// - Parameter people: where they were asked for already.
    static func read(_ client: PoolClient, _ people: KnownPrincipals? = nil) async throws -> AssignmentNames {
        var known = people
        if known == nil { known = try await KnownPrincipals.read(client) }
        do {
            return AssignmentNames(known, try await RoleCommands.definitions(client))
        } catch let error as ClientError where error.isDenial {
            return AssignmentNames(known, [])
        }
    }

    func table(_ assignments: [JSONObject]) -> Table {
        var table = Table("NAME", "SCOPE", "PRINCIPAL", "DISPLAY NAME", "ROLE")
        for one in assignments {
            let properties = one.object("properties")
            let principal = properties?.text("principalId") ?? "?"
            table.row(
                one.text("name") ?? "?", properties?.text("scope") ?? "?", principal,
                people.displayName(of: principal), role(properties?.text("roleDefinitionId") ?? "?"))
        }
        return table
    }

    private func role(_ identifier: String) -> String {
        let name = identifier.split(separator: "/").last.map(String.init) ?? identifier
        return roles.first { $0.text("name") == name }?.object("properties")?.text("roleName") ?? name
    }
}
