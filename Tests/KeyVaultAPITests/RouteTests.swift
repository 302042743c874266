import AccessControl
import HTTPTransport
import Identity
import RequestPipeline
import RequestTesting
import Testing

/// Every route, what it asks of its caller, and who may use it.
@Suite struct RouteTests {
    /// An endpoint that names one key to the read guard is about that key.
    @Test func theKeyThatIsGuardedIsTheKeyThatIsChecked() {
        var guarded = 0
        for endpoint in API.endpoints {
            guard case .key(let parameter) = endpoint.reads else { continue }
            guarded += 1
            #expect(endpoint.path.contains("{\(parameter)}"))
            switch endpoint.access {
            case .dataAction(_, .keyNamed(parameter)), .dataAction(_, .keyOrCollection(parameter)): break
            default: Issue.record("\(endpoint.path) is about another key than its permission")
            }
        }
        #expect(guarded >= 10)
    }

    /// Who has the data action, by the first letters of the built-in roles: Administrator, Officer, User, Policy,
    /// auditor (R).
    private struct Expected {
        let route: String
        let operation: String
        let action: String
        let roles: String

        init(_ route: String, _ operation: String, _ action: String, _ roles: String) {
            self.route = route
            self.operation = operation
            self.action = action
            self.roles = roles
        }
    }

    private static let keyRoutes = [
        Expected("POST /keys/{name}/create", "KeyCreate", "keys/create @key or /keys activated", "U"),
        Expected("PUT /keys/{name}", "KeyImport", "keys/import/action @key or /keys activated", "U"),
        Expected("GET /keys/{name}/{version?}", "KeyGet", "keys/read/action @key activated", "UR"),
        Expected("GET /keys", "KeyList", "keys/read/action @/keys activated", "UR"),
        Expected("GET /keys/{name}/versions", "KeyListVersions", "keys/read/action @key activated", "UR"),
        Expected("PATCH /keys/{name}/{version?}", "KeyUpdate", "keys/write/action @key activated", "U"),
        Expected("DELETE /keys/{name}", "KeyDelete", "keys/delete @key activated", "U"),
        Expected("GET /deletedkeys", "KeyListDeleted", "keys/deletedKeys/read/action @/keys activated", "OR"),
        Expected("GET /deletedkeys/{name}", "KeyGetDeleted", "keys/deletedKeys/read/action @key activated", "OR"),
        Expected(
            "POST /deletedkeys/{name}/recover", "KeyRecover", "keys/deletedKeys/recover/action @key activated", "O"),
        Expected("DELETE /deletedkeys/{name}", "KeyPurge", "keys/deletedKeys/delete @key activated", "O"),
        Expected("POST /keys/{name}/{version?}/sign", "KeySign", "keys/sign/action @key activated", "U"),
        Expected("POST /keys/{name}/{version?}/verify", "KeyVerify", "keys/verify/action @key activated", "U"),
        Expected("POST /keys/{name}/backup", "KeyBackup", "keys/backup/action @key activated", "U"),
        Expected("POST /keys/restore", "KeyRestore", "keys/restore/action @/keys activated", "U"),
        Expected("POST /keys/{name}/rotate", "KeyRotate", "keys/rotate/action @key activated", "U"),
        Expected("GET /keys/{name}/rotationpolicy", "KeyRotationPolicyGet", "keys/read/action @key activated", "UR"),
        Expected("PUT /keys/{name}/rotationpolicy", "KeyRotationPolicySet", "keys/write/action @key activated", "U"),
        Expected("POST /keys/{name}/{version?}/encrypt", "KeyEncrypt", "keys/encrypt/action @key activated", "U"),
        Expected("POST /keys/{name}/{version?}/decrypt", "KeyDecrypt", "keys/decrypt/action @key activated", "U"),
        Expected("POST /keys/{name}/{version?}/wrapkey", "KeyWrap", "keys/wrap/action @key activated", "U"),
        Expected("POST /keys/{name}/{version?}/unwrapkey", "KeyUnwrap", "keys/unwrap/action @key activated", "U"),
        Expected("POST /keys/{name}/{version?}/release", "KeyRelease", "keys/release/action @key activated", "U"),
        Expected(
            "GET /keys/{name}/{version?}/attestation", "KeyAttestationGet", "keys/read/action @key activated", "UR"),
        Expected(
            "POST /quorate/v1/keys/{name}/{version?}/sign", "KeySign", "keys/sign/action @key activated unversioned",
            "U"),
        Expected("POST /rng", "RandomBytesGet", "rng/action @/keys activated", "U"),
    ]

