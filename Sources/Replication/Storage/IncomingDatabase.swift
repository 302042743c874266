import CryptographicModule
import GRDB
import NodeEnvironment
import Raft

/// `incoming.db`: what has been received of a snapshot, and the plan to install it. Every commit is flushed.
///
/// | step | what a crash after it leaves |
/// |---|---|
/// | 1 chunks are staged | the old state; the transfer goes on where it stopped |
/// | 2 the plan is stored | the old state, and the order to do the rest at the next start |
/// | 3 `state.db` is replaced, in one flushed transaction | the new state and the old log: the start goes on with 4 |
/// | 4 `log.db` is begun behind the snapshot | the new state and log |
/// | 5 `incoming.db` is removed | the same |
///
/// Each step can be done twice. Nothing of the old state is touched before the plan is on the disk.
///
/// Confined to the driver's thread.
final class IncomingDatabase {
    static let fileName = "incoming.db"

    struct Contents {
        var staged: StagedSnapshot
        /// The configuration to install the snapshot with; nil as long as there is no plan.
        var plan: PoolConfiguration?
    }

    let path: String
    private let queue: DatabaseQueue
    private(set) var contents: Contents

    private static let schema = """
        CREATE TABLE progress (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            idx INTEGER NOT NULL, term INTEGER NOT NULL, chain_tag BLOB NOT NULL, state_root BLOB NOT NULL,
            tag BLOB NOT NULL, section INTEGER NOT NULL, tbl INTEGER NOT NULL, key BLOB NOT NULL,
            complete INTEGER NOT NULL, plan BLOB, checksum BLOB NOT NULL
        ) STRICT;
        CREATE TABLE incoming_row (
            tbl INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, checksum BLOB NOT NULL,
            PRIMARY KEY (tbl, key)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE incoming_blob (digest BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL) STRICT;
        """

    /// Opens what an earlier life has left; nil if there is nothing of use.
    static func reopen(in folder: NodeFolder, identity: FolderIdentity) throws(NodeFolderError) -> IncomingDatabase? {
        let path = folder.file(fileName)
        guard try FilePermissions.check(path, is: .file) else { return nil }
        do throws(StorageFailure) {
            let queue = try DatabaseFile.open(path, durability: .everyCommit, isShared: false)
            let contents = try StorageFailures.translating(path) {
                try queue.read { database -> Contents? in
                    guard try database.tableExists("meta") else { return nil }
                    try MetaRow.check(identity, in: database, file: path)
                    return try load(from: database, file: path)
                }
            }
            if let contents { return IncomingDatabase(path: path, queue: queue, contents: contents) }
        } catch .corrupted {
            // Not this node's state: it is fetched anew.
        } catch {
            throw .storage(error)
        }
        remove(path)
        return nil
    }

    /// Begins anew with the first chunk of a snapshot.
    static func begin(
        _ chunk: SnapshotChunk, in folder: NodeFolder, identity: FolderIdentity
    ) throws(StorageFailure) -> IncomingDatabase {
        let path = folder.file(fileName)
        remove(path)
        do throws(NodeFolderError) {
            _ = try folder.prepareDatabaseFile(fileName)
        } catch {
            throw .device("\(error)")
        }
        let queue = try DatabaseFile.open(path, durability: .everyCommit, isShared: false)
        try StorageFailures.translating(path) {
            try queue.write { database in
                try database.execute(sql: MetaRow.schema + schema)
                try MetaRow.insert(identity, into: database)
            }
        }
        let staged = StagedSnapshot(mark: chunk.mark, received: .beginning, isComplete: false)
        let incoming = IncomingDatabase(path: path, queue: queue, contents: Contents(staged: staged, plan: nil))
        try incoming.add(chunk)
        return incoming
    }

    private init(path: String, queue: DatabaseQueue, contents: Contents) {
        self.path = path
        self.queue = queue
        self.contents = contents
    }

    static func remove(_ path: String) {
        for name in [path, path + "-wal", path + "-shm"] { unlinkFile(name) }
    }

    func close() {
        // What isn't closed now is with the process.
        try? queue.close()
    }

    // MARK: - Receiving

    /// - Precondition: the chunk follows on what is there.
    func add(_ chunk: SnapshotChunk) throws(StorageFailure) {
        precondition(chunk.after == contents.staged.received, "a chunk doesn't follow on what is staged")
        var next = contents
        next.staged = StagedSnapshot(mark: chunk.mark, received: chunk.end, isComplete: chunk.isLast)
        try StorageFailures.translating(path) {
            try queue.write { database in
                let insert = try database.cachedStatement(
                    sql: "INSERT INTO incoming_row (tbl, key, value, checksum) VALUES (?, ?, ?, ?)")
                for row in chunk.rows {
                    let value = row.value ?? []
                    let checksum = RowSet.checksum(table: row.table, key: row.key, value: value)
                    try insert.execute(arguments: [
                        Int64(row.table), row.key.asData, value.asData, checksum.asData,
                    ])
                }
                let keep = try database.cachedStatement(
                    sql: "INSERT INTO incoming_blob (digest, bytes) VALUES (?, ?)")
                for blob in chunk.blobs {
                    try keep.execute(arguments: [blob.digest.asData, (blob.bytes ?? []).asData])
                }
                try Self.save(next, in: database)
            }
        }
        contents = next
    }

    func plan(_ configuration: PoolConfiguration) throws(StorageFailure) {
        var next = contents
        next.plan = configuration
        try StorageFailures.translating(path) { try queue.write { try Self.save(next, in: $0) } }
        contents = next
    }

