import HashTreeCollections

/// All role definitions and role assignments of a pool, compiled for checking.
///
/// The work is done when something changes. A check costs at most two hash look-ups for the principal and two for each
/// of its groups, and a few bit tests, however many assignments there are.
///
/// A value with structure sharing: a copy is O(1), and a change copies a few tree nodes, so that a published copy can
/// be read while the next one is made. Limits (how many assignments at a scope, no duplicates) are the caller's rules.
public struct PermissionIndex: Sendable {
    private var assignmentsByName = TreeDictionary<GUID, RoleAssignment>()
    /// Names of the assignments at each scope. At most tens at each, hence arrays, in order of name.
    private var namesByScope = TreeDictionary<Scope, [GUID]>()
    /// What a check needs of all this.
    public private(set) var compiled = CompiledGrants()
    private var customRoles = TreeDictionary<GUID, RoleDefinition>()
    private var actionsByRole = TreeDictionary<GUID, DataActionSet>()
    /// Who holds each role that isn't built in, with the number of assignments: whom to recompile when it changes.
    private var holdersByCustomRole = TreeDictionary<GUID, TreeDictionary<GUID, Int>>()

    /// An index with the built-in roles and no assignment.
    public init() {
        for role in BuiltInRole.allCases {
            actionsByRole[role.id] = DataActionSet(role.dataActions)
        }
    }

    // MARK: Decision

    /// Decides whether `principal`, itself or by one of `groups`, may do `action` at `scope`.
    public func decide(principal: GUID, groups: [GUID] = [], action: DataAction, scope: Scope) -> Decision {
        compiled.decide(principal: principal, groups: groups, action: action, scope: scope)
    }

    // MARK: Assignments

    /// At all scopes together.
    public var assignmentCount: Int { assignmentsByName.count }

    /// Every assignment, in no particular order.
    public var assignments: some Sequence<RoleAssignment> { assignmentsByName.values }

    public func assignment(named name: GUID) -> RoleAssignment? {
        assignmentsByName[name]
    }

    /// The assignments at exactly this scope, in order of name.
    public func assignments(at scope: Scope) -> [RoleAssignment] {
        (namesByScope[scope] ?? []).compactMap { assignmentsByName[$0] }
    }

    /// How many assignments there are at exactly this scope.
    public func assignmentCount(at scope: Scope) -> Int {
        namesByScope[scope]?.count ?? 0
    }

    /// The assignments of exactly this principal at every scope, in order of name.
    public func assignments(of principal: GUID) -> [RoleAssignment] {
        guard let grants = compiled.byPrincipal[principal] else { return [] }
        let named = grants.byKey.values.flatMap(\.assignments)
        return (grants.root.assignments + grants.keys.assignments + named).sorted { $0.name < $1.name }
    }

    /// The assignments of exactly this principal at exactly this scope, in order of name.
    public func assignments(of principal: GUID, at scope: Scope) -> [RoleAssignment] {
        compiled.byPrincipal[principal]?[scope].assignments ?? []
    }

    /// Adds an assignment. An assignment of the same name is replaced.
    public mutating func insert(_ assignment: RoleAssignment) {
        removeAssignment(named: assignment.name)
        assignmentsByName[assignment.name] = assignment
        var names = namesByScope[assignment.scope] ?? []
        names.insert(assignment.name, at: names.firstIndex { assignment.name < $0 } ?? names.endIndex)
        namesByScope[assignment.scope] = names
        let actions = actionsByRole
        compiled.byPrincipal[assignment.principal, default: PrincipalGrants()][assignment.scope]
            .insert(assignment) { actions[$0] ?? DataActionSet() }
        countHolder(of: assignment, by: 1)
    }

    /// Removes the assignment with this name and returns it; `nil` if there is none.
    @discardableResult
    public mutating func removeAssignment(named name: GUID) -> RoleAssignment? {
        guard let assignment = assignmentsByName.removeValue(forKey: name) else { return nil }
        let names = (namesByScope[assignment.scope] ?? []).filter { $0 != name }
        namesByScope[assignment.scope] = names.isEmpty ? nil : names
        let actions = actionsByRole
        var grants = compiled.byPrincipal[assignment.principal] ?? PrincipalGrants()
        grants[assignment.scope].remove(named: name) { actions[$0] ?? DataActionSet() }
        compiled.byPrincipal[assignment.principal] = grants.isEmpty ? nil : grants
        countHolder(of: assignment, by: -1)
        return assignment
    }

