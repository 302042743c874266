import GRDB
import NodeEnvironment
import Raft

/// `log.db`: the replicated log, and term, vote and commit index. Every commit is flushed.
///
/// Confined to the driver's thread.
final class LogDatabase {
    static let fileName = "log.db"

    /// What ``load()`` finds.
    struct Contents {
        var hardState: HardState?
        var entries: [LogEntry]
        var base: LogBase
    }

    let path: String
    let queue: DatabaseQueue
    private let origin: [UInt8]
    /// What the disk holds, as of the last successful call. Nil before ``load()``.
    private var known: Known?

    private struct Known {
        var head: LogHead
        var base: LogBase
        /// The term of the last entry.
        var lastTerm: Term
    }

    init(folder: NodeFolder, identity: FolderIdentity) throws(NodeFolderError) {
        path = folder.file(Self.fileName)
        origin = LogChain.origin(identity)
        let mayBeMade = try Self.mayBeMade(in: folder)
        let isNew = try folder.prepareDatabaseFile(Self.fileName)
        do {
            try WriteAheadLogCheck.check(database: path)
            queue = try DatabaseFile.open(path, durability: .everyCommit, isShared: false)
            try Self.prepare(queue, identity: identity, isNew: isNew, mayBeMade: mayBeMade, file: path)
        } catch let error as NodeFolderError {
            throw error
        } catch {
            throw .storage(StorageFailures.failure(error, in: path))
        }
    }

    /// A state is begun only when the log's tables are on the disk. A log that is missing beside one is lost, and with
    /// it the vote; the state need not show that, for a sealed node never writes it.
    private static func mayBeMade(in folder: NodeFolder) throws(NodeFolderError) -> Bool {
        let hasLog = try FilePermissions.check(folder.file(fileName), is: .file)
        let hasState = try FilePermissions.check(folder.file(StateDatabase.fileName), is: .file)
        guard hasLog || !hasState else { throw .storage(lost(folder.file(fileName))) }
        return !hasState
    }

    private static func lost(_ file: String) -> StorageFailure {
        StorageFailures.corrupted(file, "the log is lost: there is a state beside it")
    }

    private static func prepare(
        _ queue: DatabaseQueue, identity: FolderIdentity, isNew: Bool, mayBeMade: Bool, file: String
    ) throws {
        try queue.write { database in
            // A crash between creating the file and this transaction leaves an empty database.
            if try !database.tableExists("meta") {
                guard mayBeMade else { throw lost(file) }
                guard try isNew || !database.tableExists("entry") else {
                    throw StorageFailures.corrupted(file, "the table that names the owner is missing")
                }
                try database.execute(sql: MetaRow.schema + LogHead.schema + LogBase.schema + entrySchema)
                try MetaRow.insert(identity, into: database)
            }
            try MetaRow.check(identity, in: database, file: file)
        }
    }

    private static let entrySchema = """
        CREATE TABLE entry (
            idx INTEGER PRIMARY KEY,
            term INTEGER NOT NULL, kind INTEGER NOT NULL, payload BLOB NOT NULL, tag BLOB NOT NULL,
            link BLOB NOT NULL
        ) STRICT;
        """

    // MARK: - Reading

    /// Reads and verifies everything.
    func load() throws(StorageFailure) -> Contents {
        let (head, base, entries) = try StorageFailures.translating(path) {
            try queue.read { database in
                let head = try LogHead.load(from: database, file: path)
                let base =
                    try LogBase.load(from: database, file: path)
                    ?? LogBase(index: 0, term: 0, tag: [], link: origin, configuration: .empty)
                return (head, base, try loadEntries(after: base, from: database))
            }
        }
        try check(head, base: base, entries: entries)
        let found = head ?? LogHead(hardState: HardState(), lastIndex: 0, lastLink: origin)
        known = Known(head: found, base: base, lastTerm: entries.list.last?.term ?? base.term)
        return Contents(hardState: head?.hardState, entries: entries.list, base: base)
    }

    private struct LoadedEntries {
        var list: [LogEntry] = []
        var lastLink: [UInt8]
    }

