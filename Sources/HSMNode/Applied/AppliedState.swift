import NodeEnvironment
import PoolState
import Raft

/// A position in the log with all that names its entry.
struct LogPosition: Hashable {
    var index: LogIndex
    var term: Term
    var tag: [UInt8]

    /// Before the first entry.
    static let origin = LogPosition(index: 0, term: 0, tag: EntryChain.origin)
}

/// The pool's state and the last log entry that it holds.
struct AppliedState {
    var state = PoolState()
    var position = LogPosition.origin

    /// Applies the next entry, which holds a configuration: the rows that changed. As with commands, the state's root
    /// waits for ``PoolState/updateRoot(with:)``.
    mutating func apply(_ configuration: PoolConfiguration, of entry: LogEntry) -> [RowChange] {
        position = LogPosition(index: entry.index, term: entry.term, tag: entry.tag)
        return state.apply(MembershipRecord(configuration, at: entry.index), updatingRoot: false)
    }

    /// Applies the next entry, with the proposal that it holds. Nil where the entry says nothing to the state: a no-op,
    /// or bytes that aren't a proposal, which are equally not a proposal on every node.
    mutating func apply(_ entry: LogEntry, _ proposal: ProposalEnvelope?) -> ApplyResult? {
        position = LogPosition(index: entry.index, term: entry.term, tag: entry.tag)
        guard let proposal else { return nil }
        return state.apply(index: entry.index, term: entry.term, proposal, updatingRoot: false)
    }
}

/// What has been applied and not yet saved.
struct UnsavedChanges {
    var rows = ChangedRows()
    var blobs: [MaterialBlob] = []
    /// Digests of the records that were removed since a view was published last.
    var removedRecords: [[UInt8]] = []
    /// Writes of this node that wait to be answered once what they changed is saved and published.
    var finished: [FinishedWrite] = []
    /// When all this has to be saved.
    private(set) var saveBy = Instant.distantFuture

    /// Whether a view must not be published before this is saved: key material is read from where it is saved, and
    /// what a sealed node has to know can't wait for somebody to open it.
    var isNeededBefore: Bool { !blobs.isEmpty || rows.areNeededSealed }

    /// Makes sure that all is saved by then.
    mutating func save(by latest: Instant) { saveBy = min(saveBy, latest) }

    mutating func wereSaved() {
        rows = ChangedRows()
        blobs = []
        saveBy = .distantFuture
    }

    /// The writes that have waited too long for room on the disk.
    mutating func takeExpired(now: Instant) -> [FinishedWrite] {
        guard !finished.isEmpty else { return [] }
        let expired = finished.filter { $0.deadline <= now }
        finished.removeAll { $0.deadline <= now }
        return expired
    }
}

/// Rows that have changed since the state was last saved, each once with its latest value.
struct ChangedRows {
    private struct Place: Hashable {
        let table: UInt8
        let key: [UInt8]
    }

    /// In the order in which they were first changed.
    private(set) var list: [RowChange] = []
    private var positions: [Place: Int] = [:]
    /// Whether some are of a table that a sealed node reads.
    private(set) var areNeededSealed = false

    mutating func add(_ changes: [RowChange]) {
        for change in changes {
            areNeededSealed = areNeededSealed || RowTable(rawValue: change.table)?.isOnlyForTheUnsealed != true
            let place = Place(table: change.table, key: change.key)
            if let position = positions[place] {
                list[position] = change
            } else {
                positions[place] = list.count
                list.append(change)
            }
        }
    }
}

/// A write of this node that was applied.
struct FinishedWrite {
    let completion: SubmitCompletion
    let outcome: CommandOutcome
    /// The state right behind the command. The answer tells of this one: what is published may have gone on, by a
    /// deletion of what was created here, say.
    let view: PoolView
    let deadline: Instant
}
