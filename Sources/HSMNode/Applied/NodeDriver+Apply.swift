import NodeEnvironment
import PoolState
import Raft

/// From committed entries to a published view.
extension NodeDriver {
    /// Applies what follows on the applied position. Sealed, the node applies nothing: it can't tell a genuine entry.
    func applyCommitted(_ entries: [LogEntry]) {
        guard case .unsealed = seal else { return }
        // What was applied at the unsealing may come once more in an output that was under way then.
        for entry in entries where halted == nil && entry.index == applied.position.index + 1 { apply(entry) }
    }

    private func apply(_ entry: LogEntry) {
        unsaved.save(by: now.advanced(by: options.saveInterval))
        if case .configuration(let configuration) = entry.payload {
            unsaved.rows.add(applied.apply(configuration, of: entry))
            effects.add(.none, index: entry.index)
            return membershipApplied()
        }
        let proposal = knownProposal(in: entry)
        if proposal == nil, case .command = entry.payload {
            return halt(.unknownCommand(index: entry.index, known: options.catalog.newest))
        }
        if let proposal { effects.add(foreseen(proposal.command, at: entry.index), index: entry.index) }
        guard let result = applied.apply(entry, proposal), let proposal, !haltIfTooOld(for: applied.state) else {
            return
        }
        unsaved.rows.add(
            has(fault: .sessionTableLeftOut)
                ? result.rows.filter { $0.table != RowTable.completedProposal.rawValue } : result.rows)
        unsaved.blobs += result.blobs.map { MaterialBlob(digest: $0.digest, bytes: $0.bytes) }
        for blob in result.blobs where blob.bytes == nil { unsaved.removedRecords.append(blob.digest) }
        followCommand(proposal.command, outcome: result.outcome, of: entry)
        // Whoever has taken it from a client answers when it has applied it too.
        if proposal.proposer != id.rawValue { raft.hastenNews(through: entry.index) }
        guard let id = ProposalID(proposal.proposalID) else { return }
        intake.forget(id)
        guard let write = submissions.takeApplied(id) else { return }
        let view = PoolView(state: applied.state.forReaders, appliedIndex: entry.index)
        for completion in write.completions {
            unsaved.finished.append(
                FinishedWrite(completion: completion, outcome: result.outcome, view: view, deadline: write.deadline))
        }
    }

    /// What a command at this index of the log may touch.
    func foreseen(_ command: PoolCommand, at index: LogIndex) -> CommandEffects {
        CommandEffects(whateverTheState: command)
            ?? applied.state.effects(of: command, isNext: applied.position.index + 1 == index)
    }

    /// What a command means to the node itself, beside what it changes in the state.
    private func followCommand(_ command: PoolCommand, outcome: CommandOutcome, of entry: LogEntry) {
        guard outcome == .applied else { return }
        switch command {
        case .distrustNode, .admitNode, .removeNode: membershipApplied()
        case .requestLeadership(let node):
            // Asked of the leader of the time; one that was elected since has not been asked.
            if entry.term == raft.term { raft.transferLeadership(to: NodeID(node), now: now) }
        default: break
        }
    }

    /// Shows what was applied to those who read, and confirms it to the leader. Most rows need not be saved before: the
    /// log has what they come from. While there is no room to save, nothing is published either.
    func publishApplied() {
        guard halted == nil, case .unsealed = seal, applied.position.index > published?.appliedIndex ?? 0 else {
            return
        }
        // After an attempt without room the next one has its time.
        if savingDue == .distantFuture ? unsaved.isNeededBefore : now >= savingDue { save() }
        guard halted == nil, savingDue == .distantFuture else { return }
        publish()
    }

    /// Saves in one go what many steps have applied: rows that change often are hashed and stored once.
    func saveIfDue() {
        if now >= nextSaving { save() }
    }

    /// When the applied rows have to be saved.
    var nextSaving: Instant {
        guard case .unsealed = seal, applied.position.index > savedIndex else { return .distantFuture }
        if savingDue != .distantFuture { return savingDue }
        return unsaved.rows.list.count < options.rowsUnsaved ? unsaved.saveBy : now
    }

    /// Saves what was applied in one transaction, with a mark that vouches for it.
    func save() {
        guard halted == nil, case .unsealed(let authenticator) = seal, applied.position.index > savedIndex else {
            return
        }
        let position = applied.position
        applied.state.updateRoot(with: unsaved.rows.list)
        let root = applied.state.root
        let rows = unsaved.rows.list.map { StateRow(table: $0.table, key: $0.key, value: $0.value) }
        let tag = authenticator.stateTag(
            index: position.index, term: position.term, chainTag: position.tag, root: root)
        let mark = AppliedMark(
            index: position.index, term: position.term, chainTag: position.tag, stateRoot: root, tag: tag)
        do {
            try environment.storage.saveApplied(mark, rows: rows, blobs: unsaved.blobs)
        } catch .full {
            return retrySaving()
        } catch {
            return halt(error)
        }
        savedIndex = position.index
        savingDue = .distantFuture
        unsaved.wereSaved()
        raft.applied(through: position.index)
    }

    func publish() {
        let view = PoolView(state: applied.state.forReaders, appliedIndex: applied.position.index)
        if let pool = view.state.pool { adopt(pool.settings.reads) }
        published = view
        _ = incoming.release(through: view.appliedIndex)
        environment.observer.published(view)
        if !unsaved.removedRecords.isEmpty {
            environment.observer.materialRemoved(.records(unsaved.removedRecords))
            unsaved.removedRecords = []
        }
        publishReads()
        raft.published(through: view.appliedIndex)
        for write in unsaved.finished {
            let committed = Committed(
                outcome: write.outcome, view: write.view, index: write.view.appliedIndex)
            held.add(
                index: view.appliedIndex, deadline: write.deadline,
                giveUp: { _ in write.completion(.failure(.timedOut(maybeApplied: true))) },
                give: { write.completion(.success(committed)) })
        }
        unsaved.finished = []
    }

    /// Whether what is stored is all that was applied.
    var isSaved: Bool { applied.position.index <= savedIndex }

    private func retrySaving() {
        if savingDue == .distantFuture { environment.observer.alarm(.storageFull) }
        savingDue = now.advanced(by: options.refusalPause)
    }
}