    private func loadEntries(after base: LogBase, from database: Database) throws -> LoadedEntries {
        var loaded = LoadedEntries(lastLink: base.link)
        var expected = base.index + 1
        var term = base.term
        let sql = "SELECT idx, term, kind, payload, tag, link FROM entry ORDER BY idx"
        let rows = try Row.fetchCursor(database, sql: sql)
        while let row = try rows.next() {
            let index = try row.number(0, file: path)
            guard index == expected else {
                throw StorageFailures.corrupted(path, "the log has no entry \(expected), the next one is \(index)")
            }
            guard let kind = EntryRecord.Kind(rawValue: try row.integer(2, file: path)) else {
                throw StorageFailures.corrupted(path, "entry \(index) is of an unknown kind")
            }
            let record = EntryRecord(
                index: index, term: try row.number(1, file: path), kind: kind, payload: try row.bytes(3, file: path),
                tag: try row.bytes(4, file: path))
            let link = LogChain.link(after: loaded.lastLink, record)
            guard try row.bytes(5, file: path) == link else {
                throw StorageFailures.corrupted(path, "entry \(index) does not match its checksum")
            }
            guard record.term >= term, let entry = try? record.entry() else {
                throw StorageFailures.corrupted(path, "entry \(index) was stored with impossible content")
            }
            loaded.list.append(entry)
            loaded.lastLink = link
            term = record.term
            expected += 1
        }
        return loaded
    }

    private func check(_ head: LogHead?, base: LogBase, entries: LoadedEntries) throws(StorageFailure) {
        let last = base.index + UInt64(entries.list.count)
        guard let head else {
            guard last == 0 else { throw StorageFailures.corrupted(path, "term and vote are missing beside a log") }
            return
        }
        guard head.lastIndex == last, head.lastLink == entries.lastLink else {
            throw StorageFailures.corrupted(
                path, "the log ends at entry \(last), but entry \(head.lastIndex) was the last one written")
        }
        guard head.hardState.commit <= last, base.index <= last else {
            throw StorageFailures.corrupted(path, "entry \(head.hardState.commit) was committed but is missing")
        }
    }

    // MARK: - Writing

    /// One transaction, one flush. See ``NodeStorage/persist(hardState:truncateFrom:entries:)``.
    ///
    /// - Precondition: ``load()`` has succeeded; the entries continue the log; nothing committed is truncated.
    func persist(
        hardState: HardState?, truncateFrom: LogIndex?, entries: [LogEntry]
    ) throws(StorageFailure) {
        // The driver loads before anything else: what it would write otherwise contradicts the disk.
        guard var next = known else { preconditionFailure("the log is written before it was loaded") }
        guard hardState != nil || truncateFrom != nil || !entries.isEmpty else { return }
        try StorageFailures.translating(path) {
            try queue.preparedWrite { database in
                if let truncateFrom { try truncate(from: truncateFrom, &next, database) }
                try append(entries, &next, database)
                if let hardState { next.head.hardState = hardState }
                let commit = next.head.hardState.commit
                precondition(commit <= next.head.lastIndex, "an entry is committed that the log doesn't hold")
                try next.head.save(in: database)
            }
        }
        known = next
    }

    private func truncate(from index: LogIndex, _ next: inout Known, _ database: Database) throws {
        guard index <= next.head.lastIndex else { return }
        precondition(index > next.base.index, "a truncation reaches into what was compacted")
        precondition(index > next.head.hardState.commit, "a truncation drops a committed entry")
        try database.cachedStatement(sql: "DELETE FROM entry WHERE idx >= ?").execute(arguments: [index.asInteger])
        (next.lastTerm, next.head.lastLink) = try position(index - 1, next.base, database)
        next.head.lastIndex = index - 1
    }

