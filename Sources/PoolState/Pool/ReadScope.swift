public import AccessControl
import CryptographicModule

/// What of the state a read depends on. A read waits for the entries that touch it, so the less it names the less it
/// waits; what it doesn't name it must not look at.
public enum ReadScope: Hashable, Sendable {
    case everything
    /// What the principal is and may do, the pool's settings, and the key of that name, where one is named.
    case caller(GUID, key: String?)
}

/// A part of the state that a command may change.
enum StateSubject: Hashable, Sendable {
    /// A principal's record, and the roles that are assigned to it.
    case principal(GUID)
    /// A key by its name, live, deleted or not there at all.
    case key(String)
}

/// What a command touches, whatever its outcome.
public struct CommandEffects: Hashable, Sendable {
    let subjects: [StateSubject]
    /// It may touch any subject.
    let isUnbounded: Bool

    /// Everything that a read may look at.
    public static let everything = CommandEffects(subjects: [], isUnbounded: true)
    /// Nothing that a read of a principal or a key looks at.
    public static let none = CommandEffects(subjects: [], isUnbounded: false)

    static func subjects(_ subjects: StateSubject...) -> CommandEffects {
        CommandEffects(subjects: subjects, isUnbounded: false)
    }
}

extension CommandEffects {
    /// What the command touches whatever the state; nil where that depends on it. To ask this first saves most callers
    /// a copy of the state.
    public init?(whateverTheState command: PoolCommand) {
        guard case .certain(let effects) = ForeseenEffects(of: command) else { return nil }
        self = effects
    }
}

extension PoolState {
    /// What the command touches when it is applied to this state.
    public func effects(of command: PoolCommand) -> CommandEffects {
        switch ForeseenEffects(of: command) {
        case .certain(let effects): effects
        case .ofPrincipal(let id):
            // A group's members change with it.
            principal(id)?.kind == .group ? .everything : .subjects(.principal(id))
        case .ofAssignment(let name):
            permissions.assignment(named: name).map { .subjects(.principal($0.principal)) } ?? .none
        }
    }

    /// What the command may touch when it is applied to this state or to one that follows on it.
    ///
    /// - Parameter isNext: whether nothing comes between this state and the command.
    public func effects(of command: PoolCommand, isNext: Bool) -> CommandEffects {
        if isNext { return effects(of: command) }
        guard case .certain(let effects) = ForeseenEffects(of: command) else { return .everything }
        return effects
    }
}

/// What a command touches, as far as it says so itself.
private enum ForeseenEffects {
    case certain(CommandEffects)
    /// It depends on what kind of principal this is when the command is applied.
    case ofPrincipal(GUID)
    /// It depends on whose assignment this is when the command is applied.
    case ofAssignment(GUID)

    init(of command: PoolCommand) {
        self = Self.of(command)
    }

    private static func of(_ command: PoolCommand) -> ForeseenEffects {
        switch command {
        case .createKeyVersion(let version): return .certain(.subjects(.key(version.header.name)))
        case .setKeyAttributes(let change): return .certain(.subjects(.key(change.name)))
        case .deleteKey(let name), .recoverKey(let name), .purgeKey(let name, _), .setRotationRules(let name, _):
            return .certain(.subjects(.key(name)))
        case .restoreKey(let key): return .certain(.subjects(.key(key.name)))
        case .createPrincipal(let new): return .certain(.subjects(.principal(new.objectID)))
        case .setPrincipalEnabled(let id, _), .setPrincipalSecret(let id, _, _), .setPrincipalGroups(let id, _):
            return .certain(.subjects(.principal(id)))
        case .deletePrincipal(let id): return .ofPrincipal(id)
        case .putRoleAssignment(let assignment): return .certain(.subjects(.principal(assignment.principal)))
        case .deleteRoleAssignment(let name, _): return .ofAssignment(name)
        case .unsealGranted, .auditHead, .inviteNode, .admitNode, .removeNode, .distrustNode, .requestLeadership,
            .raisePoolVersion, .peerUnsealing, .restoreOrder:
            // Who belongs to the pool decides no request of a principal; a member that leaves is kept from answering
            // by its lease. Neither does what is only ordered, nor who the officers are, whom an order may bring.
            return .certain(.none)
        case .beginJob, .reportJob, .failJob, .stageKeys, .stagePolicy, .takeOverJob:
            // What is staged is seen by nobody.
            return .certain(.none)
        case .beginRootChange, .approveRootChange, .prepareRoot, .confirmRoot, .commitRoot, .abortRootChange,
            .holdRoot:
            // The keys below the root stay as they are, and with them what a principal may do.
            return .certain(.none)
        case .rotateKeyEncryption, .rewrapRecords, .sweepRewrapped, .retireKeyEncryption:
            // A key is what it was, however it is sealed.
            return .certain(.none)
        case .setBackupSchedule, .beginScheduledBackup, .retireBackup, .forgetBackup:
            // A schedule decides no request on keys.
            return .certain(.none)
        case .initializePool, .putRoleDefinition, .deleteRoleDefinition, .securityDomainPrepared,
            .securityDomainActivated, .securityDomainAdopted, .recoverPool, .completeJob:
            return .certain(.everything)
        }
    }
}
