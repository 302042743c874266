import GRDB
public import NodeEnvironment
public import Raft

/// One node's disk: a folder with two SQLite databases.
///
/// | file | holds | flushed |
/// |---|---|---|
/// | `log.db` | log, term, vote, commit index | with each `persist`: one flush |
/// | `state.db` | rows, applied mark, sealed key material | at checkpoints, and before the log is compacted |
///
/// Two files, because they need different promises. What is in the log was promised to other nodes, so it is flushed
/// before anything else happens. The state can be made again from the log; flushing it too would double the flushes
/// of a write and gain nothing. What ties the files together is one rule: the log is cut off only where the state is
/// known to be durable (``compactLog(through:term:tag:configuration:)``), and ``load()`` refuses files that break it,
/// such as a `log.db` that was put back from an older copy.
///
/// A failed flush or any other error of the device is final: what the kernel then holds and what the disk holds may
/// differ, and a second flush may claim success for data that were dropped by the first. So the storage answers every
/// later write with the same failure, until the process has ended and read the disk anew.
///
/// Confined to one thread at a time.
public final class SQLiteNodeStorage: NodeStorage {
    private let folder: NodeFolder
    private let reserve: SpaceReserve
    let log: LogDatabase
    let state: StateDatabase
    /// A snapshot that is being received, or installed.
    private var incoming: IncomingDatabase?
    private let identity: FolderIdentity
    /// The failure after which nothing is written any more.
    private var fatal: StorageFailure?

    /// Opens or creates the folder, and holds it against other processes until the storage is released.
    ///
    /// - Parameters:
    ///   - path: the folder; its parent exists. Created with mode 0700.
    ///   - identity: whose data must be in it.
    /// - Throws: ``NodeFolderError``, before anything in an existing folder was changed.
    public init(folder path: String, identity: FolderIdentity) throws(NodeFolderError) {
        folder = try NodeFolder(path: path)
        reserve = try SpaceReserve(folder: folder)
        log = try LogDatabase(folder: folder, identity: identity)
        state = try StateDatabase(folder: folder, identity: identity)
        incoming = try IncomingDatabase.reopen(in: folder, identity: identity)
        self.identity = identity
    }

    /// A reader of the key material in this folder, for any thread. It lives no longer than the storage.
    ///
    /// - Parameter connections: how many threads can read at once.
    public func makeKeyMaterialReader(connections: Int = 4) throws(StorageFailure) -> KeyMaterialReader {
        try KeyMaterialReader(path: state.path, connections: connections)
    }

    /// Must come before the first write. Completes an installation that a crash has interrupted, and reads what it
    /// left.
    ///
    /// - Throws: ``StorageFailure/corrupted(_:)`` also if log and state contradict each other: the state has applied
    ///   what the log doesn't hold, or the log was cut off where the state hasn't come yet.
    public func load() throws(StorageFailure) -> StoredNode {
        var log = try log.load()
        var state = try state.load()
        try dropUnreadablePlan()
        if try finishInstallation() {
            log = try self.log.load()
            state = try self.state.load()
        }
        let last = self.log.lastIndex
        let applied = state.applied?.index ?? 0
        guard applied <= last else {
            throw StorageFailures.corrupted(
                self.log.path, "the log ends at entry \(last), but the state has applied entry \(applied)")
        }
        guard applied >= log.base.index else {
            throw StorageFailures.corrupted(
                self.state.path,
                "the state has applied entry \(applied), but the log was cut off at entry \(log.base.index)")
        }
        // The stored commit index may lag behind; what was applied was committed.
        var hardState = log.hardState
        if let commit = hardState?.commit { hardState?.commit = max(commit, applied) }
        return StoredNode(
            hardState: hardState, entries: log.entries, compactedIndex: log.base.index,
            compactedTerm: log.base.term, compactedTag: log.base.tag, configuration: log.base.configuration,
            applied: state.applied, rows: state.rows)
    }

