import NodeEnvironment
import Raft

/// The disk of one node. It survives its node's crashes; what was written without a sync may not.
final class SimulatedDisk: NodeStorage {
    private struct RowKey: Hashable, Comparable {
        let table: UInt8
        let key: [UInt8]

        static func < (left: RowKey, right: RowKey) -> Bool {
            left.table != right.table ? left.table < right.table : left.key.lexicographicallyPrecedes(right.key)
        }
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
    private var material: [[UInt8]: [UInt8]] = [:]
    /// What has been received of a snapshot, and the configuration to install it with once that was decided.
    private(set) var staged: StagedSnapshot?
    private var stagedRowList: [StateRow] = []
    private var stagedBlobList: [MaterialBlob] = []
    private var plan: PoolConfiguration?
    /// Written, in order, and not yet synced.
    private var unsynced: [Transaction] = []

    private let random: SimulatedRandom
    private let checker: SafetyChecker
    private let node: NodeID
    /// The machine dies in the write after so many further ones.
    private var crashCountdown: Int?
    private var crashPoint = CrashPoint.before
    /// A flush fails in the next write: what it wrote may be there afterwards or not.
    private var failsNextFlush = false
    /// What is wrong with the stored bytes; found, or not, when they are read.
    private(set) var damage: DiskDamage?
    /// The store cuts a damaged log where the damage begins and goes on: a negative control.
    private let cutsDamagedLogs: Bool
    /// There is no room for the next so many writes.
    var refusals = 0
    /// Counts writes since the world last looked: each costs the node time.
    var writes = 0
    /// The disk says that it has synced what it hasn't: a negative control.
    private let lies: Bool
    /// What a lying disk falls back to: the state before its last write.
    private var beforeLie: (hardState: HardState?, entries: [LogEntry])?

    init(node: NodeID, random: SimulatedRandom, checker: SafetyChecker, lies: Bool, cutsDamagedLogs: Bool = false) {
        self.node = node
        self.random = random
        self.checker = checker
        self.lies = lies
        self.cutsDamagedLogs = cutsDamagedLogs
    }

    var blobs: Set<[UInt8]> { Set(material.keys) }

    var lastIndex: LogIndex { compactedIndex + LogIndex(entries.count) }

    func entry(at index: LogIndex) -> LogEntry? {
        guard index > compactedIndex, index <= lastIndex else { return nil }
        return entries[Int(index - compactedIndex - 1)]
    }

    func term(at index: LogIndex) -> Term? {
        index == compactedIndex ? compactedTerm : entry(at: index)?.term
    }

