import AccessControl
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// Who may do what: assignments of roles to principals at a scope.
enum RoleAssignments {
    private static let collection = "/providers/Microsoft.Authorization/roleAssignments"

    static let endpoints: [Endpoint] = RoleScopes.all.flatMap { place in
        [
            Endpoint(
                .get, place.prefix + collection, operation: "RoleAssignmentList",
                access: .dataAction(.roleAssignmentsRead, place.rule), phase: .unsealed,
                handler: .inline { context throws(APIError) in try list(context, try place.scope(context)) }),
            Endpoint(
                .get, place.prefix + collection + "/{assignment}", operation: "RoleAssignmentGet",
                access: .dataAction(.roleAssignmentsRead, place.rule), phase: .unsealed,
                handler: .inline { context throws(APIError) in
                    let assignment = try find(context, try place.scope(context))
                    return .object { write(assignment, &$0) }
                }),
            Endpoint(
                .put, place.prefix + collection + "/{assignment}", operation: "RoleAssignmentCreate",
                access: .dataAction(.roleAssignmentsWrite, place.rule), phase: .unsealed,
                handler: .proposal { context throws(APIError) in try await create(context, try place.scope(context))
                }),
            Endpoint(
                .delete, place.prefix + collection + "/{assignment}", operation: "RoleAssignmentDelete",
                access: .dataAction(.roleAssignmentsDelete, place.rule), phase: .unsealed,
                handler: .proposal { context throws(APIError) in
                    let assignment = try find(context, try place.scope(context))
                    _ = try await context.apply(
                        .deleteRoleAssignment(name: assignment.name, scope: assignment.scope))
                    return .object(audit: details(assignment)) { write(assignment, &$0) }
                }),
        ]
    }

    /// The assignment that the path names, at its scope or below: clients that know it by its name alone ask at the
    /// whole pool, and take "not found" for taken back. The right was checked at the path's scope, which covers it.
    private static func find(_ context: RequestContext, _ scope: Scope) throws(APIError) -> RoleAssignment {
        guard let name = RoleScopes.name(context, "assignment"),
            let assignment = context.view.state.permissions.assignment(named: name), scope.contains(assignment.scope)
        else { throw .notFound("RoleAssignmentNotFound", "Requested role assignment not found") }
        return assignment
    }

    /// Without a filter: the assignments made at this scope; at the whole pool also those at all keys, since `/` and
    /// `/keys` are one level to clients. `principalId eq {id}`: those of one principal at, above or below.
    /// `atOrBelowScope()`, which the cloud service doesn't know: those of everybody at and below.
    private static func list(_ context: RequestContext, _ scope: Scope) throws(APIError) -> APIResponse {
        let permissions = context.view.state.permissions
        var assignments: [RoleAssignment]
        let filter = context.query["$filter"] ?? ""
        if let text = filter.split(separator: " ").last, filter.lowercased().hasPrefix("principalid eq ") {
            guard let principal = GUID(text.filter { $0 != "'" }) else {
                throw .badParameter("The parameter '$filter' must end in a principal's GUID.")
            }
            assignments = permissions.assignments(of: principal).filter {
                $0.scope.contains(scope) || scope.contains($0.scope)
            }
        } else if filter.isEmpty {
            assignments = permissions.assignments(at: scope)
            if scope == .root { assignments += permissions.assignments(at: .keys) }
        } else if filter.lowercased() == "atscope()" {
            assignments = [Scope.root, .keys, scope].reduce(into: []) { found, level in
                guard level.contains(scope), !found.contains(where: { $0.scope == level }) else { return }
                found += permissions.assignments(at: level)
            }
        } else if filter.lowercased() == "atorbelowscope()" {
            assignments = permissions.assignments.filter { scope.contains($0.scope) }
        } else {
            throw .badParameter(
                "The parameter '$filter' must be atScope(), atOrBelowScope() or principalId eq {id}.")
        }
        assignments.sort { $0.name.description < $1.name.description }
        return .object { writer in
            writer.member("value") {
                $0.array { writer in for one in assignments { writer.object { write(one, &$0) } } }
            }
        }
    }

    private static func create(_ context: RequestContext, _ scope: Scope) async throws(APIError) -> APIResponse {
        let name = try RoleScopes.newName(context, "assignment")
        guard let properties = try context.fields().section("properties") else {
            throw .badParameter("The parameter 'properties' is required.")
        }
        guard let principal = GUID(try properties.requiredString("principalId")) else {
            throw .badParameter("The parameter 'properties.principalId' must be a GUID.")
        }
        // Accepted with or without the path that the protocol's own definitions carry.
        let definitionText = try properties.requiredString("roleDefinitionId")
        guard let last = definitionText.split(separator: "/").last, let definition = GUID(String(last)) else {
            throw .badParameter("The parameter 'properties.roleDefinitionId' must end in a GUID.")
        }
        guard context.view.state.permissions.roleDefinition(definition) != nil else {
            throw .notFound("RoleDefinitionNotFound", "Requested role definition not found")
        }
        let assignment = RoleAssignment(name: name, scope: scope, principal: principal, roleDefinition: definition)
        let committed = try await context.submit(.putRoleAssignment(assignment))
        if case .refused(let refusal) = committed.outcome {
            // A client repeats itself where it didn't hear that the first one took effect.
            let isThere = committed.view.state.permissions.assignment(named: name) == assignment
            guard refusal == .roleAssignmentExists, isThere else { throw CommandRefusals.error(refusal, context) }
        }
        return .object(status: 201, audit: details(assignment)) { write(assignment, &$0) }
    }

    /// Who may do what where, or could until now: the address of a request names only the assignment.
    private static func details(_ assignment: RoleAssignment) -> OperationDetails {
        OperationDetails(extra: [
            ("principalId", "\(assignment.principal)"), ("roleDefinitionId", "\(assignment.roleDefinition)"),
            ("scope", assignment.scope.path),
        ])
    }

    private static func write(_ assignment: RoleAssignment, _ writer: inout JSONWriter) {
        writer.member("id", "/providers/Microsoft.Authorization/roleAssignments/\(assignment.name)")
        writer.member("name", assignment.name.description)
        writer.member("type", "Microsoft.Authorization/roleAssignments")
        writer.member("properties") { writer in
            writer.object { writer in
                writer.member("principalId", assignment.principal.description)
                writer.member("roleDefinitionId", RoleDefinitions.identifier(assignment.roleDefinition))
                writer.member("scope", assignment.scope.path)
            }
        }
    }
}