    // MARK: - Reading

    func rows() throws(StorageFailure) -> [StateRow] {
        var rows: [StateRow] = []
        try forEachRow { table, key, value, _ in rows.append(StateRow(table: table, key: key, value: value)) }
        return rows
    }

    func digests() throws(StorageFailure) -> Set<[UInt8]> {
        var digests: Set<[UInt8]> = []
        try forEachBlob { digest, _ in _ = digests.insert(digest) }
        return digests
    }

    /// Each row with its checksum, which is compared first.
    func forEachRow(_ body: (UInt8, [UInt8], [UInt8], [UInt8]) throws -> Void) throws(StorageFailure) {
        try StorageFailures.translating(path) {
            try queue.read { database in
                let sql = "SELECT tbl, key, value, checksum FROM incoming_row ORDER BY tbl, key"
                let cursor = try Row.fetchCursor(database, sql: sql)
                while let row = try cursor.next() {
                    let table = UInt8(clamping: try row.number(0, file: path))
                    let key = try row.bytes(1, file: path)
                    let value = try row.bytes(2, file: path)
                    let checksum = try row.bytes(3, file: path)
                    guard checksum == RowSet.checksum(table: table, key: key, value: value) else {
                        throw StorageFailures.corrupted(path, "a row of a snapshot does not match its checksum")
                    }
                    try body(table, key, value, checksum)
                }
            }
        }
    }

    /// Each sealed record with its digest, which is compared first.
    func forEachBlob(_ body: ([UInt8], [UInt8]) throws -> Void) throws(StorageFailure) {
        try StorageFailures.translating(path) {
            try queue.read { database in
                let sql = "SELECT digest, bytes FROM incoming_blob ORDER BY digest"
                let cursor = try Row.fetchCursor(database, sql: sql)
                while let row = try cursor.next() {
                    let digest = try row.bytes(0, file: path)
                    let bytes = try row.bytes(1, file: path)
                    guard Digest.sha256(bytes) == digest else {
                        throw StorageFailures.corrupted(path, "key material of a snapshot does not match its digest")
                    }
                    try body(digest, bytes)
                }
            }
        }
    }

    // MARK: - The row that says how far it is

    private static func checksum(_ mark: AppliedMark, _ place: Place, _ isComplete: Bool, _ plan: [UInt8]?) -> [UInt8] {
        var input = Checksum.Input(label: "quorate/disk/incoming", capacity: 256)
        input.append(mark.index)
        input.append(mark.term)
        input.append(mark.chainTag)
        input.append(mark.stateRoot)
        input.append(mark.tag)
        input.append(UInt64(place.section))
        input.append(UInt64(place.table))
        input.append(place.key)
        input.append(UInt64(isComplete ? 1 : 0))
        input.append(plan)
        return input.digest
    }

    private struct Place {
        var section: Int64
        var table: UInt8
        var key: [UInt8]

        init(_ cursor: SnapshotCursor) {
            switch cursor {
            case .beginning: (section, table, key) = (0, 0, [])
            case .row(let table, let key): (section, self.table, self.key) = (1, table, key)
            case .blob(let digest): (section, table, key) = (2, 0, digest)
            }
        }

        init(section: Int64, table: UInt8, key: [UInt8]) {
            (self.section, self.table, self.key) = (section, table, key)
        }

        var cursor: SnapshotCursor? {
            switch section {
            case 0: .beginning
            case 1: .row(table: table, key: key)
            case 2: .blob(digest: key)
            default: nil
            }
        }
    }

    private static func save(_ contents: Contents, in database: Database) throws {
        let staged = contents.staged
        let place = Place(staged.received)
        let plan = try contents.plan?.encoded()
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO progress
                    (id, idx, term, chain_tag, state_root, tag, section, tbl, key, complete, plan, checksum)
                VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                staged.mark.index.asInteger, staged.mark.term.asInteger, staged.mark.chainTag.asData,
                staged.mark.stateRoot.asData, staged.mark.tag.asData, place.section, Int64(place.table),
                place.key.asData, staged.isComplete, plan?.asData,
                checksum(staged.mark, place, staged.isComplete, plan).asData,
            ])
    }

    private static func load(from database: Database, file: String) throws -> Contents? {
        let sql = """
            SELECT idx, term, chain_tag, state_root, tag, section, tbl, key, complete, plan, checksum
            FROM progress WHERE id = 0
            """
        guard let row = try Row.fetchOne(database, sql: sql) else { return nil }
        let mark = AppliedMark(
            index: try row.number(0, file: file), term: try row.number(1, file: file),
            chainTag: try row.bytes(2, file: file), stateRoot: try row.bytes(3, file: file),
            tag: try row.bytes(4, file: file))
        let place = Place(
            section: try row.integer(5, file: file), table: UInt8(clamping: try row.number(6, file: file)),
            key: try row.bytes(7, file: file))
        let isComplete = try row.integer(8, file: file) != 0
        var plan: [UInt8]?
        if case .blob = (row[9] as DatabaseValue).storage { plan = try row.bytes(9, file: file) }
        guard try row.bytes(10, file: file) == checksum(mark, place, isComplete, plan), let cursor = place.cursor else {
            throw StorageFailures.corrupted(file, "the progress of a snapshot does not match its checksum")
        }
        return Contents(
            staged: StagedSnapshot(mark: mark, received: cursor, isComplete: isComplete),
            plan: try plan.map { try PoolConfiguration(decoding: $0) })
    }
}