    private static let roleRoutes: [Expected] = [("", "/"), ("/keys", "/keys"), ("/keys/{name}", "key")].flatMap {
        place in
        let (prefix, scope) = (place.0 + "/providers/Microsoft.Authorization", place.1)
        let assignments = prefix + "/roleAssignments"
        return [
            Expected(
                "GET \(assignments)", "RoleAssignmentList", "roleAssignments/read/action @\(scope) unsealed", "AOUPR"),
            Expected(
                "GET \(assignments)/{assignment}", "RoleAssignmentGet",
                "roleAssignments/read/action @\(scope) unsealed",
                "AOUPR"),
            Expected(
                "PUT \(assignments)/{assignment}", "RoleAssignmentCreate",
                "roleAssignments/write/action @\(scope) unsealed", "AOP"),
            Expected(
                "DELETE \(assignments)/{assignment}", "RoleAssignmentDelete",
                "roleAssignments/delete/action @\(scope) unsealed", "AOP"),
            Expected(
                "GET \(prefix)/roleDefinitions", "RoleDefinitionList",
                "roleDefinitions/read/action @\(scope == "/" ? "/keys" : scope) unsealed", "AOUPR"),
            Expected(
                "GET \(prefix)/roleDefinitions/{definition}", "RoleDefinitionGet",
                "roleDefinitions/read/action @\(scope == "/" ? "/keys" : scope) unsealed", "AOUPR"),
        ]
    }

