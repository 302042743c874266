import Backup
import HTTPTransport
import PoolState
import RequestTesting
import Testing

@testable import KeyVaultAPI

/// What a restore holds of a backup.
@Suite struct BackupContentTests {
    /// So one key can be restored where all together are more than a node holds.
    @Test func ofOneKeyNoOthersAreHeld() async throws {
        let pool = try BackedPool().pool
        for name in ["a", "a", "b", "ab"] { try await pool.create(name) }
        _ = try await pool.call(.user, .delete, "/keys/b")
        let stored = pool.pool.stored
        let rows = stored.rows.compactMap { row in
            row.value.map { BackupItem.row(table: row.table, key: row.key, value: $0) }
        }
        for (name, count) in [("a", 2), ("b", 1), ("c", 0)] {
            var content = BackupContent(key: name, keepsRecords: true)
            for item in rows + stored.blobs.map({ BackupItem.blob($0) }) { try content.take(item) }
            let state = try content.state()
            let versions = (state.key(name) ?? state.deletedKey(name))?.versions ?? []
            #expect(versions.count == count && Set(content.records.keys) == Set(versions.map(\.recordDigest)))
            #expect(content.items == UInt64(rows.count + stored.blobs.count))
        }
    }
}
