import AccessControl
import CryptographicModule
import HashTreeCollections

/// A new root, and officers for it: ordered, approved by a quorum in office, prepared beside the root in force,
/// confirmed by those who shall hold it, committed, and ended when every member has followed. Each step is one command,
/// so that a crash between two of them leaves a pool that officers can open.
extension PoolState {
    mutating func executeOnRoot(
        _ command: PoolCommand, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        switch command {
        case .beginRootChange(let order): try beginRootChange(order, in: pool, &changes)
        case .approveRootChange(let id, let vote): try approveRootChange(id, vote, &changes)
        case .prepareRoot(let id, let prepared): try prepareRoot(id, prepared, in: pool, &changes)
        case .confirmRoot(let id, let vote): try confirmRoot(id, vote, in: pool, &changes)
        case .commitRoot(let id):
            let change = try rootChange(id)
            guard change.confirmations.count >= change.order.required else { throw .rootNotConfirmed }
            try commit(change, in: pool, &changes)
        case .abortRootChange(let id):
            _ = try rootChange(id)
            rootChange = nil
            changes.remove(.rootChange, RowKey.single)
        case .holdRoot(let id, let node): try holdRoot(id, node, in: pool, &changes)
        default: throw .invalidProposal
        }
    }

    /// The change under way, as long as the former root rules.
    private func rootChange(_ id: [UInt8]) throws(Refusal) -> RootChange {
        guard let change = rootChange, change.id == id else { throw .rootChangeNotFound }
        guard change.committed == nil else { throw .rootChangeCommitted }
        return change
    }

    private mutating func set(_ change: RootChange, _ changes: inout StateChanges) {
        rootChange = change
        changes.store(change)
    }

    private mutating func beginRootChange(
        _ order: RootChangeOrder, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        // Without officers in office there is nobody to approve.
        guard pool.phase == .activated, securityDomain != nil else { throw .notActivated }
        if let current = rootChange {
            guard current.committed == nil, current.prepared == nil, current.order.expires <= now else {
                throw .rootChangeUnderWay
            }
        }
        guard RootChangeRules.isValid(order, now: now), pool.rootGeneration < .max else { throw .invalidRootChange }
        set(RootChange(order: order, generation: pool.rootGeneration, began: now), &changes)
    }

    private mutating func approveRootChange(
        _ id: [UInt8], _ vote: RootVote, _ changes: inout StateChanges
    ) throws(Refusal) {
        var change = try rootChange(id)
        guard change.order.expires > now else { throw .rootChangeExpired }
        guard let officers = securityDomain?.officers, RootChangeRules.isValid(vote, officers: officers.count) else {
            throw .invalidRootChange
        }
        guard !change.approvals.contains(where: { $0.officer == vote.officer }) else { return }
        change.approvals = RootChangeRules.ordered(change.approvals + [vote])
        set(change, &changes)
    }

    /// May be done again as long as it isn't committed: the file may have been lost on its way. Every time it is
    /// another root, so that the lost file opens no node that knows of it. It holds the root that rules, too: with a
    /// copy of the pool's data it opens that.
    private mutating func prepareRoot(
        _ id: [UInt8], _ prepared: PreparedRoot, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        var change = try rootChange(id)
        guard change.order.expires > now else { throw .rootChangeExpired }
        guard let domain = securityDomain, change.approvals.count >= domain.required else { throw .rootNotApproved }
        guard RootChangeRules.isValid(prepared, for: change.order) else { throw .invalidRootChange }
        guard prepared.base == Digest.sha256(pool.keyring) else { throw .rootGenerationMismatch }
        change.prepared = prepared
        change.confirmations = []
        set(change, &changes)
    }

    /// With the last officer's confirmation the next root rules.
    private mutating func confirmRoot(
        _ id: [UInt8], _ vote: RootVote, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        var change = try rootChange(id)
        guard change.prepared != nil else { throw .rootNotPrepared }
        guard RootChangeRules.isValid(vote, officers: change.order.officers.count) else { throw .invalidRootChange }
        if !change.confirmations.contains(where: { $0.officer == vote.officer }) {
            change.confirmations = RootChangeRules.ordered(change.confirmations + [vote])
        }
        guard change.confirmations.count == change.order.officers.count else { return set(change, &changes) }
        try commit(change, in: pool, &changes)
    }

