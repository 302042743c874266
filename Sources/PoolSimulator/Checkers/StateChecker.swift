import HSMNode
import NodeEnvironment
import PoolState
import Raft

/// Every state that a node saves is what the committed log comes to, and indexes stand in their order.
///
/// The log is applied here once more, entry by entry, to a state that no node has touched: a node whose state depends
/// on how its entries were batched, on when it restarted, or on anything else but the log, has another root.
final class StateChecker {
    private struct Saved {
        let node: NodeID
        let mark: AppliedMark
    }
    private struct Point {
        let term: Term
        let chainTag: [UInt8]
        let root: [UInt8]
    }

    private(set) var violation: Violation?
    /// What the newest program of the pool knows.
    private let catalog: CommandCatalog
    private var reference = PoolState()
    /// What the log comes to after each index, from 0.
    private var points = [Point(term: 0, chainTag: [], root: PoolState().root)]
    /// Saved beyond what is known to be committed: judged when that is known.
    private var unjudged: [Saved] = []
    private var commits: [NodeID: LogIndex] = [:]

    init(catalog: CommandCatalog = .current) {
        self.catalog = catalog
    }

    /// The pool's version, by all that is known to be committed.
    var version: PoolVersion { reference.version }

    /// `node`, whose log on disk ends at `last`, has saved a state.
    func saved(_ mark: AppliedMark, logged last: LogIndex, by node: NodeID) {
        if mark.index > last { fail(.indexesOutOfOrder(node, applied: mark.index, commit: mark.index, last: last)) }
        unjudged.append(Saved(node: node, mark: mark))
    }

    /// Takes in what is committed by now, and judges what was saved.
    func learn(_ log: LogChecker) {
        while let committed = log.committed(at: LogIndex(points.count)) { apply(committed) }
        guard !unjudged.isEmpty else { return }
        for saved in unjudged where saved.mark.index < LogIndex(points.count) { judge(saved) }
        unjudged.removeAll { $0.mark.index < LogIndex(points.count) }
    }

    private func apply(_ committed: LogChecker.Committed) {
        let entry = committed.entry
        switch entry.payload {
        case .command:
            guard let proposal = committed.proposal else { break }
            if catalog.since(proposal.command) > reference.version { fail(.commandTooNew(index: entry.index)) }
            _ = reference.apply(index: entry.index, term: entry.term, proposal)
        case .configuration(let configuration):
            _ = reference.apply(MembershipRecord(configuration, at: entry.index))
        case .noOp: break
        }
        points.append(Point(term: entry.term, chainTag: entry.tag, root: reference.root))
    }

    private func judge(_ saved: Saved) {
        let point = points[Int(saved.mark.index)]
        let isSameEntry = saved.mark.term == point.term && saved.mark.chainTag == point.chainTag
        if !isSameEntry || saved.mark.stateRoot != point.root {
            fail(.statesDiffer(saved.node, index: saved.mark.index))
        }
    }

    /// At the end everything that is committed is known.
    func finish() {
        if let saved = unjudged.first { fail(.appliedUncommitted(saved.node, index: saved.mark.index)) }
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
