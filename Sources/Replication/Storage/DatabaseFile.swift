import GRDB
import GRDBSQLite
import NodeEnvironment

/// How the databases are opened.
enum DatabaseFile {
    /// When a commit reaches the device.
    enum Durability: String {
        /// Each commit is flushed before it returns (`synchronous=FULL` in WAL mode: one flush of the WAL).
        case everyCommit = "FULL"
        /// Commits are flushed when the WAL is checkpointed. A power failure may undo the latest ones, all of them
        /// from some point on, never one out of the middle.
        case atCheckpoint = "NORMAL"

        /// The number by which `PRAGMA synchronous` answers.
        var code: Int { self == .everyCommit ? 2 : 1 }
    }

    /// Opens the only writing connection of a database.
    ///
    /// - Parameter isShared: Whether others read it meanwhile. A database of one connection is locked once and for all,
    ///   and its index of the write-ahead log is in this process's memory.
    static func open(
        _ path: String, durability: Durability, isShared: Bool = true
    ) throws(StorageFailure) -> DatabaseQueue {
        try StorageFailures.translating(path) {
            var configuration = hardened()
            configuration.label = "quorate.storage"
            // Not `Configuration.journalMode`: with it GRDB writes a first transaction that isn't flushed.
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA synchronous = \(durability.rawValue)")
                if !isShared { try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
                guard try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                    throw StorageFailure.device("\(path): SQLite can't use a write-ahead log here")
                }
                sqlite3_wal_hook(
                    database.sqliteConnection,
                    { _, connection, name, frames in
                        DatabaseFile.checkpoint(connection, name, frames: frames)
                    }, nil)
            }
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try set(durability, on: queue, path: path)
            return queue
        }
    }

    /// After each commit, what SQLite would do by itself: copies the write-ahead log into the database once it has 1000
    /// pages. But SQLite keeps to itself what goes wrong there. A disk that takes no more of the database, or fails to
    /// flush it, would show by nothing but a log that grows.
    ///
    /// - Parameter frames: how many pages the log has.
    /// - Returns: what the commit reports, though it has taken place.
    private static func checkpoint(
        _ connection: OpaquePointer?, _ name: UnsafePointer<CChar>?, frames: CInt
    ) -> CInt {
        guard frames >= 1000 else { return SQLITE_OK }
        let code = sqlite3_wal_checkpoint_v2(connection, name, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        switch code & 0xFF {
        // Readers are in its way, or there is no room for what the log holds as well: a later one will do it.
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL: return SQLITE_OK
        default: return code
        }
    }

    /// Changes the durability of all later commits.
    static func set(_ durability: Durability, on queue: DatabaseQueue, path: String) throws {
        try queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = \(durability.rawValue)")
            let found = try Int.fetchOne(database, sql: "PRAGMA synchronous")
            guard found == durability.code else {
                throw StorageFailure.device("\(path): SQLite did not accept synchronous=\(durability.rawValue)")
            }
        }
    }

    /// What both kinds of connection have in common: no code from the schema runs, malformed cells are noticed when a
    /// page is loaded, deleted content is overwritten.
    static func hardened() -> Configuration {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA trusted_schema = OFF;
                    PRAGMA cell_size_check = ON;
                    PRAGMA secure_delete = ON;
                    """)
        }
        return configuration
    }
}
