import CryptographicModule

/// A restore of everything into a living pool: ordered by an administrator, approved by a quorum of the officers in
/// office, begun for just the backup that they have approved, and gone once it has taken effect.
extension PoolState {
    mutating func executeOnRestoreOrder(
        _ command: RestoreOrderCommand, by proposer: UInt64, _ changes: inout StateChanges
    ) throws(Refusal) {
        switch command {
        case .order(let job, let backup, let consequences):
            try orderRestore(try running(job, by: proposer), backup, consequences, &changes)
        case .approve(let id, let vote): try approveRestore(id, vote, &changes)
        case .withdraw(let id):
            guard restoreOrder?.id == id else { throw .restoreOrderNotFound }
            guard runningJob?.order.approval != id else { throw .jobRunning }
            dropRestoreOrder(&changes)
        }
    }

    private mutating func orderRestore(
        _ job: JobRecord, _ backup: OrderedBackup, _ consequences: [String], _ changes: inout StateChanges
    ) throws(Refusal) {
        guard job.order.kind == .restoreOrder else { throw .invalidJob }
        guard RestoreOrderRules.isValid(backup), RestoreOrderRules.areValid(consequences) else {
            throw .invalidRestoreOrder
        }
        adoptOfficers(&changes)
        // Without officers in office there is nobody to approve.
        guard securityDomain != nil else { throw .notActivated }
        set(
            RestoreOrder(
                id: job.id, place: job.order.place, folder: job.order.folder,
                keepsCredentials: job.order.keepsCredentials, backup: backup, orderedBy: job.order.orderedBy,
                expires: now + RestoreOrderRules.life, consequences: consequences),
            &changes)
    }

    private mutating func approveRestore(
        _ id: [UInt8], _ vote: RootVote, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard var order = restoreOrder, order.id == id else { throw .restoreOrderNotFound }
        guard order.expires > now else { throw .restoreOrderExpired }
        guard let domain = securityDomain, RootChangeRules.isValid(vote, officers: domain.officers.count) else {
            throw .invalidRestoreOrder
        }
        guard !order.approvals.contains(where: { $0.officer == vote.officer }) else { return }
        order.approvals = RootChangeRules.ordered(order.approvals + [vote])
        set(order, &changes)
    }

    private mutating func set(_ order: RestoreOrder, _ changes: inout StateChanges) {
        restoreOrder = order
        changes.store(order)
    }

    /// It was used or given up; or there are other officers now, and what the former ones have approved counts no more.
    mutating func dropRestoreOrder(_ changes: inout StateChanges) {
        guard restoreOrder != nil else { return }
        restoreOrder = nil
        changes.remove(.restoreOrder, RowKey.single)
    }

    // MARK: The jobs

    /// Who wants a restore of everything to be approved needs a pool that lives: a recovering one brings everything
    /// anyway. And somebody in office, though where nobody is yet the job may bring them.
    func checkOrdering(_ order: JobOrder, in pool: PoolRecord) throws(Refusal) {
        guard order.kind == .restoreOrder else { return }
        guard pool.phase == .activated, securityDomain != nil || version >= .amendments else { throw .notActivated }
    }

    /// A restore of everything into a living pool is begun for what officers have approved, and for nothing else.
    func checkApproval(of order: JobOrder, in pool: PoolRecord) throws(Refusal) {
        guard !order.approval.isEmpty else { return }
        guard pool.phase == .activated, let approved = restoreOrder, approved.id == order.approval else {
            throw .restoreOrderNotFound
        }
        guard approved.expires > now else { throw .restoreOrderExpired }
        guard let domain = securityDomain, approved.approvals.count >= domain.required else {
            throw .restoreNotApproved
        }
        guard approved.place == order.place, approved.folder == order.folder,
            approved.keepsCredentials == order.keepsCredentials
        else { throw .restoreOtherThanApproved }
    }

    /// What the restore of a job would change now is what its officers were shown.
    ///
    /// - Parameter items: everything beside keys.
    func checkConsequences(of job: JobRecord, restoring items: [StagedPolicy]) throws(Refusal) {
        guard let approved = restoreOrder, approved.id == job.order.approval else { throw .restoreOrderNotFound }
        guard try consequences(ofRestoring: items) == approved.consequences else {
            throw .restoreConsequencesChanged
        }
    }
}

/// Times, and what an order may hold.
enum RestoreOrderRules {
    /// How long officers and administrator have, in seconds.
    static let life: Int64 = 86_400
    /// Of all lines together, in bytes: what people can still read, and a row can hold.
    static let longest = 256 << 10

    static func isValid(_ backup: OrderedBackup) -> Bool {
        backup.id.count == 32 && backup.headerDigest.count == 32 && backup.pool.utf8.count <= 64
    }

    static func areValid(_ consequences: [String]) -> Bool {
        consequences.reduce(0) { $0 + $1.utf8.count + 8 } <= longest
    }
}
