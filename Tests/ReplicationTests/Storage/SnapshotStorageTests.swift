import Foundation
import GRDB
import NodeEnvironment
import Raft
import Replication
import Testing

@Suite("Snapshots on the disk of a node")
struct SnapshotStorageTests {
    let temporary: TemporaryFolder

    init() throws {
        temporary = try TemporaryFolder()
    }

    private func open(_ path: String) throws -> SQLiteNodeStorage {
        try SQLiteNodeStorage(folder: path, identity: Samples.identity)
    }

    private static let rows = (0..<200).map { Samples.row($0, value: String(repeating: "v", count: Int($0) * 10)) }
    private static let blobs = (0..<30).map { Samples.blob($0) }

    /// A node that has applied 40 entries.
    private func source() throws -> SQLiteNodeStorage {
        let storage = try open(temporary.file("source"))
        _ = try storage.load()
        try storage.persist(
            hardState: HardState(term: 1, commit: 40), truncateFrom: nil, entries: Samples.entries(1...40))
        try storage.saveApplied(Samples.mark(40), rows: Self.rows, blobs: Self.blobs)
        return storage
    }

    private func read(_ reader: any SnapshotReader, limit: Int) throws -> [SnapshotChunk] {
        var chunks: [SnapshotChunk] = []
        repeat {
            chunks.append(try reader.chunk(after: chunks.last?.end ?? .beginning, byteLimit: limit))
        } while chunks.last?.isLast == false
        return chunks
    }

    /// A node with an own past: `last` entries, the first five of them applied.
    private func target(_ name: String, last: LogIndex = 10, term: Term = 1) throws -> SQLiteNodeStorage {
        let storage = try open(temporary.file(name))
        _ = try storage.load()
        try storage.persist(
            hardState: HardState(term: term, commit: 5), truncateFrom: nil,
            entries: Samples.entries(1...last, term: term))
        try storage.saveApplied(Samples.mark(5, term: term), rows: [Samples.row(900, value: "old")], blobs: [])
        return storage
    }

