public import AccessControl
import HashTreeCollections

/// The replicated state of a pool, as a value.
///
/// Deterministic: the same log gives the same state, rows and root on every replica; it knows no clock and no random
/// source. A copy is O(1) and shares structure, so that a copy can be published to readers after each change.
///
/// It is held twice: as records, which readers use, and as rows, which are stored. Each row is the canonical Protocol
/// Buffers encoding of one record; `root` is a Merkle root over all rows, kept up to date with each change.
public struct PoolState: Sendable {
    var record: PoolRecord?
    /// What the log may hold. Only rises.
    public internal(set) var version = PoolVersion.first
    var memberRecords = TreeDictionary<UInt64, MemberRecord>()
    /// Live and deleted keys.
    var keyRecords = TreeDictionary<String, KeyRecord>()
    var liveNames = SortedNames()
    var deletedNames = SortedNames()
    var materials = MaterialIndex()
    var principalRecords = TreeDictionary<GUID, PrincipalRecord>()
    var principalsByClientID = TreeDictionary<GUID, GUID>()
    /// Custom roles and all role assignments.
    public internal(set) var permissions = PermissionIndex()
    /// What the officers hold; nil before one was prepared, and in a pool that has adopted another one's until a
    /// restore of everything, or the order of one, brings its record.
    public internal(set) var securityDomain: SecurityDomainRecord?
    /// The change of the pool's root that is under way.
    public internal(set) var rootChange: RootChange?
    /// The last change of the key-encryption key; nil before the first.
    public internal(set) var keyEncryption: KeyEncryption?
    /// Records that were replaced by it and aren't removed yet.
    var rewrappedBatches = TreeDictionary<UInt64, RewrappedBatch>()
    /// The last grant to each node, of the form that ended with ``PoolVersion/peerUnsealing``.
    var unsealGrants = TreeDictionary<UInt64, UnsealGrant>()
    /// By what nodes unseal one another; nil before ``PoolVersion/peerUnsealing``.
    public internal(set) var peerUnsealPolicy: PeerUnsealPolicy?
    var continuities = TreeDictionary<UInt64, NodeContinuity>()
    var heads = TreeDictionary<UInt64, AuditHead>()
    /// The last configuration of the log that was applied; nil before the first.
    public internal(set) var membership: MembershipRecord?
    var nodeInvitations = TreeDictionary<UInt64, NodeInvitation>()
    /// The largest node id that was ever given; 0 where only founders have one.
    var lastGivenNode: UInt64 = 0
    var jobRecords = TreeDictionary<GUID, JobRecord>()
    /// What the restore that is under way has brought so far, by name.
    var stagedKeys = TreeDictionary<String, KeyRecord>()
    /// What else a restore of everything has brought, by row key.
    var stagedPolicies = TreeDictionary<[UInt8], StagedPolicy>()
    /// A restore of everything into this living pool, as officers are asked to approve it or have.
    public internal(set) var restoreOrder: RestoreOrder?
    /// By what the pool backs itself up, and how that goes; nil where there is no schedule.
    public internal(set) var backupPlan: BackupPlan?
    var scheduledBackups = TreeDictionary<GUID, ScheduledBackup>()
    var completed = CompletedProposals()
    /// The newest time that any applied command was stamped with: Unix time in milliseconds, never falling.
    public internal(set) var logTime: Int64 = 0
    /// Nil in a copy for readers.
    var tree: MerkleTree? = MerkleTree()

    /// The state before genesis.
    public init() {}

    /// The Merkle root over all rows, 32 bytes; nothing in a copy for readers.
    public var root: [UInt8] { tree?.root ?? [] }

    /// A copy without what only those need who apply the log: the memory of proposals, and the tree over all rows. Both
    /// change with every entry, and what a reader still holds can't be changed in place.
    public var forReaders: PoolState {
        var copy = self
        copy.completed = CompletedProposals()
        copy.tree = nil
        return copy
    }

    // MARK: Pool

    /// `nil` before genesis.
    public var pool: PoolRecord? { record }

    /// `uninitialized` before genesis.
    public var phase: PoolPhase { record?.phase ?? .uninitialized }

    /// In order of node id.
    public var members: [MemberRecord] {
        memberRecords.values.sorted { $0.node < $1.node }
    }

    /// Whatever its standing; nil once it has left.
    public func member(_ node: UInt64) -> MemberRecord? {
        memberRecords[node]
    }