    /// Without entries, as for a vote, the space held back for a full disk is used before ``StorageFailure/full`` is
    /// thrown.
    ///
    /// - Precondition: the entries continue the log, the commit index is within it, and nothing committed is truncated.
    public func persist(
        hardState: HardState?, truncateFrom: LogIndex?, entries: [LogEntry]
    ) throws(StorageFailure) {
        try writing(mayUseReserve: entries.isEmpty) { () throws(StorageFailure) in
            try log.persist(hardState: hardState, truncateFrom: truncateFrom, entries: entries)
        }
    }

    /// - Precondition: the log holds the mark's entry, the mark doesn't go back, and each blob's digest is its own.
    public func saveApplied(
        _ mark: AppliedMark, rows: [StateRow], blobs: [MaterialBlob]
    ) throws(StorageFailure) {
        precondition(mark.index <= log.lastIndex, "an entry is applied that the log doesn't hold")
        try writing(mayUseReserve: false) { () throws(StorageFailure) in
            try state.save(mark, rows: rows, blobs: blobs)
        }
    }

    /// Does nothing if the log was cut at `index` or behind it already. May use the space held back, and holds it back
    /// again afterwards.
    ///
    /// - Precondition: the state has applied `index`, and the log's entry there is of `term`.
    public func compactLog(
        through index: LogIndex, term: Term, tag: [UInt8], configuration: PoolConfiguration
    ) throws(StorageFailure) {
        precondition(index <= state.appliedIndex, "the log is cut off beyond what was applied")
        guard index > log.baseIndex else { return }
        try writing(mayUseReserve: true) { () throws(StorageFailure) in
            try state.makeDurable()
            try log.compact(through: index, term: term, tag: tag, configuration: configuration)
        }
        reserve.refill()
    }

    // MARK: Snapshots

    public func openSnapshot() throws(StorageFailure) -> (any SnapshotReader)? {
        try StateSnapshot.open(state.path)
    }

    /// For whoever reads snapshots beside the driver, on other threads.
    public func makeSnapshotSource() -> StateSnapshotSource { StateSnapshotSource(path: state.path) }

    /// Also what an earlier process has received; nil if nothing of use is there.
    public var staged: StagedSnapshot? { incoming?.contents.staged }

    /// - Precondition: the chunk is a snapshot's first, or follows on what is staged.
    public func stage(_ chunk: SnapshotChunk) throws(StorageFailure) {
        try droppingDamaged { () throws(StorageFailure) -> Void in
            var damage: StorageFailure?
            try writing(mayUseReserve: false) { () throws(StorageFailure) in
                do throws(StorageFailure) {
                    try add(chunk)
                } catch {
                    // It isn't the node's own data that is damaged: those may be written further.
                    guard case .corrupted = error else { throw error }
                    damage = error
                }
            }
            if let damage { throw damage }
        }
    }

    private func add(_ chunk: SnapshotChunk) throws(StorageFailure) {
        if let incoming, chunk.after != .beginning { return try incoming.add(chunk) }
        closeIncoming()
        incoming = try IncomingDatabase.begin(chunk, in: folder, identity: identity)
    }

    /// Empty if nothing is staged; what has come so far of an incomplete snapshot.
    public func stagedRows() throws(StorageFailure) -> [StateRow] {
        try droppingDamaged { () throws(StorageFailure) in try incoming?.rows() ?? [] }
    }

    /// As with ``stagedRows()``: empty, or what has come so far. The records themselves are compared with the digests.
    public func stagedDigests() throws(StorageFailure) -> Set<[UInt8]> {
        try droppingDamaged { () throws(StorageFailure) in try incoming?.digests() ?? [] }
    }

    /// What is staged another node has, too: damaged it is of no use, and would be in the way of what comes.
    private func droppingDamaged<Value>(
        _ body: () throws(StorageFailure) -> Value
    ) throws(StorageFailure) -> Value {
        do throws(StorageFailure) {
            return try body()
        } catch {
            if case .corrupted = error { discardStaged() }
            throw error
        }
    }

