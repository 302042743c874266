import AccessControl
import CryptographicModule
import HashTreeCollections

extension PoolState {
    mutating func createKeyVersion(
        _ new: NewKeyVersion, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard pool.phase.mayHoldKeys else { throw .notActivated }
        guard !isBeingRestored else { throw .poolBeingRestored }
        let identifier = try KeyRules.check(new, poolID: pool.poolID)
        let name = new.header.name
        let existing = keyRecords[name]
        let versions = existing?.versions ?? []
        guard existing?.deletion == nil else { throw .keyIsDeleted }
        if let rotation = new.rotation {
            guard let existing, existing.latest.version == rotation.follows else { throw .rotationSuperseded }
            guard !rotation.onlyIfDue || existing.isRotationDue(at: now) else { throw .rotationNotDue }
        }
        guard versions.count < PoolLimits.versionsPerKey else { throw .tooManyKeyVersions }
        guard versions.allSatisfy({ $0.identifier != identifier }) else { throw .duplicateKeyVersion }

        let digest = Digest.sha256(new.record)
        let content = KeyVersionRecord.Content(new, recordDigest: digest, updated: new.header.createdAt)
        let version = KeyVersionRecord(content, identifier: identifier, poolID: record?.poolID)
        if let material = version.materialHash {
            // Keys made here must be new. An import may well repeat: clients import the same key under several names.
            guard new.origin != .generated || !materials.containsPublicKey(material) else {
                throw .duplicateKeyMaterial
            }
        }
        if let record = Hash256(digest), materials.containsRecord(record) { throw .duplicateKeyRecord }

        materials.insert(version)
        if existing == nil {
            liveNames.insert(name)
        }
        let key = KeyRecord(name: name, earlier: versions, latest: version, deletion: nil, rotation: existing?.rotation)
        keyRecords[name] = key
        changes.store(KeyRow(key))
        changes.store(KeyVersionRow(ordinal: versions.count, content: content))
        changes.storeBlob(new.record, digest: digest)
    }

    mutating func setKeyAttributes(
        _ change: KeyAttributeChange, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard pool.phase.mayHoldKeys else { throw .notActivated }
        guard let key = key(change.name) else { throw .keyNotFound }
        guard let identifier = GUID(bytes: change.version),
            let ordinal = key.versions.firstIndex(where: { $0.identifier == identifier })
        else { throw .keyVersionNotFound }

        let current = key.versions[ordinal]
        var content = current.content
        content.enabled = change.enabled ?? content.enabled
        content.notBefore = change.notBefore.applied(to: content.notBefore)
        content.expires = change.expires.applied(to: content.expires)
        if let tags = change.tags {
            try KeyRules.check(tags: tags)
            content.tags = tags
        }
        content.updated = max(now, content.created)
        if let resealed = change.resealed {
            try reseal(resealed, &content, &changes)
        }

        let version = KeyVersionRecord(content, identifier: identifier, poolID: record?.poolID)
        if change.resealed != nil {
            materials.remove(current)
            materials.insert(version)
        }
        var versions = key.versions
        versions[ordinal] = version
        let latest = versions.removeLast()
        keyRecords[key.name] = KeyRecord(
            name: key.name, earlier: versions, latest: latest, deletion: nil, rotation: key.rotation)
        changes.store(KeyVersionRow(ordinal: ordinal, content: content))
    }

    private func reseal(
        _ resealed: ResealedKey, _ content: inout KeyVersionRecord.Content, _ changes: inout StateChanges
    ) throws(Refusal) {
        try KeyRules.check(resealed, against: content)
        let digest = Digest.sha256(resealed.record)
        if let record = Hash256(digest), materials.containsRecord(record) { throw .duplicateKeyRecord }
        changes.removeBlob(digest: content.recordDigest)
        changes.storeBlob(resealed.record, digest: digest)
        content.header = resealed.header
        content.recordDigest = digest
        content.releasePolicy = resealed.releasePolicy
    }

    mutating func deleteKey(
        _ name: String, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard pool.phase.mayHoldKeys else { throw .notActivated }
        guard let key = key(name) else { throw .keyNotFound }
        let retention = Int64(pool.settings.recoverableDays) * 86_400
        liveNames.remove(name)
        deletedNames.insert(name)
        store(key, deletion: KeyDeletion(deletedAt: now, scheduledPurgeAt: now + retention), &changes)
    }

    mutating func recoverKey(
        _ name: String, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard pool.phase.mayHoldKeys else { throw .notActivated }
        guard key(name) == nil else { throw .keyIsNotDeleted }
        guard let key = deletedKey(name) else { throw .deletedKeyNotFound }
        deletedNames.remove(name)
        liveNames.insert(name)
        store(key, deletion: nil, &changes)
    }

    private mutating func store(_ key: KeyRecord, deletion: KeyDeletion?, _ changes: inout StateChanges) {
        let record = KeyRecord(
            name: key.name, earlier: key.versions.dropLast(), latest: key.latest, deletion: deletion,
            rotation: key.rotation)
        keyRecords[key.name] = record
        changes.store(KeyRow(record))
    }

    mutating func purgeKey(
        _ name: String, onlyIfDue: Bool, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard pool.phase.mayHoldKeys else { throw .notActivated }
        guard let key = deletedKey(name), let deletion = key.deletion else { throw .deletedKeyNotFound }
        let isDue = now >= deletion.scheduledPurgeAt
        guard isDue || !onlyIfDue else { throw .purgeNotDue }
        guard isDue || !pool.settings.purgeProtection else { throw .purgeProtected }
        deletedNames.remove(name)
        keyRecords[name] = nil
        changes.remove(.key, RowKey.key(name))
        for version in key.versions {
            materials.remove(version)
            changes.remove(.keyVersion, RowKey.keyVersion(name, version.version))
            changes.removeBlob(digest: version.recordDigest)
        }
    }
}

extension KeyVersionRecord.Content {
    init(_ new: NewKeyVersion, recordDigest: [UInt8], updated: Int64) {
        self.init(
            header: new.header, publicKey: new.publicKey, recordDigest: recordDigest, origin: new.origin,
            enabled: new.enabled, notBefore: new.notBefore, expires: new.expires, tags: new.tags,
            releasePolicy: new.releasePolicy, created: new.header.createdAt, updated: updated)
    }
}

extension AttributeChange {
    func applied(to current: Value?) -> Value? {
        switch self {
        case .keep: current
        case .clear: nil
        case .set(let value): value
        }
    }
}
