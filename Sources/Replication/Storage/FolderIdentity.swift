import GRDB
public import Raft

/// Whose data a folder holds.
public struct FolderIdentity: Hashable, Sendable {
    /// 16 bytes.
    public let poolID: [UInt8]
    public let node: NodeID

    /// - Precondition: `poolID` has 16 bytes.
    public init(poolID: [UInt8], node: NodeID) {
        precondition(poolID.count == WireLimits.identifierBytes, "a pool id has 16 bytes")
        self.poolID = poolID
        self.node = node
    }
}

/// The row that names the owner of a database file. Each file has its own, so that files put together from two
/// folders are found.
struct MetaRow {
    static let currentFormat: Int64 = 1
    static let schema = """
        CREATE TABLE meta (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            format INTEGER NOT NULL, pool BLOB NOT NULL, node INTEGER NOT NULL, checksum BLOB NOT NULL
        ) STRICT;
        """

    static func insert(_ identity: FolderIdentity, into database: Database) throws {
        try database.execute(
            sql: "INSERT INTO meta (id, format, pool, node, checksum) VALUES (0, ?, ?, ?, ?)",
            arguments: [
                currentFormat, identity.poolID.asData, identity.node.asInteger,
                checksum(currentFormat, identity).asData,
            ])
    }

    /// - Throws: ``NodeFolderError`` if the file is another's, or of an unknown format.
    static func check(_ identity: FolderIdentity, in database: Database, file: String) throws {
        guard let row = try Row.fetchOne(database, sql: "SELECT format, pool, node, checksum FROM meta WHERE id = 0")
        else { throw StorageFailures.corrupted(file, "the row that names the owner is missing") }
        let format = try row.integer(0, file: file)
        let pool = try row.bytes(1, file: file)
        let node = try row.number(2, file: file)
        guard pool.count == WireLimits.identifierBytes,
            try row.bytes(3, file: file) == checksum(format, FolderIdentity(poolID: pool, node: NodeID(node)))
        else { throw StorageFailures.corrupted(file, "the row that names the owner does not match its checksum") }
        // After the checksum, since this row looks the same in every format.
        guard format == currentFormat else {
            throw NodeFolderError.unknownFormat(path: file, found: format, supported: currentFormat)
        }
        guard pool == identity.poolID else {
            throw NodeFolderError.otherPool(path: file, found: hex(pool), expected: hex(identity.poolID))
        }
        guard node == identity.node.rawValue else {
            throw NodeFolderError.otherNode(path: file, found: node, expected: identity.node.rawValue)
        }
    }

    private static func checksum(_ format: Int64, _ identity: FolderIdentity) -> [UInt8] {
        var input = Checksum.Input(label: "quorate/disk/meta")
        input.append(UInt64(bitPattern: format))
        input.append(identity.poolID)
        input.append(identity.node.rawValue)
        return input.digest
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            let text = String(byte, radix: 16)
            return text.count == 1 ? "0" + text : text
        }.joined()
    }
}
