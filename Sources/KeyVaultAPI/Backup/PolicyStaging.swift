import AccessControl
import Backup
import CryptographicModule
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// Brings what a backup holds beside keys into the staging area of a new pool.
struct PolicyStaging {
    /// Principals, or role assignments, in one command.
    private static let batch = 200

    let job: RunningJob

    /// - Parameters:
    ///   - keys: of the pool that made the backup.
    ///   - keyring: this pool's.
    func stage(
        _ state: PoolState, header: BackupHeader?, keys: BackupKeys, into keyring: Keyring
    ) async throws {
        guard let record = state.pool, let header else { throw BackupFault.stateMismatch }
        let keeps = job.order.keepsCredentials
        let principals = state.principals.map { StagedPolicy.principal(keeps ? $0 : $0.withoutSecret) }
        let assignments = state.permissions.assignments.sorted { $0.name < $1.name }.map {
            StagedPolicy.roleAssignment($0)
        }
        let definitions = state.permissions.customRoleDefinitions
        let extended = try keyring.accepting(singleKeyBackupsOf: keys)
        try await submit([.pool(RestoredPool(record, keyring: extended.encode()))])
        if let domain = state.securityDomain { try await submit([.securityDomain(domain.withoutUnsealKeys)]) }
        // A definition may be large.
        for definition in definitions { try await submit([.roleDefinition(definition)]) }
        for list in [principals, assignments] {
            for start in stride(from: 0, to: list.count, by: Self.batch) {
                try await submit(Array(list[start..<min(start + Self.batch, list.count)]))
            }
        }
        let pool = "\(record.name) (\(Hexadecimal.encode(keys.identity.poolID)))"
        let parts: [String] = [
            "settings", "\(state.keyCount) keys", "\(state.deletedKeyCount) deleted keys",
            "\(principals.count) principals \(keeps ? "with" : "without") their secrets",
            "\(assignments.count) role assignments", "\(definitions.count) role definitions",
        ]
        let report =
            "everything of pool \(pool) as of its log index \(header.index), \(age(of: header)) s ago: "
            + parts.joined(separator: ", ")
        job.update { $0.report = report }
    }

    private func age(of header: BackupHeader) -> Int64 {
        max(0, job.services.clock.unixMilliseconds() - header.createdAt) / 1000
    }

    private func submit(_ items: [StagedPolicy]) async throws {
        try await job.submit(.stagePolicy(job: job.order.id, items))
    }
}
