import AccessControl
import CryptographicModule
import HashTreeCollections

/// A new key-encryption key: named, then every stored record sealed under it in place of the former one, batch by
/// batch, and the former one retired. Each step is one command, so that whoever leads goes on where another has died.
extension PoolState {
    /// Whether records may be sealed under two keys.
    public var isKeyEncryptionChanging: Bool { keyEncryption?.isUnderWay ?? false }

    /// Replaced records that nobody reads any more: the oldest batch, if it is due.
    public var batchToSweep: RewrappedBatch? {
        rewrappedBatches.values.min { $0.number < $1.number }.flatMap { isDue($0) ? $0 : nil }
    }

    /// Whether replaced records are still kept.
    public var keepsRewrapped: Bool { !rewrappedBatches.isEmpty }

    private func isDue(_ batch: RewrappedBatch) -> Bool { now >= batch.at + PoolLimits.rewrappedGrace }

    mutating func executeOnKeyEncryption(
        _ command: PoolCommand, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        switch command {
        case .rotateKeyEncryption(let rotation): try rotate(rotation, in: pool, &changes)
        case .rewrapRecords(let records): try rewrap(records, &changes)
        case .sweepRewrapped(let batch): try sweep(batch, &changes)
        case .retireKeyEncryption(let retirement): try retire(retirement, in: pool, &changes)
        default: throw .invalidProposal
        }
    }

    /// What a command stores has to be sealed under the key of today. A node that has not heard of that yet may use
    /// the former one as long as it is there, and is counted: the former key goes only when its last user is known.
    mutating func admitRecords(of command: PoolCommand, _ changes: inout StateChanges) throws(Refusal) {
        guard var keys = keyEncryption else { return }
        if case .setBackupSchedule(let schedule?) = command, !schedule.sealedToken.isEmpty,
            Self.sealingKey(schedule.sealedToken) != keys.current
        {
            throw .retiredKeyEncryption
        }
        var late: UInt64 = 0
        for bytes in command.records {
            guard let record = try? SealedRecord(parsing: bytes) else { throw .invalidKeyRecord }
            if record.kekID == keys.current { continue }
            guard keys.isUnderWay, record.kekID == keys.former else { throw .retiredKeyEncryption }
            late += 1
        }
        guard late > 0 else { return }
        keys.late += late
        set(keys, &changes)
    }

    private mutating func set(_ keys: KeyEncryption, _ changes: inout StateChanges) {
        keyEncryption = keys
        changes.store(keys)
    }

    private mutating func rotate(
        _ rotation: KeyEncryptionRotation, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard pool.phase == .activated else { throw .notActivated }
        guard !isKeyEncryptionChanging else { throw .keyEncryptionChangeUnderWay }
        guard rootChange == nil else { throw .rootChangeUnderWay }
        guard runningJob == nil else { throw .jobRunning }
        guard rotation.former.count == 16, rotation.current.count == 16, rotation.former != rotation.current,
            Self.isKeyring(rotation.keyring), keyEncryption.map({ $0.current == rotation.former }) ?? true
        else { throw .invalidKeyEncryption }
        guard rotation.base == Digest.sha256(pool.keyring) else { throw .keyEncryptionSuperseded }
        try resealScheduleToken(rotation, &changes)
        set(KeyEncryption(current: rotation.current, former: rotation.former, began: now), &changes)
        replaceKeyring(of: pool, by: rotation.keyring, &changes)
    }

    /// There is one at most, so it comes with the new key.
    private mutating func resealScheduleToken(
        _ rotation: KeyEncryptionRotation, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard var plan = backupPlan, !plan.schedule.sealedToken.isEmpty else { return }
        // It may have been set anew since the rotation was made.
        guard rotation.schedule == plan.schedule.id, Self.sealingKey(rotation.scheduleToken) == rotation.current else {
            throw .keyEncryptionSuperseded
        }
        plan.schedule.sealedToken = rotation.scheduleToken
        backupPlan = plan
        changes.store(plan)
    }

    /// The id of the key that a record is sealed under; nil where it is none.
    private static func sealingKey(_ record: [UInt8]) -> [UInt8]? { (try? SealedRecord(parsing: record))?.kekID }

