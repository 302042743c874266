import GRDB
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
            }
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            try set(durability, on: queue, path: path)
            return queue
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
