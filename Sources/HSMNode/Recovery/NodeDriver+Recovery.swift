public import NodeEnvironment
public import PoolState
public import Raft

/// What a node needs to go on alone.
public struct PoolRecoveryRequest: Sendable {
    /// Of the epoch that ends: by it everything on the disk is checked.
    public let former: any StateAuthenticator
    /// Of the epoch that begins.
    public let next: any StateAuthenticator
    /// The epoch that begins.
    public let epoch: UInt64

    public init(former: any StateAuthenticator, next: any StateAuthenticator, epoch: UInt64) {
        self.former = former
        self.next = next
        self.epoch = epoch
    }
}

/// Why a node doesn't go on alone. Nothing has changed.
public enum PoolRecoveryRefusal: Error, Hashable, Sendable {
    /// A majority lives: nothing has to be recovered.
    case poolIsAlive(leader: NodeID)
    /// What the disk holds isn't what an unsealed node left there.
    case stored(UnsealRefusal)
    /// The state doesn't allow it: another epoch, or a node that is no member.
    case refused(Refusal)
    case storage(StorageFailure)
    case halted
}

/// A wish to go on alone, and whom to tell.
struct PoolRecovery {
    let request: PoolRecoveryRequest
    let completion: (Result<LogIndex, PoolRecoveryRefusal>) -> Void
}

/// The recovery of a pool that has lost its quorum for good: one node goes on alone, with everything that its log
/// holds, in a new epoch. Former members are of another epoch from then on: they are not let in, and their tags prove
/// nothing.
///
/// It is a snapshot that the node makes of itself and installs: the state with the last word of the old epoch applied,
/// under a mark of the new one, with a log that begins behind it. So a crash leaves the old pool or the new one. The
/// node has to be started again then.
extension NodeDriver {
    /// Whether the stored state is one that a recovery began: leases of the epoch before may last beyond this start.
    /// It is asked before the rows are proved genuine. Who could change them could also keep the node from starting.
    static func wasRecovered(_ stored: StoredNode) -> Bool {
        guard let value = stored.rows.first(where: { $0.table == RowTable.pool.rawValue })?.value,
            let pool = PoolRecord(row: value)
        else { return false }
        return pool.epoch > PoolRecord.firstEpoch
    }

    func performRecovery() {
        guard halted == nil, stalled == nil, let recovery else { return }
        self.recovery = nil
        do {
            let index = try recover(recovery.request)
            completions.append { recovery.completion(.success(index)) }
            halted = .recovered(epoch: recovery.request.epoch)
            giveUp(.shuttingDown)
        } catch {
            completions.append { recovery.completion(.failure(error)) }
        }
    }

    private func recover(_ request: PoolRecoveryRequest) throws(PoolRecoveryRefusal) -> LogIndex {
        if let leader = raft.leader, leader != id || raft.isEstablishedLeader { throw .poolIsAlive(leader: leader) }
        try open(request.former)
        var (end, changes) = try wholeLog()
        let last = end.position
        let configuration = PoolConfiguration(voters: [id])
        let envelope = ProposalEnvelope(
            proposalID: environment.random.bytes(16), proposer: id.rawValue, principal: nil,
            authentication: .officers, stampedAt: environment.clock.unixMilliseconds(),
            command: .recoverPool(node: id.rawValue, epoch: request.epoch))
        // Above every term that the old epoch can have seen here.
        let term = max(raft.term, storedTerm, last.term) + 1
        let chain = EntryChain(authenticator: request.next)
        let commandTag = chain.tag(
            of: .command(envelope.encode()), term: term, index: last.index + 1, previous: last.tag)
        let tag = chain.tag(
            of: .configuration(configuration), term: term, index: last.index + 2, previous: commandTag)
        let result = end.state.apply(index: last.index + 1, term: term, envelope)
        if case .refused(let refusal) = result.outcome { throw .refused(refusal) }
        changes.rows.add(result.rows + end.state.apply(MembershipRecord(configuration, at: last.index + 2)))
        let root = end.state.root
        let mark = AppliedMark(
            index: last.index + 2, term: term, chainTag: tag, stateRoot: root,
            tag: request.next.stateTag(index: last.index + 2, term: term, chainTag: tag, root: root))
        do {
            try stage(mark, changes)
            try environment.storage.installStaged(configuration: configuration)
        } catch {
            // No room is not the end: everything is as it was.
            if error != .full { halt(error) }
            throw .storage(error)
        }
        return mark.index
    }

