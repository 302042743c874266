import CryptographicModule
import GRDB
public import NodeEnvironment

/// Opens snapshots of the stored state.
public struct StateSnapshotSource: Sendable {
    private let path: String

    init(path: String) { self.path = path }

    /// - Returns: nil if nothing was ever applied.
    public func open() throws(StorageFailure) -> (any SnapshotReader)? { try StateSnapshot.open(path) }
}

/// The state of one index: a read transaction of its own on `state.db`, which sees nothing of what is written later.
///
/// While it lives the WAL can't be reset, so its owner keeps it no longer than a transfer takes. Used by one
/// thread at a time.
final class StateSnapshot: SnapshotReader {
    let mark: AppliedMark
    private let path: String
    private let queue: DatabaseQueue

    /// - Returns: nil if nothing was ever applied.
    static func open(_ path: String) throws(StorageFailure) -> StateSnapshot? {
        try StorageFailures.translating(path) {
            var configuration = DatabaseFile.hardened()
            configuration.readonly = true
            configuration.label = "quorate.snapshot"
            // The transaction stays open from one chunk to the next.
            configuration.allowsUnsafeTransactions = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let record = try queue.unsafeRead { database in
                try database.execute(sql: "BEGIN DEFERRED")
                return try AppliedRecord.load(from: database, file: path)
            }
            return record.map { StateSnapshot(mark: $0.mark, path: path, queue: queue) }
        }
    }

    private init(mark: AppliedMark, path: String, queue: DatabaseQueue) {
        self.mark = mark
        self.path = path
        self.queue = queue
    }

    func chunk(after: SnapshotCursor, byteLimit: Int) throws(StorageFailure) -> SnapshotChunk {
        try StorageFailures.translating(path) {
            try queue.unsafeRead { database in
                var budget = Budget(limit: byteLimit)
                let rows = try rows(after: after, &budget, database)
                let blobs = budget.isSpent ? [] : try blobs(after: after, &budget, database)
                return SnapshotChunk(mark: mark, after: after, rows: rows, blobs: blobs, isLast: !budget.isSpent)
            }
        }
    }

    /// How much one chunk may still take.
    private struct Budget {
        let limit: Int
        private var bytes = 0
        private var items = 0
        /// Something was left out.
        private(set) var isSpent = false

        init(limit: Int) { self.limit = limit }

        mutating func takes(_ size: Int) -> Bool {
            guard items == 0 || bytes + size <= limit && items < WireLimits.itemsPerChunk else {
                isSpent = true
                return false
            }
            bytes += size
            items += 1
            return true
        }
    }

    private func rows(
        after: SnapshotCursor, _ budget: inout Budget, _ database: Database
    ) throws -> [StateRow] {
        var place: (table: Int64, key: [UInt8]) = (-1, [])
        switch after {
        case .beginning: break
        case .row(let table, let key): place = (Int64(table), key)
        case .blob: return []
        }
        let statement = try database.cachedStatement(
            sql: "SELECT tbl, key, value, checksum FROM state_row WHERE (tbl, key) > (?, ?) ORDER BY tbl, key")
        let cursor = try Row.fetchCursor(statement, arguments: [place.table, place.key.asData])
        var rows: [StateRow] = []
        while let row = try cursor.next() {
            guard let table = UInt8(exactly: try row.number(0, file: path)) else {
                throw StorageFailures.corrupted(path, "a row is of a table that can't be")
            }
            let key = try row.bytes(1, file: path)
            let value = try row.bytes(2, file: path)
            // A damaged row must not be handed on.
            guard try row.bytes(3, file: path) == RowSet.checksum(table: table, key: key, value: value) else {
                throw StorageFailures.corrupted(path, "a row of the state (table \(table)) does not match its checksum")
            }
            guard budget.takes(key.count + value.count + 32) else { break }
            rows.append(StateRow(table: table, key: key, value: value))
        }
        return rows
    }

    private func blobs(
        after: SnapshotCursor, _ budget: inout Budget, _ database: Database
    ) throws -> [MaterialBlob] {
        var last: [UInt8] = []
        if case .blob(let digest) = after { last = digest }
        let statement = try database.cachedStatement(
            sql: "SELECT digest, bytes FROM material WHERE digest > ? ORDER BY digest")
        let cursor = try Row.fetchCursor(statement, arguments: [last.asData])
        var blobs: [MaterialBlob] = []
        while let row = try cursor.next() {
            let digest = try row.bytes(0, file: path)
            let bytes = try row.bytes(1, file: path)
            guard Digest.sha256(bytes) == digest else {
                throw StorageFailures.corrupted(path, "a record of key material does not match its digest")
            }
            guard budget.takes(bytes.count + 64) else { break }
            blobs.append(MaterialBlob(digest: digest, bytes: bytes))
        }
        return blobs
    }
}