    private static let poolRoutes = [
        Expected(
            "PUT /providers/Microsoft.Authorization/roleDefinitions/{definition}", "RoleDefinitionCreate",
            "roleDefinitions/write/action @/ unsealed", "AOP"),
        Expected(
            "DELETE /providers/Microsoft.Authorization/roleDefinitions/{definition}", "RoleDefinitionDelete",
            "roleDefinitions/delete/action @/ unsealed", "AOP"),
        Expected(
            "POST /securitydomain/download", "SecurityDomainBackup", "securitydomain/download/action @/ unsealed", "A"),
        Expected(
            "GET /securitydomain/download/pending", "SecurityDomainBackupStatusGet",
            "securitydomain/download/read @/ unsealed unversioned audited", "A"),
        Expected(
            "GET /securitydomain/upload", "SecurityDomainTransferKeyGet", "securitydomain/transferkey/read @/ any",
            "A"),
        Expected("POST /securitydomain/upload", "SecurityDomainRestore", "securitydomain/upload/action @/ any", "A"),
        Expected(
            "GET /securitydomain/upload/pending", "SecurityDomainRestoreStatusGet",
            "securitydomain/upload/read @/ any unversioned", "A"),
        Expected(
            "POST /quorate/v1/principals", "PrincipalCreate", "roleAssignments/write/action @/ unsealed unversioned",
            "AOP"),
        Expected(
            "POST /quorate/v1/principals/{objectId}/secret", "PrincipalSecretRenew",
            "roleAssignments/write/action @/ unsealed unversioned", "AOP"),
        Expected(
            "GET /quorate/v1/principals", "PrincipalList", "roleAssignments/read/action @/ unsealed unversioned",
            "AOUPR"),
        Expected(
            "PATCH /quorate/v1/principals/{objectId}", "PrincipalUpdate",
            "roleAssignments/write/action @/ unsealed unversioned", "AOP"),
        Expected("GET /settings", "SettingList", "settings/read/action @/ unsealed", "A"),
        Expected("GET /settings/{setting}", "SettingGet", "settings/read/action @/ unsealed", "A"),
        Expected("PATCH /settings/{setting}", "SettingUpdate", "settings/write/action @/ unsealed", "A"),
        Expected("GET /quorate/v1/status", "PoolStatusGet", "authenticated unsealed unversioned", "AOUPRN"),
        Expected("GET /quorate/v1/health", "HealthGet", "anonymous any unversioned", ""),
        Expected("HEAD /quorate/v1/health", "HealthGet", "anonymous any unversioned", ""),
        Expected("GET /quorate/v1/openapi.json", "OpenAPIGet", "anonymous any unversioned", ""),
        Expected("GET /quorate/v1/unseal", "UnsealInvitationGet", "anonymous any unversioned audited", ""),
        Expected("POST /quorate/v1/unseal/shares", "UnsealShareSubmit", "anonymous any unversioned audited", ""),
        Expected("GET /quorate/v1/recovery", "PoolRecoveryInvitationGet", "anonymous any unversioned audited", ""),
        Expected(
            "POST /quorate/v1/recovery/shares", "PoolRecoveryShareSubmit", "anonymous any unversioned audited", ""),
        Expected("GET /quorate/v1/nodes", "NodeList", "settings/read/action @/ unsealed unversioned", "A"),
        Expected("POST /quorate/v1/nodes", "NodeInvite", "settings/write/action @/ unsealed unversioned", "A"),
        Expected(
            "POST /quorate/v1/nodes/{id}/replace", "NodeReplace", "settings/write/action @/ unsealed unversioned", "A"),
        Expected("DELETE /quorate/v1/nodes/{id}", "NodeRemove", "settings/write/action @/ unsealed unversioned", "A"),
        Expected(
            "POST /quorate/v1/nodes/{id}/lead", "LeadershipTransfer", "settings/write/action @/ unsealed unversioned",
            "A"),
        Expected("POST /quorate/v1/nodes/join", "NodeJoin", "anonymous unsealed unversioned audited", ""),
        Expected("POST /quorate/v1/seal", "NodeSeal", "settings/write/action @/ unsealed unversioned", "A"),
        Expected(
            "GET /quorate/v1/key-encryption", "KeyEncryptionGet", "settings/read/action @/ unsealed unversioned", "A"),
        Expected(
            "POST /quorate/v1/key-encryption", "KeyEncryptionRotate",
            "securitydomain/download/action @/ activated unversioned", "A"),
        Expected("GET /quorate/v1/root-change", "RootChangeGet", "anonymous unsealed unversioned counted", ""),
        Expected(
            "POST /quorate/v1/root-change", "RootChangeBegin",
            "securitydomain/download/action @/ unsealed unversioned", "A"),
        Expected(
            "DELETE /quorate/v1/root-change", "RootChangeAbort",
            "securitydomain/download/action @/ unsealed unversioned", "A"),
        Expected(
            "POST /quorate/v1/root-change/domain", "RootChangePrepare",
            "securitydomain/download/action @/ unsealed unversioned", "A"),
        Expected(
            "POST /quorate/v1/root-change/commit", "RootChangeCommit",
            "securitydomain/download/action @/ unsealed unversioned", "A"),
        Expected(
            "POST /quorate/v1/root-change/approvals", "RootChangeApprove", "anonymous unsealed unversioned audited",
            ""),
        Expected(
            "POST /quorate/v1/root-change/confirmations", "RootChangeConfirm",
            "anonymous unsealed unversioned audited", ""),
        Expected(
            "GET /quorate/v1/auto-unseal", "AutoUnsealGet",
            "securitydomain/download/action @/ unsealed unversioned", "A"),
        Expected("GET /quorate/v1/peer-unseal", "PeerUnsealGet", "anonymous unsealed unversioned counted", ""),
        Expected(
            "POST /quorate/v1/peer-unseal", "PeerUnsealSet", "settings/write/action @/ unsealed unversioned", "A"),
        Expected(
            "POST /quorate/v1/peer-unseal/approvals", "PeerUnsealApprove", "anonymous unsealed unversioned audited",
            ""),
        Expected(
            "POST /quorate/v1/nodes/{id}/approve-unseal", "NodeUnsealApprove",
            "settings/write/action @/ unsealed unversioned", "A"),
        Expected("GET /quorate/v1/restoration", "RestorationInvitationGet", "anonymous any unversioned audited", ""),
        Expected(
            "POST /quorate/v1/restoration", "RestorationBegin", "securitydomain/upload/action @/ any unversioned", "A"),
        Expected(
            "POST /quorate/v1/restoration/shares", "RestorationShareSubmit", "anonymous any unversioned audited", ""),
    ]

