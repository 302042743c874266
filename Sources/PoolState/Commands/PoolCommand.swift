public import AccessControl

/// Everything that can change the replicated state.
///
/// A command is complete in itself: times, identifiers and key material (sealed) are chosen by the node that proposes
/// it. Whether the caller *may* is decided before proposing; whether it is *possible* is decided when it is applied.
public enum PoolCommand: Hashable, Sendable {
    case initializePool(Genesis)

    case createKeyVersion(NewKeyVersion)
    case setKeyAttributes(KeyAttributeChange)
    case deleteKey(name: String)
    case recoverKey(name: String)
    /// Removes a deleted key for good. With `onlyIfDue` it is refused while the retention runs, which is what a timer
    /// proposes, so that it can't hit a key deleted anew under the same name.
    case purgeKey(name: String, onlyIfDue: Bool)
    /// Brings back a key with all its versions under their old ids. Refused where the name is taken.
    case restoreKey(RestoredKey)
    /// Sets or removes (`nil`) the rules by which a key gets new versions.
    case setRotationRules(name: String, rules: RotationRules?)

    case createPrincipal(NewPrincipal)
    case setPrincipalEnabled(objectID: GUID, enabled: Bool)
    /// Sets or removes (`nil`) the SHA-256 of the client secret. `generation` has to be one more than the current one.
    case setPrincipalSecret(objectID: GUID, hash: [UInt8]?, generation: UInt32)
    /// Replaces the groups that the principal is a direct member of.
    case setPrincipalGroups(objectID: GUID, groups: [GUID])
    /// Removes the principal with its role assignments, and as a group from its members.
    case deletePrincipal(objectID: GUID)

    case putRoleAssignment(RoleAssignment)
    case deleteRoleAssignment(name: GUID, scope: Scope)
    /// Creates or replaces a custom role.
    case putRoleDefinition(RoleDefinition)
    case deleteRoleDefinition(id: GUID)

    case securityDomainPrepared(PreparedSecurityDomain)
    case securityDomainActivated(generation: UInt32)
    /// A new pool takes over the security domain of one that was lost: its officers have brought the root.
    case securityDomainAdopted(AdoptedSecurityDomain)
    /// An administrator asks for a new root, with the same officers or others.
    case beginRootChange(RootChangeOrder)
    /// An officer in office approves.
    case approveRootChange(id: [UInt8], RootVote)
    /// The next root stands beside the one in force, and its officers' file is on its way to them.
    case prepareRoot(id: [UInt8], PreparedRoot)
    /// One of the next officers has opened his share. With the last one the next root rules.
    case confirmRoot(id: [UInt8], RootVote)
    /// The next root rules though not all of its officers have confirmed; a quorum of them has to have.
    case commitRoot(id: [UInt8])
    /// What was prepared is dropped. Not once it rules.
    case abortRootChange(id: [UInt8])
    /// The member holds the root that rules, and its disk knows of it. With the last member the change has ended.
    case holdRoot(id: [UInt8], node: UInt64)
    /// From now on a new key-encryption key seals what is stored; what the former one seals still opens.
    case rotateKeyEncryption(KeyEncryptionRotation)
    /// Records under the new key in place of those under the former one.
    case rewrapRecords([RewrappedRecord])
    /// Nobody reads the records any more that a batch has replaced.
    case sweepRewrapped(batch: UInt64)
    /// Nothing is sealed under the former key any more: it is gone.
    case retireKeyEncryption(KeyEncryptionRetirement)
    /// The form of a grant before ``PoolVersion/peerUnsealing``.
    case unsealGranted(UnsealGrant)
    case peerUnsealing(PeerUnsealCommand)
    case restoreOrder(RestoreOrderCommand)
    case auditHead(AuditHead)

    /// Keeps a place, with a new id, for a node that has the ticket.
    case inviteNode(NodeInvitation)
    /// Makes the node that shows the ticket a member. Said twice by the same node it is done once.
    case admitNode(NodeAdmission)
    /// The member has to go, or the invitation is withdrawn.
    case removeNode(UInt64)
    /// The member has lost what it had acknowledged.
    case distrustNode(UInt64)
    /// Whoever leads is to hand leadership to this voter. Changes nothing in the state.
    case requestLeadership(UInt64)
    /// The pool's log may hold what came with this version from here on: the members `knownBy` have all said that they
    /// know it. Refused if the pool has another member by the time that it is applied.
    case raisePoolVersion(PoolVersion, knownBy: Set<UInt64>)
    /// The pool has lost its quorum for good: `node` goes on alone in the next epoch. Never proposed: the last word of
    /// an epoch, which officers have decided on.
    case recoverPool(node: UInt64, epoch: UInt64)

    /// A node begins a backup or a restore. One at a time.
    case beginJob(JobOrder)
    /// The job goes on; who is silent for too long is taken for dead.
    case reportJob(id: [UInt8], items: UInt64, bytes: UInt64)
    /// The job has failed, and what it had staged is dropped. With `onlyIfSilent` it is refused while the node that
    /// runs the job reports, which is what others propose.
    case failJob(id: [UInt8], JobFailure, onlyIfSilent: Bool)
    /// Keys out of a backup, put aside until the job is complete.
    case stageKeys(job: [UInt8], [StagedKey])
    /// What else a restore of everything brings, put aside likewise.
    case stagePolicy(job: [UInt8], [StagedPolicy])
    /// The job has done all. A restore's staged keys, so many, take the place of those that are there; and of a restore
    /// of everything the rest with them. `report` says what was brought, for people.
    case completeJob(id: [UInt8], items: UInt64, bytes: UInt64, keys: Int, report: String)
    /// The node that ran the job is silent: this one begins it again from the start.
    case takeOverJob(id: [UInt8], node: UInt64)

