/// Names one request for a lease. No two requests share a name, not even those of a node before and after a restart.
public struct LeaseRequestID: Hashable, Sendable {
    /// Drawn at random at each start of the holder's process.
    public let process: UInt64
    /// Counts the requests of the process, from 1.
    public let counter: UInt64

    public init(process: UInt64, counter: UInt64) {
        self.process = process
        self.counter = counter
    }
}

/// What a leader grants. Neither its end nor its beginning travels: the holder counts the length of a lease from when
/// it sent the request.
public struct LeaseGrant: Hashable, Sendable {
    /// The request that is granted. A holder that knows of no such request drops the grant.
    public let request: LeaseRequestID
    /// The lease is good for views that hold everything through here.
    public let floor: LogIndex
    /// When the request arrived, on the leader's clock. Good for nothing but to compare how far two clocks advance
    /// between two grants of one leader.
    public let receivedAt: Instant

    public init(request: LeaseRequestID, floor: LogIndex, receivedAt: Instant) {
        self.request = request
        self.floor = floor
        self.receivedAt = receivedAt
    }
}

/// What leaders and holders of leases say to one another, beside what travels with appends and their answers. Nobody is
/// sent such a message who has not shown that it deals in leases.
public enum LeaseMessage: Hashable, Sendable {
    /// From the leader.
    case grant(LeaseGrant)
    /// From the leader: everything through this index is released.
    case released(LogIndex)
    /// From a member: it answers all reads from a view that holds everything through this index, or from a later one.
    case published(LogIndex)
    /// From a member: it has dropped all leases and requests of this process up to this one.
    case surrender(LeaseRequestID)
}