    private static let tokenRoutes: [Expected] = ["/adfs", "/{tenant}"].flatMap { prefix in
        ["", "/v2.0"].map {
            Expected(
                "GET \(prefix)\($0)/.well-known/openid-configuration", "DiscoveryGet", "anonymous any unversioned", "")
        }
            + ["discovery/keys", "discovery/v2.0/keys"].map {
                Expected("GET \(prefix)/\($0)", "TokenKeysGet", "anonymous any unversioned", "")
            }
            + ["oauth2/token", "oauth2/v2.0/token"].map {
                Expected("POST \(prefix)/\($0)", "Authentication", "anonymous any unversioned audited", "")
            }
    }

    /// For the Azure CLI, with tokens of other audiences than the keys'.
    private static let facadeRoutes: [Expected] = {
        let hsms = "/providers/Microsoft.KeyVault/managedHSMs"
        let subscription = "/subscriptions/{subscription}"
        let group = subscription + "/resourceGroups/{group}"
        let described = [("", "CloudMetadataGet"), ("/list", "CloudMetadataList")]
        let atLogIn = [("/tenants", "TenantList"), ("/subscriptions", "SubscriptionList")]
        let resources = [
            (subscription, "SubscriptionGet"), (subscription + "/resources", "ResourceList"),
            (subscription + hsms, "PoolResourceList"), (group + hsms, "PoolResourceListOfGroup"),
            (group + hsms + "/{pool}", "PoolResourceGet"),
        ]
        let directory = [
            ("POST /graph/v1.0/directoryObjects/getByIds", "DirectoryObjectsGet"),
            ("GET /graph/v1.0/servicePrincipals", "ServicePrincipalList"), ("GET /graph/v1.0/users", "UserList"),
            ("GET /graph/v1.0/groups", "GroupList"),
        ]
        let metadata = described.map {
            Expected("GET /metadata/endpoints\($0.0)", $0.1, "anonymous any unversioned", "")
        }
        let open = atLogIn.map { Expected("GET \($0.0)", $0.1, "authenticated any unversioned resourceManager", "") }
        let closed = resources.map {
            Expected("GET \($0.0)", $0.1, "authenticated unsealed unversioned resourceManager", "")
        }
        return metadata + open + closed
            + directory.map { Expected($0.0, $0.1, "authenticated unsealed unversioned directory", "") }
    }()

    private static let backupRoutes = [
        Expected("POST /backup", "BackupCreate", "backup/start/action @/ activated", "A"),
        Expected("POST /prebackup", "PreFullBackup", "backup/start/action @/ activated", "A"),
        Expected(
            "GET /backup/{id}/pending", "FullBackupStatusGet", "backup/status/action @/ activated unversioned", "A"),
        Expected("PUT /restore", "FullRestore", "restore/start/action @/ activated", "A"),
        Expected("PUT /prerestore", "PreFullRestore", "restore/start/action @/ activated", "A"),
        Expected("PUT /keys/{name}/restore", "SelectiveKeyRestore", "restore/start/action @/ activated", "A"),
        Expected(
            "GET /restore/{id}/pending", "FullRestoreStatusGet", "restore/status/action @/ activated unversioned", "A"),
        Expected("GET /quorate/v1/jobs", "JobList", "backup/status/action @/ activated unversioned", "A"),
        Expected(
            "GET /quorate/v1/backup-schedule", "BackupScheduleGet",
            "backup/schedule/read/action @/ activated unversioned", "A"),
        Expected(
            "PUT /quorate/v1/backup-schedule", "BackupScheduleSet",
            "backup/schedule/write/action @/ activated unversioned", "A"),
        Expected(
            "DELETE /quorate/v1/backup-schedule", "BackupScheduleDelete",
            "backup/schedule/write/action @/ activated unversioned", "A"),
        Expected(
            "POST /quorate/v1/backup-schedule/run", "BackupScheduleRun",
            "backup/start/action @/ activated unversioned", "A"),
        Expected("GET /quorate/v1/restore-order", "RestoreOrderGet", "anonymous unsealed unversioned counted", ""),
        Expected(
            "POST /quorate/v1/restore-order", "RestoreOrder", "restore/start/action @/ activated unversioned", "A"),
        Expected(
            "DELETE /quorate/v1/restore-order", "RestoreOrderWithdraw",
            "restore/start/action @/ activated unversioned", "A"),
        Expected(
            "GET /quorate/v1/restore-order/consequences", "RestoreConsequencesGet",
            "restore/start/action @/ activated unversioned", "A"),
        Expected(
            "POST /quorate/v1/restore-order/consequences", "RestoreConsequencesShow",
            "anonymous unsealed unversioned audited", ""),
        Expected(
            "POST /quorate/v1/restore-order/approvals", "RestoreApprove", "anonymous unsealed unversioned audited", ""),
        Expected(
            "POST /quorate/v1/restore-order/start", "RestoreOrderStart",
            "restore/start/action @/ activated unversioned", "A"),
    ]