    /// Removes `incoming.db`, whether or not it could be opened. Can't fail: what is left is found at the next start.
    public func discardStaged() {
        closeIncoming()
        IncomingDatabase.remove(folder.file(IncomingDatabase.fileName))
    }

    private func closeIncoming() {
        incoming?.close()
        incoming = nil
    }

    /// Does nothing if nothing is staged. A disk that is full once the plan is stored is a
    /// ``StorageFailure/device(_:)``: memory and disk are at variance, and the next start completes the installation.
    ///
    /// - Precondition: the staged snapshot is complete, and newer than what was applied.
    public func installStaged(configuration: PoolConfiguration) throws(StorageFailure) {
        try writing(mayUseReserve: false) { () throws(StorageFailure) in
            guard let incoming else { return }
            precondition(incoming.contents.staged.isComplete, "an incomplete snapshot is installed")
            precondition(
                incoming.contents.staged.mark.index > state.appliedIndex, "a snapshot is older than the state")
            try incoming.plan(configuration)
            do throws(StorageFailure) {
                _ = try finishInstallation()
            } catch .full {
                // The node's memory and its disk can't be brought together any more, but a start can.
                throw .device("\(folder.path): the disk is full amid an installation, which the next start completes")
            }
        }
    }

    /// A planned snapshot that is damaged is dropped with its plan, unless the state is made of it already: the node's
    /// own state is whole until then, and nobody has been told of another one.
    private func dropUnreadablePlan() throws(StorageFailure) {
        guard let incoming, incoming.contents.plan != nil, incoming.contents.staged.mark.index > state.appliedIndex
        else { return }
        do throws(StorageFailure) {
            try incoming.forEachRow { _, _, _, _ in }
            try incoming.forEachBlob { _, _ in }
        } catch {
            guard case .corrupted = error else { throw error }
            discardStaged()
        }
    }

    /// Carries out a plan, as far as that has not been done.
    ///
    /// - Returns: whether there was one.
    private func finishInstallation() throws(StorageFailure) -> Bool {
        guard let incoming, let configuration = incoming.contents.plan else { return false }
        let mark = incoming.contents.staged.mark
        try interrupt(.planned)
        // With the same index the state is the snapshot's, or has come as far by the log.
        if mark.index > state.appliedIndex { try state.replace(by: incoming) }
        try interrupt(.stateReplaced)
        if mark.index == state.appliedIndex { try log.restart(behind: mark, configuration: configuration) }
        try interrupt(.logRestarted)
        discardStaged()
        return true
    }

    /// Closes both databases; the storage can't be used afterwards. The folder is free once the storage is released.
    public func close() throws(StorageFailure) {
        fatal = .device("\(folder.path): closed")
        closeIncoming()
        try StorageFailures.translating(log.path) { try log.queue.close() }
        try StorageFailures.translating(state.path) { try state.queue.close() }
    }

    /// A place in an installation where a test lets the power fail.
    package enum InstallationStep: CaseIterable, Sendable {
        case planned
        case stateReplaced
        case logRestarted
    }

    /// Set by tests only.
    package var interruption: InstallationStep?
    /// What the test's ``interruption`` throws. Set by tests only.
    package var interruptionFailure = StorageFailure.device("power lost")

    private func interrupt(_ step: InstallationStep) throws(StorageFailure) {
        if interruption == step { throw interruptionFailure }
    }

    private func writing(mayUseReserve: Bool, _ body: () throws(StorageFailure) -> Void) throws(StorageFailure) {
        if let fatal { throw fatal }
        do {
            do {
                try body()
            } catch .full where mayUseReserve && reserve.release() {
                try body()
            }
        } catch {
            if error != .full { fatal = error }
            throw error
        }
    }
}
