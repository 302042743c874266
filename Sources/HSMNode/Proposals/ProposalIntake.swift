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
    /// When the first of the queue was taken.
    private var queuedSince = Instant.distantFuture
    /// The last batch that was taken out, and when.
    private var lastBatch = (count: 0, time: Instant(nanoseconds: 0))
    private var inFlight: Set<ProposalID> = []
    private let maximumInFlight: Int

    init(maximumInFlight: Int) {
        self.maximumInFlight = maximumInFlight
    }

    /// Takes a judged proposal in, or says why not. One that is on its way already is taken for taken.
    mutating func take(
        _ proposal: ForwardedProposal, _ envelope: ProposalEnvelope, id: ProposalID, now: Instant
    ) -> ProposalRefusalReason? {
        guard !inFlight.contains(id) else { return nil }
        guard inFlight.count < maximumInFlight else { return .overloaded }
        inFlight.insert(id)
        if queue.isEmpty { queuedSince = now }
        queue.append(Accepted(id: id, proposal: proposal, envelope: envelope))
        return nil
    }

    /// How many were taken since the last call of ``takeQueue(now:)``.
    var waiting: Int { queue.count }

    /// When what waits is put into the log. What an entry costs every member, its flush above all, is mostly the same
    /// for many. So what comes while others are on their way goes together once those are committed, and waits for as
    /// many as went last time; in either case for a little while only. One alone doesn't wait.
    ///
    /// - Parameters:
    ///   - isIdle: whether all that stands in the log is committed.
    ///   - interval: how far apart batches are where they are not complete.
    func due(isIdle: Bool, interval: Nanoseconds) -> Instant {
        guard !queue.isEmpty, !(isIdle && queue.count >= lastBatch.count) else { return queuedSince }
        return max(queuedSince, lastBatch.time.advanced(by: interval))
    }

    /// The proposals that were taken since the last call, in order.
    mutating func takeQueue(now: Instant) -> [Accepted] {
        guard !queue.isEmpty else { return [] }
        lastBatch = (queue.count, now)
        queuedSince = .distantFuture
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
        return takeQueue(now: Instant(nanoseconds: 0))
    }
}
