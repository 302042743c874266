import AccessControl
import Backup
import CryptographicModule
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// Brings what a backup holds beside keys into the staging area, for a restore of everything.
struct PolicyStaging {
    /// In one command, in bytes, unless a single item has more: every version of a pool takes so many.
    private static let batchBytes = 48 << 10

    let job: RunningJob

    /// - Parameters:
    ///   - keys: of the pool that made the backup.
    ///   - keyring: this pool's.
    func stage(
        _ state: PoolState, header: BackupHeader?, keys: BackupKeys, into keyring: Keyring
    ) async throws {
        guard let record = state.pool, let header else { throw BackupFault.stateMismatch }
        let keeps = job.order.keepsCredentials
        let extended = try keyring.accepting(singleKeyBackupsOf: keys)
        let items = Self.items(
            of: state, pool: RestoredPool(record, keyring: extended.encode()), keepsCredentials: keeps,
            withOfficers: job.order.approval.isEmpty)
        var batch: [StagedPolicy] = []
        var size = 0
        for item in items {
            let count = command([item]).encode().count
            if !batch.isEmpty, size + count > Self.batchBytes {
                try await job.submit(command(batch))
                (batch, size) = ([], 0)
            }
            batch.append(item)
            size += count
        }
        if !batch.isEmpty { try await job.submit(command(batch)) }
        let pool = "\(record.name) (\(Hexadecimal.encode(keys.identity.poolID)))"
        let parts: [String] = [
            "settings", "\(state.keyCount) keys", "\(state.deletedKeyCount) deleted keys",
            "\(state.principals.count) principals \(keeps ? "with" : "without") their secrets",
            "\(state.roleAssignmentCount) role assignments", "\(state.permissions.customRoleCount) role definitions",
        ]
        let report =
            "everything of pool \(pool) as of its log index \(header.index), \(age(of: header)) s ago: "
            + parts.joined(separator: ", ")
        job.update { $0.report = report }
    }

    /// - Parameters:
    ///   - state: the backup's.
    ///   - pool: what becomes of the pool's own record.
    ///   - withOfficers: whether the pool has none of its own.
    static func items(
        of state: PoolState, pool: RestoredPool, keepsCredentials: Bool, withOfficers: Bool
    ) -> [StagedPolicy] {
        var items = [StagedPolicy.pool(pool)]
        if withOfficers, let domain = state.securityDomain { items.append(.securityDomain(domain.withoutUnsealKeys)) }
        items += state.permissions.customRoleDefinitions.map { .roleDefinition($0) }
        items += state.principals.map { .principal(keepsCredentials ? $0 : $0.withoutSecret) }
        items += state.permissions.assignments.sorted { $0.name < $1.name }.map { .roleAssignment($0) }
        return items
    }

    private func age(of header: BackupHeader) -> Int64 {
        max(0, job.services.clock.unixMilliseconds() - header.createdAt) / 1000
    }

    private func command(_ items: [StagedPolicy]) -> PoolCommand { .stagePolicy(job: job.order.id, items) }
}
