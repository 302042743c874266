import NodeEnvironment
import PoolState
import Raft

/// What a leader does with a proposal before it stands in the log: judges it once, and takes each id once.
struct ProposalIntake {
    /// A proposal that waits for the end of the step.
    struct Accepted {
        let id: ProposalID
        let proposal: ForwardedProposal
        let envelope: ProposalEnvelope
    }

    private var queue: [Accepted] = []
    private var inFlight: Set<ProposalID> = []
    private let maximumInFlight: Int

    init(maximumInFlight: Int) {
        self.maximumInFlight = maximumInFlight
    }

    /// Takes a judged proposal in, or says why not. One that is on its way already is taken for taken.
    mutating func take(
        _ proposal: ForwardedProposal, _ envelope: ProposalEnvelope, id: ProposalID
    ) -> ProposalRefusalReason? {
        guard !inFlight.contains(id) else { return nil }
        guard inFlight.count < maximumInFlight else { return .overloaded }
        inFlight.insert(id)
        queue.append(Accepted(id: id, proposal: proposal, envelope: envelope))
        return nil
    }

    /// How many were taken since the last call of ``takeQueue()``.
    var waiting: Int { queue.count }

    /// The proposals that were taken since the last call, in order.
    mutating func takeQueue() -> [Accepted] {
        defer { queue.removeAll(keepingCapacity: true) }
        return queue
    }

    /// The id was applied, or didn't get into the log.
    mutating func forget(_ id: ProposalID) {
        inFlight.remove(id)
    }

    /// The node no longer leads: what it had taken is somebody else's to propose.
    mutating func clear() -> [Accepted] {
        inFlight.removeAll()
        return takeQueue()
    }
}
