import AccessControl
import HashTreeCollections

extension PoolState {
    mutating func createPrincipal(_ new: NewPrincipal, _ changes: inout StateChanges) throws(Refusal) {
        guard (1...256).contains(new.displayName.utf8.count),
            new.clientID == nil || new.kind == .servicePrincipal
        else { throw .invalidPrincipal }
        guard principalRecords[new.objectID] == nil else { throw .principalExists }
        if let clientID = new.clientID, principalsByClientID[clientID] != nil { throw .clientIDExists }
        if let hash = new.secretHash {
            guard hash.count == 32, new.kind != .group else { throw .invalidSecret }
        }
        store(
            PrincipalRecord(
                objectID: new.objectID, clientID: new.clientID, kind: new.kind, displayName: new.displayName,
                enabled: new.enabled, secretHash: new.secretHash,
                credentialGeneration: new.secretHash == nil ? 0 : 1,
                groups: try checkedGroups(new.groups, for: new.kind), created: now),
            &changes)
        if let clientID = new.clientID {
            principalsByClientID[clientID] = new.objectID
        }
    }

    mutating func setPrincipal(_ id: GUID, enabled: Bool, _ changes: inout StateChanges) throws(Refusal) {
        guard var principal = principalRecords[id] else { throw .principalNotFound }
        principal.enabled = enabled
        store(principal, &changes)
        try checkAdministrators()
    }

    mutating func setPrincipalSecret(
        _ id: GUID, hash: [UInt8]?, generation: UInt32, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard var principal = principalRecords[id] else { throw .principalNotFound }
        guard principal.kind != .group, hash == nil || hash?.count == 32 else { throw .invalidSecret }
        guard principal.credentialGeneration < .max, generation == principal.credentialGeneration + 1 else {
            throw .credentialGenerationMismatch
        }
        principal.secretHash = hash
        principal.credentialGeneration = generation
        store(principal, &changes)
        if hash == nil, version >= .amendments { try checkAdministrators() }
    }

    mutating func setPrincipal(_ id: GUID, groups: [GUID], _ changes: inout StateChanges) throws(Refusal) {
        guard var principal = principalRecords[id] else { throw .principalNotFound }
        principal.groups = try checkedGroups(groups, for: principal.kind)
        store(principal, &changes)
        if version >= .amendments { try checkAdministrators() }
    }

    mutating func deletePrincipal(_ id: GUID, _ changes: inout StateChanges) throws(Refusal) {
        guard let principal = principalRecords[id] else { throw .principalNotFound }
        principalRecords[id] = nil
        if let clientID = principal.clientID {
            principalsByClientID[clientID] = nil
        }
        changes.remove(.principal, principal.rowKey)
        // A principal made later with the same id must not come into what this one had.
        for assignment in permissions.assignments(of: id) {
            permissions.removeAssignment(named: assignment.name)
            changes.remove(.roleAssignment, assignment.rowKey)
        }
        if principal.kind == .group {
            for var member in principals where member.groups.contains(id) {
                member.groups.removeAll { $0 == id }
                store(member, &changes)
            }
        }
        try checkAdministrators()
    }

    private mutating func store(_ principal: PrincipalRecord, _ changes: inout StateChanges) {
        principalRecords[principal.objectID] = principal
        changes.store(principal)
    }

    /// The groups in order, each once. Groups have no groups.
    private func checkedGroups(_ groups: [GUID], for kind: PrincipalKind) throws(Refusal) -> [GUID] {
        guard groups.count <= PoolLimits.groupsPerPrincipal, groups.isEmpty || kind != .group else {
            throw .invalidPrincipal
        }
        for group in groups where principalRecords[group]?.kind != .group {
            throw .groupNotFound
        }
        return Set(groups).sorted()
    }

    /// Refuses what would leave nobody to administer the pool.
    func checkAdministrators() throws(Refusal) {
        let remains = permissions.assignments(at: .root).contains { assignment in
            assignment.roleDefinition == BuiltInRole.administrator.id && canAct(assignment.principal)
        }
        guard remains else { throw .lastAdministrator }
    }

    /// Whether somebody can act by what the principal may do: itself, or a member of the group that it is. A role may
    /// be assigned to any id, so that a mistyped one has it, too. Formerly such an id counted, and so did whoever has
    /// no credential.
    private func canAct(_ id: GUID) -> Bool {
        guard version >= .amendments else { return principalRecords[id]?.enabled != false }
        guard let principal = principalRecords[id], principal.enabled else { return false }
        guard principal.kind == .group else { return principal.canLogIn }
        return principalRecords.values.contains { $0.canLogIn && $0.groups.contains(id) }
    }
}

extension PrincipalRecord {
    /// Whether it gets tokens: they are asked for by client id and secret.
    fileprivate var canLogIn: Bool { enabled && clientID != nil && secretHash != nil }
}
