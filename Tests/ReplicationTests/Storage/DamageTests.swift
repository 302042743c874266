import Foundation
import GRDB
import NodeEnvironment
import Raft
import Replication
import Testing

@Suite("Damage to stored data")
struct DamageTests {
    let temporary: TemporaryFolder
    let path: String
    let expected: StoredNode

    /// A node that was stopped in good order, so that all is in the database files.
    init() throws {
        temporary = try TemporaryFolder()
        path = temporary.file("node")
        let storage = try SQLiteNodeStorage(folder: path, identity: Samples.identity)
        _ = try storage.load()
        try storage.persist(
            hardState: HardState(term: 4, vote: NodeID(2), commit: 9), truncateFrom: nil,
            entries: Samples.entries(1...40, bytes: 300))
        try storage.saveApplied(
            Samples.mark(30), rows: (0..<30).map { Samples.row($0, value: "value of \($0)") },
            blobs: (0..<5).map { Samples.blob($0) })
        try storage.compactLog(through: 7, term: 1, tag: Samples.tag(7), configuration: Samples.configuration)
        expected = try storage.load()
        try storage.close()
    }

    private func failure() -> StorageFailure? {
        do {
            let found = try SQLiteNodeStorage(folder: path, identity: Samples.identity).load()
            #expect(found == expected, "damaged data were accepted")
            return nil
        } catch let error as StorageFailure {
            return error
        } catch NodeFolderError.storage(let error) {
            return error
        } catch {
            Issue.record("unexpected error \(error)")
            return nil
        }
    }

    private func finding() throws -> String {
        guard case .corrupted(let text) = failure() else {
            Issue.record("damage was not found")
            return ""
        }
        return text
    }