    /// Somebody has put an older image of the disk back.
    func restore(_ image: StoredNode) {
        unsynced.removeAll()
        (hardState, entries) = (image.hardState, image.entries)
        (compactedIndex, compactedTerm, compactedTag) = (image.compactedIndex, image.compactedTerm, image.compactedTag)
        (configuration, applied) = (image.configuration, image.applied)
        rows = Dictionary(
            image.rows.compactMap { row in row.value.map { (RowKey(table: row.table, key: row.key), $0) } },
            uniquingKeysWith: { $1 })
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

    func failNextFlush() { failsNextFlush = true }

    /// Nothing goes wrong any more.
    func calm() {
        crashCountdown = nil
        failsNextFlush = false
        refusals = 0
    }

    /// Damages a part of what is stored, while nobody is reading it. Nil if there is no such part.
    func spoil(_ kind: DiskDamage.Kind) -> DiskDamage? {
        guard damage == nil else { return nil }
        let part: DiskDamage.Part?
        switch kind {
        case .hardState: part = hardState == nil ? nil : .hardState
        case .entry: part = entries.isEmpty ? nil : .entry(position: random.below(entries.count))
        case .staleEntry: part = entries.count < 2 ? nil : .entry(position: 1 + random.below(entries.count - 1))
        case .row: part = spoilRow()
        case .staleRow: part = loseRow()
        case .mark: part = spoilMark()
        }
        damage = part.map { DiskDamage(part: $0) }
        return damage
    }

    /// One bit of a row is another one.
    private func spoilRow() -> DiskDamage.Part? {
        guard let key = random.element(of: rows.keys.sorted()), let value = rows[key], !value.isEmpty else {
            return nil
        }
        rows[key]?[random.below(value.count)] ^= 1 << UInt8(random.below(8))
        return .rows
    }

    /// A sector shows what it held before: the row is not there yet.
    private func loseRow() -> DiskDamage.Part? {
        guard let key = random.element(of: rows.keys.sorted()) else { return nil }
        rows[key] = nil
        return .rows
    }

    private func spoilMark() -> DiskDamage.Part? {
        guard let mark = applied, mark.index > 1 else { return nil }
        applied = AppliedMark(
            index: mark.index - 1, term: mark.term, chainTag: mark.chainTag, stateRoot: mark.stateRoot, tag: mark.tag)
        return .mark
    }

    private func failing(_ write: () -> Void) throws(StorageFailure) {
        writes += 1
        if refusals > 0 {
            refusals -= 1
            throw .full
        }
        if failsNextFlush {
            failsNextFlush = false
            if random.chance(500_000) { write() }
            throw .device("flush failed")
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
        // The store's checksum chain covers hard state and log; the rows are the driver's to check.
        if let damage, damage.part.isChecksummed {
            guard cutsDamagedLogs, case .entry(let position) = damage.part else {
                throw .corrupted("checksum of \(damage.part)")
            }
            entries.removeLast(entries.count - position)
            if let commit = hardState?.commit { hardState?.commit = min(commit, lastIndex) }
            if let applied, applied.index > lastIndex { throw .corrupted("the log ends before the state") }
            self.damage = nil
        }
        if plan != nil {
            replaceState()
            restartLog()
        }
        let current = written
        let sorted = current.rows.sorted { left, right in
            left.key.table != right.key.table
                ? left.key.table < right.key.table : left.key.key.lexicographicallyPrecedes(right.key.key)
        }
        return StoredNode(
            hardState: hardState, entries: entries, compactedIndex: compactedIndex, compactedTerm: compactedTerm,
            compactedTag: compactedTag, configuration: configuration, applied: current.mark,
            rows: StoredRows(sorted.lazy.map { StateRow(table: $0.key.table, key: $0.key.key, value: $0.value) }))
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
            // What is committed and cut off within one step is not there to be looked at after the step.
            checker.log.commits(node, through: through, term: hardState?.term ?? 0, disk: self)
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
            material[blob.digest] = blob.bytes
        }
    }

    // MARK: Snapshots

    /// The state at one index, as a copy: the disk itself goes on.
    private final class Reader: SnapshotReader {
        let mark: AppliedMark
        private let rows: [StateRow]
        private let blobs: [MaterialBlob]

        init(mark: AppliedMark, rows: [RowKey: [UInt8]], material: [[UInt8]: [UInt8]]) {
            self.mark = mark
            self.rows = rows.sorted { left, right in
                left.key.table != right.key.table
                    ? left.key.table < right.key.table : left.key.key.lexicographicallyPrecedes(right.key.key)
            }.map { StateRow(table: $0.key.table, key: $0.key.key, value: $0.value) }
            blobs = material.sorted { $0.key.lexicographicallyPrecedes($1.key) }
                .map { MaterialBlob(digest: $0.key, bytes: $0.value) }
        }

        func chunk(after: SnapshotCursor, byteLimit: Int) throws(StorageFailure) -> SnapshotChunk {
            var position = 0
            switch after {
            case .beginning: break
            case .row(let table, let key):
                position = (rows.firstIndex { $0.table == table && $0.key == key } ?? -1) + 1
            case .blob(let digest): position = rows.count + (blobs.firstIndex { $0.digest == digest } ?? -1) + 1
            }
            var bytes = 0
            var end = position
            while end < rows.count + blobs.count, bytes < byteLimit {
                let content = end < rows.count ? rows[end].value : blobs[end - rows.count].bytes
                bytes += 32 + (content ?? []).count
                end += 1
            }
            return SnapshotChunk(
                mark: mark, after: after, rows: Array(rows[min(position, rows.count)..<min(end, rows.count)]),
                blobs: Array(blobs[max(position - rows.count, 0)..<max(end - rows.count, 0)]),
                isLast: end == rows.count + blobs.count)
        }
    }

    func openSnapshot() throws(StorageFailure) -> (any SnapshotReader)? {
        let current = written
        guard let mark = current.mark else { return nil }
        return Reader(mark: mark, rows: current.rows, material: current.material)
    }

    /// What a living node finds: all that it has written, synced or not.
    private var written: (mark: AppliedMark?, rows: [RowKey: [UInt8]], material: [[UInt8]: [UInt8]]) {
        var (rows, material) = (rows, material)
        for transaction in unsynced {
            for row in transaction.rows { rows[RowKey(table: row.table, key: row.key)] = row.value }
            for blob in transaction.blobs { material[blob.digest] = blob.bytes }
        }
        return (unsynced.last?.mark ?? applied, rows, material)
    }

    func stage(_ chunk: SnapshotChunk) throws(StorageFailure) {
        try failing {
            if chunk.after == .beginning { (stagedRowList, stagedBlobList) = ([], []) }
            stagedRowList += chunk.rows
            stagedBlobList += chunk.blobs
            staged = StagedSnapshot(mark: chunk.mark, received: chunk.end, isComplete: chunk.isLast)
        }
    }

    func stagedRows() throws(StorageFailure) -> [StateRow] { stagedRowList }
    func stagedDigests() throws(StorageFailure) -> Set<[UInt8]> { Set(stagedBlobList.map(\.digest)) }

    func discardStaged() throws(StorageFailure) {
        staged = nil
        (stagedRowList, stagedBlobList) = ([], [])
        plan = nil
    }

    func installStaged(configuration: PoolConfiguration) throws(StorageFailure) {
        try failing { plan = configuration }
        try failing { replaceState() }
        try failing { restartLog() }
    }

    /// Can be done twice, as everything about an installation.
    private func replaceState() {
        guard let staged, staged.mark.index > max(applied?.index ?? 0, unsynced.last?.mark.index ?? 0) else { return }
        unsynced.removeAll()
        // Rows and mark are written anew; a damaged log would not have let the node start.
        damage = nil
        applied = staged.mark
        rows = Dictionary(
            stagedRowList.compactMap { row in row.value.map { (RowKey(table: row.table, key: row.key), $0) } },
            uniquingKeysWith: { $1 })
        material = Dictionary(stagedBlobList.map { ($0.digest, $0.bytes ?? []) }, uniquingKeysWith: { $1 })
    }

    private func restartLog() {
        defer { (staged, plan, stagedRowList, stagedBlobList) = (nil, nil, [], []) }
        guard let mark = staged?.mark, let plan, mark.index == applied?.index, mark.index > compactedIndex else {
            return
        }
        checker.state.saved(mark, logged: max(lastIndex, mark.index), by: node)
        if term(at: mark.index) == mark.term {
            entries.removeFirst(Int(mark.index - compactedIndex))
        } else {
            entries = []
        }
        compactedIndex = mark.index
        compactedTerm = mark.term
        compactedTag = mark.chainTag
        configuration = plan
        if let commit = hardState?.commit { hardState?.commit = max(commit, mark.index) }
        if let term = hardState?.term, mark.term > term {
            hardState?.term = mark.term
            hardState?.vote = nil
        }
    }
}
