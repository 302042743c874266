import AccessControl
import PoolState
import Testing

@Suite struct DirectoryCommandTests {
    private let service = GUID(high: 0x5e, low: 1)
    private let group = GUID(high: 0xad, low: 2)
    /// By which the administrator has its role.
    private let own = Fixture.assignment(1, Fixture.administrator, .administrator, at: .root)

    private func principal(_ edit: (inout NewPrincipal) -> Void = { _ in }) -> PoolCommand {
        var principal = NewPrincipal(
            objectID: service, clientID: GUID(high: 0xc1, low: 1), kind: .servicePrincipal, displayName: "service",
            secretHash: [UInt8](repeating: 1, count: 32), groups: [group])
        edit(&principal)
        return .createPrincipal(principal)
    }

    // MARK: Principals

    @Test func aServicePrincipal() throws {
        var replica = Replica.activated()
        #expect(replica.apply(principal()) == .applied)
        let stored = try #require(replica.state.principal(clientID: GUID(high: 0xc1, low: 1)))
        #expect(stored == replica.state.principal(service))
        #expect(stored.credentialGeneration == 1 && stored.enabled && stored.groups == [group])
        #expect(stored.created == Fixture.start / 1000)
        #expect(replica.apply(.setPrincipalEnabled(objectID: service, enabled: false)) == .applied)
        #expect(replica.state.principal(service)?.enabled == false)
    }

    static let spoiled: [(String, Refusal, @Sendable (inout NewPrincipal) -> Void)] = [
        ("id in use", .principalExists, { $0.objectID = Fixture.administrator }),
        ("client id of a user", .invalidPrincipal, { $0.kind = .user }),
        ("no name", .invalidPrincipal, { $0.displayName = "" }),
        ("long name", .invalidPrincipal, { $0.displayName = String(repeating: "ä", count: 129) }),
        ("short hash", .invalidSecret, { $0.secretHash = [1] }),
        ("secret of a group", .invalidSecret, { ($0.kind, $0.clientID) = (.group, nil) }),
        ("unknown group", .groupNotFound, { $0.groups = [GUID(high: 1, low: 1)] }),
        ("group that is none", .groupNotFound, { $0.groups = [Fixture.administrator] }),
        ("group in a group", .invalidPrincipal, { ($0.kind, $0.clientID, $0.secretHash) = (.group, nil, nil) }),
        ("many groups", .invalidPrincipal, { $0.groups = [GUID](repeating: GUID(high: 0xad, low: 2), count: 101) }),
    ]

    @Test func spoiledPrincipalsAreRefused() {
        var replica = Replica.activated()
        for (what, refusal, spoil) in Self.spoiled {
            #expect(replica.apply(principal(spoil)) == .refused(refusal), "\(what)")
        }
        replica.apply(principal())
        #expect(replica.apply(principal { $0.objectID = GUID(high: 8, low: 8) }) == .refused(.clientIDExists))
    }

