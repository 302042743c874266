/// Reads that a leader has to confirm. None is confirmed by an answer to a round that began before the read was asked.
struct LeaderReads: Sendable {
    enum Origin: Hashable, Sendable {
        case local(id: UInt64)
        case remote(node: NodeID, id: UInt64)
    }

    struct Batch: Sendable {
        let round: UInt64
        let index: LogIndex
        let origins: [Origin]
    }

    /// Asked, and waiting for a round to begin.
    private(set) var waiting: [Origin] = []
    /// Waiting for a quorum's answers to their round; ascending by round.
    private(set) var batches: [Batch] = []
    private(set) var count = 0

    mutating func add(_ origin: Origin) {
        waiting.append(origin)
        count += 1
    }

    /// All that wait go with `round`, which begins now, and may read at `index`.
    mutating func assign(to round: UInt64, at index: LogIndex) {
        guard !waiting.isEmpty else { return }
        batches.append(Batch(round: round, index: index, origins: waiting))
        waiting = []
    }

    /// The batches whose round, or a later one, a quorum has answered.
    mutating func confirm(through round: UInt64) -> ArraySlice<Batch> {
        let confirmed = batches.prefix { $0.round <= round }
        guard !confirmed.isEmpty else { return [] }
        batches.removeFirst(confirmed.count)
        for batch in confirmed { count -= batch.origins.count }
        return confirmed
    }

    /// The reads of this node's own callers that are still open.
    var localIDs: [UInt64] {
        (batches.flatMap(\.origins) + waiting).compactMap { origin in
            guard case .local(let id) = origin else { return nil }
            return id
        }
    }
}

/// Reads that a follower has forwarded to its leader, or is about to. All that are asked between two outputs travel as
/// one request.
struct ForwardedReads: Sendable {
    private struct Request: Sendable {
        let id: UInt64
        let expiry: Instant
        let readIDs: [UInt64]
    }

    private var unsent: [UInt64] = []
    private var underWay: [Request] = []
    private(set) var count = 0

    var hasUnsent: Bool { !unsent.isEmpty }

    var nextExpiry: Instant? { underWay.first?.expiry }

    mutating func add(_ readID: UInt64) {
        unsent.append(readID)
        count += 1
    }

    mutating func send(as id: UInt64, expiry: Instant) {
        underWay.append(Request(id: id, expiry: expiry, readIDs: unsent))
        unsent = []
    }

    /// The reads that went with request `id`; none if it was answered or given up before.
    mutating func take(_ id: UInt64) -> [UInt64] {
        guard let position = underWay.firstIndex(where: { $0.id == id }) else { return [] }
        let request = underWay.remove(at: position)
        count -= request.readIDs.count
        return request.readIDs
    }

    mutating func takeExpired(at now: Instant) -> [UInt64] {
        let expired = underWay.prefix { $0.expiry <= now }.flatMap(\.readIDs)
        underWay.removeAll { $0.expiry <= now }
        count -= expired.count
        return expired
    }

    var allIDs: [UInt64] { underWay.flatMap(\.readIDs) + unsent }
}
