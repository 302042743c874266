/// What one principal holds at one scope, compiled: the union of its roles' actions as a bitset, and for each action
/// the assignment that grants it.
struct ScopeGrants: Sendable {
    /// In order of name, so that every replica gives the same reason.
    private(set) var assignments: [RoleAssignment] = []
    private(set) var actions = DataActionSet()
    /// For each data action, by raw value, the index in `assignments` of the first that grants it. Meaningful only for
    /// the members of `actions`.
    private var sources: [UInt8] = []

    var isEmpty: Bool { assignments.isEmpty }

    func grant(of action: DataAction) -> RoleAssignment? {
        guard actions.contains(action) else { return nil }
        return assignments[Int(sources[Int(action.rawValue)])]
    }

    mutating func insert(_ assignment: RoleAssignment, roleActions: (GUID) -> DataActionSet) {
        let position = assignments.firstIndex { assignment.name < $0.name } ?? assignments.endIndex
        assignments.insert(assignment, at: position)
        compile(roleActions: roleActions)
    }

    mutating func remove(named name: GUID, roleActions: (GUID) -> DataActionSet) {
        assignments.removeAll { $0.name == name }
        compile(roleActions: roleActions)
    }

    mutating func compile(roleActions: (GUID) -> DataActionSet) {
        actions = DataActionSet()
        sources = [UInt8](repeating: 0, count: DataAction.allCases.count)
        // An index must fit a byte. No principal comes near: at most 60 assignments are allowed at one scope.
        for (position, assignment) in assignments.enumerated().prefix(256) {
            var added = roleActions(assignment.roleDefinition)
            added.subtract(actions)
            for action in added {
                sources[Int(action.rawValue)] = UInt8(position)
            }
            actions.formUnion(added)
        }
    }
}
