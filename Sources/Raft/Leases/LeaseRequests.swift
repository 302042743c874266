/// A holder's requests for leases: when each one was made. A grant counts from then, because that is before anything
/// that the leader did about it.
struct LeaseRequests: Sendable {
    private struct Open: Sendable {
        let counter: UInt64
        let sentAt: Instant
    }

    private let process: UInt64
    private var made: UInt64 = 0
    private var open: [Open] = []

    /// Far more than are under way at once, where answers come at all.
    private static let mostOpen = 32

    init(process: UInt64) {
        self.process = process
    }

    /// A new request, to be sent after `now`.
    mutating func make(now: Instant) -> LeaseRequestID {
        made += 1
        if open.count == Self.mostOpen { open.removeFirst() }
        open.append(Open(counter: made, sentAt: now))
        return LeaseRequestID(process: process, counter: made)
    }

    /// When the request was made; nil if this process has no such request open. It is granted at most once.
    mutating func take(_ id: LeaseRequestID) -> Instant? {
        guard id.process == process, let position = open.firstIndex(where: { $0.counter == id.counter }) else {
            return nil
        }
        return open.remove(at: position).sentAt
    }

    /// Drops all requests, so that no grant that is under way can have an effect.
    ///
    /// - Returns: The last one that was ever made; nil if there was none.
    mutating func forget() -> LeaseRequestID? {
        open = []
        return made == 0 ? nil : LeaseRequestID(process: process, counter: made)
    }

    #if PLANTED_FAULTS
        var latestSentAt: Instant? { open.last?.sentAt }
    #endif
}
