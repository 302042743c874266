import Foundation
import GRDB
import NodeEnvironment
import Raft
import Testing

@testable import Replication

@Suite("A disk that refuses")
struct DiskFailureTests {
    let temporary: TemporaryFolder
    let path: String
    let storage: SQLiteNodeStorage

    init() throws {
        temporary = try TemporaryFolder()
        path = temporary.file("node")
        storage = try SQLiteNodeStorage(folder: path, identity: Samples.identity)
        _ = try storage.load()
        try storage.persist(hardState: HardState(term: 1), truncateFrom: nil, entries: Samples.entries(1...5))
    }

    /// SQLite reports a database at its page limit exactly as a full disk.
    private func setFull(_ full: Bool, _ queue: DatabaseQueue) throws {
        try queue.writeWithoutTransaction { database in
            let pages = full ? try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0 : 1_000_000
            _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(pages)")
        }
    }

    @Test("for want of space leaves everything as it was, and takes the same write later")
    func full() throws {
        try setFull(true, storage.log.queue)
        let entries = Samples.entries(6...30, bytes: 2000)
        #expect(throws: StorageFailure.full) {
            try storage.persist(
                hardState: HardState(term: 2), truncateFrom: 4, entries: Samples.entries(4...30, bytes: 2000))
        }
        #expect(throws: StorageFailure.full) {
            try storage.persist(hardState: HardState(term: 2), truncateFrom: nil, entries: entries)
        }
        let crashed = try SQLiteNodeStorage(folder: temporary.copy(of: path, as: "a"), identity: Samples.identity)
        let stored = try crashed.load()
        #expect(stored.entries == Samples.entries(1...5))
        #expect(stored.hardState == HardState(term: 1))
        try setFull(false, storage.log.queue)
        try storage.persist(hardState: HardState(term: 2), truncateFrom: nil, entries: entries)
        #expect(try storage.load().entries.count == 30)
    }

    @Test("for want of space leaves the state as it was, and takes the same rows later")
    func fullState() throws {
        let rows = (0..<40).map { Samples.row($0, value: String(repeating: "v", count: 2000)) }
        try storage.saveApplied(Samples.mark(1), rows: [Samples.row(1, value: "a")], blobs: [])
        try setFull(true, storage.state.queue)
        for _ in 0..<2 {
            #expect(throws: StorageFailure.full) {
                try storage.saveApplied(Samples.mark(2), rows: rows, blobs: [Samples.blob(1)])
            }
            #expect(storage.state.appliedIndex == 1)
        }
        let crashed = try SQLiteNodeStorage(folder: temporary.copy(of: path, as: "b"), identity: Samples.identity)
        let stored = try crashed.load()
        #expect(stored.applied == Samples.mark(1) && stored.rows.count == 1)
        try setFull(false, storage.state.queue)
        try storage.saveApplied(Samples.mark(2), rows: rows, blobs: [Samples.blob(1)])
        #expect(try storage.load().rows.count == 40)
    }

    @Test("otherwise ends all writing", arguments: ["log.db", "state.db"])
    func fatal(_ file: String) throws {
        let queue = file == "log.db" ? storage.log.queue : storage.state.queue
        func setFailing(_ failing: Bool) throws {
            try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA query_only = \(failing)") }
        }
        try setFailing(true)
        func write() throws {
            if file == "log.db" {
                try storage.persist(hardState: HardState(term: 2), truncateFrom: nil, entries: [])
            } else {
                try storage.saveApplied(Samples.mark(1), rows: [], blobs: [])
            }
        }
        func failure(_ body: () throws -> Void) -> StorageFailure? {
            do {
                try body()
                return nil
            } catch {
                return error as? StorageFailure
            }
        }
        let first = failure(write)
        guard case .device(let text) = first else {
            Issue.record("unexpected \(String(describing: first))")
            return
        }
        #expect(text.contains(path + "/" + file))
        try setFailing(false)
        // The disk works again, but what it holds isn't known any more: not one write is tried.
        #expect(failure(write) == first)
        #expect(failure { try storage.persist(hardState: HardState(term: 9), truncateFrom: nil, entries: []) } == first)
    }

    /// As by a bad sector of the database file: what is written first, the log ahead of it, is sound.
    @Test("ends all writing also where only a checkpoint meets it", arguments: ["log.db", "state.db"])
    func checkpoint(_ file: String) throws {
        let readOnly = open(path + "/" + file, O_RDONLY | O_CLOEXEC)
        try #require(readOnly >= 0)
        defer { close(readOnly) }
        var wanted = stat()
        #expect(fstat(readOnly, &wanted) == 0)
        var replaced = 0
        for number in Int32(3)..<4096 where number != readOnly {
            var found = stat()
            guard fstat(number, &found) == 0, found.st_dev == wanted.st_dev, found.st_ino == wanted.st_ino else {
                continue
            }
            #expect(dup2(readOnly, number) == number)
            replaced += 1
        }
        #expect(replaced > 0)
        func write() throws {
            if file == "log.db" {
                try storage.persist(
                    hardState: nil, truncateFrom: nil, entries: Samples.entries(6...1500, bytes: 8000))
            } else {
                let value = String(repeating: "v", count: 8000)
                try storage.saveApplied(
                    Samples.mark(1), rows: (0..<1000).map { Samples.row($0, value: value) }, blobs: [])
            }
        }
        for _ in 0..<2 {
            let failure = #expect(throws: StorageFailure.self) { try write() }
            guard case .device(let text)? = failure else {
                Issue.record("unexpected \(String(describing: failure))")
                return
            }
            #expect(text.contains(path + "/" + file))
        }
    }

    @Test("has a reserve that is given up once and taken back")
    func reserve() throws {
        let folder = try NodeFolder(path: temporary.file("reserve"))
        let reserve = try SpaceReserve(folder: folder, size: 1 << 20)
        let file = temporary.file("reserve/reserve")
        func size() throws -> Int { try bytes(ofFile: file).count }
        #expect(try size() == 1 << 20)
        #expect(reserve.release())
        #expect(try size() == 0)
        #expect(!reserve.release())
        reserve.refill()
        #expect(try size() == 1 << 20)
    }

    @Test("errors are told apart by what can be done about them")
    func translation() {
        func failure(_ code: ResultCode) -> StorageFailure {
            StorageFailures.failure(DatabaseError(resultCode: code), in: "f")
        }
        for code in [ResultCode.SQLITE_FULL, .SQLITE_IOERR_SHMSIZE] { #expect(failure(code) == .full) }
        for code in [ResultCode.SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_ERROR] {
            guard case .corrupted(let text) = failure(code) else {
                Issue.record("\(code)")
                continue
            }
            #expect(text.hasPrefix("f: SQLite"))
        }
        let others: [ResultCode] = [
            .SQLITE_IOERR_FSYNC, .SQLITE_IOERR_WRITE, .SQLITE_IOERR, .SQLITE_BUSY, .SQLITE_READONLY,
        ]
        for code in others {
            guard case .device = failure(code) else {
                Issue.record("\(code)")
                continue
            }
        }
    }
}