    private mutating func commit(
        _ change: RootChange, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard let prepared = change.prepared, let former = securityDomain else { throw .rootNotPrepared }
        // A backup says of which root it is, and a restore seals under what it has begun with.
        guard runningJob == nil else { throw .jobRunning }
        guard prepared.base == Digest.sha256(pool.keyring), change.generation == pool.rootGeneration else {
            throw .rootGenerationMismatch
        }
        var committed = change
        (committed.committed, committed.former, committed.formerKeyring) = (now, former, pool.keyring)
        set(committed, &changes)
        // Nobody polls for this file: no capability has this digest.
        let domain = SecurityDomainRecord(
            generation: change.generation + 1, required: change.order.required, officers: change.order.officers,
            commitments: prepared.commitments, encryptedData: prepared.encryptedData,
            capabilityDigest: [UInt8](repeating: 0, count: 32), prepared: now, activated: now,
            unsealKeys: change.order.unsealKeys, unsealRecords: prepared.unsealRecords)
        securityDomain = domain
        changes.store(domain)
        var updated = pool
        (updated.rootGeneration, updated.keyring) = (change.generation + 1, prepared.keyring)
        updated.rootBridge = prepared.bridge
        updated.formerRoots.append(prepared.wayBack)
        if !pool.pinnedOfficers.isEmpty {
            updated.pinnedOfficers = change.order.officers.map { Digest.sha256($0) }
        }
        record = updated
        changes.store(updated)
        dropPeerUnsealOrder(&changes)
        dropRestoreOrder(&changes)
    }

    /// The member's disk has the committed change, and the member holds the next root. When all do, the way from the
    /// former root to the next one is taken away.
    private mutating func holdRoot(
        _ id: [UInt8], _ node: UInt64, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard var change = rootChange, change.id == id else { throw .rootChangeNotFound }
        guard change.committed != nil else { throw .rootNotConfirmed }
        guard memberRecords[node] != nil else { throw .memberNotFound }
        if !change.holders.contains(node) { change.holders = (change.holders + [node]).sorted() }
        let needed = memberRecords.values.filter { $0.standing == .member }.map(\.node)
        guard Set(needed).isSubset(of: change.holders) else { return set(change, &changes) }
        rootChange = nil
        changes.remove(.rootChange, RowKey.single)
        var updated = pool
        updated.rootBridge = []
        record = updated
        changes.store(updated)
    }
}

/// What a change of the root has to be like.
enum RootChangeRules {
    /// In seconds.
    static let longestLife: Int64 = 7 * 86_400

    static func isValid(_ order: RootChangeOrder, now: Int64) -> Bool {
        order.id.count == 16 && (1...PoolLimits.officers).contains(order.officers.count)
            && (1...order.officers.count).contains(order.required)
            && Set(order.officers).count == order.officers.count
            && order.officers.allSatisfy { (1...(16 << 10)).contains($0.count) }
            && order.expires > now && order.expires <= now + longestLife && areValid(order.unsealKeys)
    }

    private static func areValid(_ keys: [UnsealKey]) -> Bool {
        keys.count <= PoolLimits.unsealKeys && Set(keys.map(\.point)).count == keys.count
            && keys.allSatisfy { key in
                key.provider > 0 && (1...128).contains(key.name.utf8.count) && key.point.count == 65
            }
    }

    static func isValid(_ vote: RootVote, officers: Int) -> Bool {
        vote.officer > 0 && Int(vote.officer) <= officers && (1...1024).contains(vote.signature.count)
    }

    static func isValid(_ prepared: PreparedRoot, for order: RootChangeOrder) -> Bool {
        prepared.base.count == 32 && (1...(512 << 10)).contains(prepared.keyring.count)
            && (1...4096).contains(prepared.bridge.count) && (1...4096).contains(prepared.wayBack.count)
            && prepared.commitments.count == order.officers.count
            && prepared.commitments.allSatisfy { $0.count == 32 }
            && (1...(512 << 10)).contains(prepared.encryptedData.count)
            && prepared.unsealRecords.count == order.unsealKeys.count
            && prepared.unsealRecords.allSatisfy { (1...512).contains($0.count) }
    }

    static func ordered(_ votes: [RootVote]) -> [RootVote] { votes.sorted { $0.officer < $1.officer } }
}
