import AccessControl
import CryptographicModule
import HashTreeCollections

/// The limits of the replicated state.
public enum PoolLimits {
    /// Versions of one key, however they came: a key that has them takes no other, and none is removed alone.
    public static let versionsPerKey = 100
    /// At `/` and `/keys` together.
    public static let roleAssignmentsForHSM = 50
    /// At the scope of one key, `/keys/{name}`.
    public static let roleAssignmentsPerKey = 10
    public static let customRoleDefinitions = 50
    /// Of one version.
    public static let tagsPerKey = 15
    /// Characters (Unicode scalars) of a tag's name and of its value.
    public static let tagLength = 256
    /// Bytes of one sealed record.
    public static let recordBytes = 32 << 10
    /// Bytes of a release policy.
    public static let releasePolicyBytes = 16 << 10
    /// That a principal is a direct member of.
    public static let groupsPerPrincipal = 100
    /// Members and invitations.
    public static let members = 9
    /// The highest id that is given to a node. Since none is given twice, nobody can be invited after it.
    public static let largestNode: UInt64 = 1_000_000
    /// Of one security domain.
    public static let officers = 10
    /// Keys outside of the pool that open it.
    public static let unsealKeys = 8
    /// What tokens may be for: those of genesis, and what nodes that joined have added.
    public static let audiences = 32
    public static let releaseAuthorities = 16
    public static let keysPerReleaseAuthority = 16
    /// Jobs that are remembered.
    public static let jobs = 32
    /// After this time without a report, in milliseconds, the node that runs a job is taken for dead.
    public static let jobSilence: Int64 = 15_000
    /// After this time without a report, in milliseconds, the next job may take its place.
    public static let jobAbandonment: Int64 = 60_000
    /// How often other nodes go on with a job whose node has died.
    public static let jobTakeovers = 3
    /// How old, in seconds, the backup may be that has to precede a restore which replaces all keys.
    public static let backupBeforeRestore: Int64 = 1800
    /// After this time, in seconds, a backup by schedule that failed is tried again.
    public static let backupRetry: Int64 = 300
    /// Backups of the schedule that are known; beyond it the oldest are forgotten, and stay where they are.
    public static let scheduledBackups = 1000
    /// Records that one command may seal anew.
    public static let rewrappedAtOnce = 256
    /// How long, in seconds, a record stays that was sealed anew: longer than any request works that has found it.
    public static let rewrappedGrace: Int64 = 15
}

extension PoolState {
    /// Applies the command of one log entry.
    ///
    /// A refused command changes nothing but time and the memory of proposals. A proposal that was applied before, one
    /// of the last 8192, changes nothing at all and has the outcome of the first time. Whether the caller was entitled
    /// has been decided by the node that proposed; rules that hold for everybody are decided here.
    ///
    /// - Parameters:
    ///   - index: The entry's index.
    ///   - term: The entry's term.
    ///   - proposal: What the entry carries.
    ///   - updatingRoot: Without it ``root`` stays as it is until ``updateRoot(with:)`` is told the rows that changed:
    ///     many entries change the same rows, and each costs hashes up to the root.
    public mutating func apply(
        index: UInt64, term: UInt64, _ proposal: ProposalEnvelope, updatingRoot: Bool = true
    ) -> ApplyResult {
        guard let id = GUID(bytes: proposal.proposalID) else {
            return ApplyResult(outcome: .refused(.invalidProposal), rows: [], blobs: [], isRepetition: false)
        }
        if let earlier = completed[id] {
            return ApplyResult(outcome: earlier.outcome, rows: [], blobs: [], isRepetition: true)
        }
        logTime = max(logTime, proposal.stampedAt)
        var changes = StateChanges()
        let outcome = carryOut(proposal.command, of: proposal, &changes)
        let done = CompletedProposal(
            sequence: completed.next, proposalID: id, index: index, term: term, outcome: outcome)
        completed.append(done)
        changes.store(done)
        changes.store(Progress(logTime: logTime, nextSequence: completed.next))
        let rows = changes.rows
        if updatingRoot { tree?.apply(rows) }
        return ApplyResult(outcome: outcome, rows: rows, blobs: changes.blobs, isRepetition: false)
    }

    /// Takes rows that were changed without it into ``root``: each once, with its latest value. To do so twice changes
    /// nothing more.
    public mutating func updateRoot(with rows: [RowChange]) {
        tree?.apply(rows)
    }

    /// Carries the command out on a copy, so that a refusal half-way leaves nothing behind.
    private mutating func carryOut(
        _ command: PoolCommand, of proposal: ProposalEnvelope, _ changes: inout StateChanges
    ) -> CommandOutcome {
        var next = self
        var made = changes
        do throws(Refusal) {
            if case .recoverPool = command, proposal.authentication != .officers { throw Refusal.notForTheLog }
            let outcome = try next.execute(command, by: proposal.proposer, &made)
            next.endRecovery(&made)
            self = next
            changes = made
            return outcome
        } catch {
            return .refused(error)
        }
    }

