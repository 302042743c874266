public import Raft

/// Everything that a node finds on its own disk when it starts. Only the log's checksum chain has been verified by the
/// store; nothing in it is *believed* before its tag under a root-derived key has been checked by the driver.
public struct StoredNode: Hashable, Sendable {
    /// Term, vote and commit index; nil on a disk that never held a node.
    public var hardState: HardState?
    /// The log after `compactedIndex`, in order and without a gap.
    public var entries: [LogEntry]
    /// The last index that was cut off the log; 0 when nothing was.
    public var compactedIndex: LogIndex
    /// The term of the entry at `compactedIndex`.
    public var compactedTerm: Term
    /// The chain tag of the entry at `compactedIndex`.
    public var compactedTag: [UInt8]
    /// The configuration in force at `compactedIndex`; empty when nothing was cut off.
    public var configuration: PoolConfiguration
    /// What the rows stand for; nil before the first apply.
    public var applied: AppliedMark?
    /// The rows of the pool's state, each with a value.
    public var rows: StoredRows

    public init(
        hardState: HardState?, entries: [LogEntry], compactedIndex: LogIndex, compactedTerm: Term,
        compactedTag: [UInt8], configuration: PoolConfiguration, applied: AppliedMark?, rows: StoredRows
    ) {
        self.hardState = hardState
        self.entries = entries
        self.compactedIndex = compactedIndex
        self.compactedTerm = compactedTerm
        self.compactedTag = compactedTag
        self.configuration = configuration
        self.applied = applied
        self.rows = rows
    }
}

/// Says up to where the stored rows have applied the log, and proves that an unsealed node wrote them.
public struct AppliedMark: Hashable, Sendable {
    /// The last applied entry.
    public let index: LogIndex
    /// Its term.
    public let term: Term
    /// Its chain tag: what the tag of the next entry is chained to.
    public let chainTag: [UInt8]
    /// The root over all rows.
    public let stateRoot: [UInt8]
    /// MAC under a root-derived key over pool, epoch, index, term, chain tag and root.
    public let tag: [UInt8]

    public init(index: LogIndex, term: Term, chainTag: [UInt8], stateRoot: [UInt8], tag: [UInt8]) {
        self.index = index
        self.term = term
        self.chainTag = chainTag
        self.stateRoot = stateRoot
        self.tag = tag
    }
}

/// One row of the pool's state as it is stored, or its removal.
public struct StateRow: Hashable, Sendable {
    /// Which table, a number fixed by the pool's state.
    public let table: UInt8
    /// The key within the table.
    public let key: [UInt8]
    /// The canonical encoding; nil removes the row.
    public let value: [UInt8]?

    public init(table: UInt8, key: [UInt8], value: [UInt8]?) {
        self.table = table
        self.key = key
        self.value = value
    }
}

/// A sealed record of key material: kept beside the rows, which hold only its digest.
public struct MaterialBlob: Hashable, Sendable {
    /// SHA-256 of the bytes: the blob's name.
    public let digest: [UInt8]
    /// The sealed record; nil removes it.
    public let bytes: [UInt8]?

    public init(digest: [UInt8], bytes: [UInt8]?) {
        self.digest = digest
        self.bytes = bytes
    }
}

/// The disk of one node. Confined to the driver's thread. Calls block until done.
public protocol NodeStorage: AnyObject {
    /// Reads everything.
    /// - Throws: ``StorageFailure/corrupted(_:)`` where stored data contradict their checksums.
    func load() throws(StorageFailure) -> StoredNode

    /// One atomic and durable write: after it returns, all of it survives any crash; if it throws or the process dies
    /// in it, either all of it or nothing is found afterwards.
    ///
    /// Entries from `truncateFrom` on are dropped before `entries` are appended.
    func persist(hardState: HardState?, truncateFrom: LogIndex?, entries: [LogEntry]) throws(StorageFailure)

    /// One atomic transaction. A crash may undo it (the log replays it), but then also every later one.
    func saveApplied(_ mark: AppliedMark, rows: [StateRow], blobs: [MaterialBlob]) throws(StorageFailure)

    /// Drops the log up to and including `through` and remembers what stood there. The caller has made sure that the
    /// applied mark is at or beyond `through`; the store makes that mark durable first.
    func compactLog(
        through: LogIndex, term: Term, tag: [UInt8], configuration: PoolConfiguration
    ) throws(StorageFailure)

    // MARK: Snapshots

    // Where what is staged turns out to be damaged it is dropped, and nothing else has changed: ``stage(_:)``,
    // ``stagedRows()`` and ``stagedDigests()`` throw ``StorageFailure/corrupted(_:)`` then.

    /// Opens the state as it was last saved; nil if nothing ever was. What is saved later doesn't show in it.
    func openSnapshot() throws(StorageFailure) -> (any SnapshotReader)?

    /// What has been received of a snapshot.
    var staged: StagedSnapshot? { get }

    /// Keeps a chunk beside the node's state, durably. It follows on what is staged, or is the first of a snapshot;
    /// then what was staged before is dropped.
    func stage(_ chunk: SnapshotChunk) throws(StorageFailure)

    /// All rows of the complete staged snapshot.
    func stagedRows() throws(StorageFailure) -> [StateRow]

    /// The digests of the sealed records in the staged snapshot, which are compared with them.
    func stagedDigests() throws(StorageFailure) -> Set<[UInt8]>

    func discardStaged() throws(StorageFailure)

    /// Makes the complete staged snapshot the node's state, durably: rows, key material and mark are replaced by it,
    /// and the log begins behind it. Of the log what is behind the snapshot stays if the entry at its index is there
    /// with its term, and nothing otherwise.
    ///
    /// After a crash in it either nothing has changed, or ``load()`` completes it, unless the snapshot was damaged
    /// since: then that is dropped. The caller has found the snapshot genuine and newer than what it has applied.
    func installStaged(configuration: PoolConfiguration) throws(StorageFailure)
}

/// Why the disk did not do what was asked.
public enum StorageFailure: Error, Hashable, Sendable {
    /// No space left. Nothing was written; the same call may be repeated later.
    case full
    /// The device failed, or a flush did. What is on the disk is unknown: the process has to end and read it anew.
    case device(String)
    /// What was read isn't what was written.
    case corrupted(String)
}

/// Reads sealed key material by digest. Safe on any thread; calls block on the disk.
public protocol KeyMaterialStore: Sendable {
    /// The sealed record with this SHA-256 digest, or nil. The caller compares the digest again.
    func blob(digest: [UInt8]) throws(StorageFailure) -> [UInt8]?
}
