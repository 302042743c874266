import AccessControl

extension PoolState {
    mutating func putRoleAssignment(
        _ assignment: RoleAssignment, _ changes: inout StateChanges
    ) throws(Refusal) {
        if case .key(let name) = assignment.scope, !KeyName.isValid(name) { throw .invalidScope }
        guard permissions.roleDefinition(assignment.roleDefinition) != nil else { throw .roleDefinitionNotFound }
        let sameRole = permissions.assignments(of: assignment.principal, at: assignment.scope).contains {
            $0.roleDefinition == assignment.roleDefinition
        }
        guard !sameRole, permissions.assignment(named: assignment.name) == nil else { throw .roleAssignmentExists }
        let isWithinLimit =
            if assignment.scope.isWholeHSM {
                permissions.assignmentCount(at: .root) + permissions.assignmentCount(at: .keys)
                    < PoolLimits.roleAssignmentsForHSM
            } else {
                permissions.assignmentCount(at: assignment.scope) < PoolLimits.roleAssignmentsPerKey
            }
        guard isWithinLimit else { throw .tooManyRoleAssignments }
        permissions.insert(assignment)
        changes.store(assignment)
    }

    mutating func deleteRoleAssignment(
        _ name: GUID, at scope: Scope, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard let assignment = permissions.assignment(named: name), assignment.scope == scope else {
            throw .roleAssignmentNotFound
        }
        permissions.removeAssignment(named: name)
        changes.remove(.roleAssignment, assignment.rowKey)
        try checkAdministrators()
    }

    mutating func putRoleDefinition(
        _ definition: RoleDefinition, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard !PermissionIndex.isBuiltIn(definition.id) else { throw .builtInRoleImmutable }
        guard RoleRules.isValid(definition) else { throw .invalidRoleDefinition }
        let isNew = permissions.roleDefinition(definition.id) == nil
        guard !isNew || permissions.customRoleCount < PoolLimits.customRoleDefinitions else {
            throw .tooManyRoleDefinitions
        }
        permissions.insert(definition)
        changes.store(definition)
    }

    mutating func deleteRoleDefinition(_ id: GUID, _ changes: inout StateChanges) throws(Refusal) {
        guard !PermissionIndex.isBuiltIn(id) else { throw .builtInRoleImmutable }
        guard let definition = permissions.removeRoleDefinition(id) else { throw .roleDefinitionNotFound }
        changes.remove(.roleDefinition, definition.rowKey)
    }
}

/// What a custom role has to be like. Whether its patterns name any data action is not asked here: nodes of different
/// versions may know different ones, and have to agree on what they accept.
enum RoleRules {
    private static let entriesPerList = 100
    private static let bytesPerEntry = 256

    static func isValid(_ definition: RoleDefinition) -> Bool {
        let lists = [
            definition.dataActions, definition.notDataActions, definition.actions, definition.notActions,
        ]
        return definition.kind == .custom && definition.name.utf8.count <= 512
            && definition.description.utf8.count <= 2048 && definition.assignableScopes == [.root]
            && lists.allSatisfy { list in
                list.count <= entriesPerList && list.allSatisfy { (1...bytesPerEntry).contains($0.utf8.count) }
            }
    }
}
