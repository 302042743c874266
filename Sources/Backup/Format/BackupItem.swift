/// What a backup consists of: the rows of the replicated state, and the sealed records that its keys name by digest.
public enum BackupItem: Hashable, Sendable {
    case row(table: UInt8, key: [UInt8], value: [UInt8])
    case blob([UInt8])

    private static let rowKind: UInt8 = 1
    private static let blobKind: UInt8 = 2

    func append(to bytes: inout [UInt8]) {
        switch self {
        case .row(let table, let key, let value):
            bytes.append(Self.rowKind)
            bytes.append(table)
            Self.append(key, to: &bytes)
            Self.append(value, to: &bytes)
        case .blob(let blob):
            bytes.append(Self.blobKind)
            Self.append(blob, to: &bytes)
        }
    }

    var encodedCount: Int {
        switch self {
        case .row(_, let key, let value): 10 + key.count + value.count
        case .blob(let blob): 5 + blob.count
        }
    }

    private static func append(_ field: [UInt8], to bytes: inout [UInt8]) {
        BackupFrame.append(UInt32(field.count), to: &bytes)
        bytes.append(contentsOf: field)
    }

    /// The items of one chunk: whole ones, with nothing left over.
    static func decode(_ chunk: [UInt8]) throws(BackupFault) -> [BackupItem] {
        var items: [BackupItem] = []
        var rest = chunk[...]
        while let kind = rest.popFirst() {
            switch kind {
            case rowKind:
                guard let table = rest.popFirst() else { throw .malformed("an item is cut short") }
                items.append(.row(table: table, key: try field(&rest), value: try field(&rest)))
            case blobKind: items.append(.blob(try field(&rest)))
            default: throw .malformed("an item of unknown kind \(kind)")
            }
        }
        return items
    }

    private static func field(_ rest: inout ArraySlice<UInt8>) throws(BackupFault) -> [UInt8] {
        guard rest.count >= 4 else { throw .malformed("an item is cut short") }
        let count = Int(BackupFrame.number(rest.prefix(4)))
        rest = rest.dropFirst(4)
        guard count <= rest.count else { throw .malformed("an item is cut short") }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
