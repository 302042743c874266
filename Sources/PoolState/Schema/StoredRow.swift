import AccessControl

/// A record that is one row of the replicated state.
protocol StoredRow: WireConvertible {
    static var table: RowTable { get }
    /// The key within the table, which the record itself determines.
    var rowKey: [UInt8] { get }
}

/// The keys of rows.
enum RowKey {
    /// Of a table with one row.
    static let single: [UInt8] = []

    static func node(_ node: UInt64) -> [UInt8] {
        withUnsafeBytes(of: node.bigEndian) { [UInt8]($0) }
    }

    static func key(_ name: String) -> [UInt8] {
        [UInt8](name.utf8)
    }

    /// Names contain no zero byte, so no two versions of two keys share a row.
    static func keyVersion(_ name: String, _ version: [UInt8]) -> [UInt8] {
        [UInt8](name.utf8) + [0] + version
    }

    static func proposal(_ sequence: UInt64) -> [UInt8] {
        let slot = CompletedProposals.slot(of: sequence)
        return [UInt8(slot >> 8), UInt8(slot & 0xff)]
    }
}