    private mutating func countHolder(of assignment: RoleAssignment, by difference: Int) {
        guard !PermissionIndex.isBuiltIn(assignment.roleDefinition) else { return }
        var holders = holdersByCustomRole[assignment.roleDefinition] ?? TreeDictionary()
        let count = (holders[assignment.principal] ?? 0) + difference
        holders[assignment.principal] = count > 0 ? count : nil
        holdersByCustomRole[assignment.roleDefinition] = holders.isEmpty ? nil : holders
    }

    // MARK: Role definitions

    /// Whether a role with this id is one of `BuiltInRole`.
    public static func isBuiltIn(_ id: GUID) -> Bool {
        builtInDefinitions[id] != nil
    }

    private static let builtInDefinitions = Dictionary(
        uniqueKeysWithValues: BuiltInRole.allCases.map { ($0.id, $0.definition) })

    /// The role with this id, built-in or custom; `nil` if there is none.
    public func roleDefinition(_ id: GUID) -> RoleDefinition? {
        PermissionIndex.builtInDefinitions[id] ?? customRoles[id]
    }

    public var customRoleCount: Int { customRoles.count }

    /// The custom roles in order of id.
    public var customRoleDefinitions: [RoleDefinition] {
        customRoles.values.sorted { $0.id < $1.id }
    }

    /// The built-in roles in the order of `BuiltInRole`, then the custom ones in order of id.
    public var roleDefinitions: [RoleDefinition] {
        BuiltInRole.allCases.map(\.definition) + customRoleDefinitions
    }

    /// Adds or replaces a custom role; assignments of it follow at once. A definition with the id of a built-in role is
    /// ignored: those can't be changed.
    public mutating func insert(_ definition: RoleDefinition) {
        guard !PermissionIndex.isBuiltIn(definition.id) else { return }
        customRoles[definition.id] = definition
        actionsByRole[definition.id] = definition.effectiveDataActions
        recompileHolders(of: definition.id)
    }

    /// Removes a custom role and returns it; `nil` if there is none. Assignments of it stay and grant nothing.
    @discardableResult
    public mutating func removeRoleDefinition(_ id: GUID) -> RoleDefinition? {
        guard let definition = customRoles.removeValue(forKey: id) else { return nil }
        actionsByRole[id] = nil
        recompileHolders(of: id)
        return definition
    }

    private mutating func recompileHolders(of role: GUID) {
        let actions = actionsByRole
        for principal in (holdersByCustomRole[role] ?? TreeDictionary()).keys {
            compiled.byPrincipal[principal]?.recompile(scopesWith: role) { actions[$0] ?? DataActionSet() }
        }
    }
}

/// What one principal holds, by scope.
struct PrincipalGrants: Sendable {
    var root = ScopeGrants()
    var keys = ScopeGrants()
    /// Empty entries are not kept.
    var byKey = TreeDictionary<String, ScopeGrants>()

    var isEmpty: Bool { root.isEmpty && keys.isEmpty && byKey.isEmpty }

    subscript(scope: Scope) -> ScopeGrants {
        get {
            switch scope {
            case .root: root
            case .keys: keys
            case .key(let name): byKey[name] ?? ScopeGrants()
            }
        }
        set {
            switch scope {
            case .root: root = newValue
            case .keys: keys = newValue
            case .key(let name): byKey[name] = newValue.isEmpty ? nil : newValue
            }
        }
    }

    mutating func recompile(scopesWith role: GUID, roleActions: (GUID) -> DataActionSet) {
        root.compile(roleActions: roleActions)
        keys.compile(roleActions: roleActions)
        for (name, grants) in byKey where grants.assignments.contains(where: { $0.roleDefinition == role }) {
            byKey[name]?.compile(roleActions: roleActions)
        }
    }
}
