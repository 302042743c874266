import AccessControl
import HashTreeCollections

extension PoolState {
    mutating func initialize(_ genesis: Genesis, _ changes: inout StateChanges) throws(Refusal) {
        guard record == nil else { throw .alreadyInitialized }
        guard GenesisRules.isValid(genesis) else { throw .invalidGenesis }
        let pool = PoolRecord(
            poolID: genesis.poolID, name: genesis.name, epoch: genesis.epoch, tenantID: genesis.tenantID,
            audiences: genesis.audiences, phase: .provisioned, rootGeneration: genesis.rootGeneration,
            keyring: genesis.keyring, pinnedOfficers: genesis.pinnedOfficers, settings: genesis.settings, created: now,
            origin: genesis.members.min { $0.node < $1.node }?.apiURL ?? "",
            releaseAuthorities: genesis.releaseAuthorities)
        record = pool
        changes.store(pool)
        for member in genesis.members {
            memberRecords[member.node] = member
            changes.store(member)
        }
        // Groups first, so that the others find them.
        for principal in genesis.principals where principal.kind == .group {
            try createPrincipal(principal, &changes)
        }
        for principal in genesis.principals where principal.kind != .group {
            try createPrincipal(principal, &changes)
        }
        for assignment in genesis.roleAssignments {
            try putRoleAssignment(assignment, &changes)
        }
        try checkAdministrators()
    }

    mutating func prepareSecurityDomain(
        _ domain: PreparedSecurityDomain, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard !pool.phase.mayHoldKeys else { throw .securityDomainAlreadyActivated }
        guard CeremonyRules.isValid(domain) else { throw .invalidSecurityDomain }
        guard CeremonyRules.follows(domain, pool: pool, current: securityDomain) else {
            throw .rootGenerationMismatch
        }
        guard CeremonyRules.isPinned(domain.officers, by: pool.pinnedOfficers) else { throw .officersNotPinned }
        let prepared = SecurityDomainRecord(
            generation: domain.generation, required: domain.required, officers: domain.officers,
            commitments: domain.commitments, encryptedData: domain.encryptedData,
            capabilityDigest: domain.capabilityDigest, prepared: now, activated: nil)
        var updated = pool
        updated.phase = .activating
        updated.rootGeneration = domain.generation
        updated.keyring = domain.keyring ?? pool.keyring
        securityDomain = prepared
        record = updated
        changes.store(prepared)
        changes.store(updated)
    }

    /// Saying again what is already so is not refused: the end of a download may be noticed in several ways.
    mutating func activateSecurityDomain(
        generation: UInt32, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard var domain = securityDomain else { throw .securityDomainNotPrepared }
        guard domain.generation == generation else { throw .rootGenerationMismatch }
        guard !pool.phase.mayHoldKeys else { return }
        var updated = pool
        updated.phase = .activated
        domain.activated = now
        securityDomain = domain
        record = updated
        changes.store(domain)
        changes.store(updated)
    }

    /// The officers of a lost pool open this one from now on. Their record comes with the restore that follows; where a
    /// key comes first, with the order of one.
    mutating func adoptSecurityDomain(
        _ domain: AdoptedSecurityDomain, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard pool.phase == .provisioned else { throw .poolNotProvisioned }
        // Who fixed the officers beforehand doesn't want those of another pool.
        guard pool.pinnedOfficers.isEmpty else { throw .officersNotPinned }
        guard (1...(512 << 10)).contains(domain.keyring.count), (1...4096).contains(domain.bridge.count) else {
            throw .invalidSecurityDomain
        }
        var updated = pool
        updated.phase = .recovering
        updated.rootGeneration = domain.generation
        updated.keyring = domain.keyring
        updated.rootBridge = domain.bridge
        record = updated
        changes.store(updated)
    }

    /// A pool that has keys isn't new any more.
    mutating func endRecovery(_ changes: inout StateChanges) {
        guard var pool = record, pool.phase == .recovering, !keyRecords.isEmpty else { return }
        pool.phase = .activated
        record = pool
        changes.store(pool)
    }

    mutating func recordUnsealing(_ grant: UnsealGrant, _ changes: inout StateChanges) throws(Refusal) {
        guard memberRecords[grant.node] != nil, memberRecords[grant.grantedBy] != nil else { throw .memberNotFound }
        // From then on a grant says what it is based on.
        guard version < .peerUnsealing, (1...64).contains(grant.bootNonce.count), grant.ticketDigest.count == 32 else {
            throw .invalidUnsealGrant
        }
        unsealGrants[grant.node] = grant
        changes.store(grant)
    }

    mutating func recordAuditHead(_ head: AuditHead, _ changes: inout StateChanges) throws(Refusal) {
        guard memberRecords[head.node] != nil else { throw .memberNotFound }
        guard head.hash.count == 32 else { throw .invalidAuditHead }
        if let previous = heads[head.node] {
            guard head.count > previous.count || (head.count == previous.count && head.hash == previous.hash) else {
                throw .auditHeadRegressed
            }
        }
        heads[head.node] = head
        changes.store(head)
    }
}
