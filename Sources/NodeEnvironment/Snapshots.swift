public import Raft

/// How far the rows and the key material of a snapshot have been read: rows first, by table and key, then sealed
/// records by digest. A reader that was interrupted goes on from here.
public enum SnapshotCursor: Hashable, Sendable {
    case beginning
    /// Behind this row.
    case row(table: UInt8, key: [UInt8])
    /// Behind all rows, and behind this sealed record.
    case blob(digest: [UInt8])
}

/// A piece of a snapshot: what follows on `after`. The mark names the snapshot and, by its tag, vouches for all its
/// rows together; a single chunk can't be believed.
public struct SnapshotChunk: Hashable, Sendable {
    public let mark: AppliedMark
    public let after: SnapshotCursor
    /// Ascending by table and key, each with a value.
    public let rows: [StateRow]
    /// Ascending by digest, each with its bytes.
    public let blobs: [MaterialBlob]
    /// Whether the snapshot is complete with this.
    public let isLast: Bool

    public init(mark: AppliedMark, after: SnapshotCursor, rows: [StateRow], blobs: [MaterialBlob], isLast: Bool) {
        self.mark = mark
        self.after = after
        self.rows = rows
        self.blobs = blobs
        self.isLast = isLast
    }

    /// Where the next chunk begins.
    public var end: SnapshotCursor {
        if let blob = blobs.last { return .blob(digest: blob.digest) }
        if let row = rows.last { return .row(table: row.table, key: row.key) }
        return after
    }

    /// Whether everything in it lies behind `after`, in order, and a chunk that isn't the last one brings something.
    public var isInOrder: Bool {
        guard isLast || !rows.isEmpty || !blobs.isEmpty else { return false }
        var row: (table: Int, key: [UInt8]) = (-1, [])
        var digest: [UInt8] = []
        switch after {
        case .beginning: break
        case .row(let table, let key): row = (Int(table), key)
        case .blob(let last):
            guard rows.isEmpty else { return false }
            digest = last
        }
        for next in rows {
            guard next.value != nil, Self.precedes(row, (Int(next.table), next.key)) else { return false }
            row = (Int(next.table), next.key)
        }
        for next in blobs {
            guard next.bytes != nil, digest.lexicographicallyPrecedes(next.digest) else { return false }
            digest = next.digest
        }
        return true
    }

    private static func precedes(_ left: (table: Int, key: [UInt8]), _ right: (table: Int, key: [UInt8])) -> Bool {
        left.table == right.table ? left.key.lexicographicallyPrecedes(right.key) : left.table < right.table
    }
}

/// A member asks for a piece of a snapshot.
public struct SnapshotRequest: Hashable, Sendable {
    /// The snapshot of which the asker has a part already; nil if it wants any.
    public let mark: AppliedMark?
    /// How far the asker has got with that snapshot. Who lends another one begins at its beginning.
    public let after: SnapshotCursor

    public init(mark: AppliedMark?, after: SnapshotCursor) {
        self.mark = mark
        self.after = after
    }
}

/// What a node has received of a snapshot that is not its state yet.
public struct StagedSnapshot: Hashable, Sendable {
    /// Names the snapshot. Its tag is not checked yet.
    public let mark: AppliedMark
    /// Everything up to here is on the disk.
    public let received: SnapshotCursor
    /// Whether the last chunk is there too. It may be forged all the same.
    public let isComplete: Bool

    public init(mark: AppliedMark, received: SnapshotCursor, isComplete: Bool) {
        self.mark = mark
        self.received = received
        self.isComplete = isComplete
    }
}

/// Reads the state of one index piece by piece, while the node goes on. Confined to the driver's thread.
public protocol SnapshotReader: AnyObject {
    var mark: AppliedMark { get }

    /// What follows on `after`: about so many bytes, but at least one item unless there is none.
    func chunk(after: SnapshotCursor, byteLimit: Int) throws(StorageFailure) -> SnapshotChunk
}