    private mutating func execute(
        _ command: PoolCommand, by proposer: UInt64, _ changes: inout StateChanges
    ) throws(Refusal) -> CommandOutcome {
        if case .initializePool(let genesis) = command {
            try initialize(genesis, &changes)
            return .applied
        }
        guard let pool = record else { throw .notInitialized }
        try admitRecords(of: command, &changes)
        switch command {
        case .createKeyVersion(let version):
            try createKeyVersion(version, in: pool, &changes)
            return .key(name: version.header.name, version: version.header.version)
        case .setKeyAttributes(let change): try setKeyAttributes(change, in: pool, &changes)
        case .deleteKey(let name): try deleteKey(name, in: pool, &changes)
        case .recoverKey(let name): try recoverKey(name, in: pool, &changes)
        case .purgeKey(let name, let onlyIfDue): try purgeKey(name, onlyIfDue: onlyIfDue, in: pool, &changes)
        case .restoreKey(let key): try restoreKey(key, in: pool, &changes)
        case .setRotationRules(let name, let rules): try setRotationRules(of: name, rules, in: pool, &changes)
        case .securityDomainPrepared(let domain): try prepareSecurityDomain(domain, in: pool, &changes)
        case .securityDomainActivated(let generation):
            try activateSecurityDomain(generation: generation, in: pool, &changes)
        case .securityDomainAdopted(let domain): try adoptSecurityDomain(domain, in: pool, &changes)
        case .unsealGranted(let grant): try recordUnsealing(grant, &changes)
        case .peerUnsealing(let command): try executeOnPeerUnsealing(command, by: proposer, &changes)
        case .restoreOrder(let command): try executeOnRestoreOrder(command, by: proposer, &changes)
        case .auditHead(let head): try recordAuditHead(head, &changes)
        case .inviteNode(let invitation): try inviteNode(invitation, &changes)
        case .admitNode(let admission): try admitNode(admission, in: pool, &changes)
        case .removeNode(let node): try removeNode(node, &changes)
        case .distrustNode(let node): try distrustNode(node, &changes)
        case .requestLeadership(let node): try checkLeadership(of: node)
        case .raisePoolVersion(let version, let nodes): try raiseVersion(to: version, knownBy: nodes, &changes)
        case .recoverPool(let node, let epoch): try recover(by: node, epoch: epoch, in: pool, &changes)
        case .beginRootChange, .approveRootChange, .prepareRoot, .confirmRoot, .commitRoot, .abortRootChange,
            .holdRoot:
            try executeOnRoot(command, in: pool, &changes)
        case .rotateKeyEncryption, .rewrapRecords, .sweepRewrapped, .retireKeyEncryption:
            try executeOnKeyEncryption(command, in: pool, &changes)
        case .beginJob, .reportJob, .failJob, .stageKeys, .stagePolicy, .completeJob, .takeOverJob:
            try executeOnJob(command, by: proposer, in: pool, &changes)
        case .setBackupSchedule, .beginScheduledBackup, .retireBackup, .forgetBackup:
            try executeOnSchedule(command, in: pool, &changes)
        default: try executeOnDirectory(command, &changes)
        }
        return .applied
    }

    /// The commands on principals and roles.
    private mutating func executeOnDirectory(
        _ command: PoolCommand, _ changes: inout StateChanges
    ) throws(Refusal) {
        switch command {
        case .createPrincipal(let principal): try createPrincipal(principal, &changes)
        case .setPrincipalEnabled(let id, let enabled): try setPrincipal(id, enabled: enabled, &changes)
        case .setPrincipalSecret(let id, let hash, let generation):
            try setPrincipalSecret(id, hash: hash, generation: generation, &changes)
        case .setPrincipalGroups(let id, let groups): try setPrincipal(id, groups: groups, &changes)
        case .deletePrincipal(let id): try deletePrincipal(id, &changes)
        case .putRoleAssignment(let assignment): try putRoleAssignment(assignment, &changes)
        case .deleteRoleAssignment(let name, let scope): try deleteRoleAssignment(name, at: scope, &changes)
        case .putRoleDefinition(let definition): try putRoleDefinition(definition, &changes)
        case .deleteRoleDefinition(let id): try deleteRoleDefinition(id, &changes)
        default: throw .invalidProposal
        }
    }

    /// The commands on backup and restore.
    private mutating func executeOnJob(
        _ command: PoolCommand, by proposer: UInt64, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        switch command {
        case .beginJob(let order): try beginJob(order, in: pool, &changes)
        case .reportJob(let id, let items, let bytes):
            try reportJob(id, by: proposer, items: items, bytes: bytes, &changes)
        case .failJob(let id, let failure, let onlyIfSilent):
            try failJob(id, by: proposer, failure, onlyIfSilent: onlyIfSilent, &changes)
        case .stageKeys(let id, let keys): try stage(keys, for: id, by: proposer, in: pool, &changes)
        case .stagePolicy(let id, let items): try stage(items, for: id, by: proposer, &changes)
        case .completeJob(let id, let items, let bytes, let keys, let report):
            let done = Completion(items: items, bytes: bytes, keys: keys, report: report)
            try completeJob(id, by: proposer, done, &changes)
        case .takeOverJob(let id, let node): try takeOverJob(id, by: node, &changes)
        default: throw .invalidProposal
        }
    }

    /// The time of the log in Unix seconds.
    var now: Int64 { logTime / 1000 }
}
