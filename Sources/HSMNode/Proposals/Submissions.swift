import NodeEnvironment
import PoolState
import Raft

/// The writes that this node has taken and not yet answered.
///
/// A write is sent to whoever leads, under one id, until the node's own state has applied it. Sending it twice is
/// harmless, for the state applies an id once. Each write is answered exactly once.
struct Submissions {
    private struct Pending {
        let order: UInt64
        let command: [UInt8]
        let deadline: Instant
        /// More than one if the caller has submitted the same thing again.
        var completions: [SubmitCompletion]
        /// When it is to be sent, for the first time or again.
        var sendAt: Instant
        /// How often it was sent.
        var sends = 0
    }

    private var pending: [ProposalID: Pending] = [:]
    private var nextOrder: UInt64 = 0
    private let options: NodeOptions
    /// The earliest time at which a pending write has to be looked at; never too late.
    private(set) var nextDeadline = Instant.distantFuture

    init(options: NodeOptions) {
        self.options = options
    }

    var count: Int { pending.count }

    /// Takes a write in, to be sent at once; false if too many wait.
    mutating func add(
        _ id: ProposalID, command: [UInt8], now: Instant, _ completion: @escaping SubmitCompletion
    ) -> Bool {
        if pending[id] != nil {
            pending[id]?.completions.append(completion)
            return true
        }
        guard pending.count < options.maximumSubmissions else { return false }
        pending[id] = Pending(
            order: nextOrder, command: command, deadline: now.advanced(by: options.submitTimeout),
            completions: [completion], sendAt: now)
        nextOrder += 1
        nextDeadline = min(nextDeadline, now)
        return true
    }

    /// The writes that are to be sent now, the oldest first. They come again in a while.
    mutating func takeDue(now: Instant) -> [(id: ProposalID, command: [UInt8])] {
        guard nextDeadline <= now else { return [] }
        let due = pending.filter { $0.value.sendAt <= now }.sorted { $0.value.order < $1.value.order }
        for (id, _) in due { pending[id]?.sendAt = now.advanced(by: options.retryInterval) }
        findDeadline()
        return due.map { (id: $0.key, command: $0.value.command) }
    }

    /// The write is on its way: from now on nobody can say that it won't be applied.
    mutating func sent(_ id: ProposalID) {
        pending[id]?.sends += 1
    }

    /// There is somebody new to send to: everything is due.
    mutating func leaderChanged(now: Instant) {
        guard !pending.isEmpty else { return }
        for id in pending.keys { pending[id]?.sendAt = now }
        nextDeadline = now
    }

    /// Nobody took it: asks again after a pause.
    mutating func postpone(_ id: ProposalID, now: Instant) {
        guard pending[id] != nil else { return }
        let at = now.advanced(by: options.refusalPause)
        pending[id]?.sendAt = at
        nextDeadline = min(nextDeadline, at)
    }

    /// Whoever leads refuses it for a reason that asking again doesn't mend. Empty if it may be in a log all the same.
    mutating func takeRefused(_ id: ProposalID) -> [SubmitCompletion] {
        guard let write = pending[id], write.sends <= 1 else { return [] }
        pending[id] = nil
        return write.completions
    }

    /// The write has been applied here.
    mutating func takeApplied(_ id: ProposalID) -> (completions: [SubmitCompletion], deadline: Instant)? {
        pending.removeValue(forKey: id).map { ($0.completions, $0.deadline) }
    }

    /// The writes whose time is up, the oldest first, each with what is to be answered: `unsent` if nobody was sent it.
    mutating func takeExpired(now: Instant, unsent: PoolUnavailable) -> [(SubmitCompletion, PoolUnavailable)] {
        guard nextDeadline <= now else { return [] }
        let expired = pending.filter { $0.value.deadline <= now }.sorted { $0.value.order < $1.value.order }
        for (id, _) in expired { pending[id] = nil }
        findDeadline()
        return expired.flatMap { _, write in
            let answer = write.sends > 0 ? PoolUnavailable.timedOut(maybeApplied: true) : unsent
            return write.completions.map { ($0, answer) }
        }
    }

    /// Every write there is, the oldest first, with whether it may still be applied.
    mutating func takeAll() -> [(completion: SubmitCompletion, wasSent: Bool)] {
        let all = pending.values.sorted { $0.order < $1.order }
        pending = [:]
        nextDeadline = .distantFuture
        return all.flatMap { write in write.completions.map { (completion: $0, wasSent: write.sends > 0) } }
    }

    private mutating func findDeadline() {
        var earliest = Instant.distantFuture
        for write in pending.values { earliest = min(earliest, min(write.sendAt, write.deadline)) }
        nextDeadline = earliest
    }
}
