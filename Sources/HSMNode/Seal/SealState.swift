import NodeEnvironment
import PoolState
import Raft

/// Whether the node has the pool's keys.
enum SealState {
    /// It stores the log and votes; it applies nothing and answers nothing.
    case sealed(Evidence)
    case unsealed(any StateAuthenticator)

    /// What a sealed node can be unsealed from.
    enum Evidence {
        /// What the disk held at the start, to be believed only after its tags have been checked.
        case stored(mark: AppliedMark?, rows: StoredRows)
        /// The state in memory, which an unsealed node of this process made.
        case memory
    }

    var isSealed: Bool {
        if case .sealed = self { return true }
        return false
    }
}

/// Keys that were given to the node and are tried at the end of the step.
struct UnsealRequest {
    let authenticator: any StateAuthenticator
    let completion: (Result<LogIndex, UnsealRefusal>) -> Void
}

/// Believes a stored state, or says what is wrong with it.
struct StoredStateCheck {
    let authenticator: any StateAuthenticator
    let raft: Raft
    /// The highest version of a pool that this program knows.
    let newest: PoolVersion

    /// The state that `rows` make, if `mark` vouches for it and for a position of this log.
    func restored(mark: AppliedMark?, rows: StoredRows) throws(UnsealRefusal) -> AppliedState {
        guard let mark else {
            guard rows.isEmpty else { throw .markMissing }
            return AppliedState()
        }
        let state = try genuine(mark: mark, rows: rows)
        guard raft.term(at: mark.index) == mark.term, raft.tag(at: mark.index) == mark.chainTag else {
            throw .markNotInLog(index: mark.index)
        }
        return state
    }

    /// The state that `rows` make, if `mark` vouches for it, wherever its log is.
    func genuine(mark: AppliedMark, rows: some Sequence<StateRow>) throws(UnsealRefusal) -> AppliedState {
        let tag = authenticator.stateTag(
            index: mark.index, term: mark.term, chainTag: mark.chainTag, root: mark.stateRoot)
        guard authenticator.tagsAreEqual(tag, mark.tag) else { throw .markForged(index: mark.index) }
        let changes = rows.lazy.map { RowChange(table: $0.table, key: $0.key, value: $0.value) }
        let version = PoolVersion(ofRows: changes)
        guard version <= newest else {
            // The other rows may be such as this program can't read. Whose they are it can tell all the same.
            let isGenuine = authenticator.tagsAreEqual(PoolState.root(ofRows: changes), mark.stateRoot)
            guard isGenuine else { throw .rowsForged(index: mark.index) }
            throw .poolIsNewer(version)
        }
        let state: PoolState
        do {
            state = try PoolState(rows: changes)
        } catch {
            throw .rowsMalformed("\(error)")
        }
        guard authenticator.tagsAreEqual(state.root, mark.stateRoot) else { throw .rowsForged(index: mark.index) }
        return AppliedState(
            state: state, position: LogPosition(index: mark.index, term: mark.term, tag: mark.chainTag))
    }

    /// Checks the tags of everything that the log holds behind `position`.
    func checkLog(after position: LogPosition) throws(UnsealRefusal) {
        guard position.index < raft.lastIndex else { return }
        let chain = EntryChain(authenticator: authenticator)
        let entries = raft.entries(from: position.index + 1, to: raft.lastIndex)
        guard entries.first?.index == position.index + 1 else { throw .markNotInLog(index: position.index) }
        if let forged = chain.firstForgery(in: entries, after: position.tag) { throw .entryForged(index: forged) }
    }
}
