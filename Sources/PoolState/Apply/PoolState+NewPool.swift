import AccessControl
import HashTreeCollections

/// A restore into a new pool brings everything that the lost one had; so does one into a living pool that its officers
/// have approved. It is staged beside what is there, like keys, and takes effect with them in one command.
///
/// The pool's own principals and assignments stay: whoever administers it goes on to do so.
extension PoolState {
    mutating func stage(
        _ items: [StagedPolicy], for id: [UInt8], by node: UInt64, _ changes: inout StateChanges
    ) throws(Refusal) {
        var job = try running(id, by: node)
        guard job.isOfEverything || mayBringOfficers(job, items), !items.isEmpty else { throw .invalidJob }
        job.reported = logTime
        set(job, &changes)
        for item in items {
            guard isValid(item), stagedPolicies.updateValue(item, forKey: item.rowKey) == nil else {
                throw .invalidStagedPolicy
            }
            changes.store(item)
        }
    }

    func isValid(_ item: StagedPolicy) -> Bool {
        switch item {
        case .principal(let principal):
            return (1...256).contains(principal.displayName.utf8.count)
                && principal.groups.count <= PoolLimits.groupsPerPrincipal
                && (principal.secretHash == nil || principal.secretHash?.count == 32)
        case .roleDefinition(let definition):
            return RoleRules.isValid(definition) && !PermissionIndex.isBuiltIn(definition.id)
        case .roleAssignment(let assignment):
            guard case .key(let name) = assignment.scope else { return true }
            return KeyName.isValid(name)
        case .pool(let pool):
            return (7...90).contains(pool.settings.recoverableDays) && pool.settings.reads.isValid
                && ReleaseAuthority.areAcceptable(pool.releaseAuthorities)
                && (1...(512 << 10)).contains(pool.keyring.count)
        case .securityDomain(let domain):
            return lacksOfficers && domain.generation == record?.rootGeneration
                && domain.commitments.count == domain.officers.count
                && domain.unsealKeys.isEmpty && domain.unsealRecords.isEmpty
        }
    }

    /// Whether the pool has taken over a root and not yet learned who its officers are. What they upload doesn't name
    /// them: their record is in the lost pool's backups. A living pool has officers of its own, unless its first key
    /// came before that record.
    private var lacksOfficers: Bool {
        guard version >= .amendments else { return phase == .recovering }
        return phase.mayHoldKeys && securityDomain == nil
    }

    /// Who approves a restore of everything has to be in office: where nobody is, the order brings them.
    private func mayBringOfficers(_ job: JobRecord, _ items: [StagedPolicy]) -> Bool {
        guard version >= .amendments, job.order.kind == .restoreOrder else { return false }
        return items.allSatisfy { if case .securityDomain = $0 { true } else { false } }
    }

    /// The officers whose record the job of an order has found are in office from now on.
    mutating func adoptOfficers(_ changes: inout StateChanges) {
        for case .securityDomain(let domain) in stagedPolicies.values {
            securityDomain = domain
            changes.store(domain)
        }
        dropStagedPolicies(&changes)
    }

    mutating func dropStagedPolicies(_ changes: inout StateChanges) {
        for key in stagedPolicies.keys.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            changes.remove(.stagedPolicy, key)
        }
        stagedPolicies = TreeDictionary()
    }

    /// Everything that is staged for the job takes effect.
    mutating func adoptPolicies(of job: JobRecord, _ changes: inout StateChanges) throws(Refusal) {
        let items = Array(stagedPolicies.values)
        dropStagedPolicies(&changes)
        if record?.phase != .recovering {
            try checkConsequences(of: job, restoring: items)
            dropRestoreOrder(&changes)
        }
        try take(items, &changes)
    }

    /// Puts these in place. Who the officers are is for a new pool alone to learn.
    mutating func take(_ unordered: [StagedPolicy], _ changes: inout StateChanges) throws(Refusal) {
        guard var pool = record, pool.phase.mayHoldKeys else { throw .poolNotProvisioned }
        let isNew = pool.phase == .recovering
        // In order of table and key, so that it is the same on every replica. Definitions and principals come before
        // the assignments that name them.
        let items = unordered.sorted { $0.rowKey.lexicographicallyPrecedes($1.rowKey) }
        var isComplete = false
        for item in items {
            switch item {
            case .pool(let restored):
                if isNew { pool.pinnedOfficers = restored.pinnedOfficers }
                (pool.settings, pool.releaseAuthorities) = (restored.settings, restored.releaseAuthorities)
                pool.keyring = restored.keyring
                isComplete = true
            case .securityDomain(let domain):
                securityDomain = domain
                changes.store(domain)
            case .principal(let principal): adopt(principal, &changes)
            case .roleDefinition(let definition):
                permissions.insert(definition)
                changes.store(definition)
            case .roleAssignment(let assignment): adopt(assignment, &changes)
            }
        }
        guard isComplete else { throw .restoreIncomplete }
        pool.phase = .activated
        record = pool
        changes.store(pool)
        try checkAdministrators()
    }

    /// A principal that both pools know keeps what it has here, its credential above all, and comes into its groups.
    private mutating func adopt(_ restored: PrincipalRecord, _ changes: inout StateChanges) {
        var principal = restored
        if let own = principalRecords[restored.objectID] {
            principal = own
            principal.groups = Set(own.groups + restored.groups).sorted()
        } else if let clientID = restored.clientID {
            if principalsByClientID[clientID] == nil {
                principalsByClientID[clientID] = restored.objectID
            } else {
                principal = restored.withoutClientID
            }
        }
        principalRecords[principal.objectID] = principal
        changes.store(principal)
    }

    /// Of two assignments that say the same the lost pool's remains, by its name. Limits aren't asked for: the new
    /// pool's own assignments come on top.
    private mutating func adopt(_ assignment: RoleAssignment, _ changes: inout StateChanges) {
        var obsolete = permissions.assignments(of: assignment.principal, at: assignment.scope)
            .filter { $0.roleDefinition == assignment.roleDefinition }
        if let same = permissions.assignment(named: assignment.name), !obsolete.contains(same) { obsolete.append(same) }
        for former in obsolete {
            permissions.removeAssignment(named: former.name)
            changes.remove(.roleAssignment, former.rowKey)
        }
        permissions.insert(assignment)
        changes.store(assignment)
    }
}
