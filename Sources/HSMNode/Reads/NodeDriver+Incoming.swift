import PoolState
import Raft

/// What stands in the log and not yet in the published view.
///
/// A leader releases an entry once every member honours it (see `Raft.releaseEntries`): by a view that holds it, or by
/// a log that holds it, while each read that the entry touches waits for such a view. So whoever answers an append has
/// noted before what the entries touch, and holds the note until the view holds them, or they are gone from the log.
/// A leader's own log doesn't count, so it notes nothing of what it proposes, until it leads no more.
extension NodeDriver {
    /// Notes what an output does to the log, before its messages leave.
    ///
    /// - Returns: whether that changes which reads have to wait.
    func expect(_ output: RaftOutput) -> Bool {
        guard case .unsealed = seal, !has(fault: .appendsUnnoted) else { return false }
        var isChanged = false
        if let first = output.truncateFrom {
            reads.entriesGone(from: first)
            isChanged = incoming.truncate(from: first)
        }
        let leads = raft.role == .leader
        if let reign, !leads || reign != raft.term {
            self.reign = nil
            // What the output brings is noted below, entry by entry: a stretch that reached into it could be cut.
            let last = output.entries.first.map { $0.index - 1 } ?? raft.lastIndex
            if !has(fault: .formerLeaderNotesNothing) { isChanged = expectAll(through: last) || isChanged }
        }
        if leads { reign = raft.term }
        for entry in output.entries where !(leads && entry.term == raft.term) {
            guard let effects = foreseen(entry) else { continue }
            incoming.add(effects, index: entry.index)
            isChanged = true
        }
        return isChanged
    }

    /// Notes that anything may be touched by what the log holds beyond the state: the node has not been looking at it.
    func expectWholeLog() {
        incoming = EffectLedger()
        reads.entriesGone(from: applied.position.index + 1)
        reign = raft.role == .leader ? raft.term : nil
        if !has(fault: .unsealedNotesNothing) { _ = expectAll(through: raft.lastIndex) }
    }

    private func expectAll(through last: LogIndex) -> Bool {
        guard last > published?.appliedIndex ?? applied.position.index else { return false }
        incoming.addUnknown(through: last)
        return true
    }

    /// What the entry may touch; nil for one that says nothing to the state.
    private func foreseen(_ entry: LogEntry) -> CommandEffects? {
        switch entry.payload {
        case .noOp: return nil
        case .configuration: return CommandEffects.none
        case .command(let bytes):
            guard let proposal = decoded.look(bytes, index: entry.index, term: entry.term),
                options.catalog.knows(proposal.command)
            else { return .everything }
            return foreseen(proposal.command, at: entry.index)
        }
    }
}
