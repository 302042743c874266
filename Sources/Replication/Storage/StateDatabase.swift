import CryptographicModule
import GRDB
import NodeEnvironment
import Raft

/// `state.db`: the rows of the pool's state, the sealed key material, and the mark that says up to where the log is
/// in them.
///
/// Commits are flushed only when the WAL is checkpointed, and before the log is compacted. What a power failure
/// undoes is the latest transactions as a whole, with the mark in them, and the log still holds what they applied.
///
/// Confined to the driver's thread.
final class StateDatabase {
    static let fileName = "state.db"

    struct Contents {
        var applied: AppliedMark?
        var rows: StoredRows
    }

    let path: String
    let queue: DatabaseQueue
    /// What the disk holds, as of the last successful call. Nil before the first apply.
    private var record: AppliedRecord?
    private var isLoaded = false

    init(folder: NodeFolder, identity: FolderIdentity) throws(NodeFolderError) {
        path = folder.file(Self.fileName)
        let isNew = try folder.prepareDatabaseFile(Self.fileName)
        do {
            queue = try DatabaseFile.open(path, durability: .atCheckpoint)
            try Self.prepare(queue, identity: identity, isNew: isNew, file: path)
        } catch let error as NodeFolderError {
            throw error
        } catch {
            throw .storage(StorageFailures.failure(error, in: path))
        }
    }

    private static let schema = """
        CREATE TABLE state_row (
            tbl INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, checksum BLOB NOT NULL,
            PRIMARY KEY (tbl, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE material (
            digest BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL
        ) STRICT;
        """

    private static func prepare(_ queue: DatabaseQueue, identity: FolderIdentity, isNew: Bool, file: String) throws {
        try queue.write { database in
            if try !database.tableExists("meta") {
                guard try isNew || !database.tableExists("state_row") else {
                    throw StorageFailures.corrupted(file, "the table that names the owner is missing")
                }
                try database.execute(sql: MetaRow.schema + AppliedRecord.schema + schema)
                try MetaRow.insert(identity, into: database)
            }
            try MetaRow.check(identity, in: database, file: file)
        }
    }

    // MARK: - Reading

    /// Reads and verifies mark and rows. Key material is verified when it is read, by its digest.
    func load() throws(StorageFailure) -> Contents {
        let (stored, rows, set) = try StorageFailures.translating(path) {
            try queue.read { database in
                let stored = try AppliedRecord.load(from: database, file: path)
                let (rows, set) = try loadRows(from: database)
                return (stored, rows, set)
            }
        }
        guard set == (stored?.rows ?? RowSet()) else {
            throw StorageFailures.corrupted(path, "rows of the state are missing or were brought back")
        }
        record = stored
        isLoaded = true
        return Contents(applied: stored?.mark, rows: rows)
    }

    private func loadRows(from database: Database) throws -> (StoredRows, RowSet) {
        var rows = StoredRows()
        var set = RowSet()
        let cursor = try Row.fetchCursor(database, sql: "SELECT tbl, key, value, checksum FROM state_row")
        while let row = try cursor.next() {
            let number = try row.number(0, file: path)
            guard let table = UInt8(exactly: number) else {
                throw StorageFailures.corrupted(path, "a row is of table \(number), which can't be")
            }
            let key = try row.bytes(1, file: path)
            let value = try row.bytes(2, file: path)
            let checksum = RowSet.checksum(table: table, key: key, value: value)
            guard try row.bytes(3, file: path) == checksum else {
                throw StorageFailures.corrupted(
                    path, "row \(rows.count) of the state (table \(table)) does not match its checksum")
            }
            set.insert(checksum)
            rows.append(table: table, key: key, value: value)
        }
        return (rows, set)
    }

    // MARK: - Writing

    /// One transaction. See ``NodeStorage/saveApplied(_:rows:blobs:)``.
    ///
    /// - Precondition: ``load()`` has succeeded; the mark doesn't go back.
    func save(_ mark: AppliedMark, rows: [StateRow], blobs: [MaterialBlob]) throws(StorageFailure) {
        precondition(isLoaded, "the state is written before it was loaded")
        precondition(mark.index >= record?.mark.index ?? 0, "the applied mark goes back")
        var set = record?.rows ?? RowSet()
        try StorageFailures.translating(path) {
            try queue.preparedWrite { database in
                let writer = try RowWriter(database, file: path)
                for row in rows { try writer.save(row, &set) }
                for blob in blobs { try save(blob, database) }
                try AppliedRecord(mark: mark, rows: set).save(in: database)
            }
        }
        record = AppliedRecord(mark: mark, rows: set)
    }