    @Test func secretsFollowTheirGeneration() throws {
        var replica = Replica.activated()
        replica.apply(principal())
        let hash = [UInt8](repeating: 2, count: 32)
        func set(_ hash: [UInt8]?, _ generation: UInt32) -> PoolCommand {
            .setPrincipalSecret(objectID: service, hash: hash, generation: generation)
        }
        #expect(replica.apply(set(hash, 1)) == .refused(.credentialGenerationMismatch))
        #expect(replica.apply(set(hash, 3)) == .refused(.credentialGenerationMismatch))
        #expect(replica.apply(set([1], 2)) == .refused(.invalidSecret))
        #expect(replica.apply(set(hash, 2)) == .applied)
        #expect(replica.state.principal(service)?.secretHash == hash)
        #expect(replica.apply(set(nil, 3)) == .applied)
        let stored = try #require(replica.state.principal(service))
        #expect(stored.secretHash == nil && stored.credentialGeneration == 3)
        #expect(
            replica.apply(.setPrincipalSecret(objectID: group, hash: hash, generation: 1)) == .refused(.invalidSecret))
    }

    @Test func aDeletedPrincipalLeavesNothing() {
        var replica = Replica.activated()
        replica.apply(principal())
        replica.apply(.putRoleAssignment(Fixture.assignment(2, service, .cryptoUser, at: .key("a"))))
        replica.apply(.deletePrincipal(objectID: service))
        #expect(replica.state.principal(service) == nil)
        #expect(replica.state.principal(clientID: GUID(high: 0xc1, low: 1)) == nil)
        replica.apply(principal())
        let decision = replica.state.permissions.decide(principal: service, action: .keysSign, scope: .key("a"))
        #expect(decision == .denied(.noAssignments))
    }

    @Test func aDeletedGroupHasNoMembers() {
        var replica = Replica.activated()
        replica.apply(principal())
        replica.apply(.deletePrincipal(objectID: group))
        #expect(replica.state.principal(service)?.groups == [])
    }

    @Test func unknownPrincipals() {
        var replica = Replica.activated()
        let nobody = GUID(high: 1, low: 1)
        let commands: [PoolCommand] = [
            .setPrincipalEnabled(objectID: nobody, enabled: true), .deletePrincipal(objectID: nobody),
            .setPrincipalSecret(objectID: nobody, hash: nil, generation: 1),
            .setPrincipalGroups(objectID: nobody, groups: []),
        ]
        for command in commands {
            #expect(replica.apply(command) == .refused(.principalNotFound))
        }
    }

    @Test func groupsAreKeptInOrderEachOnce() {
        var replica = Replica.activated()
        let other = GUID(high: 0xad, low: 1 << 40)
        replica.apply(.createPrincipal(NewPrincipal(objectID: other, kind: .group, displayName: "other")))
        replica.apply(
            .setPrincipalGroups(objectID: Fixture.administrator, groups: [other, group, other]))
        #expect(replica.state.principal(Fixture.administrator)?.groups == [group, other])
    }

    // MARK: Roles

    @Test func anAssignmentIsMadeOnce() {
        var replica = Replica.activated()
        let assignment = Fixture.assignment(2, service, .cryptoUser, at: .key("a"))
        #expect(replica.apply(.putRoleAssignment(assignment)) == .applied)
        #expect(replica.apply(.putRoleAssignment(assignment)) == .refused(.roleAssignmentExists))
        let sameName = Fixture.assignment(2, service, .backup, at: .root)
        #expect(replica.apply(.putRoleAssignment(sameName)) == .refused(.roleAssignmentExists))
        let otherName = Fixture.assignment(3, service, .cryptoUser, at: .key("a"))
        #expect(replica.apply(.putRoleAssignment(otherName)) == .refused(.roleAssignmentExists))
        let otherScope = Fixture.assignment(3, service, .cryptoUser, at: .key("b"))
        #expect(replica.apply(.putRoleAssignment(otherScope)) == .applied)
        #expect(replica.state.roleAssignments(at: .key("a")) == [assignment])
    }

    @Test func assignmentsOfUnknownRolesAndScopes() {
        var replica = Replica.activated()
        let unknown = RoleAssignment(
            name: GUID(high: 1, low: 1), scope: .root, principal: service, roleDefinition: GUID(high: 1, low: 1))
        #expect(replica.apply(.putRoleAssignment(unknown)) == .refused(.roleDefinitionNotFound))
        let odd = Fixture.assignment(2, service, .cryptoUser, at: .key("a/b"))
        #expect(replica.apply(.putRoleAssignment(odd)) == .refused(.invalidScope))
    }

    @Test func assignmentsAreLimitedByScope() {
        var replica = Replica.activated()
        func put(_ number: UInt64, _ scope: Scope) -> CommandOutcome {
            replica.apply(
                .putRoleAssignment(Fixture.assignment(number, GUID(high: 3, low: number), .cryptoUser, at: scope)))
        }
        // One is there from the beginning; root and keys count together.
        for number in 100..<149 as Range<UInt64> {
            #expect(put(number, number % 2 == 0 ? .root : .keys) == .applied)
        }
        #expect(put(149, .root) == .refused(.tooManyRoleAssignments))
        #expect(put(149, .keys) == .refused(.tooManyRoleAssignments))
        for number in 200..<210 as Range<UInt64> {
            #expect(put(number, .key("a")) == .applied)
        }
        #expect(put(210, .key("a")) == .refused(.tooManyRoleAssignments))
        #expect(put(210, .key("b")) == .applied)
    }

    @Test func deletingAnAssignmentNamesItsScope() {
        var replica = Replica.activated()
        let assignment = Fixture.assignment(2, service, .cryptoUser, at: .key("a"))
        replica.apply(.putRoleAssignment(assignment))
        #expect(
            replica.apply(.deleteRoleAssignment(name: assignment.name, scope: .root))
                == .refused(.roleAssignmentNotFound))
        #expect(replica.apply(.deleteRoleAssignment(name: assignment.name, scope: .key("a"))) == .applied)
        #expect(
            replica.apply(.deleteRoleAssignment(name: assignment.name, scope: .key("a")))
                == .refused(.roleAssignmentNotFound))
    }

    @Test(arguments: [PoolVersion.first, .amendments])
    func theLastAdministratorStays(version: PoolVersion) {
        var replica = Replica.activated()
        #expect(replica.apply(.raisePoolVersion(version, knownBy: [1, 2, 3])) == .applied)
        let removals: [PoolCommand] = [
            .deleteRoleAssignment(name: own.name, scope: .root),
            .setPrincipalEnabled(objectID: Fixture.administrator, enabled: false),
            .deletePrincipal(objectID: Fixture.administrator),
        ]
        for removal in removals {
            #expect(replica.apply(removal) == .refused(.lastAdministrator))
        }
        #expect(replica.state.principal(Fixture.administrator)?.enabled == true)
        // An administrator at /keys, or one that is disabled, is no substitute.
        replica.apply(principal { $0.enabled = false })
        replica.apply(.putRoleAssignment(Fixture.assignment(2, service, .administrator, at: .keys)))
        replica.apply(.putRoleAssignment(Fixture.assignment(3, service, .administrator, at: .root)))
        for removal in removals {
            #expect(replica.apply(removal) == .refused(.lastAdministrator))
        }
        replica.apply(.setPrincipalEnabled(objectID: service, enabled: true))
        #expect(replica.apply(removals[1]) == .applied)
        #expect(replica.apply(removals[0]) == .applied)
    }

    /// A group administers by those who are in it.
    @Test func theLastAdministratorMayBeAMemberOfAGroup() throws {
        var replica = Replica.activated()
        #expect(replica.apply(.raisePoolVersion(.amendments, knownBy: [1, 2, 3])) == .applied)
        replica.apply(.putRoleAssignment(Fixture.assignment(2, group, .administrator, at: .root)))
        let resignation = PoolCommand.deleteRoleAssignment(name: own.name, scope: .root)
        #expect(replica.apply(resignation) == .refused(.lastAdministrator), "nobody is in the group")
        replica.apply(principal { $0.enabled = false })
        #expect(replica.apply(resignation) == .refused(.lastAdministrator), "nobody who could act")
        replica.apply(.setPrincipalEnabled(objectID: service, enabled: true))
        #expect(replica.apply(resignation) == .applied)
        let removals: [PoolCommand] = [
            .setPrincipalGroups(objectID: service, groups: []), .deletePrincipal(objectID: service),
            .setPrincipalEnabled(objectID: service, enabled: false), .deletePrincipal(objectID: group),
            .setPrincipalEnabled(objectID: group, enabled: false),
        ]
        for removal in removals {
            #expect(replica.apply(removal) == .refused(.lastAdministrator), "\(removal)")
        }
        #expect(replica.state.principal(service)?.groups == [group])
        replica.apply(.setPrincipalGroups(objectID: Fixture.administrator, groups: [group]))
        #expect(replica.apply(removals[0]) == .applied)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    /// An id that nobody has administers nothing, nor does a principal that gets no token.
    @Test func whoCannotLogInIsNoAdministrator() throws {
        var replica = Replica.activated()
        #expect(replica.apply(.raisePoolVersion(.amendments, knownBy: [1, 2, 3])) == .applied)
        let resignation = PoolCommand.deleteRoleAssignment(name: own.name, scope: .root)
        let hash = [UInt8](repeating: 2, count: 32)
        let (user, client) = (GUID(high: 0x5e, low: 2), GUID(high: 0xc1, low: 1))
        #expect(replica.apply(principal { $0.secretHash = nil }) == .applied)
        // Without a client id nobody asks for tokens, whatever the secret.
        #expect(replica.apply(principal { ($0.objectID, $0.clientID, $0.kind) = (user, nil, .user) }) == .applied)
        for (number, administrator) in [client, service, user, group].enumerated() {
            let assignment = Fixture.assignment(UInt64(number) + 2, administrator, .administrator, at: .root)
            #expect(replica.apply(.putRoleAssignment(assignment)) == .applied)
            #expect(replica.apply(resignation) == .refused(.lastAdministrator), "\(administrator)")
        }
        let removals: [PoolCommand] = [
            .setPrincipalEnabled(objectID: Fixture.administrator, enabled: false),
            .deletePrincipal(objectID: Fixture.administrator),
            .setPrincipalSecret(objectID: Fixture.administrator, hash: nil, generation: 2),
        ]
        for removal in removals {
            #expect(replica.apply(removal) == .refused(.lastAdministrator), "\(removal)")
        }
        #expect(replica.state.principal(Fixture.administrator)?.secretHash != nil)

        #expect(replica.apply(.setPrincipalSecret(objectID: service, hash: hash, generation: 1)) == .applied)
        #expect(replica.apply(resignation) == .applied)
        let noSecret = PoolCommand.setPrincipalSecret(objectID: service, hash: nil, generation: 2)
        #expect(replica.apply(noSecret) == .refused(.lastAdministrator))
        #expect(replica.state.principal(service)?.credentialGeneration == 1)
        #expect(replica.apply(.setPrincipalSecret(objectID: service, hash: hash, generation: 2)) == .applied)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    /// Members of a former version don't ask who can log in.
    @Test func anIdThatNobodyHasCountedFormerly() {
        var replica = Replica.activated()
        #expect(replica.apply(.raisePoolVersion(.unsealKeyHolders, knownBy: [1, 2, 3])) == .applied)
        let nobody = Fixture.assignment(2, GUID(high: 1, low: 1), .administrator, at: .root)
        replica.apply(.putRoleAssignment(nobody))
        let noSecret = PoolCommand.setPrincipalSecret(objectID: Fixture.administrator, hash: nil, generation: 2)
        #expect(replica.apply(noSecret) == .applied)
        #expect(replica.apply(.deleteRoleAssignment(name: own.name, scope: .root)) == .applied)
    }

    /// Members of a former version don't ask who is in a group.
    @Test func aGroupOfNobodyCountedFormerly() {
        var replica = Replica.activated()
        #expect(replica.apply(.raisePoolVersion(.unsealKeyHolders, knownBy: [1, 2, 3])) == .applied)
        replica.apply(.putRoleAssignment(Fixture.assignment(2, group, .administrator, at: .root)))
        replica.apply(.setPrincipalGroups(objectID: Fixture.administrator, groups: [group]))
        #expect(replica.apply(.setPrincipalEnabled(objectID: Fixture.administrator, enabled: false)) == .applied)
        #expect(replica.apply(.setPrincipalGroups(objectID: Fixture.administrator, groups: [])) == .applied)
    }

    @Test func customRoles() {
        var replica = Replica.activated()
        let id = GUID(high: 7, low: 7)
        let role = RoleDefinition(id: id, name: "signer", dataActions: [DataAction.keysSign.name])
        #expect(replica.apply(.putRoleDefinition(role)) == .applied)
        replica.apply(
            .putRoleAssignment(
                RoleAssignment(name: id, scope: .keys, principal: service, roleDefinition: id)))
        func maySign() -> Bool {
            replica.state.permissions.decide(principal: service, action: .keysSign, scope: .key("a")).isAllowed
        }
        #expect(maySign())
        var changed = role
        changed.dataActions = []
        #expect(replica.apply(.putRoleDefinition(changed)) == .applied)
        #expect(!maySign())
        replica.apply(.putRoleDefinition(role))
        #expect(replica.apply(.deleteRoleDefinition(id: id)) == .applied)
        #expect(!maySign() && replica.state.permissions.assignment(named: id) != nil)
        #expect(replica.apply(.deleteRoleDefinition(id: id)) == .refused(.roleDefinitionNotFound))
    }

    @Test func rolesThatAreRefused() {
        var replica = Replica.activated()
        let builtIn = BuiltInRole.backup.id
        let takenOver = RoleDefinition(id: builtIn, name: "", dataActions: ["*"])
        #expect(replica.apply(.putRoleDefinition(takenOver)) == .refused(.builtInRoleImmutable))
        #expect(replica.apply(.deleteRoleDefinition(id: builtIn)) == .refused(.builtInRoleImmutable))

        let id = GUID(high: 7, low: 7)
        let invalid = [
            RoleDefinition(id: id, name: "", kind: .builtIn, dataActions: []),
            RoleDefinition(id: id, name: "", dataActions: [""]),
            RoleDefinition(id: id, name: "", dataActions: [String(repeating: "*", count: 257)]),
            RoleDefinition(id: id, name: "", dataActions: [String](repeating: "*", count: 101)),
            RoleDefinition(id: id, name: "", dataActions: [], assignableScopes: [.keys]),
            RoleDefinition(id: id, name: String(repeating: "n", count: 513), dataActions: []),
        ]
        for role in invalid {
            #expect(replica.apply(.putRoleDefinition(role)) == .refused(.invalidRoleDefinition))
        }
        for number in 0..<50 as Range<UInt64> {
            let role = RoleDefinition(id: GUID(high: 7, low: number), name: "", dataActions: [])
            #expect(replica.apply(.putRoleDefinition(role)) == .applied)
        }
        let tooMany = RoleDefinition(id: GUID(high: 7, low: 50), name: "", dataActions: [])
        #expect(replica.apply(.putRoleDefinition(tooMany)) == .refused(.tooManyRoleDefinitions))
        let update = RoleDefinition(id: GUID(high: 7, low: 49), name: "changed", dataActions: [])
        #expect(replica.apply(.putRoleDefinition(update)) == .applied)
    }
}
