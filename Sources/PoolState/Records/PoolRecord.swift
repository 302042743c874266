public import AccessControl

/// How far the pool has come. Only ever moves forward.
public enum PoolPhase: UInt8, Hashable, Comparable, CaseIterable, Sendable {
    /// No genesis yet: the state is empty.
    case uninitialized = 0
    /// The pool exists; its security domain has not been given to officers.
    case provisioned = 1
    /// A security domain file has been made; it isn't known yet that it was received.
    case activating = 2
    /// The officers hold the security domain. Keys may exist from here on.
    case activated = 3
    /// The pool has taken over the security domain of one that was lost, and has no keys yet: the next full restore
    /// brings everything that the lost pool had. Ends with it, or with the first key.
    case recovering = 4

    /// Whether officers hold the security domain, so that keys may exist.
    public var mayHoldKeys: Bool { self == .activated || self == .recovering }

    public static func < (left: PoolPhase, right: PoolPhase) -> Bool { left.order < right.order }

    private var order: Int {
        switch self {
        case .uninitialized: 0
        case .provisioned: 1
        case .activating: 2
        case .recovering: 3
        case .activated: 4
        }
    }
}

/// How sure a node is that what it answers from is current, and what it does where it can't be.
public enum ReadPolicy: Hashable, Sendable {
    /// Every member holds a lease and answers from its own view. Without one it asks the leader.
    case lease
    /// Every read, or batch of reads, asks the leader, which asks a majority.
    case readIndex
    /// As with a lease; and a node whose lease has run out goes on answering for so many seconds. **Within that time
    /// it may honour what has been revoked.**
    case boundedStaleness(seconds: Int)

    /// What a bound may be, in seconds.
    public static let bounds = 1...900

    var isValid: Bool {
        if case .boundedStaleness(let seconds) = self { return Self.bounds.contains(seconds) }
        return true
    }
}

/// Settings of the whole pool: chosen at genesis, and the backup's after a restore of everything.
public struct PoolSettings: Hashable, Sendable {
    /// Retention of deleted keys in days, 7 to 90.
    public var recoverableDays: Int
    /// Whether a deleted key may be purged only when its retention has run out.
    public var purgeProtection: Bool
    /// Whether an answer waits for its audit record to be on disk. Nodes don't ask yet: every answer does.
    public var strictAudit: Bool
    public var reads: ReadPolicy
    /// What nobody can use a key of this pool for.
    public var refusedAlgorithms: RefusableAlgorithms

    public init(
        recoverableDays: Int = 90, purgeProtection: Bool = false, strictAudit: Bool = true, reads: ReadPolicy = .lease,
        refusedAlgorithms: RefusableAlgorithms = []
    ) {
        self.recoverableDays = recoverableDays
        self.purgeProtection = purgeProtection
        self.strictAudit = strictAudit
        self.reads = reads
        self.refusedAlgorithms = refusedAlgorithms
    }
}

/// The pool itself: one record.
public struct PoolRecord: Hashable, Sendable {
    /// The epoch of a pool that was never recovered.
    public static let firstEpoch: UInt64 = 1

    /// 16 bytes.
    public internal(set) var poolID: [UInt8]
    /// 3 to 24 characters, `[0-9A-Za-z-]`; never changes.
    public internal(set) var name: String
    /// Raised by the recovery of a pool that lost its quorum; `firstEpoch` at genesis.
    public internal(set) var epoch: UInt64
    /// The `tid` of the pool's tokens; never changes.
    public internal(set) var tenantID: GUID
    /// The token audiences that the data plane accepts: the genesis' own, and those of nodes that were admitted since.
    public internal(set) var audiences: [String]
    /// Never `uninitialized`: a state without a record has that phase.
    public internal(set) var phase: PoolPhase
    /// The generation of the root key that `keyring` is sealed under.
    public internal(set) var rootGeneration: UInt32
    /// The sealed keyring, opaque here.
    public internal(set) var keyring: [UInt8]
    /// SHA-256 of each officer's certificate (DER) where genesis pinned them; empty where it did not.
    public internal(set) var pinnedOfficers: [[UInt8]]
    /// As chosen at genesis, until a restore of everything brings the backup's.
    public internal(set) var settings: PoolSettings
    /// Unix time in seconds.
    public internal(set) var created: Int64
    /// The URL of the first founder, whoever belongs to the pool now: it names the issuer of the pool's tokens.
    public internal(set) var origin: String
    /// Whose word on an environment counts when a key is to be released; nobody's where there is none.
    public internal(set) var releaseAuthorities: [ReleaseAuthority] = []
    /// The root in force, sealed under the one before it: by it nodes that hold that one follow. Where the pool has
    /// adopted a security domain, the one before was nobody's but theirs; after a change of the root it is taken away
    /// as soon as every member has followed.
    public internal(set) var rootBridge: [UInt8] = []
    /// The roots of former generations, the oldest first, each sealed under the next one.
    public internal(set) var formerRoots: [[UInt8]] = []
}
