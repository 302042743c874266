import PoolState
import Raft

/// Answers that are ready and wait until what they show is released: shown before, it could still be unknown to a
/// member that answers reads from an older view. Without leases everything is released once it is committed.
struct HeldAnswers {
    private struct Held {
        let index: LogIndex
        let deadline: Instant
        let give: () -> Void
        let giveUp: (PoolUnavailable) -> Void
    }

    private var held: [Held] = []
    private(set) var nextDeadline = Instant.distantFuture

    var count: Int { held.count }

    /// An answer that depends on the entries through `index`.
    mutating func add(
        index: LogIndex, deadline: Instant, giveUp: @escaping (PoolUnavailable) -> Void, give: @escaping () -> Void
    ) {
        held.append(Held(index: index, deadline: deadline, give: give, giveUp: giveUp))
        nextDeadline = min(nextDeadline, deadline)
    }

    /// The answers that may be given when everything through `released` is.
    mutating func take(through released: LogIndex) -> [() -> Void] {
        guard held.contains(where: { $0.index <= released }) else { return [] }
        let ready = held.filter { $0.index <= released }.map(\.give)
        held.removeAll { $0.index <= released }
        findDeadline()
        return ready
    }

    /// The answers that have waited too long.
    mutating func takeExpired(now: Instant) -> [(PoolUnavailable) -> Void] {
        guard nextDeadline <= now else { return [] }
        let expired = held.filter { $0.deadline <= now }.map(\.giveUp)
        held.removeAll { $0.deadline <= now }
        findDeadline()
        return expired
    }

    mutating func takeAll() -> [(PoolUnavailable) -> Void] {
        defer { self = HeldAnswers() }
        return held.map(\.giveUp)
    }

    private mutating func findDeadline() {
        nextDeadline = held.reduce(.distantFuture) { min($0, $1.deadline) }
    }
}
