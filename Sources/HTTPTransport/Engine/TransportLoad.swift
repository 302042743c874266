import Synchronization

/// What all connections of a server hold together.
final class TransportLoad: Sendable {
    private let connections = Atomic<Int>(0)
    private let bodyBytes = Atomic<Int>(0)
    let shares = SourceShares()

    var openConnections: Int { connections.load(ordering: .relaxed) }
    var bufferedBodyBytes: Int { bodyBytes.load(ordering: .relaxed) }

    /// Counts one more connection, unless there are `limit` already.
    func addConnection(limit: Int) -> Bool {
        let (_, count) = connections.add(1, ordering: .relaxed)
        if count <= limit { return true }
        removeConnection()
        return false
    }

    func removeConnection() {
        connections.subtract(1, ordering: .relaxed)
    }

    /// Counts more bytes of unfinished bodies, unless the sum would exceed `limit`.
    func addBody(bytes: Int, limit: Int) -> Bool {
        let (_, sum) = bodyBytes.add(bytes, ordering: .relaxed)
        if sum <= limit { return true }
        removeBody(bytes: bytes)
        return false
    }

    func removeBody(bytes: Int) {
        bodyBytes.subtract(bytes, ordering: .relaxed)
    }
}

/// The share of one connection in `TransportLoad`, given back when the connection ends.
struct BodyBudget {
    /// A connection that holds no more has it whatever the others hold: who fills the memory of all keeps no ordinary
    /// request out.
    static let freeBytes = 16 * 1024

    private let load: TransportLoad
    private let limits: TransportLimits
    private(set) var held = 0

    init(load: TransportLoad, limits: TransportLimits) {
        self.load = load
        self.limits = limits
    }

    /// Asks to hold more bytes of a request of which `bodyHeld` will be held then. A connection's only one may be as
    /// large as its route allows; the connection's bound is for many at once.
    mutating func add(_ bytes: Int, bodyHeld: Int) -> Bool {
        let isOnlyBody = bodyHeld == held + bytes
        guard isOnlyBody || held + bytes <= limits.maximumBufferedBodyBytes else { return false }
        let total = held + bytes <= BodyBudget.freeBytes ? Int.max : limits.maximumTotalBufferedBodyBytes
        guard load.addBody(bytes: bytes, limit: total) else { return false }
        held += bytes
        return true
    }

    mutating func remove(_ bytes: Int) {
        held -= bytes
        load.removeBody(bytes: bytes)
    }

    mutating func removeAll() {
        remove(held)
    }
}