    /// Takes those whose predecessors are still in force; keys that were changed, or purged, meanwhile are passed over.
    private mutating func rewrap(_ records: [RewrappedRecord], _ changes: inout StateChanges) throws(Refusal) {
        guard var keys = keyEncryption, keys.isUnderWay else { throw .keyEncryptionNotUnderWay }
        guard (1...PoolLimits.rewrappedAtOnce).contains(records.count) else { throw .invalidKeyEncryption }
        var replaced: [[UInt8]] = []
        for record in records where try replace(record, &changes) { replaced.append(record.former) }
        guard !replaced.isEmpty else { return }
        let batch = RewrappedBatch(number: keys.batches, at: now, former: replaced)
        rewrappedBatches[batch.number] = batch
        changes.store(batch)
        keys.batches += 1
        keys.rewrapped += UInt64(replaced.count)
        set(keys, &changes)
    }

    private mutating func replace(
        _ new: RewrappedRecord, _ changes: inout StateChanges
    ) throws(Refusal) -> Bool {
        guard (1...PoolLimits.recordBytes).contains(new.record.count) else { throw .invalidKeyRecord }
        guard let identifier = GUID(bytes: new.version) else { throw .invalidKeyEncryption }
        guard let key = keyRecords[new.name],
            let ordinal = key.versions.firstIndex(where: { $0.identifier == identifier }),
            key.versions[ordinal].recordDigest == new.former
        else { return false }
        let digest = Digest.sha256(new.record)
        if let record = Hash256(digest), materials.containsRecord(record) { throw .duplicateKeyRecord }
        var versions = key.versions
        var content = versions[ordinal].content
        content.recordDigest = digest
        materials.remove(versions[ordinal])
        versions[ordinal] = KeyVersionRecord(content, identifier: identifier, poolID: record?.poolID)
        materials.insert(versions[ordinal])
        let latest = versions.removeLast()
        keyRecords[key.name] = KeyRecord(
            name: key.name, earlier: versions, latest: latest, deletion: key.deletion, rotation: key.rotation)
        changes.store(KeyVersionRow(ordinal: ordinal, content: content))
        changes.storeBlob(new.record, digest: digest)
        return true
    }

    private mutating func sweep(_ number: UInt64, _ changes: inout StateChanges) throws(Refusal) {
        guard let batch = rewrappedBatches[number] else { throw .keyEncryptionNotUnderWay }
        guard isDue(batch) else { throw .sweepNotDue }
        rewrappedBatches[number] = nil
        changes.remove(.rewrappedBatch, batch.rowKey)
        for digest in batch.former {
            if let record = Hash256(digest), materials.containsRecord(record) { continue }
            changes.removeBlob(digest: digest)
        }
    }

    private mutating func retire(
        _ retirement: KeyEncryptionRetirement, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard var keys = keyEncryption, keys.isUnderWay else { throw .keyEncryptionNotUnderWay }
        guard rewrappedBatches.isEmpty else { throw .sweepNotDue }
        // Either carries a keyring of its own.
        guard rootChange == nil else { throw .rootChangeUnderWay }
        guard Self.isKeyring(retirement.keyring) else { throw .invalidKeyEncryption }
        guard retirement.base == Digest.sha256(pool.keyring), retirement.late == keys.late else {
            throw .keyEncryptionSuperseded
        }
        (keys.former, keys.ended) = ([], now)
        set(keys, &changes)
        replaceKeyring(of: pool, by: retirement.keyring, &changes)
    }

    private mutating func replaceKeyring(of pool: PoolRecord, by keyring: [UInt8], _ changes: inout StateChanges) {
        var updated = pool
        updated.keyring = keyring
        record = updated
        changes.store(updated)
    }

    private static func isKeyring(_ bytes: [UInt8]) -> Bool { (1...(256 << 10)).contains(bytes.count) }
}

extension PoolCommand {
    /// The sealed keys that the command stores.
    var records: [[UInt8]] {
        switch self {
        case .createKeyVersion(let new): [new.record]
        case .setKeyAttributes(let change): change.resealed.map { [$0.record] } ?? []
        case .restoreKey(let key): key.records
        case .stageKeys(_, let keys): keys.flatMap(\.key.records)
        case .rewrapRecords(let records): records.map(\.record)
        default: []
        }
    }
}

extension RestoredKey {
    fileprivate var records: [[UInt8]] { versions.map(\.version.record) }
}
