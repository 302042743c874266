import AccessControl
import Testing

/// The built-in roles against the permission matrix, transcribed cell by cell.
@Suite struct BuiltInRoleTests {
    /// x = granted by documentation and wire, w = only by the wire, d = only by the documentation, which counts for the
    /// restore role alone (no wire list of it is known), a = ours, where nothing is published.
    private static let matrix = """
        action                         Adm Off Usr Pol Aud Enc Rel Bak Res
        keys/read/action                .   .   x   .   x   x   .   .   .
        keys/write/action               .   .   x   .   .   .   .   .   .
        keys/rotate/action              .   .   x   .   .   .   .   .   .
        keys/create                     .   .   x   .   .   .   .   .   .
        keys/delete                     .   .   x   .   .   .   .   .   .
        keys/import/action              .   .   x   .   .   .   .   .   .
        keys/release/action             .   .   x   .   .   .   x   .   .
        keys/export/action              .   w   .   .   .   .   .   .   .
        keys/backup/action              .   .   x   .   .   .   .   x   .
        keys/restore/action             .   .   x   .   .   .   .   .   d
        keys/deletedKeys/read/action    .   x   .   .   w   .   .   .   .
        keys/deletedKeys/recover/action .   x   .   .   .   .   .   .   .
        keys/deletedKeys/delete         .   x   .   .   .   .   .   .   .
        keys/encrypt/action             .   .   x   .   .   .   .   .   .
        keys/decrypt/action             .   .   x   .   .   .   .   .   .
        keys/sign/action                .   .   x   .   .   .   .   .   .
        keys/verify/action              .   .   x   .   .   .   .   .   .
        keys/wrap/action                .   .   x   .   .   x   .   .   .
        keys/unwrap/action              .   .   x   .   .   x   .   .   .
        keys/derive/action              .   .   w   .   .   .   .   .   .
        rng/action                      .   .   w   .   .   .   .   .   .
        roleAssignments/read/action     x   x   x   x   x   .   .   .   .
        roleAssignments/write/action    x   x   .   x   .   .   .   .   .
        roleAssignments/delete/action   x   x   .   x   .   .   .   .   .
        roleDefinitions/read/action     x   x   x   x   x   .   .   .   .
        roleDefinitions/write/action    x   x   .   x   .   .   .   .   .
        roleDefinitions/delete/action   x   x   .   x   .   .   .   .   .
        securitydomain/download/action  x   .   .   .   .   .   .   .   .
        securitydomain/download/read    w   .   .   .   .   .   .   .   .
        securitydomain/upload/action    x   .   .   .   .   .   .   .   .
        securitydomain/upload/read      x   .   .   .   .   .   .   .   .
        securitydomain/transferkey/read x   .   .   .   .   .   .   .   .
        backup/start/action             x   .   .   .   .   .   .   x   .
        backup/status/action            x   .   .   .   .   .   .   x   .
        restore/start/action            x   .   .   .   .   .   .   .   d
        restore/status/action           x   .   .   .   .   .   .   .   d
        settings/read/action            a   .   .   .   .   .   .   .   .
        settings/write/action           a   .   .   .   .   .   .   .   .
        backup/schedule/read/action     a   .   .   .   .   .   .   .   .
        backup/schedule/write/action    a   .   .   .   .   .   .   .   .
        """

    private static let columns: [(String, BuiltInRole)] = [
        ("Adm", .administrator), ("Off", .cryptoOfficer), ("Usr", .cryptoUser), ("Pol", .policyAdministrator),
        ("Aud", .cryptoAuditor), ("Enc", .cryptoServiceEncryptionUser), ("Rel", .cryptoServiceReleaseUser),
        ("Bak", .backup), ("Res", .restore),
    ]

    @Test func everyCellOfTheMatrix() throws {
        let rows = Self.matrix.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let header = try #require(rows.first)
        #expect(Array(header.dropFirst()) == Self.columns.map(\.0))
        #expect(rows.count - 1 == DataAction.allCases.count)

        var index = PermissionIndex()
        for (number, (_, role)) in Self.columns.enumerated() {
            index.insert(assignment(of: role, number: number))
        }
        for row in rows.dropFirst() {
            let action = try #require(DataAction(name: "Microsoft.KeyVault/managedHsm/" + row[0]))
            for (number, (column, role)) in Self.columns.enumerated() {
                let expected = row[number + 1] != "."
                let decision = index.decide(principal: principal(number), action: action, scope: .root)
                #expect(decision.isAllowed == expected, "\(row[0]) for \(column)")
                #expect(role.definition.effectiveDataActions.contains(action) == expected, "\(row[0]) of \(column)")
            }
        }
    }

    @Test func identifiersAndNames() {
        let expected = [
            ("Managed HSM Administrator", "a290e904-7015-4bba-90c8-60543313cdb4"),
            ("Managed HSM Crypto Officer", "515eb02d-2335-4d2d-92f2-b1cbdf9c3778"),
            ("Managed HSM Crypto User", "21dbd100-6940-42c2-9190-5d6cb909625b"),
            ("Managed HSM Policy Administrator", "4bd23610-cdcf-4971-bdee-bdc562cc28e4"),
            ("Managed HSM Crypto Auditor", "2c18b078-7c48-4d3a-af88-5a3a1b3f82b3"),
            ("Managed HSM Crypto Service Encryption User", "33413926-3206-4cdd-b39a-83574fe37a17"),
            ("Managed HSM Crypto Service Release User", "21dbd100-6940-42c2-9190-5d6cb909625c"),
            ("Managed HSM Backup", "7b127d3c-77bd-4e3e-bbe0-dbb8971fa7f8"),
            ("Managed HSM Restore", "6efe6056-5259-49d2-8b3d-d3d73544b20b"),
        ]
        #expect(BuiltInRole.allCases.map(\.name) == expected.map(\.0))
        #expect(BuiltInRole.allCases.map(\.id.description) == expected.map(\.1))
        #expect(BuiltInRole.allCases.allSatisfy { PermissionIndex.isBuiltIn($0.id) })
    }

    private func principal(_ number: Int) -> GUID {
        GUID(high: 1, low: UInt64(number))
    }

    private func assignment(of role: BuiltInRole, number: Int) -> RoleAssignment {
        RoleAssignment(
            name: GUID(high: 2, low: UInt64(number)), scope: .root, principal: principal(number),
            roleDefinition: role.id)
    }
}