    private static let expected = keyRoutes + roleRoutes + poolRoutes + tokenRoutes + facadeRoutes
        + backupRoutes

    private func describe(_ endpoint: Endpoint) -> String {
        var words: [String]
        switch endpoint.access {
        case .anonymous: words = ["anonymous"]
        case .authenticated: words = ["authenticated"]
        case .dataAction(let action, let rule):
            let scope: String =
                switch rule {
                case .root: "/"
                case .keys: "/keys"
                case .fixed(let scope): scope.path
                case .keyNamed("name"): "key"
                case .keyOrCollection("name"): "key or /keys"
                case .keyNamed(let other), .keyOrCollection(let other): "unknown parameter \(other)"
                }
            words = [String(action.name.dropFirst("Microsoft.KeyVault/managedHsm/".count)), "@" + scope]
        }
        words.append("\(endpoint.phase)")
        if !endpoint.isVersioned { words.append("unversioned") }
        switch endpoint.whenAnonymous {
        case .unrecorded: break
        case .counted: words.append("counted")
        case .recorded: words.append("audited")
        }
        if endpoint.audience != .dataPlane { words.append("\(endpoint.audience)") }
        return words.joined(separator: " ")
    }

    @Test func everyRouteIsKnownHereAndAsksForItsPermission() {
        let found = API.endpoints.map { "\($0.method) \($0.path) = \($0.operation): \(describe($0))" }
        let wanted = Self.expected.map { "\($0.route) = \($0.operation): \($0.action)" }
        #expect(Set(found).subtracting(wanted).sorted() == [])
        #expect(Set(wanted).subtracting(found).sorted() == [])
        #expect(found.count == Set(found).count)
        // An anonymous endpoint that needs the pool activated, or changes keys, would be a hole.
        for endpoint in API.endpoints {
            guard case .anonymous = endpoint.access else { continue }
            #expect(
                endpoint.path.hasPrefix("/quorate/") || endpoint.path.hasPrefix("/metadata/")
                    || endpoint.path.hasPrefix("/adfs/") || endpoint.path.hasPrefix("/{tenant}/"))
        }
    }

    private func target(_ path: String) -> String {
        let values = [
            "{name}": "alpha", "/{version?}": "", "{assignment}": "0ffe0000-0000-4000-8000-000000000001",
            "{definition}": "0ffe0000-0000-4000-8000-000000000002",
            "{objectId}": "0ffe0000-0000-4000-8000-000000000003", "{tenant}": "common",
            "{setting}": "AllowKeyManagementOperationsThroughARM",
        ]
        return values.reduce(path) { $0.replacing($1.key, with: $1.value) }
    }

    @Test func theMatrixOfRolesAndRoutes() async throws {
        let letters: [TestPrincipal: Character] = [
            .administrator: "A", .officer: "O", .user: "U", .policyAdministrator: "P", .auditor: "R", .nobody: "N",
        ]
        let pool = try TestPool(API.endpoints)
        for expected in Self.expected where !expected.roles.isEmpty {
            let parts = expected.route.split(separator: " ").map(String.init)
            for (principal, letter) in letters {
                let answer = try await pool.call(principal, HTTPMethod(parts[0]), target(parts[1]), "[")
                let isDenied = answer.status == 403 && answer.code == "AccessDenied"
                #expect(isDenied != expected.roles.contains(letter), "\(principal) \(expected.route): \(answer.text)")
                #expect(answer.status < 500, "\(principal) \(expected.route): \(answer.text)")
                guard isDenied else { continue }
                #expect(answer.message.contains("/managedHsm/" + (expected.action.split(separator: " ").first ?? "?")))
            }
        }
    }

    @Test func aRoleOnOneKeyReachesThatKeyOnly() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("alpha")
        try await pool.create("beta")
        try pool.assign(.cryptoUser, to: .nobody, at: .key("alpha"))
        func status(_ method: HTTPMethod, _ path: String, _ body: String = "") async throws -> Int {
            try await pool.call(.nobody, method, path, body).status
        }
        let sign = #"{"alg":"ES256","value":"\#(digest(32))"}"#
        #expect(try await status(.get, "/keys/alpha") == 200)
        #expect(try await status(.get, "/keys/alpha/versions") == 200)
        #expect(try await status(.post, "/keys/alpha/sign", sign) == 200)
        #expect(try await status(.patch, "/keys/alpha", #"{"tags":{"a":"b"}}"#) == 200)
        #expect(try await status(.post, "/keys/alpha/create", #"{"kty":"EC"}"#) == 200)
        #expect(try await status(.get, "/keys/alpha/providers/Microsoft.Authorization/roleAssignments") == 200)
        for (method, path) in [
            (HTTPMethod.get, "/keys/beta"), (.get, "/keys"), (.get, "/keys/beta/versions"), (.get, "/keys/ALPHA"),
            (.post, "/keys/beta/sign"), (.post, "/keys/gamma/create"), (.post, "/rng"), (.delete, "/deletedkeys/alpha"),
            (.get, "/providers/Microsoft.Authorization/roleAssignments"),
            (.get, "/keys/providers/Microsoft.Authorization/roleAssignments"),
            (.get, "/keys/beta/providers/Microsoft.Authorization/roleAssignments"),
            (.get, "/keys/alph%61%00/providers/Microsoft.Authorization/roleAssignments"),
        ] {
            #expect(try await status(method, path) >= 400)
            #expect(try await status(method, path) != 404, "\(path) tells whether it exists")
        }
        // Deleting the only key that one has a right on ends the right to make it anew.
        #expect(try await status(.delete, "/keys/alpha") == 200)
        #expect(try await status(.post, "/keys/alpha/create", #"{"kty":"EC"}"#) == 403)
        #expect(try await status(.get, "/keys/alpha") == 404)
    }

    @Test func aRoleOnAllKeysIsNoRoleOnThePool() async throws {
        let pool = try TestPool(API.endpoints)
        try pool.assign(.cryptoUser, to: .nobody, at: .keys)
        try pool.assign(.cryptoOfficer, to: .nobody, at: .keys)
        func code(_ method: HTTPMethod, _ path: String, _ body: String = "") async throws -> String? {
            try await pool.call(.nobody, method, path, body).code
        }
        #expect(try await code(.get, "/keys") == nil)
        #expect(try await code(.post, "/keys/new/create", #"{"kty":"EC"}"#) == nil)
        #expect(try await code(.post, "/rng", #"{"count":8}"#) == nil)
        #expect(try await code(.get, "/deletedkeys") == nil)
        #expect(try await code(.get, "/keys/providers/Microsoft.Authorization/roleDefinitions") == nil)
        // What roles there are is the same everywhere, and clients ask for it here.
        #expect(try await code(.get, "/providers/Microsoft.Authorization/roleDefinitions") == nil)
        #expect(try await code(.get, "/providers/Microsoft.Authorization/roleAssignments") == "AccessDenied")
        #expect(try await code(.get, "/quorate/v1/principals") == "AccessDenied")
        #expect(try await code(.post, "/securitydomain/download", "{}") == "AccessDenied")
    }

    @Test func rightsEndWithTheAssignment() async throws {
        let pool = try TestPool(API.endpoints)
        let path = "/keys/providers/Microsoft.Authorization/roleAssignments/0ffe0000-0000-4000-8000-000000000009"
        let body = """
            {"properties":{"principalId":"\(TestPrincipal.nobody.objectID)",\
            "roleDefinitionId":"\(BuiltInRole.cryptoUser.id)"}}
            """
        #expect(try await pool.call(.nobody, .get, "/keys").status == 403)
        #expect(try await pool.call(.administrator, .put, path, body).status == 201)
        #expect(try await pool.call(.nobody, .get, "/keys").status == 200)
        #expect(try await pool.call(.administrator, .delete, path).status == 200)
        #expect(try await pool.call(.nobody, .get, "/keys").status == 403)
    }
}
