import Audit
import Foundation
import RequestTesting
import Testing

@testable import HSMService

/// What stands in a new pool's way is found before there is one: its root would be in memory alone, and the folder be
/// taken for a pool.
@Suite struct FoundingTests {
    /// The node's and the pool's file.
    private let files: TemporaryFolder
    private let data: TemporaryFolder
    private let audit: TemporaryFolder
    private let configuration: NodeConfiguration
    private let initialization: PoolInitialization

    init() throws {
        (files, data, audit) = (try TemporaryFolder(), try TemporaryFolder(), try TemporaryFolder())
        let text = ConfigurationTests.good.replacing(
            "  data_folder: data\n", with: "  data_folder: \(data.path)\n  audit_folder: \(audit.path)\n")
        configuration = try NodeConfiguration.load(file: files.write("node.yaml", text))
        initialization = try PoolInitialization.load(
            file: files.write(
                "initialize.yaml",
                """
                tenant_id: 11111111-1111-1111-1111-111111111111
                administrators:
                  - display_name: Administrator
                    object_id: 22222222-2222-2222-2222-222222222222
                    client_id: 33333333-3333-3333-3333-333333333333
                    secret_sha256: \(String(repeating: "ab", count: 32))

                """))
    }

    /// The disk with a new pool on it.
    private func found() throws -> NodeDisk {
        let folder = configuration.auditFolder
        return try NodeDisk(configuration, initialization, nil, clock: SystemClock()) {
            try FoundingChecks.auditLog(folder)
        }
    }

    @Test func aPoolIsFoundedOnce() throws {
        #expect(try found().keyring != nil)
        let error = #expect(throws: ConfigurationError.self) { try found() }
        #expect(error?.problem.contains("holds a pool already") == true)
    }

    /// It was kept of a pool that is lost.
    @Test func aDamagedAuditLogCostsNoPool() throws {
        try AuditLog(folder: audit.path, origin: AuditOrigin(node: "node-1", pool: "lost")).close()
        let file = "\(audit.path)/audit-00000001.jsonl"
        let good = try String(contentsOfFile: file, encoding: .utf8)
        let bad = good.replacing("lost", with: "last")
        _ = try audit.write("audit-00000001.jsonl", bad)
        let failure = #expect(throws: NodeFailure.self) { try found() }
        #expect(failure?.exitCode == 74 && failure?.description.contains("doesn't verify") == true)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == bad)
        // Moved away: the new pool begins its own.
        for name in ["audit-00000001.jsonl", "head"] { unlink("\(audit.path)/\(name)") }
        #expect(try found().keyring != nil)
    }

    /// Another process has it open.
    @Test func anAuditLogInUseCostsNoPool() throws {
        let other = try AuditLog(folder: audit.path, origin: AuditOrigin(node: "node-1", pool: "other"))
        #expect(throws: AuditOpenError.inUse) { try found() }
        other.close()
        #expect(try found().keyring != nil)
    }
}