    /// Opens the node, if it is sealed, and stores all that is committed.
    private func open(_ authenticator: any StateAuthenticator) throws(PoolRecoveryRefusal) {
        do {
            if case .sealed(let evidence) = seal { try unseal(from: evidence, authenticator: authenticator) }
        } catch {
            throw .stored(error)
        }
        publishApplied()
        save()
        guard halted == nil else { throw .halted }
        guard isSaved else { throw .storage(.full) }
    }

    /// What isn't known to be committed may have been, and nobody else is there to say otherwise: all of it counts. It
    /// is applied beside the node's own state: should the recovery come to nothing and the others return, the node goes
    /// on with what is committed.
    private func wholeLog() throws(PoolRecoveryRefusal) -> (end: AppliedState, changes: UnsavedChanges) {
        var end = applied
        var changes = UnsavedChanges()
        for entry in raft.entries(from: end.position.index + 1, to: raft.lastIndex) {
            if case .configuration(let configuration) = entry.payload {
                changes.rows.add(end.apply(configuration, of: entry))
                continue
            }
            let proposal = knownProposal(in: entry)
            if proposal == nil, case .command = entry.payload {
                halt(.unknownCommand(index: entry.index, known: options.catalog.newest))
                throw .halted
            }
            guard let result = end.apply(entry, proposal) else { continue }
            guard !haltIfTooOld(for: end.state) else { throw .halted }
            changes.rows.add(result.rows)
            changes.blobs += result.blobs.map { MaterialBlob(digest: $0.digest, bytes: $0.bytes) }
        }
        end.state.updateRoot(with: changes.rows.list)
        return (end, changes)
    }

    /// Puts the stored state, with `changes` on top, beside itself.
    private func stage(_ mark: AppliedMark, _ changes: UnsavedChanges) throws(StorageFailure) {
        let storage = environment.storage
        try storage.discardStaged()
        guard let reader = try storage.openSnapshot() else { throw .corrupted("there is no state to go on with") }
        var rows = Array(try storage.load().rows)
        let changed = Set(changes.rows.list.map { [$0.table] + $0.key })
        rows.removeAll { changed.contains([$0.table] + $0.key) }
        rows += changes.rows.list.filter { $0.value != nil }.map {
            StateRow(table: $0.table, key: $0.key, value: $0.value)
        }
        rows.sort { left, right in
            left.table == right.table ? left.key.lexicographicallyPrecedes(right.key) : left.table < right.table
        }
        let blobs = Dictionary(changes.blobs.map { ($0.digest, $0) }, uniquingKeysWith: { _, later in later })
        let added = blobs.values.filter { $0.bytes != nil }.sorted { $0.digest.lexicographicallyPrecedes($1.digest) }
        try storage.stage(SnapshotChunk(mark: mark, after: .beginning, rows: rows, blobs: added, isLast: false))
        // Behind all rows.
        var place = SnapshotCursor.blob(digest: [])
        var isLast = false
        while !isLast {
            let piece = try reader.chunk(after: place, byteLimit: options.snapshotChunkBytes)
            let received = storage.staged?.received ?? .beginning
            let kept = piece.blobs.filter { blobs[$0.digest] == nil }
            (place, isLast) = (piece.end, piece.isLast)
            guard isLast || !kept.isEmpty else { continue }
            try storage.stage(SnapshotChunk(mark: mark, after: received, rows: [], blobs: kept, isLast: isLast))
        }
    }
}
