import AccessControl
import CryptographicModule
import HashTreeCollections

/// Keys as wholes: out of a backup, and by what rules they get new versions.
extension PoolState {
    /// Unlike new versions, those of a backup may have public keys that the pool has already: the key may have been
    /// imported under another name.
    mutating func restoreKey(
        _ restored: RestoredKey, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard pool.phase.mayHoldKeys else { throw .notActivated }
        guard !isBeingRestored else { throw .poolBeingRestored }
        let name = restored.name
        if let existing = keyRecords[name] {
            throw existing.deletion == nil ? .keyExists : .keyIsDeleted
        }
        guard restored.versions.count <= PoolLimits.versionsPerKey else { throw .tooManyKeyVersions }
        var versions: [KeyVersionRecord] = []
        for item in restored.versions {
            let identifier = try KeyRules.check(item.version, poolID: pool.poolID)
            guard item.version.header.name == name, item.version.rotation == nil else { throw .invalidRestoredKey }
            guard versions.allSatisfy({ $0.identifier != identifier }) else { throw .duplicateKeyVersion }
            let digest = Digest.sha256(item.version.record)
            if let record = Hash256(digest), materials.containsRecord(record) { throw .duplicateKeyRecord }
            let content = KeyVersionRecord.Content(item.version, recordDigest: digest, updated: item.updated)
            let version = KeyVersionRecord(content, identifier: identifier, poolID: pool.poolID)
            materials.insert(version)
            changes.store(KeyVersionRow(ordinal: versions.count, content: content))
            changes.storeBlob(item.version.record, digest: digest)
            versions.append(version)
        }
        guard let latest = versions.popLast() else { throw .invalidRestoredKey }
        if let rules = restored.rotationRules, rules.problem != nil { throw .invalidRotationRules }
        let key = KeyRecord(
            name: name, earlier: versions, latest: latest, deletion: nil,
            rotation: restored.rotationRules.map { RotationPolicy(rules: $0, created: now, updated: now) })
        liveNames.insert(name)
        keyRecords[name] = key
        changes.store(KeyRow(key))
    }

    mutating func setRotationRules(
        of name: String, _ rules: RotationRules?, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        guard pool.phase.mayHoldKeys else { throw .notActivated }
        guard let key = key(name) else { throw .keyNotFound }
        if let rules, rules.problem != nil { throw .invalidRotationRules }
        let policy = rules.map { RotationPolicy(rules: $0, created: key.rotation?.created ?? now, updated: now) }
        let record = KeyRecord(
            name: name, earlier: key.versions.dropLast(), latest: key.latest, deletion: nil, rotation: policy)
        keyRecords[name] = record
        changes.store(KeyRow(record))
    }
}
