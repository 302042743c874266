import GRDB

extension DatabaseQueue {
    /// One transaction, as GRDB's `write` makes it, for what is written with every entry: its first and last statement
    /// are prepared once for the connection instead of parsed anew each time, which costs more than many a transaction
    /// has in it.
    ///
    /// If `body` or the commit throws, the transaction is rolled back, and the first error is thrown on. The checkpoint
    /// after a commit reports its failure by it, too: then the transaction has taken place.
    func preparedWrite(_ body: (Database) throws -> Void) throws {
        try writeWithoutTransaction { database in
            // GRDB runs these statements, so that it knows of the transaction.
            try database.cachedStatement(sql: "BEGIN IMMEDIATE TRANSACTION").execute()
            do {
                try body(database)
                guard database.isInsideTransaction else {
                    // As GRDB has it: SQLite has rolled back for an error that `body` kept to itself.
                    throw DatabaseError(resultCode: .SQLITE_ABORT, message: "Transaction was aborted")
                }
                try database.cachedStatement(sql: "COMMIT TRANSACTION").execute()
            } catch {
                // Does nothing if SQLite has done it already. If it can't be done either, GRDB ends the process rather
                // than let later writes into this transaction.
                try? database.rollback()
                throw error
            }
        }
    }
}
