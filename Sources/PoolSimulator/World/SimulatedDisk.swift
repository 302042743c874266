import NodeEnvironment
import Raft

/// The disk of one node. It survives its node's crashes; what was written without a sync may not.
final class SimulatedDisk: NodeStorage {
    private struct RowKey: Hashable {
        let table: UInt8
        let key: [UInt8]
    }
    private struct Transaction {
        let mark: AppliedMark
        let rows: [StateRow]
        let blobs: [MaterialBlob]
    }

    /// Where in a write the machine dies.
    enum CrashPoint: CaseIterable {
        /// Nothing of the write is found afterwards.
        case before
        /// All of it is found, though nobody was told that it succeeded.
        case after
    }

    // What is durable.
    private(set) var hardState: HardState?
    private(set) var entries: [LogEntry] = []
    private(set) var compactedIndex: LogIndex = 0
    private var compactedTerm: Term = 0
    private var compactedTag: [UInt8] = []
    private var configuration = PoolConfiguration.empty
    private(set) var applied: AppliedMark?
    private var rows: [RowKey: [UInt8]] = [:]
    private(set) var blobs: Set<[UInt8]> = []
    /// Written, in order, and not yet synced.
    private var unsynced: [Transaction] = []

    private let random: SimulatedRandom
    private let checker: SafetyChecker
    private let node: NodeID
    /// The machine dies in the write after so many further ones.
    private var crashCountdown: Int?
    private var crashPoint = CrashPoint.before
    /// There is no room for the next so many writes.
    var refusals = 0
    /// Counts writes since the world last looked: each costs the node time.
    var writes = 0
    /// The disk says that it has synced what it hasn't: a negative control.
    private let lies: Bool
    /// What a lying disk falls back to: the state before its last write.
    private var beforeLie: (hardState: HardState?, entries: [LogEntry])?

    init(node: NodeID, random: SimulatedRandom, checker: SafetyChecker, lies: Bool) {
        self.node = node
        self.random = random
        self.checker = checker
        self.lies = lies
    }

    var lastIndex: LogIndex { compactedIndex + LogIndex(entries.count) }

    func entry(at index: LogIndex) -> LogEntry? {
        guard index > compactedIndex, index <= lastIndex else { return nil }
        return entries[Int(index - compactedIndex - 1)]
    }

    func term(at index: LogIndex) -> Term? {
        index == compactedIndex ? compactedTerm : entry(at: index)?.term
    }

    // MARK: Faults

    /// Lets the machine die in one of the next writes.
    func armCrash(after writes: Int, at point: CrashPoint) {
        crashCountdown = writes
        crashPoint = point
    }

    /// The machine has died: of what wasn't synced, a prefix is found again.
    func crash() {
        calm()
        let kept = random.below(unsynced.count + 1)
        for transaction in unsynced.prefix(kept) { sync(transaction) }
        unsynced.removeAll()
        if let old = beforeLie {
            hardState = old.hardState
            entries = old.entries
            beforeLie = nil
        }
    }

    /// Nothing goes wrong any more.
    func calm() {
        crashCountdown = nil
        refusals = 0
    }

    private func failing(_ write: () -> Void) throws(StorageFailure) {
        writes += 1
        if refusals > 0 {
            refusals -= 1
            throw .full
        }
        if let countdown = crashCountdown {
            crashCountdown = countdown - 1
            if countdown <= 1 {
                if crashPoint == .after { write() }
                throw .device("power lost")
            }
        }
        write()
    }

    // MARK: NodeStorage

    func load() throws(StorageFailure) -> StoredNode {
        let sorted = rows.sorted { left, right in
            left.key.table != right.key.table
                ? left.key.table < right.key.table : left.key.key.lexicographicallyPrecedes(right.key.key)
        }
        return StoredNode(
            hardState: hardState, entries: entries, compactedIndex: compactedIndex, compactedTerm: compactedTerm,
            compactedTag: compactedTag, configuration: configuration, applied: applied,
            rows: sorted.map { StateRow(table: $0.key.table, key: $0.key.key, value: $0.value) })
    }

    func persist(hardState: HardState?, truncateFrom: LogIndex?, entries: [LogEntry]) throws(StorageFailure) {
        try failing {
            if lies { beforeLie = (self.hardState, self.entries) }
            store(hardState: hardState, truncateFrom: truncateFrom, entries: entries)
            // One file for both: a sync of the log syncs what was applied before it.
            if random.chance(300_000) { syncAll() }
        }
    }

    private func store(hardState: HardState?, truncateFrom: LogIndex?, entries: [LogEntry]) {
        if let hardState {
            checker.votes.stored(hardState, over: self.hardState, by: node)
            self.hardState = hardState
        }
        if let first = truncateFrom {
            checker.log.truncated(from: first, compacted: compactedIndex, by: node)
            self.entries.removeLast(max(0, self.entries.count - Int(first - compactedIndex - 1)))
        }
        checker.log.stored(entries, behind: lastIndex, term: term(at: lastIndex) ?? 0, by: node)
        self.entries += entries
    }

    func saveApplied(_ mark: AppliedMark, rows: [StateRow], blobs: [MaterialBlob]) throws(StorageFailure) {
        try failing {
            checker.state.saved(mark, logged: lastIndex, by: node)
            unsynced.append(Transaction(mark: mark, rows: rows, blobs: blobs))
            if unsynced.count > 16 { syncAll() }
        }
    }

    func compactLog(
        through: LogIndex, term: Term, tag: [UInt8], configuration: PoolConfiguration
    ) throws(StorageFailure) {
        try failing {
            syncAll()
            entries.removeFirst(Int(through - compactedIndex))
            compactedIndex = through
            compactedTerm = term
            compactedTag = tag
            self.configuration = configuration
        }
    }

    private func syncAll() {
        for transaction in unsynced { sync(transaction) }
        unsynced.removeAll(keepingCapacity: true)
    }

    private func sync(_ transaction: Transaction) {
        applied = transaction.mark
        for row in transaction.rows { rows[RowKey(table: row.table, key: row.key)] = row.value }
        for blob in transaction.blobs {
            if blob.bytes == nil { blobs.remove(blob.digest) } else { blobs.insert(blob.digest) }
        }
    }
}
