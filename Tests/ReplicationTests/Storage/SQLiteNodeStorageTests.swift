import Foundation
import NodeEnvironment
import Raft
import Replication
import Testing

@Suite("The storage of a node")
struct SQLiteNodeStorageTests {
    let temporary: TemporaryFolder
    let path: String

    init() throws {
        temporary = try TemporaryFolder()
        path = temporary.file("node")
    }

    private func open(_ path: String? = nil) throws -> SQLiteNodeStorage {
        try SQLiteNodeStorage(folder: path ?? self.path, identity: Samples.identity)
    }

    /// What a node finds that starts from the files as they are now.
    private func afterCrash(_ name: String) throws -> StoredNode {
        try open(temporary.copy(of: path, as: name)).load()
    }

    @Test("is empty at first")
    func fresh() throws {
        let stored = try open().load()
        #expect(
            stored
                == StoredNode(
                    hardState: nil, entries: [], compactedIndex: 0, compactedTerm: 0, compactedTag: [],
                    configuration: .empty, applied: nil, rows: StoredRows()))
    }

    @Test("keeps term, vote, commit and entries over a crash")
    func persists() throws {
        let storage = try open()
        _ = try storage.load()
        let entries = Samples.entries(1...20)
        try storage.persist(
            hardState: HardState(term: 3, vote: NodeID(2), commit: 4), truncateFrom: nil, entries: entries)
        #expect(try afterCrash("a").entries == entries)
        #expect(try afterCrash("b").hardState == HardState(term: 3, vote: NodeID(2), commit: 4))
        try storage.persist(hardState: HardState(term: 4, vote: nil, commit: 9), truncateFrom: nil, entries: [])
        #expect(try afterCrash("c").hardState == HardState(term: 4, vote: nil, commit: 9))
        try storage.persist(hardState: nil, truncateFrom: nil, entries: [Samples.entry(21)])
        #expect(try afterCrash("d").entries.count == 21)
        #expect(try afterCrash("e").hardState == HardState(term: 4, vote: nil, commit: 9))
    }

    @Test("replaces a tail in one step")
    func truncates() throws {
        let storage = try open()
        _ = try storage.load()
        try storage.persist(
            hardState: HardState(term: 1, commit: 3), truncateFrom: nil, entries: Samples.entries(1...10))
        let replacement = Samples.entries(6...7, term: 2)
        try storage.persist(hardState: HardState(term: 2, commit: 3), truncateFrom: 6, entries: replacement)
        #expect(try afterCrash("a").entries == Samples.entries(1...5) + replacement)
        try storage.persist(hardState: nil, truncateFrom: 8, entries: [])
        try storage.persist(hardState: nil, truncateFrom: 4, entries: [])
        #expect(try afterCrash("b").entries == Samples.entries(1...3))
    }

    @Test("survives reopening without a crash")
    func reopens() throws {
        do {
            let storage = try open()
            _ = try storage.load()
            try storage.persist(hardState: HardState(term: 1), truncateFrom: nil, entries: Samples.entries(1...5))
            try storage.close()
        }
        let storage = try open()
        #expect(try storage.load().entries == Samples.entries(1...5))
        try storage.persist(hardState: nil, truncateFrom: nil, entries: Samples.entries(6...8))
        #expect(try afterCrash("a").entries == Samples.entries(1...8))
    }

    @Test("keeps rows, key material and the mark in one step")
    func applies() throws {
        let storage = try open()
        _ = try storage.load()
        try storage.persist(hardState: HardState(term: 1), truncateFrom: nil, entries: Samples.entries(1...10))
        try storage.saveApplied(
            Samples.mark(2), rows: [Samples.row(1, value: "a"), Samples.row(2, value: "b")], blobs: [Samples.blob(1)])
        try storage.saveApplied(
            Samples.mark(5), rows: [Samples.row(1, value: nil), Samples.row(2, value: "c"), Samples.row(3, value: "")],
            blobs: [])
        let stored = try afterCrash("a")
        #expect(stored.applied == Samples.mark(5))
        #expect(Set(stored.rows) == [Samples.row(2, value: "c"), Samples.row(3, value: "")])
        // Removing what isn't there is no error: a command may delete what the same batch has put.
        try storage.saveApplied(Samples.mark(6), rows: [Samples.row(77, value: nil)], blobs: [])
        #expect(try afterCrash("b").applied == Samples.mark(6))
    }

    @Test("knows what was applied as committed")
    func commitLags() throws {
        let storage = try open()
        _ = try storage.load()
        try storage.persist(
            hardState: HardState(term: 1, commit: 1), truncateFrom: nil, entries: Samples.entries(1...9))
        try storage.saveApplied(Samples.mark(8), rows: [], blobs: [])
        #expect(try afterCrash("a").hardState?.commit == 8)
    }

    @Test("cuts the log off and remembers where")
    func compacts() throws {
        let storage = try open()
        _ = try storage.load()
        try storage.persist(
            hardState: HardState(term: 1, commit: 2), truncateFrom: nil, entries: Samples.entries(1...10))
        try storage.saveApplied(Samples.mark(8), rows: [Samples.row(1, value: "a")], blobs: [])
        try storage.compactLog(through: 6, term: 1, tag: Samples.tag(6), configuration: Samples.configuration)
        let stored = try afterCrash("a")
        #expect(stored.compactedIndex == 6)
        #expect(stored.compactedTerm == 1)
        #expect(stored.compactedTag == Samples.tag(6))
        #expect(stored.configuration == Samples.configuration)
        #expect(stored.entries == Samples.entries(7...10))
        // Everything, then more: the chain goes on from what was cut off.
        try storage.saveApplied(Samples.mark(10), rows: [], blobs: [])
        try storage.compactLog(through: 10, term: 1, tag: Samples.tag(10), configuration: Samples.configuration)
        #expect(try afterCrash("b").entries == [])
        try storage.persist(hardState: nil, truncateFrom: 11, entries: Samples.entries(11...12))
        #expect(try afterCrash("c").entries == Samples.entries(11...12))
        // A second time is no work.
        try storage.compactLog(through: 10, term: 1, tag: Samples.tag(10), configuration: Samples.configuration)
    }

    @Test("finds every crash between two writes whole", arguments: 0..<6)
    func crashes(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let storage = try open()
        _ = try storage.load()
        var model: [LogEntry] = []
        var hardState = HardState(term: 1)
        for step in 0..<60 {
            let truncateFrom = model.count > Int(hardState.commit) && Bool.random(using: &random)
                ? LogIndex.random(in: (hardState.commit + 1)...UInt64(model.count), using: &random) : nil
            if let truncateFrom {
                model.removeLast(model.count - Int(truncateFrom) + 1)
                hardState.term += 1
            }
            let first = UInt64(model.count + 1)
            let entries = Samples.entries(
                first...(first + .random(in: 0..<8, using: &random)), term: hardState.term,
                bytes: .random(in: 0..<6000, using: &random))
            model += entries
            hardState.commit = .random(in: hardState.commit...UInt64(model.count), using: &random)
            try storage.persist(hardState: hardState, truncateFrom: truncateFrom, entries: entries)
            if step % 7 == 0 {
                let stored = try afterCrash("\(step)")
                #expect(stored.entries == model, "seed \(seed), step \(step)")
                #expect(stored.hardState == hardState)
            }
        }
    }
}
