/// What a command changes beside the records: rows and blobs, each once.
struct StateChanges {
    private struct Place: Hashable {
        let table: UInt8
        let key: [UInt8]
    }

    private var order: [Place] = []
    private var values: [Place: [UInt8]?] = [:]
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

    /// In the order of the first change of each, so that it is the same on every replica.
    var rows: [RowChange] {
        order.map { place in
            RowChange(table: place.table, key: place.key, value: values[place] ?? nil)
        }
    }

    private mutating func set(_ table: RowTable, _ key: [UInt8], _ value: [UInt8]?) {
        let place = Place(table: table.rawValue, key: key)
        if values.updateValue(value, forKey: place) == nil {
            order.append(place)
        }
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
