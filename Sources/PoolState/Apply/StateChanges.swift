/// What a command changes beside the records: rows and blobs, each once.
struct StateChanges {
    private struct Place: Hashable {
        let table: UInt8
        let key: [UInt8]
    }

    /// In the order of the first change of each, so that it is the same on every replica.
    private(set) var rows: [RowChange] = []
    /// Where the first of them are. Most commands change a few rows, which are found sooner without it.
    private var positions: [Place: Int] = [:]
    private(set) var blobs: [BlobChange] = []

    mutating func store<Row: StoredRow>(_ row: Row) {
        set(Row.table, row.rowKey, row.canonicalBytes)
    }

    mutating func remove(_ table: RowTable, _ key: [UInt8]) {
        set(table, key, nil)
    }

    mutating func storeBlob(_ bytes: [UInt8], digest: [UInt8]) {
        blobs.append(BlobChange(digest: digest, bytes: bytes))
    }

    mutating func removeBlob(digest: [UInt8]) {
        blobs.append(BlobChange(digest: digest, bytes: nil))
    }

    private mutating func set(_ table: RowTable, _ key: [UInt8], _ value: [UInt8]?) {
        let change = RowChange(table: table.rawValue, key: key, value: value)
        if let position = position(of: change) {
            rows[position] = change
        } else {
            rows.append(change)
        }
    }

    private mutating func position(of change: RowChange) -> Int? {
        guard rows.count > 8 else {
            return rows.firstIndex { $0.table == change.table && $0.key == change.key }
        }
        for position in positions.count..<rows.count {
            positions[Place(table: rows[position].table, key: rows[position].key)] = position
        }
        return positions[Place(table: change.table, key: change.key)]
    }
}

extension MerkleTree {
    mutating func apply(_ rows: [RowChange]) {
        apply(
            rows.map { row in
                let path = MerkleTree.path(table: row.table, key: row.key)
                return Change(path: path, leaf: row.value.map { MerkleTree.leafHash(path: path, value: $0) })
            })
    }
}
