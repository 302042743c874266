import NodeEnvironment
import Raft

/// Nodes that have applied the same log have the same state, and indexes stand in their order.
final class StateChecker {
    private(set) var violation: Violation?
    private var marks: [LogIndex: (root: [UInt8], chainTag: [UInt8])] = [:]
    private var commits: [NodeID: LogIndex] = [:]

    /// `node`, whose log on disk ends at `last`, has saved a state.
    func saved(_ mark: AppliedMark, logged last: LogIndex, by node: NodeID) {
        if mark.index > last { fail(.indexesOutOfOrder(node, applied: mark.index, commit: mark.index, last: last)) }
        guard let known = marks[mark.index] else {
            marks[mark.index] = (mark.stateRoot, mark.chainTag)
            return
        }
        if known.root != mark.stateRoot || known.chainTag != mark.chainTag {
            fail(.statesDiffer(node, index: mark.index))
        }
    }

    func stands(_ node: NodeID, applied: LogIndex, commit: LogIndex, last: LogIndex) {
        if applied > commit || commit > last || commit < commits[node] ?? 0 {
            fail(.indexesOutOfOrder(node, applied: applied, commit: commit, last: last))
        }
        commits[node] = commit
    }

    /// A commit index may fall with its process: it is found again.
    func starts(_ node: NodeID) {
        commits[node] = 0
    }

    private func fail(_ found: Violation) {
        violation = violation ?? found
    }
}