    /// In order of node id. Among them may be some that have expired.
    public var invitations: [NodeInvitation] {
        nodeInvitations.values.sorted { $0.node < $1.node }
    }

    /// The invitation, expired or not, whose ticket has this SHA-256.
    public func invitation(ticketDigest: [UInt8]) -> NodeInvitation? {
        nodeInvitations.values.first { $0.ticketDigest == ticketDigest }
    }

    /// The largest node id that belongs or ever belonged to a node.
    public var lastNode: UInt64 { max(lastGivenNode, memberRecords.keys.max() ?? 0) }

    /// Whether the id was given to a node that is no member any more, or never came.
    public func wasRemoved(_ node: UInt64) -> Bool {
        record != nil && node <= lastGivenNode && memberRecords[node] == nil && nodeInvitations[node] == nil
    }

    /// The last that the pool has heard of the node's audit log. Stays when the node leaves.
    public func auditHead(of node: UInt64) -> AuditHead? {
        heads[node]
    }

    /// In order of node id.
    public var auditHeads: [AuditHead] {
        heads.values.sorted { $0.node < $1.node }
    }

    /// The last so many proposals are remembered: one that comes again among them is not applied again.
    public static var proposalsRemembered: UInt64 { CompletedProposals.capacity }

    /// What became of a recent proposal; `nil` if it was never applied or is no longer remembered, and in a copy for
    /// readers.
    public func outcome(ofProposal proposalID: [UInt8]) -> CommandOutcome? {
        GUID(bytes: proposalID).flatMap { completed[$0]?.outcome }
    }

    // MARK: Keys

    /// The digests of all sealed records that belong to the state, in no order.
    public var recordDigests: some Sequence<[UInt8]> {
        [keyRecords, stagedKeys].lazy.flatMap { keys in
            keys.values.lazy.flatMap { $0.versions.lazy.map(\.recordDigest) }
        }
    }

    /// Keys that aren't deleted; versions don't count.
    public var keyCount: Int { liveNames.count }

    /// Keys that are deleted and not purged; versions don't count.
    public var deletedKeyCount: Int { deletedNames.count }

    /// The live key with this name.
    public func key(_ name: String) -> KeyRecord? {
        guard let key = keyRecords[name], key.deletion == nil else { return nil }
        return key
    }

    /// The deleted but recoverable key with this name.
    public func deletedKey(_ name: String) -> KeyRecord? {
        guard let key = keyRecords[name], key.deletion != nil else { return nil }
        return key
    }

    /// Up to `limit` live keys in order of name, beginning after the name `previous`.
    public func keys(after previous: String? = nil, limit: Int) -> [KeyRecord] {
        liveNames.page(after: previous, limit: limit).compactMap { keyRecords[$0] }
    }

    /// Up to `limit` deleted keys in order of name, beginning after the name `previous`.
    public func deletedKeys(after previous: String? = nil, limit: Int) -> [KeyRecord] {
        deletedNames.page(after: previous, limit: limit).compactMap { keyRecords[$0] }
    }

    // MARK: Jobs

    /// Backups and restores, the newest first.
    public var jobs: [JobRecord] { jobRecords.values.sorted { $0.isNewer(than: $1) } }

    /// The job of this id, 16 bytes; nil also once it is forgotten (``PoolLimits/jobs``).
    public func job(_ id: [UInt8]) -> JobRecord? { GUID(bytes: id).flatMap { jobRecords[$0] } }

    /// The one that is under way.
    public var runningJob: JobRecord? { jobRecords.values.first { $0.status == .running } }

    // MARK: Principals and roles

    /// The principal of the pool's own directory with this object id, enabled or not.
    public func principal(_ objectID: GUID) -> PrincipalRecord? {
        principalRecords[objectID]
    }

    /// The service principal, enabled or not, that asks for tokens by this application id.
    public func principal(clientID: GUID) -> PrincipalRecord? {
        principalsByClientID[clientID].flatMap { principalRecords[$0] }
    }

    /// In order of object id.
    public var principals: [PrincipalRecord] {
        principalRecords.values.sorted { $0.objectID < $1.objectID }
    }

    /// At all scopes together.
    public var roleAssignmentCount: Int { permissions.assignments.reduce(0) { count, _ in count + 1 } }

    /// The assignments at exactly this scope, in order of name.
    public func roleAssignments(at scope: Scope) -> [RoleAssignment] {
        permissions.assignments(at: scope)
    }
}
