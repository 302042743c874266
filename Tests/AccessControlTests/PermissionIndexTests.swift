import AccessControl
import Testing

@Suite struct PermissionIndexTests {
    private let alice = GUID(high: 1, low: 1)
    private let group = GUID(high: 1, low: 2)

    private func assignment(
        _ number: UInt64, _ principal: GUID, _ role: GUID = BuiltInRole.cryptoUser.id, at scope: Scope
    ) -> RoleAssignment {
        RoleAssignment(name: GUID(high: 9, low: number), scope: scope, principal: principal, roleDefinition: role)
    }

    @Test func aKeyScopeGrantsNothingElsewhere() {
        var index = PermissionIndex()
        index.insert(assignment(1, alice, at: .key("a")))
        #expect(index.decide(principal: alice, action: .keysSign, scope: .key("a")).isAllowed)
        #expect(
            index.decide(principal: alice, action: .keysSign, scope: .key("b")) == .denied(.noAssignmentAtScope))
        #expect(index.decide(principal: alice, action: .keysRead, scope: .keys) == .denied(.noAssignmentAtScope))
        #expect(index.decide(principal: alice, action: .keysRead, scope: .root) == .denied(.noAssignmentAtScope))
    }

    @Test func theKeysScopeDoesNotReachTheHSMItself() {
        var index = PermissionIndex()
        index.insert(assignment(1, alice, BuiltInRole.administrator.id, at: .keys))
        #expect(
            index.decide(principal: alice, action: .securityDomainDownload, scope: .root)
                == .denied(.noAssignmentAtScope))
        #expect(index.decide(principal: alice, action: .roleAssignmentsWrite, scope: .key("a")).isAllowed)
    }

    @Test func reasonsOfDenial() {
        var index = PermissionIndex()
        #expect(index.decide(principal: alice, action: .keysSign, scope: .keys) == .denied(.noAssignments))
        index.insert(assignment(1, alice, BuiltInRole.cryptoAuditor.id, at: .root))
        #expect(index.decide(principal: alice, action: .keysSign, scope: .keys) == .denied(.actionNotGranted))
    }

    @Test func groupsGrantToTheirMembers() {
        var index = PermissionIndex()
        let granted = assignment(1, group, at: .key("a"))
        index.insert(granted)
        #expect(index.decide(principal: alice, action: .keysSign, scope: .key("a")) == .denied(.noAssignments))
        #expect(
            index.decide(principal: alice, groups: [group], action: .keysSign, scope: .key("a")) == .allowed(granted))
    }

    @Test func theReasonIsTheFirstAssignmentByName() {
        var index = PermissionIndex()
        let second = assignment(2, alice, at: .root)
        let first = assignment(1, alice, BuiltInRole.cryptoServiceEncryptionUser.id, at: .root)
        index.insert(second)
        index.insert(first)
        #expect(index.decide(principal: alice, action: .keysWrap, scope: .key("a")) == .allowed(first))
        #expect(index.decide(principal: alice, action: .keysSign, scope: .key("a")) == .allowed(second))
    }

    @Test func customRolesFollowTheirDefinition() {
        var index = PermissionIndex()
        let role = GUID(high: 7, low: 7)
        index.insert(RoleDefinition(id: role, name: "signer", dataActions: [DataAction.keysSign.name]))
        index.insert(assignment(1, alice, role, at: .key("a")))
        index.insert(assignment(2, alice, role, at: .root))
        #expect(index.decide(principal: alice, action: .keysSign, scope: .key("a")).isAllowed)
        index.insert(RoleDefinition(id: role, name: "reader", dataActions: [DataAction.keysRead.name]))
        #expect(!index.decide(principal: alice, action: .keysSign, scope: .key("a")).isAllowed)
        #expect(index.decide(principal: alice, action: .keysRead, scope: .key("a")).isAllowed)
        index.removeRoleDefinition(role)
        #expect(index.decide(principal: alice, action: .keysRead, scope: .key("a")) == .denied(.actionNotGranted))
        #expect(index.assignments(of: alice).count == 2)
    }

    @Test func builtInRolesCannotBeReplacedOrRemoved() {
        var index = PermissionIndex()
        let id = BuiltInRole.cryptoAuditor.id
        index.insert(RoleDefinition(id: id, name: "all", dataActions: ["*"]))
        #expect(index.removeRoleDefinition(id) == nil)
        #expect(index.roleDefinition(id) == BuiltInRole.cryptoAuditor.definition)
        index.insert(assignment(1, alice, id, at: .root))
        #expect(!index.decide(principal: alice, action: .keysSign, scope: .root).isAllowed)
    }

    @Test func copiesDoNotChange() {
        var index = PermissionIndex()
        index.insert(assignment(1, alice, at: .key("a")))
        let published = index
        index.removeAssignment(named: GUID(high: 9, low: 1))
        #expect(published.decide(principal: alice, action: .keysSign, scope: .key("a")).isAllowed)
        #expect(!index.decide(principal: alice, action: .keysSign, scope: .key("a")).isAllowed)
        #expect(index.assignments(at: .key("a")).isEmpty && published.assignments(at: .key("a")).count == 1)
    }

    // MARK: Against a slow reference

    /// The rule itself, evaluated over all assignments.
    private struct Reference {
        var assignments: [GUID: RoleAssignment] = [:]
        var roles: [GUID: Set<DataAction>] = Dictionary(
            uniqueKeysWithValues: BuiltInRole.allCases.map { ($0.id, Set($0.dataActions)) })

        func decide(_ subjects: [GUID], _ action: DataAction, _ scope: Scope) -> Decision {
            let own = assignments.values.filter { subjects.contains($0.principal) }
            let covering = own.filter { $0.scope.contains(scope) }
            let granting = covering.filter { roles[$0.roleDefinition]?.contains(action) ?? false }
            if !granting.isEmpty {
                return .allowed(granting.min(by: precedes(subjects))!)
            }
            if own.isEmpty { return .denied(.noAssignments) }
            return .denied(covering.isEmpty ? .noAssignmentAtScope : .actionNotGranted)
        }

        private func precedes(_ subjects: [GUID]) -> (RoleAssignment, RoleAssignment) -> Bool {
            { left, right in
                let key = { (assignment: RoleAssignment) in
                    (
                        subjects.firstIndex(of: assignment.principal)!,
                        assignment.scope == .root ? 0 : assignment.scope == .keys ? 1 : 2
                    )
                }
                return key(left) == key(right) ? left.name < right.name : key(left) < key(right)
            }
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func decidesLikeTheReference(_ seed: UInt64) {
        var random = SplitMix(seed: seed)
        var index = PermissionIndex()
        var reference = Reference()
        let principals = (0..<6).map { GUID(high: 1, low: $0) }
        let custom = (0..<3).map { GUID(high: 7, low: $0) }
        let roles = BuiltInRole.allCases.map(\.id) + custom
        let scopes: [Scope] = [.root, .keys, .key("a"), .key("b"), .key("c")]

        for _ in 0..<400 {
            let name = GUID(high: 9, low: .random(in: 0..<30, using: &random))
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                let added = RoleAssignment(
                    name: name, scope: scopes.randomElement(using: &random)!,
                    principal: principals.randomElement(using: &random)!,
                    roleDefinition: roles.randomElement(using: &random)!)
                index.insert(added)
                reference.assignments[name] = added
            case 5..<7:
                #expect(index.removeAssignment(named: name) == reference.assignments.removeValue(forKey: name))
            case 7..<9:
                let granted = (0..<4).map { _ in DataAction.allCases.randomElement(using: &random)! }
                let excluded = DataAction.allCases.randomElement(using: &random)!
                let definition = RoleDefinition(
                    id: custom.randomElement(using: &random)!, name: "",
                    dataActions: granted.map(\.name) + ["*/wrap/*"], notDataActions: [excluded.name])
                index.insert(definition)
                reference.roles[definition.id] = Set(granted + [.keysWrap]).subtracting([excluded])
            default:
                let id = custom.randomElement(using: &random)!
                #expect((index.removeRoleDefinition(id) != nil) == (reference.roles.removeValue(forKey: id) != nil))
            }
            for _ in 0..<10 {
                let subjects = Array(principals.shuffled(using: &random).prefix(.random(in: 1...3, using: &random)))
                let action = DataAction.allCases.randomElement(using: &random)!
                let scope = scopes.randomElement(using: &random)!
                let decision = index.decide(
                    principal: subjects[0], groups: Array(subjects.dropFirst()), action: action, scope: scope)
                #expect(decision == reference.decide(subjects, action, scope))
            }
        }
        #expect(index.assignmentCount == reference.assignments.count)
        for scope in scopes {
            let expected = reference.assignments.values.filter { $0.scope == scope }.sorted { $0.name < $1.name }
            #expect(index.assignments(at: scope) == expected)
        }
        for principal in principals {
            let expected = reference.assignments.values.filter { $0.principal == principal }
            #expect(index.assignments(of: principal) == expected.sorted { $0.name < $1.name })
        }
    }
}