    /// Sets, or removes (`nil`), the schedule by which the pool backs itself up.
    case setBackupSchedule(BackupSchedule?)
    /// A node begins the backup that is due, for the interval that began then; or one out of turn (`nil`).
    case beginScheduledBackup(JobOrder, schedule: [UInt8], due: Int64?)
    /// A backup of the schedule has served its time and is to be removed. Named by its job.
    case retireBackup([UInt8])
    /// It was removed.
    case forgetBackup([UInt8])
}

/// The root that the officers of a lost pool brought, as the new pool keeps it.
public struct AdoptedSecurityDomain: Hashable, Sendable {
    /// Of the root.
    public var generation: UInt32
    /// The pool's own keyring, sealed under that root.
    public var keyring: [UInt8]
    /// The root, sealed under the one that the pool was made with: by it the other unsealed nodes follow.
    public var bridge: [UInt8]

    public init(generation: UInt32, keyring: [UInt8], bridge: [UInt8]) {
        self.generation = generation
        self.keyring = keyring
        self.bridge = bridge
    }
}

/// A principal to create, at genesis or later. Its credential generation begins at 1 with a secret, at 0 without.
public struct NewPrincipal: Hashable, Sendable {
    /// What role assignments name. Refused where another principal has it.
    public var objectID: GUID
    /// Only service principals have one.
    public var clientID: GUID?
    public var kind: PrincipalKind
    /// 1 to 256 bytes of UTF-8.
    public var displayName: String
    /// As ``PrincipalRecord/enabled``.
    public var enabled: Bool
    /// SHA-256 of the generated 32-byte secret.
    public var secretHash: [UInt8]?
    /// Object ids of groups that are there, at most ``PoolLimits/groupsPerPrincipal``; none for a group. At genesis the
    /// groups of the same command count.
    public var groups: [GUID]

    public init(
        objectID: GUID, clientID: GUID? = nil, kind: PrincipalKind, displayName: String, enabled: Bool = true,
        secretHash: [UInt8]? = nil, groups: [GUID] = []
    ) {
        self.objectID = objectID
        self.clientID = clientID
        self.kind = kind
        self.displayName = displayName
        self.enabled = enabled
        self.secretHash = secretHash
        self.groups = groups
    }
}

/// The first command of every pool.
public struct Genesis: Hashable, Sendable {
    /// 16 random bytes.
    public var poolID: [UInt8]
    /// 3 to 24 characters, `[0-9A-Za-z-]`.
    public var name: String
    /// Not 0; ``PoolRecord/firstEpoch`` for a new pool.
    public var epoch: UInt64
    /// The `tid` of the pool's tokens.
    public var tenantID: GUID
    /// What tokens may be for: 1 to ``PoolLimits/audiences``, each 1 to 512 bytes.
    public var audiences: [String]
    /// The founders: 1 to ``PoolLimits/members``, each with an id of its own, not 0.
    public var members: [MemberRecord]
    /// Of the root key that `keyring` is sealed under.
    public var rootGeneration: UInt32
    /// The sealed keyring, opaque here.
    public var keyring: [UInt8]
    /// SHA-256 of the officers' certificates, to fix them from the beginning; may be empty.
    public var pinnedOfficers: [[UInt8]]
    public var settings: PoolSettings
    /// The first principals of the pool's own directory. An administrator has to be among them to log in.
    public var principals: [NewPrincipal]
    /// The first role assignments; at least one makes an administrator at `/`.
    public var roleAssignments: [RoleAssignment]
    /// Whose word on an environment counts when a key is to be released.
    public var releaseAuthorities: [ReleaseAuthority]

    public init(
        poolID: [UInt8], name: String, epoch: UInt64 = 1, tenantID: GUID, audiences: [String],
        members: [MemberRecord], rootGeneration: UInt32 = 0, keyring: [UInt8], pinnedOfficers: [[UInt8]] = [],
        settings: PoolSettings = PoolSettings(), principals: [NewPrincipal], roleAssignments: [RoleAssignment],
        releaseAuthorities: [ReleaseAuthority] = []
    ) {
        self.poolID = poolID
        self.name = name
        self.epoch = epoch
        self.tenantID = tenantID
        self.audiences = audiences
        self.members = members
        self.rootGeneration = rootGeneration
        self.keyring = keyring
        self.pinnedOfficers = pinnedOfficers
        self.settings = settings
        self.principals = principals
        self.roleAssignments = roleAssignments
        self.releaseAuthorities = releaseAuthorities
    }
}

/// A security domain file has been made and is on its way to the officers.
public struct PreparedSecurityDomain: Hashable, Sendable {
    /// The generation of the root key in the file: the pool's current one for the first file, one more (with
    /// `keyring`) for each that replaces it.
    public var generation: UInt32
    /// The keyring sealed under a new root; `nil` leaves root and keyring as they are.
    public var keyring: [UInt8]?
    /// How many officers have to come together: from 1 to all of them.
    public var required: Int
    /// The officers' certificates, DER.
    public var officers: [[UInt8]]
    /// One commitment of 32 bytes for each officer.
    public var commitments: [[UInt8]]
    /// The file's `EncData` member as JSON text.
    public var encryptedData: [UInt8]
    /// SHA-256 of the capability to poll for the download's status.
    public var capabilityDigest: [UInt8]

    public init(
        generation: UInt32, keyring: [UInt8]?, required: Int, officers: [[UInt8]], commitments: [[UInt8]],
        encryptedData: [UInt8], capabilityDigest: [UInt8]
    ) {
        self.generation = generation
        self.keyring = keyring
        self.required = required
        self.officers = officers
        self.commitments = commitments
        self.encryptedData = encryptedData
        self.capabilityDigest = capabilityDigest
    }
}
