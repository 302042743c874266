import GRDB
import Testing

@testable import Replication

@Suite("A prepared transaction")
struct PreparedTransactionTests {
    private let temporary: TemporaryFolder
    private let queue: DatabaseQueue

    private struct Mistake: Error {}

    init() throws {
        temporary = try TemporaryFolder()
        queue = try Self.open(temporary.file("a.db"))
        try queue.write {
            try $0.execute(
                sql: """
                    CREATE TABLE number (value INTEGER PRIMARY KEY);
                    CREATE TABLE reference (value INTEGER REFERENCES number DEFERRABLE INITIALLY DEFERRED);
                    """)
        }
    }

    private static func open(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.busyMode = .immediateError
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    private func insert(_ value: Int, _ database: Database, orElse action: String = "ABORT") throws {
        try database.execute(sql: "INSERT OR \(action) INTO number VALUES (?)", arguments: [value])
    }

    private func expectStored(_ values: [Int], _ location: SourceLocation = #_sourceLocation) throws {
        let stored = try queue.read { try Int.fetchAll($0, sql: "SELECT value FROM number ORDER BY value") }
        #expect(stored == values, sourceLocation: location)
        #expect(queue.writeWithoutTransaction { !$0.isInsideTransaction }, sourceLocation: location)
    }

    @Test("stores all that it is given, again and again")
    func commits() throws {
        for value in 1...3 {
            try queue.preparedWrite { database in
                #expect(database.isInsideTransaction)
                try insert(value, database)
                try insert(-value, database)
            }
        }
        try queue.preparedWrite { _ in }
        try expectStored([-3, -2, -1, 1, 2, 3])
    }

    @Test("leaves nothing of what failed, and the next one works", arguments: ["ABORT", "ROLLBACK"])
    func failures(_ action: String) throws {
        try queue.preparedWrite { try insert(1, $0) }
        for _ in 0..<2 {
            #expect(throws: Mistake.self) {
                try queue.preparedWrite { database in
                    try insert(2, database)
                    throw Mistake()
                }
            }
            // After `ROLLBACK` SQLite has ended the transaction itself.
            let error = #expect(throws: DatabaseError.self) {
                try queue.preparedWrite { database in
                    try insert(2, database)
                    try insert(1, database, orElse: action)
                }
            }
            #expect(error?.resultCode == .SQLITE_CONSTRAINT)
            try expectStored([1])
        }
        try queue.preparedWrite { try insert(2, $0) }
        try expectStored([1, 2])
    }

    @Test("isn't committed in part if SQLite has rolled it back unseen")
    func aborted() throws {
        try queue.preparedWrite { try insert(1, $0) }
        let error = #expect(throws: DatabaseError.self) {
            try queue.preparedWrite { database in
                try insert(2, database)
                try? insert(1, database, orElse: "ROLLBACK")
            }
        }
        #expect(error?.resultCode == .SQLITE_ABORT)
        try expectStored([1])
    }

    @Test("whose commit fails is rolled back")
    func commitFails() throws {
        for _ in 0..<2 {
            let error = #expect(throws: DatabaseError.self) {
                try queue.preparedWrite { database in
                    try insert(1, database)
                    try database.execute(sql: "INSERT INTO reference VALUES (7)")
                }
            }
            #expect(error?.resultCode == .SQLITE_CONSTRAINT)
            try expectStored([])
        }
        try queue.preparedWrite { try insert(1, $0) }
        try expectStored([1])
    }

    @Test("that can't begin runs nothing")
    func beginFails() throws {
        let other = try Self.open(temporary.file("a.db"))
        for _ in 0..<2 {
            try other.inTransaction(.exclusive) { _ in
                let error = #expect(throws: DatabaseError.self) {
                    try queue.preparedWrite { _ in Issue.record("there is no transaction") }
                }
                #expect(error?.resultCode == .SQLITE_BUSY)
                return .rollback
            }
        }
        try queue.preparedWrite { try insert(1, $0) }
        try expectStored([1])
    }
}
