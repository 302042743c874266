import GRDB
import NodeEnvironment
import Raft

/// The one row that is rewritten with every write to the log: term, vote and commit index together with where the log
/// ends. One row, because a node that kept its term and lost its vote would vote twice; with the end of the log,
/// because otherwise a tail that got lost as a whole would look like a shorter log.
struct LogHead: Equatable {
    var hardState: HardState
    var lastIndex: LogIndex
    /// The link of the entry at `lastIndex`.
    var lastLink: [UInt8]

    static let schema = """
        CREATE TABLE head (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            term INTEGER NOT NULL, vote INTEGER, commit_index INTEGER NOT NULL,
            last_index INTEGER NOT NULL, last_link BLOB NOT NULL, checksum BLOB NOT NULL
        ) STRICT;
        """

    private var checksum: [UInt8] {
        var input = Checksum.Input(label: "quorate/disk/head")
        input.append(hardState.term)
        input.append(hardState.vote?.rawValue)
        input.append(hardState.commit)
        input.append(lastIndex)
        input.append(lastLink)
        return input.digest
    }

    func save(in database: Database) throws {
        let replace = try BoundStatement(
            """
            INSERT OR REPLACE INTO head (id, term, vote, commit_index, last_index, last_link, checksum)
            VALUES (0, ?, ?, ?, ?, ?, ?)
            """, in: database)
        try replace.bind(hardState.term.asInteger, at: 1)
        try replace.bind(hardState.vote?.asInteger, at: 2)
        try replace.bind(hardState.commit.asInteger, at: 3)
        try replace.bind(lastIndex.asInteger, at: 4)
        try replace.bind(lastLink, at: 5)
        try replace.bind(checksum, at: 6)
        try replace.run()
    }

    /// - Returns: nil if nothing was ever persisted.
    static func load(from database: Database, file: String) throws -> LogHead? {
        let sql = "SELECT term, vote, commit_index, last_index, last_link, checksum FROM head WHERE id = 0"
        guard let row = try Row.fetchOne(database, sql: sql) else { return nil }
        let head = LogHead(
            hardState: HardState(
                term: try row.number(0, file: file), vote: try row.optionalNumber(1, file: file).map(NodeID.init),
                commit: try row.number(2, file: file)),
            lastIndex: try row.number(3, file: file), lastLink: try row.bytes(4, file: file))
        guard try row.bytes(5, file: file) == head.checksum else {
            throw StorageFailures.corrupted(file, "term, vote and end of the log do not match their checksum")
        }
        return head
    }
}

/// What stands for the entries that were cut off.
struct LogBase: Equatable {
    var index: LogIndex
    var term: Term
    var tag: [UInt8]
    /// The link of the entry at `index`: what the first kept entry is chained to.
    var link: [UInt8]
    /// In force at `index`, not a newer one.
    var configuration: PoolConfiguration

    static let schema = """
        CREATE TABLE base (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            idx INTEGER NOT NULL, term INTEGER NOT NULL, tag BLOB NOT NULL, link BLOB NOT NULL,
            configuration BLOB NOT NULL, checksum BLOB NOT NULL
        ) STRICT;
        """

    private func checksum(configuration encoded: [UInt8]) -> [UInt8] {
        var input = Checksum.Input(label: "quorate/disk/base", capacity: 512)
        input.append(index)
        input.append(term)
        input.append(tag)
        input.append(link)
        input.append(encoded)
        return input.digest
    }

    func save(in database: Database) throws {
        let encoded = try configuration.encoded()
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO base (id, idx, term, tag, link, configuration, checksum)
                VALUES (0, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                index.asInteger, term.asInteger, tag.asData, link.asData, encoded.asData,
                checksum(configuration: encoded).asData,
            ])
    }

    /// - Returns: nil if nothing was ever cut off.
    static func load(from database: Database, file: String) throws -> LogBase? {
        let sql = "SELECT idx, term, tag, link, configuration, checksum FROM base WHERE id = 0"
        guard let row = try Row.fetchOne(database, sql: sql) else { return nil }
        let encoded = try row.bytes(4, file: file)
        guard let configuration = try? PoolConfiguration(decoding: encoded) else {
            throw StorageFailures.corrupted(file, "the configuration at the start of the log can't be decoded")
        }
        let base = LogBase(
            index: try row.number(0, file: file), term: try row.number(1, file: file),
            tag: try row.bytes(2, file: file), link: try row.bytes(3, file: file), configuration: configuration)
        guard try row.bytes(5, file: file) == base.checksum(configuration: encoded) else {
            throw StorageFailures.corrupted(file, "the start of the log does not match its checksum")
        }
        return base
    }
}
