import PoolState
import Raft

/// What the clients were told, against what the log says.
///
/// The log's order is the order of all operations: a write happens at its first entry, a read right after the index of
/// its view. The history is linearizable if this order agrees with real time, that is, if no operation that began after
/// another had ended comes before it, and if every answer is what the log through that point comes to. Entries that
/// change nothing that can be read, like a leader's first one, don't count for reads: what is read before one is the
/// same as what is read after it.
final class HistoryChecker {
    /// Something that a client asked for.
    struct Operation {
        /// A write's number; nil for a read.
        let proposal: UInt64?
        /// The highest index that any client had seen when the operation began.
        let floor: LogIndex
        /// The last entry through there that has changed anything that can be read.
        let lastChange: LogIndex
        let node: Int
        let startedAt: UInt64
        fileprivate var answers = 0
    }

    /// What an operation was told.
    enum Answer {
        case committed(Committed)
        case view(PoolView)
        case unavailable(PoolUnavailable)

        var summary: String {
            switch self {
            case .committed(let committed): "\(committed.outcome) at \(committed.index)"
            case .view(let view): "view at \(view.appliedIndex)"
            case .unavailable(let reason): "\(reason)"
            }
        }
    }

    /// Whether reads have to be current; what they show has to be right in any case.
    private let readsAreCurrent: Bool
    private(set) var violation: Violation?
    private(set) var operations: [Operation] = []
    private(set) var model = ReferenceModel()
    private var floor: LogIndex = 0
    private var floorOfProposal: [UInt64: LogIndex] = [:]
    private var acknowledged: [(proposal: UInt64, index: LogIndex)] = []
    private(set) var reads = 0
    private(set) var refusals = 0

    init(readsAreCurrent: Bool = true) {
        self.readsAreCurrent = readsAreCurrent
    }

    var writes: Int { acknowledged.count }

    /// How many operations wait for their answer on a node that is still in the life that took them.
    private(set) var open = 0

    /// An operation begins; returns its number. A repeated proposal keeps its first floor: it may have happened since.
    func begins(proposal: UInt64?, node: Int, now: UInt64) -> Int {
        var floor = self.floor
        if let proposal {
            floor = floorOfProposal[proposal] ?? floor
            floorOfProposal[proposal] = floor
        }
        operations.append(
            Operation(
                proposal: proposal, floor: floor, lastChange: model.lastChange(through: floor), node: node,
                startedAt: now))
        open += 1
        return operations.count - 1
    }

    /// The node died with these operations: nobody will answer them.
    func dies(operations count: Int) {
        open -= count
    }

    /// Everything committed so far, so that the model knows it before answers are judged.
    func learn(_ log: LogChecker) {
        while let committed = log.committed(at: model.index + 1) {
            model.apply(committed.proposal, at: committed.entry.index)
            if let number = model.lastProposal, number > 0, floorOfProposal[number] == nil {
                fail(.foreignProposal(index: committed.entry.index))
            }
        }
    }

    func ends(_ number: Int, _ answer: Answer) {
        operations[number].answers += 1
        let operation = operations[number]
        guard operation.answers == 1 else { return fail(.answeredTwice(operation: number)) }
        open -= 1
        switch answer {
        case .unavailable:
            refusals += 1
        case .view(let view):
            reads += 1
            judge(view, floor: operation.lastChange)
        case .committed(let committed):
            judge(committed, proposal: operation.proposal ?? 0, floor: operation.floor)
        }
    }

    private func judge(_ view: PoolView, floor: LogIndex) {
        if readsAreCurrent, view.appliedIndex < floor { fail(.notLinearizable(floor: floor, got: view.appliedIndex)) }
        guard view.appliedIndex <= model.index else {
            return fail(.wrongView(index: view.appliedIndex, register: -1))
        }
        for register in 0..<Register.count {
            let expected = model.value(of: register, at: view.appliedIndex)
            if Register.value(of: register, in: view.state) != expected {
                fail(.wrongView(index: view.appliedIndex, register: register))
            }
        }
        self.floor = max(self.floor, view.appliedIndex)
    }

    private func judge(_ committed: Committed, proposal: UInt64, floor: LogIndex) {
        guard let fate = model.fates[proposal], fate.outcome == committed.outcome, fate.firstIndex <= committed.index,
            committed.view.appliedIndex >= committed.index
        else { return fail(.wrongOutcome(proposal: proposal, index: committed.index)) }
        if fate.firstIndex <= floor { fail(.notLinearizable(floor: floor, got: fate.firstIndex)) }
        acknowledged.append((proposal, fate.firstIndex))
        judge(committed.view, floor: committed.index)
    }

    /// At the end: every answered write stands where it was said to stand, on every node's log.
    func finish(disks: [SimulatedDisk], _ log: LogChecker) {
        for write in acknowledged {
            let committed = log.committed(at: write.index)
            let isThere = disks.allSatisfy { disk in
                write.index <= disk.compactedIndex || disk.entry(at: write.index) == committed?.entry
            }
            guard isThere, let proposal = committed?.proposal,
                Workload.number(of: proposal.proposalID) == write.proposal
            else { return fail(.acknowledgedWriteLost(proposal: write.proposal, index: write.index)) }
        }
    }

    private func fail(_ found: Violation) {
        violation = violation ?? found
    }
}
