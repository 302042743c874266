import GRDB
import GRDBSQLite
import NodeEnvironment

/// A prepared statement whose values are bound straight from what holds them, for what is written with every entry.
///
/// GRDB makes a box of each argument, and a `Data` of each byte string, and matches them with the statement's names:
/// that costs several times what SQLite does with them. Within one transaction of GRDB it is all the same who binds.
struct BoundStatement {
    /// Kept, for it owns the handle.
    private let statement: Statement
    private let database: Database

    private var handle: SQLiteStatement { statement.sqliteStatement }

    /// The statement is made once for each database.
    init(_ sql: String, in database: Database) throws {
        statement = try database.cachedStatement(sql: sql)
        self.database = database
    }

    // MARK: - Values

    /// SQLite's `SQLITE_TRANSIENT`, a macro that Swift doesn't import: the value is copied when it is bound.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    /// - Parameter position: from 1.
    func bind(_ bytes: [UInt8], at position: CInt) throws {
        let code = bytes.withUnsafeBytes { bytes in
            // Nothing has no address, and no address would bind a NULL.
            bytes.isEmpty
                ? sqlite3_bind_zeroblob(handle, position, 0)
                : sqlite3_bind_blob64(handle, position, bytes.baseAddress, UInt64(bytes.count), Self.copied)
        }
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// - Parameter position: from 1.
    func bind(_ number: Int64, at position: CInt) throws {
        let code = sqlite3_bind_int64(handle, position, number)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    /// - Parameter position: from 1.
    func bind(_ number: Int64?, at position: CInt) throws {
        if let number { return try bind(number, at: position) }
        let code = sqlite3_bind_null(handle, position)
        guard code == SQLITE_OK else { throw failure(code) }
    }

    // MARK: - Running

    /// Runs a statement that gives no rows.
    func run() throws {
        defer { _ = sqlite3_reset(handle) }
        let code = sqlite3_step(handle)
        guard code == SQLITE_DONE else { throw failure(code) }
    }

    /// The byte string in the first column of the first row; nil if there is no row.
    ///
    /// - Parameter file: the database's path, for the text of an error.
    func firstBytes(file: String) throws -> [UInt8]? {
        defer { _ = sqlite3_reset(handle) }
        switch sqlite3_step(handle) {
        case SQLITE_DONE: return nil
        case SQLITE_ROW:
            guard sqlite3_column_type(handle, 0) == SQLITE_BLOB else {
                throw StorageFailures.corrupted(file, "a byte string is missing")
            }
            let bytes = UnsafeRawBufferPointer(
                start: sqlite3_column_blob(handle, 0), count: Int(sqlite3_column_bytes(handle, 0)))
            return [UInt8](bytes)
        case let code: throw failure(code)
        }
    }

    /// As GRDB would report it.
    private func failure(_ code: CInt) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code),
            message: database.sqliteConnection.map { String(cString: sqlite3_errmsg($0)) })
    }
}