    private func save(_ blob: MaterialBlob, _ database: Database) throws {
        guard let bytes = blob.bytes else {
            try database.cachedStatement(sql: "DELETE FROM material WHERE digest = ?")
                .execute(arguments: [blob.digest.asData])
            return
        }
        precondition(Digest.sha256(bytes) == blob.digest, "key material is saved under a digest that isn't its own")
        try database.cachedStatement(sql: "INSERT OR REPLACE INTO material (digest, bytes) VALUES (?, ?)")
            .execute(arguments: [blob.digest.asData, bytes.asData])
    }

    /// Replaces all rows and key material by those of a snapshot, in one transaction that is flushed before this
    /// returns.
    func replace(by incoming: IncomingDatabase) throws(StorageFailure) {
        let mark = incoming.contents.staged.mark
        var set = RowSet()
        try StorageFailures.translating(path) {
            try queue.write { database in
                try database.execute(sql: "DELETE FROM state_row; DELETE FROM material;")
                let writer = try RowWriter(database, file: path)
                try incoming.forEachRow { table, key, value, checksum in
                    set.insert(checksum)
                    try writer.put(table: table, key: key, value: value, checksum: checksum)
                }
                try incoming.forEachBlob { digest, bytes in
                    try save(MaterialBlob(digest: digest, bytes: bytes), database)
                }
                try AppliedRecord(mark: mark, rows: set).save(in: database)
            }
        }
        record = AppliedRecord(mark: mark, rows: set)
        isLoaded = true
        try makeDurable()
    }

    /// Flushes everything that was committed so far: a commit under `synchronous=FULL` flushes the whole WAL, or what
    /// it followed has been checkpointed, which flushed it before.
    func makeDurable() throws(StorageFailure) {
        try StorageFailures.translating(path) {
            try DatabaseFile.set(.everyCommit, on: queue, path: path)
            try queue.write { try $0.execute(sql: "UPDATE applied SET id = 0") }
            try DatabaseFile.set(.atCheckpoint, on: queue, path: path)
        }
    }

    /// The last entry whose effects are in the rows.
    var appliedIndex: LogIndex { record?.mark.index ?? 0 }
}

/// Writes rows of the state, and keeps the checksum over them up to date.
private struct RowWriter {
    private let find: BoundStatement
    private let delete: BoundStatement
    private let replace: BoundStatement
    private let file: String

    init(_ database: Database, file: String) throws {
        find = try BoundStatement("SELECT checksum FROM state_row WHERE tbl = ? AND key = ?", in: database)
        delete = try BoundStatement("DELETE FROM state_row WHERE tbl = ? AND key = ?", in: database)
        replace = try BoundStatement(
            "INSERT OR REPLACE INTO state_row (tbl, key, value, checksum) VALUES (?, ?, ?, ?)", in: database)
        self.file = file
    }

    func save(_ row: StateRow, _ set: inout RowSet) throws {
        try find.bind(Int64(row.table), at: 1)
        try find.bind(row.key, at: 2)
        if let old = try find.firstBytes(file: file) { try set.remove(old, file: file) }
        guard let value = row.value else {
            try delete.bind(Int64(row.table), at: 1)
            try delete.bind(row.key, at: 2)
            return try delete.run()
        }
        let checksum = RowSet.checksum(table: row.table, key: row.key, value: value)
        set.insert(checksum)
        try put(table: row.table, key: row.key, value: value, checksum: checksum)
    }

    func put(table: UInt8, key: [UInt8], value: [UInt8], checksum: [UInt8]) throws {
        try replace.bind(Int64(table), at: 1)
        try replace.bind(key, at: 2)
        try replace.bind(value, at: 3)
        try replace.bind(checksum, at: 4)
        try replace.run()
    }
}
