/// What a pool's log may hold: the commands, and the rules for applying them, that came with this version or before.
///
/// Members run programs of different versions while they are upgraded. A command that one of them doesn't know would
/// stop it, and a rule that one of them doesn't have would give it another state. So a pool has a version of its own,
/// part of the replicated state, which only rises, and only once every member knows what comes with it.
public struct PoolVersion: RawRepresentable, Hashable, Comparable, Sendable {
    public let rawValue: UInt32

    /// Any number, since a pool may have a version that this program doesn't know.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// What every pool begins with.
    public static let first = PoolVersion(rawValue: 1)
    /// Brought new roots and officers for a living pool.
    public static let rootChanges = PoolVersion(rawValue: 2)
    /// Brought keys on tokens that open the pool beside the officers.
    public static let unsealKeys = PoolVersion(rawValue: 3)
    /// Brought new key-encryption keys for a living pool.
    public static let keyEncryptionChanges = PoolVersion(rawValue: 4)
    /// Brought schedules of backups, and jobs whose container an identity opens.
    public static let backupSchedules = PoolVersion(rawValue: 5)
    /// Brought tickets, approvals and limits of absence for the unsealing among peers.
    public static let peerUnsealing = PoolVersion(rawValue: 6)
    /// Brought restores of everything into a living pool, which officers approve.
    public static let restoreOrders = PoolVersion(rawValue: 7)
    /// Brought other holders of keys that open the pool than tokens.
    public static let unsealKeyHolders = PoolVersion(rawValue: 8)
    /// Amended rules: restores of everything bring settings and role definitions of any size that a pool may have; the
    /// order of one brings the officers of a pool that doesn't know them; refusals for audiences have their own name;
    /// a ticket that an approval has brought is held when its node says so; a group administers by its members, and
    /// nobody who can't log in is an administrator.
    public static let amendments = PoolVersion(rawValue: 9)
    /// Amended a rule: the versions of a key may be restored in several commands.
    public static let dividedKeys = PoolVersion(rawValue: 10)
    /// The highest one that this program knows. To be raised with each new command, form of a command or rule.
    public static let newest = dividedKeys

    public static func < (left: PoolVersion, right: PoolVersion) -> Bool { left.rawValue < right.rawValue }
}

extension PoolVersion: CustomStringConvertible {
    public var description: String { "\(rawValue)" }
}

/// Which commands a program knows.
public struct CommandCatalog: Sendable {
    /// The highest version of a pool that the program can be a member of.
    public let newest: PoolVersion
    /// The version that a command came with. It looks at the whole command: an old one can have a new form.
    public let since: @Sendable (PoolCommand) -> PoolVersion

    public init(newest: PoolVersion, since: @escaping @Sendable (PoolCommand) -> PoolVersion) {
        self.newest = newest
        self.since = since
    }

    /// This program's.
    public static let current = CommandCatalog(newest: .newest) { $0.since }

    /// Whether a program of this catalog can read and apply the command.
    public func knows(_ command: PoolCommand) -> Bool { since(command) <= newest }
}

extension PoolCommand {
    /// The version that this command, in this form, came with. No default: who adds a command has to say it here.
    var since: PoolVersion {
        switch self {
        case .initializePool, .createKeyVersion, .setKeyAttributes, .deleteKey, .recoverKey, .purgeKey, .restoreKey,
            .setRotationRules, .createPrincipal, .setPrincipalEnabled, .setPrincipalSecret, .setPrincipalGroups,
            .deletePrincipal, .putRoleAssignment, .deleteRoleAssignment, .putRoleDefinition, .deleteRoleDefinition,
            .securityDomainPrepared, .securityDomainActivated, .securityDomainAdopted, .unsealGranted, .auditHead,
            .inviteNode, .admitNode, .removeNode, .distrustNode, .requestLeadership, .recoverPool,
            .reportJob, .failJob, .stageKeys, .completeJob, .takeOverJob:
            .first
        // A former program doesn't decode it where it is longer.
        case .stagePolicy: isLongerThanUsual ? .amendments : .first
        case .beginRootChange(let order) where order.unsealKeys.contains { !$0.isOnToken }: .unsealKeyHolders
        case .beginRootChange(let order) where !order.unsealKeys.isEmpty: .unsealKeys
        case .prepareRoot(_, let prepared) where !prepared.unsealRecords.isEmpty: .unsealKeys
        case .beginRootChange, .approveRootChange, .prepareRoot, .confirmRoot, .commitRoot, .abortRootChange,
            .holdRoot:
            .rootChanges
        case .rotateKeyEncryption, .rewrapRecords, .sweepRewrapped, .retireKeyEncryption: .keyEncryptionChanges
        case .setBackupSchedule, .beginScheduledBackup, .retireBackup, .forgetBackup: .backupSchedules
        case .peerUnsealing: .peerUnsealing
        case .restoreOrder: .restoreOrders
        case .beginJob(let order) where order.kind == .restoreOrder || !order.approval.isEmpty: .restoreOrders
        // A former program would leave out how the container is opened.
        case .beginJob(let order): order.usesManagedIdentity ? .backupSchedules : .first
        // Only proposed where every member has said that it knows more than the first.
        case .raisePoolVersion: .first
        }
    }
}