    private func position(_ index: LogIndex, _ base: LogBase, _ database: Database) throws -> (Term, [UInt8]) {
        if index == base.index { return (base.term, base.link) }
        let sql = "SELECT term, link FROM entry WHERE idx = ?"
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [index.asInteger]) else {
            throw StorageFailures.corrupted(path, "the log has no entry \(index)")
        }
        return (try row.number(0, file: path), try row.bytes(1, file: path))
    }

    private func append(_ entries: [LogEntry], _ next: inout Known, _ database: Database) throws {
        guard !entries.isEmpty else { return }
        let insert = try BoundStatement(
            "INSERT INTO entry (idx, term, kind, payload, tag, link) VALUES (?, ?, ?, ?, ?, ?)", in: database)
        for entry in entries {
            precondition(entry.index == next.head.lastIndex + 1, "an appended entry does not continue the log")
            precondition(entry.term >= next.lastTerm, "an appended entry is of an earlier term than the one before it")
            let record = try EntryRecord(entry)
            let link = LogChain.link(after: next.head.lastLink, record)
            try insert.bind(record.index.asInteger, at: 1)
            try insert.bind(record.term.asInteger, at: 2)
            try insert.bind(record.kind.rawValue, at: 3)
            try insert.bind(record.payload, at: 4)
            try insert.bind(record.tag, at: 5)
            try insert.bind(link, at: 6)
            try insert.run()
            next.head.lastIndex = entry.index
            next.head.lastLink = link
            next.lastTerm = entry.term
        }
    }

    /// Replaces everything up to and including `through` by its position.
    ///
    /// - Precondition: `through` is committed and in the log.
    func compact(
        through index: LogIndex, term: Term, tag: [UInt8], configuration: PoolConfiguration
    ) throws(StorageFailure) {
        // The driver loads before anything else: what it would write otherwise contradicts the disk.
        guard var next = known else { preconditionFailure("the log is compacted before it was loaded") }
        guard index > next.base.index else { return }
        precondition(index <= next.head.lastIndex, "a compaction reaches beyond the log")
        try StorageFailures.translating(path) {
            try queue.write { database in
                let (storedTerm, link) = try position(index, next.base, database)
                precondition(storedTerm == term, "a compaction names another term than the log holds")
                next.base = LogBase(index: index, term: term, tag: tag, link: link, configuration: configuration)
                try database.execute(sql: "DELETE FROM entry WHERE idx <= ?", arguments: [index.asInteger])
                try next.base.save(in: database)
                // What is cut off was committed; a stored commit index below it would contradict the base.
                next.head.hardState.commit = max(next.head.hardState.commit, index)
                try next.head.save(in: database)
            }
        }
        known = next
    }

    /// Begins the log behind a snapshot, in one flushed transaction. What follows on the snapshot stays, if the log has
    /// the snapshot's last entry.
    func restart(behind mark: AppliedMark, configuration: PoolConfiguration) throws(StorageFailure) {
        // The driver loads before anything else: what it would write otherwise contradicts the disk.
        guard var next = known else { preconditionFailure("the log is restarted before it was loaded") }
        guard mark.index > next.base.index else { return }
        try StorageFailures.translating(path) {
            try queue.write { database in
                let held = mark.index <= next.head.lastIndex ? try position(mark.index, next.base, database) : nil
                if let held, held.0 == mark.term {
                    next.base.link = held.1
                    try database.execute(sql: "DELETE FROM entry WHERE idx <= ?", arguments: [mark.index.asInteger])
                } else {
                    // The entry itself was never here: the chain begins anew.
                    next.base.link = LogChain.restart(origin, behind: mark)
                    try database.execute(sql: "DELETE FROM entry")
                    next.head.lastIndex = mark.index
                    next.head.lastLink = next.base.link
                    next.lastTerm = mark.term
                }
                next.base = LogBase(
                    index: mark.index, term: mark.term, tag: mark.chainTag, link: next.base.link,
                    configuration: configuration)
                try next.base.save(in: database)
                next.head.hardState.commit = max(next.head.hardState.commit, mark.index)
                if mark.term > next.head.hardState.term {
                    next.head.hardState.term = mark.term
                    next.head.hardState.vote = nil
                }
                try next.head.save(in: database)
            }
        }
        known = next
    }

    /// The last entry that the disk holds.
    var lastIndex: LogIndex { known?.head.lastIndex ?? 0 }
    /// The last entry that was cut off.
    var baseIndex: LogIndex { known?.base.index ?? 0 }
}
