/// The rows of a state, one behind the other in a single allocation.
///
/// A state of many keys has hundreds of thousands of rows, which are read once and dropped. As arrays of their own they
/// would leave as many holes in memory, which a process that locks its memory can't give back.
public struct StoredRows: Hashable, Sendable {
    /// For each row: table, length of the key, length of the value (both as four bytes, the least first), key, value.
    private var bytes: [UInt8] = []
    public private(set) var count = 0

    public init() {}

    /// A row without a value is kept with an empty one: give none that removes a row.
    ///
    /// - Precondition: as for ``append(table:key:value:)``.
    public init(_ rows: some Sequence<StateRow>) {
        for row in rows { append(table: row.table, key: row.key, value: row.value ?? []) }
    }

    public var isEmpty: Bool { count == 0 }

    /// - Precondition: key and value are shorter than 4 GiB.
    public mutating func append(table: UInt8, key: [UInt8], value: [UInt8]) {
        bytes.append(table)
        append(length: key.count)
        append(length: value.count)
        bytes += key
        bytes += value
        count += 1
    }

    private mutating func append(length: Int) {
        withUnsafeBytes(of: UInt32(length).littleEndian) { bytes.append(contentsOf: $0) }
    }
}

extension StoredRows: Sequence {
    public struct Iterator: IteratorProtocol {
        fileprivate let bytes: [UInt8]
        private var position = 0

        fileprivate init(_ bytes: [UInt8]) { self.bytes = bytes }

        public mutating func next() -> StateRow? {
            guard position < bytes.count else { return nil }
            let table = take(1)[0]
            let lengths = (length(), length())
            return StateRow(table: table, key: take(lengths.0), value: take(lengths.1))
        }

        private mutating func length() -> Int {
            take(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        }

        private mutating func take(_ count: Int) -> [UInt8] {
            defer { position += count }
            return Array(bytes[position..<position + count])
        }
    }

    public func makeIterator() -> Iterator { Iterator(bytes) }
    public var underestimatedCount: Int { count }
}
