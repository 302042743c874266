import GRDB
import NodeEnvironment
import Raft

/// A checksum over a set of rows that can be kept up to date row by row: the exclusive or of the rows' checksums.
///
/// A row's own checksum finds a row that was altered; this finds one that was lost, or that an older page brought
/// back. Against an attacker neither helps, and the state root under its tag does; but a sealed node can't check that
/// tag, and it should still not hand damaged data on.
struct RowSet: Equatable {
    static let checksumBytes = 16

    private(set) var count: UInt64 = 0
    private(set) var checksum = [UInt8](repeating: 0, count: checksumBytes)

    init() {}

    init(count: UInt64, checksum: [UInt8]) {
        self.count = count
        self.checksum = checksum
    }

    static func checksum(table: UInt8, key: [UInt8], value: [UInt8]) -> [UInt8] {
        var input = Checksum.Input(label: "quorate/disk/row", capacity: 64 + key.count + value.count)
        input.append(UInt64(table))
        input.append(key)
        input.append(value)
        return Array(input.digest.prefix(checksumBytes))
    }

    mutating func insert(_ row: [UInt8]) {
        count += 1
        toggle(row)
    }

    /// - Throws: ``StorageFailure`` if there is no row left to remove: the stored count was wrong.
    mutating func remove(_ row: [UInt8], file: String) throws(StorageFailure) {
        guard count > 0 else { throw StorageFailures.corrupted(file, "more rows are stored than were counted") }
        count -= 1
        toggle(row)
    }

    private mutating func toggle(_ row: [UInt8]) {
        for (position, byte) in row.prefix(Self.checksumBytes).enumerated() {
            checksum[position] ^= byte
        }
    }
}

/// The row that says what the other rows stand for.
struct AppliedRecord: Equatable {
    var mark: AppliedMark
    var rows: RowSet

    static let schema = """
        CREATE TABLE applied (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            idx INTEGER NOT NULL, term INTEGER NOT NULL, chain_tag BLOB NOT NULL, state_root BLOB NOT NULL,
            tag BLOB NOT NULL, row_count INTEGER NOT NULL, row_checksum BLOB NOT NULL, checksum BLOB NOT NULL
        ) STRICT;
        """

    private var checksum: [UInt8] {
        var input = Checksum.Input(label: "quorate/disk/applied", capacity: 256)
        input.append(mark.index)
        input.append(mark.term)
        input.append(mark.chainTag)
        input.append(mark.stateRoot)
        input.append(mark.tag)
        input.append(rows.count)
        input.append(rows.checksum)
        return input.digest
    }

    func save(in database: Database) throws {
        let replace = try BoundStatement(
            """
            INSERT OR REPLACE INTO applied
                (id, idx, term, chain_tag, state_root, tag, row_count, row_checksum, checksum)
            VALUES (0, ?, ?, ?, ?, ?, ?, ?, ?)
            """, in: database)
        try replace.bind(mark.index.asInteger, at: 1)
        try replace.bind(mark.term.asInteger, at: 2)
        try replace.bind(mark.chainTag, at: 3)
        try replace.bind(mark.stateRoot, at: 4)
        try replace.bind(mark.tag, at: 5)
        try replace.bind(rows.count.asInteger, at: 6)
        try replace.bind(rows.checksum, at: 7)
        try replace.bind(checksum, at: 8)
        try replace.run()
    }

    /// - Returns: nil if nothing was ever applied.
    static func load(from database: Database, file: String) throws -> AppliedRecord? {
        let sql = """
            SELECT idx, term, chain_tag, state_root, tag, row_count, row_checksum, checksum FROM applied WHERE id = 0
            """
        guard let row = try Row.fetchOne(database, sql: sql) else { return nil }
        let record = AppliedRecord(
            mark: AppliedMark(
                index: try row.number(0, file: file), term: try row.number(1, file: file),
                chainTag: try row.bytes(2, file: file), stateRoot: try row.bytes(3, file: file),
                tag: try row.bytes(4, file: file)),
            rows: RowSet(count: try row.number(5, file: file), checksum: try row.bytes(6, file: file)))
        guard try row.bytes(7, file: file) == record.checksum else {
            throw StorageFailures.corrupted(file, "the applied mark does not match its checksum")
        }
        return record
    }
}
