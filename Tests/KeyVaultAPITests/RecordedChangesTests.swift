import AccessControl
import Backup
import HTTPTransport
import KeyVaultAPI
import PoolState
import RequestTesting
import StrictJSON
import Testing

/// Audit records say what was changed, for those whose address doesn't, and also where nobody asked for it.
@Suite struct RecordedChangesTests {
    private static let one = "0ffe0000-0000-4000-8000-000000000001"
    private static let authorization = "/providers/Microsoft.Authorization/"

    /// The properties of the records of an operation, oldest first.
    private func properties(_ pool: TestPool, _ operation: String) throws -> [JSONObject] {
        try pool.records().filter { $0.string("operationName") == operation }.compactMap { $0.object("properties") }
    }

    @Test func assignmentsOfRoles() async throws {
        let pool = try TestPool(API.endpoints)
        let path = "/keys/k" + Self.authorization + "roleAssignments/" + Self.one
        let (role, principal) = (BuiltInRole.cryptoUser.id, TestPrincipal.nobody.objectID)
        let body = #"{"properties":{"roleDefinitionId":"\#(role)","principalId":"\#(principal)"}}"#
        #expect(try await pool.call(.administrator, .put, path, body).status == 201)
        #expect(try await pool.call(.administrator, .delete, path).status == 200)
        for operation in ["RoleAssignmentCreate", "RoleAssignmentDelete"] {
            let found = try #require(try properties(pool, operation).first)
            #expect(found.string("principalId") == "\(principal)", "\(operation)")
            #expect(found.string("roleDefinitionId") == "\(role)" && found.string("scope") == "/keys/k")
        }
    }

    @Test func definitionsOfRoles() async throws {
        let pool = try TestPool(API.endpoints)
        let path = Self.authorization + "roleDefinitions/" + Self.one
        let all = DataAction.allCases.map(\.name)
        let actions = all.map { "\"\($0)\"" }.joined(separator: ",")
        let body = #"""
            {"properties":{"roleName":"Many",\#
            "permissions":[{"dataActions":[\#(actions)],"notDataActions":["\#(all[0])"]}]}}
            """#
        let made = try await pool.call(.administrator, .put, path, body)
        #expect(made.status == 201, "\(made.text)")
        #expect(try await pool.call(.administrator, .delete, path).status == 200)
        for operation in ["RoleDefinitionCreate", "RoleDefinitionDelete"] {
            let found = try #require(try properties(pool, operation).first)
            #expect(found.string("roleDefinitionId") == Self.one && found.string("roleName") == "Many")
            #expect(found.string("notDataActions") == all[0])
            // None is lost, though one member has no room for all.
            let members = ["dataActions"] + (2...8).map { "dataActions\($0)" }
            let listed = members.compactMap { found.string($0) }.flatMap { $0.split(separator: " ").map(String.init) }
            #expect(listed == all && found.string("dataActions2") != nil, "\(operation)")
        }
    }

    @Test func principals() async throws {
        let pool = try TestPool(API.endpoints)
        let made = try await pool.call(.administrator, .post, "/quorate/v1/principals", #"{"displayName":"App"}"#)
        let id = try #require(made.json?.string("objectId"))
        let path = "/quorate/v1/principals/\(id)"
        #expect(try await pool.call(.administrator, .patch, path, #"{"enabled":false}"#).status == 200)
        #expect(try await pool.call(.administrator, .post, path + "/secret").status == 200)
        func expect(_ operation: String, _ enabled: String, _ generation: String) throws {
            let found = try #require(try properties(pool, operation).first)
            #expect(found.string("objectId") == id && found.string("displayName") == "App", "\(operation)")
            #expect(found.string("enabled") == enabled, "\(operation)")
            #expect(found.string("credentialGeneration") == generation, "\(operation): \(found)")
        }
        try expect("PrincipalCreate", "true", "1")
        try expect("PrincipalUpdate", "false", "1")
        try expect("PrincipalSecretRenew", "false", "2")
    }

    @Test func beginningAndEndOfAJob() async throws {
        let backed = try BackedPool()
        let pool = backed.pool
        let folder = try await backed.backup()
        backed.stores.fail(with: .full)
        _ = try await backed.end(try await backed.begin("POST", "/prebackup"))
        try #require(await pool.settled { $0.contains { $0.string("operationName") == "PreFullBackupEnd" } })
        let begun = try #require(try properties(pool, "BackupCreate").first)
        let ended = try #require(try properties(pool, "FullBackupEnd").first)
        for found in [begun, ended] {
            #expect(found.string("folder") == folder && found.string("place") == "https://store.example/hsm/\(folder)")
        }
        #expect(begun.string("jobId")?.count == 32 && begun.string("jobId") == ended.string("jobId"))
        #expect(ended.string("items") != nil && ended.string("bytes") != nil)
        let records = try pool.records()
        let failed = try #require(records.first { $0.string("operationName") == "PreFullBackupEnd" })
        #expect(failed.string("resultType") == "Failed")
        #expect(failed.string("resultDescription")?.hasPrefix("StorageFull") == true)
        #expect(!records.map { "\($0)" }.joined().contains("sig=good"))
    }

    @Test func whatASchedulePutsInPlaceAndRemoves() async throws {
        let backed = try BackedPool()
        let pool = backed.pool
        let scheduled = ScheduledBackups(services: pool.services, desk: backed.desk)
        let body = #"{\#(BackedPool.container),"keep":{"hourly":1}}"#
        #expect(try await pool.call(.administrator, .put, "/quorate/v1/backup-schedule", body).status == 200)
        for _ in 0..<2 {
            await scheduled.beginDue()
            while pool.pool.latestView.state.runningJob != nil { await Task.yield() }
            _ = await scheduled.removeSurplus()
            pool.advance(seconds: 3600)
        }
        try #require(await pool.settled { $0.contains { $0.string("operationName") == "BackupRemoveIfDue" } })
        let begun = try properties(pool, "FullBackupIfDue")
        let removed = try #require(try properties(pool, "BackupRemoveIfDue").first)
        #expect(begun.count == 2 && removed.string("jobId") == begun.first?.string("jobId"))
        #expect(removed.string("folder") == begun.first?.string("folder"))
        #expect(removed.string("place") == "https://store.example/hsm")
    }
}