    @Test("are read in pieces, at one index, whatever is written meanwhile", arguments: [1, 700, 5_000, 10 << 20])
    func reading(limit: Int) throws {
        let storage = try source()
        let reader = try #require(try storage.openSnapshot())
        try storage.persist(hardState: nil, truncateFrom: nil, entries: Samples.entries(41...45))
        try storage.saveApplied(
            Samples.mark(45), rows: [Samples.row(3, value: nil), Samples.row(500, value: "new")], blobs: [])
        let chunks = try read(reader, limit: limit)
        #expect(chunks.allSatisfy { $0.mark == Samples.mark(40) && $0.isInOrder })
        #expect(Set(chunks.flatMap(\.rows)) == Set(Self.rows))
        #expect(Set(chunks.flatMap(\.blobs)) == Set(Self.blobs))
        if limit < 10_000 { #expect(chunks.count > 10) }
        for chunk in chunks where chunk.rows.count + chunk.blobs.count > 1 {
            let bytes = chunk.rows.reduce(0) { $0 + ($1.value?.count ?? 0) }
            #expect(bytes <= limit)
        }
        #expect(try storage.openSnapshot()?.mark == Samples.mark(45))
    }

    @Test("don't exist before anything was applied")
    func nothing() throws {
        let storage = try open(temporary.file("empty"))
        _ = try storage.load()
        #expect(try storage.openSnapshot() == nil)
    }

    @Test("that are damaged on the disk aren't handed on")
    func damage() throws {
        let storage = try source()
        try storage.compactLog(through: 40, term: 1, tag: Samples.tag(40), configuration: Samples.configuration)
        try storage.close()
        let damaged = try temporary.copy(of: temporary.file("source"), as: "damaged")
        let database = damaged + "/state.db"
        var content = try bytes(ofFile: database)
        let needle = Array(String(repeating: "v", count: 1990).utf8)
        let place = try #require(content.indices.first { content[$0...].starts(with: needle.prefix(64)) })
        content[place + 5] ^= 1
        try overwrite(database, with: content)
        let reader = try #require(try open(damaged).openSnapshot())
        #expect(throws: StorageFailure.self) { try read(reader, limit: 1 << 20) }
    }

    @Test("are kept piece by piece over a crash, and go on where they stopped")
    func staging() throws {
        let reader = try #require(try source().openSnapshot())
        let chunks = try read(reader, limit: 5_000)
        let half = chunks.count / 2
        let storage = try target("target")
        for chunk in chunks[..<half] { try storage.stage(chunk) }
        // Of a full disk SQLite says so where it can't make this file longer, but for this file itself.
        #expect(!FileManager.default.fileExists(atPath: temporary.file("target") + "/incoming.db-shm"))
        let copy = try open(temporary.copy(of: temporary.file("target"), as: "crashed"))
        #expect(try copy.load().applied == Samples.mark(5))
        let expected = StagedSnapshot(mark: Samples.mark(40), received: chunks[half - 1].end, isComplete: false)
        #expect(copy.staged == expected)
        for chunk in chunks[half...] { try copy.stage(chunk) }
        #expect(copy.staged?.isComplete == true)
        #expect(try Set(copy.stagedRows()) == Set(Self.rows))
        #expect(try copy.stagedDigests() == Set(Self.blobs.map(\.digest)))
        // Another snapshot begins: the first one is dropped.
        try copy.stage(SnapshotChunk(mark: Samples.mark(41), after: .beginning, rows: [], blobs: [], isLast: true))
        #expect(try copy.stagedRows().isEmpty)
        try copy.discardStaged()
        #expect(copy.staged == nil)
        #expect(!FileManager.default.fileExists(atPath: temporary.file("crashed") + "/incoming.db"))
    }

    private func expectInstalled(_ stored: StoredNode, entries: [LogEntry]) {
        #expect(stored.applied == Samples.mark(40))
        #expect(Set(stored.rows) == Set(Self.rows))
        #expect(stored.compactedIndex == 40 && stored.compactedTerm == 1)
        #expect(stored.compactedTag == Samples.tag(40))
        #expect(stored.configuration == Samples.configuration)
        #expect(stored.entries == entries)
        #expect(stored.hardState?.commit == 40)
    }

    private func stagedTarget(_ name: String, last: LogIndex = 10, term: Term = 1) throws -> SQLiteNodeStorage {
        let reader = try #require(try source().openSnapshot())
        let storage = try target(name, last: last, term: term)
        for chunk in try read(reader, limit: 5_000) { try storage.stage(chunk) }
        return storage
    }

    @Test("replace state and log, and the log goes on behind them")
    func installation() throws {
        let storage = try stagedTarget("target")
        try storage.installStaged(configuration: Samples.configuration)
        #expect(storage.staged == nil)
        try storage.persist(hardState: nil, truncateFrom: nil, entries: Samples.entries(41...43))
        try storage.saveApplied(Samples.mark(42), rows: [], blobs: [])
        let material = try storage.makeKeyMaterialReader()
        #expect(try material.blob(digest: Samples.blob(3).digest) == Samples.blob(3).bytes)
        let stored = try open(temporary.copy(of: temporary.file("target"), as: "later")).load()
        #expect(stored.entries == Samples.entries(41...43) && stored.applied == Samples.mark(42))
        #expect(Set(stored.rows) == Set(Self.rows))
    }

    @Test("keep what the log has behind them, if it has their last entry")
    func tail() throws {
        let storage = try stagedTarget("same", last: 44)
        try storage.installStaged(configuration: Samples.configuration)
        expectInstalled(
            try open(temporary.copy(of: temporary.file("same"), as: "same-later")).load(),
            entries: Samples.entries(41...44))
    }

    @Test("drop a log that has another entry at their place")
    func otherTail() throws {
        let storage = try stagedTarget("other", last: 44, term: 2)
        try storage.installStaged(configuration: Samples.configuration)
        expectInstalled(try open(temporary.copy(of: temporary.file("other"), as: "other-later")).load(), entries: [])
    }

    @Test("are installed whole or not at all, wherever the power fails", arguments: [0, 1, 2, 3])
    func interruption(step: Int) throws {
        let storage = try stagedTarget("target", last: 44)
        if step > 0 {
            storage.interruption = SQLiteNodeStorage.InstallationStep.allCases[step - 1]
            #expect(throws: StorageFailure.device("power lost")) {
                try storage.installStaged(configuration: Samples.configuration)
            }
        }
        let crashed = try open(temporary.copy(of: temporary.file("target"), as: "crashed"))
        let stored = try crashed.load()
        if step == 0 {
            #expect(stored.applied == Samples.mark(5) && stored.entries == Samples.entries(1...44))
            #expect(crashed.staged?.isComplete == true)
        } else {
            expectInstalled(stored, entries: Samples.entries(41...44))
            #expect(crashed.staged == nil)
        }
        // A crash in the second attempt is no other.
        let again = try open(temporary.copy(of: temporary.file("crashed"), as: "again")).load()
        #expect(again == stored)
    }

