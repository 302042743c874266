import GRDB
import NodeEnvironment

/// Turns what SQLite reports into what the driver can act on.
enum StorageFailures {
    /// - Parameter file: the database's path, named in the text.
    static func failure(_ error: any Error, in file: String) -> StorageFailure {
        if let failure = error as? StorageFailure { return failure }
        guard let error = error as? DatabaseError else { return .device("\(file): \(error)") }
        // The index of a write-ahead log that others read is a file, too, and there was no room for more of it. What
        // needed that is rolled back. A crash may bring it back from the log: no harm in the state, whose log alone is
        // read by others.
        if error.extendedResultCode == .SQLITE_IOERR_SHMSIZE { return .full }
        // The expanded SQL stays out of the text: it may hold stored values.
        let text = "\(file): SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
        switch error.resultCode {
        case .SQLITE_FULL:
            return .full
        case .SQLITE_ERROR where error.sql?.hasPrefix("COMMIT") == true:
            // So SQLite reports what the checkpoint of ``DatabaseFile`` has met: a commit reads no schema.
            return .device("\(file): the write-ahead log can't be copied into the database, or that can't be flushed")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR:
            // All statements are fixed: one that can't be run finds another schema than was written.
            return corrupted(file, "SQLite \(error.extendedResultCode.rawValue): \(error.message ?? "malformed")")
        default:
            return .device(text)
        }
    }

    /// A stored datum contradicts its checksum, its neighbours or its format.
    ///
    /// Never healed by cutting it away: an entry that this node has acknowledged may be one that the pool counts on,
    /// and a node that forgot it could elect a leader without it.
    static func corrupted(_ file: String, _ finding: String) -> StorageFailure {
        .corrupted(
            "\(file): \(finding). Nothing was changed. Keep the folder for inspection; remove the node from the pool, "
                + "then let it join again under a new id with an empty folder, so that its peers supply the data")
    }

    /// Runs `body`, translating its errors.
    static func translating<Value>(
        _ file: String, _ body: () throws -> Value
    ) throws(StorageFailure) -> Value {
        do {
            return try body()
        } catch {
            throw failure(error, in: file)
        }
    }
}
