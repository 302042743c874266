public import AccessControl

/// A backup as it says of itself: which one it is, so that no other takes its place once officers have agreed to it.
public struct OrderedBackup: Hashable, Sendable {
    /// 32 random bytes.
    public var id: [UInt8]
    /// SHA-256 of its header, which authenticates all that follows.
    public var headerDigest: [UInt8]
    /// The name of the pool that made it.
    public var pool: String
    /// The last log entry in it.
    public var index: UInt64
    /// Unix time in milliseconds.
    public var createdAt: Int64

    public init(id: [UInt8], headerDigest: [UInt8], pool: String, index: UInt64, createdAt: Int64) {
        (self.id, self.headerDigest, self.pool) = (id, headerDigest, pool)
        (self.index, self.createdAt) = (index, createdAt)
    }
}

/// A restore of everything into a living pool, as an administrator has ordered it. Worth nothing before a quorum of the
/// officers in office has approved it: it may bring back whom somebody has removed.
public struct RestoreOrder: Hashable, Sendable {
    /// Of the job that has read the backup for it.
    public let id: [UInt8]
    /// Container and folder of the backup, without the credentials for it.
    public let place: String
    /// The end of the place.
    public let folder: String
    /// Whether principals that come back keep the secrets that they had.
    public let keepsCredentials: Bool
    /// The one backup that is restored by this order.
    public let backup: OrderedBackup
    /// Whom to ask.
    public let orderedBy: GUID?
    /// Unix time in seconds, until which it can be approved and begun.
    public let expires: Int64
    /// What it would change beside keys, a line for each, as officers are shown it. When it takes effect it has to be
    /// just that, or nothing happens.
    public let consequences: [String]
    /// Of officers in office, in order.
    public internal(set) var approvals: [RootVote] = []
}

/// The commands on a restore of everything into a living pool.
public enum RestoreOrderCommand: Hashable, Sendable {
    /// The job has read the backup and found this. Replaces an order that waits.
    case order(job: [UInt8], OrderedBackup, consequences: [String])
    /// An officer in office approves.
    case approve(id: [UInt8], RootVote)
    /// An administrator gives it up.
    case withdraw(id: [UInt8])
}