    /// What is in memory isn't what is on the disk then.
    @Test("are completed at the next start, where the disk was full", arguments: [0, 1, 2])
    func fullDisk(step: Int) throws {
        let storage = try stagedTarget("target", last: 44)
        storage.interruption = SQLiteNodeStorage.InstallationStep.allCases[step]
        storage.interruptionFailure = .full
        let failure = #expect(throws: StorageFailure.self) {
            try storage.installStaged(configuration: Samples.configuration)
        }
        guard case .device(let cause)? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(cause.contains("the disk is full") && cause.contains("next start"))
        #expect(throws: StorageFailure.self) { try storage.installStaged(configuration: Samples.configuration) }
        #expect(throws: StorageFailure.self) { try storage.saveApplied(Samples.mark(6), rows: [], blobs: []) }
        let later = try open(temporary.copy(of: temporary.file("target"), as: "later"))
        expectInstalled(try later.load(), entries: Samples.entries(41...44))
    }

    @Test("that can't be read are fetched anew, and the node's own state stays")
    func damagedStaging() throws {
        let storage = try stagedTarget("target")
        try storage.close()
        let path = temporary.file("target") + "/incoming.db"
        var content = try bytes(ofFile: path)
        for place in content.indices where place % 4096 > 100 { content[place] ^= 0x55 }
        try overwrite(path, with: content)
        let reopened = try open(temporary.copy(of: temporary.file("target"), as: "damaged"))
        #expect(reopened.staged == nil)
        #expect(try reopened.load().applied == Samples.mark(5))
    }

    /// Of what is staged, not of what says how much is.
    static let damages = [
        "UPDATE incoming_row SET value = x'00' WHERE key = CAST('row 5' AS BLOB)",
        "UPDATE incoming_blob SET bytes = x'00' WHERE digest = (SELECT min(digest) FROM incoming_blob)",
    ]

    /// What a crash leaves of the node's folder, with what it has received changed.
    private func damaged(_ name: String, _ sql: String) throws -> SQLiteNodeStorage {
        let folder = try temporary.copy(of: temporary.file(name), as: "damaged")
        let queue = try DatabaseQueue(path: folder + "/incoming.db")
        try queue.write { try $0.execute(sql: sql) }
        try queue.close()
        return try open(folder)
    }

    private func isDamage(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch StorageFailure.corrupted(let text) {
            return text.contains("/incoming.db: ")
        } catch {
            return false
        }
    }

    /// The node goes on with its own data, and takes the snapshot anew.
    private func expectUnharmed(_ storage: SQLiteNodeStorage) throws {
        #expect(storage.staged == nil)
        try storage.persist(hardState: HardState(term: 3, commit: 5), truncateFrom: nil, entries: [])
        let source = try open(temporary.copy(of: temporary.file("source"), as: "again"))
        let reader = try #require(try source.openSnapshot())
        for chunk in try read(reader, limit: 5_000) { try storage.stage(chunk) }
        _ = (try storage.stagedRows(), try storage.stagedDigests())
        try storage.installStaged(configuration: Samples.configuration)
        #expect(try storage.load().applied == Samples.mark(40))
    }

    @Test("that are damaged after they came are dropped, and nothing else is", arguments: damages)
    func damagedContents(_ sql: String) throws {
        _ = try stagedTarget("target")
        let storage = try damaged("target", sql)
        _ = try storage.load()
        #expect(storage.staged?.isComplete == true)
        #expect(isDamage { _ = (try storage.stagedRows(), try storage.stagedDigests()) })
        try expectUnharmed(storage)
    }

    @Test("that nothing can be added to any more are dropped, and nothing else is")
    func damagedWhileTheyCome() throws {
        let reader = try #require(try source().openSnapshot())
        let chunks = try read(reader, limit: 5_000)
        let former = try target("target")
        try former.stage(chunks[0])
        let storage = try damaged("target", "DROP TABLE incoming_row")
        _ = try storage.load()
        #expect(storage.staged?.received == chunks[0].end)
        #expect(isDamage { try storage.stage(chunks[1]) })
        try expectUnharmed(storage)
    }

    @Test("that are damaged when they are to be installed after a crash are dropped", arguments: damages)
    func damagedPlan(_ sql: String) throws {
        let former = try stagedTarget("target")
        former.interruption = .planned
        #expect(throws: StorageFailure.self) { try former.installStaged(configuration: Samples.configuration) }
        let storage = try damaged("target", sql)
        let stored = try storage.load()
        #expect(stored.applied == Samples.mark(5) && stored.entries == Samples.entries(1...10))
        try expectUnharmed(storage)
    }
}