    private func edit(_ file: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path + "/" + file)
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
    }

    @Test(
        "in the log is found and named",
        arguments: [
            ("UPDATE entry SET payload = zeroblob(3) WHERE idx = 23", "entry 23 does not match its checksum"),
            ("UPDATE entry SET term = 2 WHERE idx = 24", "entry 24 does not match its checksum"),
            ("UPDATE entry SET kind = 2 WHERE idx = 25", "entry 25 does not match its checksum"),
            ("UPDATE entry SET kind = 9 WHERE idx = 24", "entry 24 is of an unknown kind"),
            ("UPDATE entry SET tag = zeroblob(32) WHERE idx = 40", "entry 40 does not match its checksum"),
            ("UPDATE entry SET link = zeroblob(32) WHERE idx = 8", "entry 8 does not match its checksum"),
            ("DELETE FROM entry WHERE idx = 20", "has no entry 20, the next one is 21"),
            ("DELETE FROM entry WHERE idx = 8", "has no entry 8"),
            ("DELETE FROM entry WHERE idx > 38", "ends at entry 38, but entry 40 was the last one written"),
            ("DELETE FROM head", "term and vote are missing"),
            ("UPDATE head SET vote = 3", "do not match their checksum"),
            ("UPDATE head SET vote = NULL", "do not match their checksum"),
            ("UPDATE head SET term = 3", "do not match their checksum"),
            ("UPDATE base SET configuration = x'0801'", "the start of the log does not match its checksum"),
            ("UPDATE base SET configuration = x'FF'", "can't be decoded"),
            ("DELETE FROM base", "has no entry 1"),
            ("UPDATE meta SET pool = zeroblob(16)", "does not match its checksum"),
            ("DELETE FROM meta", "names the owner is missing"),
        ])
    func log(_ sql: String, _ text: String) throws {
        try edit("log.db", sql)
        let found = try finding()
        #expect(found.contains(path + "/log.db: "))
        #expect(found.contains(text), "\(found)")
        #expect(found.contains("join again under a new id"))
    }

    @Test(
        "in the state is found and named",
        arguments: [
            ("UPDATE state_row SET value = x'00' WHERE key = CAST('row 5' AS BLOB)", "does not match its checksum"),
            ("UPDATE state_row SET tbl = 9 WHERE key = CAST('row 5' AS BLOB)", "(table 9) does not match"),
            ("DELETE FROM state_row WHERE key = CAST('row 5' AS BLOB)", "rows of the state are missing"),
            ("UPDATE applied SET idx = 31", "the applied mark does not match its checksum"),
            ("UPDATE applied SET tag = zeroblob(32)", "the applied mark does not match its checksum"),
            ("DELETE FROM applied", "rows of the state are missing or were brought back"),
        ])
    func state(_ sql: String, _ text: String) throws {
        try edit("state.db", sql)
        let found = try finding()
        #expect(found.contains(path + "/state.db: "))
        #expect(found.contains(text), "\(found)")
    }

    @Test("by files that don't belong together is found")
    func togetherness() throws {
        let fresh = temporary.file("fresh")
        do {
            let storage = try SQLiteNodeStorage(folder: fresh, identity: Samples.identity)
            _ = try storage.load()
            try storage.close()
        }
        let state = try bytes(ofFile: path + "/state.db")
        try overwrite(path + "/state.db", with: bytes(ofFile: fresh + "/state.db"))
        #expect(try finding().contains("the state has applied entry 0, but the log was cut off at entry 7"))
        try overwrite(path + "/state.db", with: state)
        try overwrite(path + "/log.db", with: bytes(ofFile: fresh + "/log.db"))
        #expect(try finding().contains("the log ends at entry 0, but the state has applied entry 30"))
    }

    /// What a sealed node has promised is in its log alone.
    @Test("that takes the whole log is found, though nothing was ever applied", arguments: [false, true])
    func lostLog(isEmptied: Bool) throws {
        let sealed = temporary.file("sealed")
        do {
            let storage = try SQLiteNodeStorage(folder: sealed, identity: Samples.identity)
            _ = try storage.load()
            try storage.persist(
                hardState: HardState(term: 4, vote: NodeID(2)), truncateFrom: nil, entries: Samples.entries(1...3))
            try storage.close()
        }
        let log = sealed + "/log.db"
        if isEmptied {
            try overwrite(log, with: [])
        } else {
            try FileManager.default.removeItem(atPath: log)
        }
        for _ in 0..<2 {
            let error = #expect(throws: NodeFolderError.self) {
                try SQLiteNodeStorage(folder: sealed, identity: Samples.identity)
            }
            #expect(error.map { "\($0)".contains("\(log): the log is lost") } == true)
        }
    }

    @Test("of any byte never leads to other data", arguments: 0..<8)
    func anyByte(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for file in ["log.db", "state.db"] {
            let original = try bytes(ofFile: path + "/" + file)
            var found = 0
            for _ in 0..<25 {
                var damaged = original
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let position = Int.random(in: 0..<damaged.count, using: &random)
                    damaged[position] ^= UInt8.random(in: 1...255, using: &random)
                }
                try overwrite(path + "/" + file, with: damaged)
                // Bytes that nothing depends on may change; then the data must still be right, which `failure` checks.
                if failure() != nil { found += 1 }
                for companion in ["-wal", "-shm"] {
                    try? FileManager.default.removeItem(atPath: path + "/" + file + companion)
                }
            }
            #expect(found > 0, "seed \(seed) hit nothing in \(file)")
            try overwrite(path + "/" + file, with: original)
        }
        #expect(failure() == nil)
    }

    @Test("of a whole page is found", arguments: ["log.db", "state.db"])
    func pages(_ file: String) throws {
        let original = try bytes(ofFile: path + "/" + file)
        var found = 0
        for page in 1..<(original.count / 4096) {
            var damaged = original
            damaged.replaceSubrange((page * 4096)..<((page + 1) * 4096), with: [UInt8](repeating: 0, count: 4096))
            try overwrite(path + "/" + file, with: damaged)
            if failure() != nil { found += 1 }
        }
        // Pages of key material aren't read here: their records are verified one by one, when they are used.
        #expect(found >= 3)
    }
}
