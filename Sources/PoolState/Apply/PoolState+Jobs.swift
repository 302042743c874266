import AccessControl
import CryptographicModule
import HashTreeCollections

/// Backups and restores: one at a time, and none is under way for ever.
///
/// A restore stages its keys beside those that are there, where nobody sees them, and switches over in one command, so
/// that it happens as a whole or not at all, wherever its node dies.
extension PoolState {
    mutating func beginJob(_ order: JobOrder, in pool: PoolRecord, _ changes: inout StateChanges) throws(Refusal) {
        guard pool.phase.mayHoldKeys else { throw .notActivated }
        guard let identifier = GUID(bytes: order.id), jobRecords[identifier] == nil, order.isValid else {
            throw .invalidJob
        }
        if let key = order.key, !KeyName.isValid(key) { throw .invalidKeyName }
        // A backup holds each record once, and a restore seals under one key from its beginning to its end.
        guard !isKeyEncryptionChanging else { throw .keyEncryptionChangeUnderWay }
        if let running = runningJob {
            // Another node goes on with it, unless none can.
            guard running.isAbandoned(at: logTime) else { throw .jobRunning }
            try end(running, .silentNode, &changes)
        }
        try checkOrdering(order, in: pool)
        try checkApproval(of: order, in: pool)
        guard order.kind != .restore || keyRecords.isEmpty || hasRecentBackup else { throw .backupNeeded }
        forgetOldJobs(&changes)
        set(
            JobRecord(
                order: order, identifier: identifier, status: .running, started: now, reported: logTime, ended: nil,
                items: 0, bytes: 0, failure: nil,
                isOfEverything: order.kind == .restore && (pool.phase == .recovering || !order.approval.isEmpty)),
            &changes)
    }

    /// What a full restore replaces is gone: it must be in a backup.
    private var hasRecentBackup: Bool {
        jobRecords.values.contains { job in
            guard job.order.kind == .backup, job.status == .succeeded, let ended = job.ended else { return false }
            return now - ended <= PoolLimits.backupBeforeRestore
        }
    }

    private mutating func forgetOldJobs(_ changes: inout StateChanges) {
        for job in jobs.dropFirst(PoolLimits.jobs - 1) {
            jobRecords[job.identifier] = nil
            changes.remove(.job, job.rowKey)
        }
    }

    mutating func set(_ job: JobRecord, _ changes: inout StateChanges) {
        jobRecords[job.identifier] = job
        changes.store(job)
    }

    /// Whether everything of a lost pool is on its way into this one.
    var isBeingRestored: Bool { record?.phase == .recovering && runningJob?.isOfEverything == true }

    private func running(_ id: [UInt8]) throws(Refusal) -> JobRecord {
        guard let job = job(id) else { throw .jobNotFound }
        guard job.status == .running else { throw .jobNotRunning }
        return job
    }

    /// Only who runs a job speaks for it: a node that was taken for dead may still be at work.
    func running(_ id: [UInt8], by node: UInt64) throws(Refusal) -> JobRecord {
        let job = try running(id)
        guard job.order.node == node else { throw .jobOfOtherNode }
        return job
    }

    /// Another node begins a job anew whose node is silent. What was staged is dropped; a backup gets a folder of its
    /// own, since the silent node may still be writing into the former one.
    mutating func takeOverJob(_ id: [UInt8], by node: UInt64, _ changes: inout StateChanges) throws(Refusal) {
        var job = try running(id)
        guard job.isSilent(at: logTime) else { throw .jobNotSilent }
        guard memberRecords[node] != nil else { throw .memberNotFound }
        dropStaged(&changes)
        job.takeovers += 1
        job.order.node = node
        if job.order.kind == .backup {
            let container = job.order.container
            let first = job.order.folder.split(separator: "_").first.map(String.init) ?? job.order.folder
            job.order.folder = "\(first)_\(job.takeovers + 1)"
            job.order.place = "\(container)/\(job.order.folder)"
        }
        (job.reported, job.items, job.bytes) = (logTime, 0, 0)
        set(job, &changes)
    }

    mutating func reportJob(
        _ id: [UInt8], by node: UInt64, items: UInt64, bytes: UInt64, _ changes: inout StateChanges
    ) throws(Refusal) {
        var job = try running(id, by: node)
        (job.items, job.bytes, job.reported) = (items, bytes, logTime)
        set(job, &changes)
    }

    mutating func failJob(
        _ id: [UInt8], by node: UInt64, _ failure: JobFailure, onlyIfSilent: Bool, _ changes: inout StateChanges
    ) throws(Refusal) {
        let job = onlyIfSilent ? try running(id) : try running(id, by: node)
        guard !onlyIfSilent || job.isSilent(at: logTime) else { throw .jobNotSilent }
        guard (1...64).contains(failure.code.utf8.count), failure.message.utf8.count <= 1024 else { throw .invalidJob }
        try end(job, failure, &changes)
    }

    private mutating func end(
        _ job: JobRecord, _ failure: JobFailure, _ changes: inout StateChanges
    ) throws(Refusal) {
        var job = job
        (job.status, job.ended, job.failure, job.order.sealedToken) = (.failed, now, failure, [])
        set(job, &changes)
        dropStaged(&changes)
    }

    // MARK: Staging

    mutating func stage(
        _ keys: [StagedKey], for id: [UInt8], by node: UInt64, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        var job = try running(id, by: node)
        guard job.order.kind.changesKeys, !keys.isEmpty else { throw .invalidJob }
        job.reported = logTime
        set(job, &changes)
        for staged in keys {
            guard job.order.key == nil || job.order.key == staged.key.name else { throw .invalidJob }
            guard stagedKeys[staged.key.name] == nil || version >= .dividedKeys else { throw .keyExists }
            try stage(staged, in: pool, &changes)
        }
    }

    /// Versions of a key that is staged already follow those that are there: together they may be more than a log entry
    /// holds.
    private mutating func stage(
        _ staged: StagedKey, in pool: PoolRecord, _ changes: inout StateChanges
    ) throws(Refusal) {
        let name = staged.key.name
        var versions = stagedKeys[name]?.versions ?? []
        guard !staged.key.versions.isEmpty else { throw .invalidRestoredKey }
        guard versions.count + staged.key.versions.count <= PoolLimits.versionsPerKey else {
            throw .tooManyKeyVersions
        }
        for item in staged.key.versions {
            let identifier = try KeyRules.check(item.version, poolID: pool.poolID)
            guard item.version.header.name == name, item.version.rotation == nil else { throw .invalidRestoredKey }
            guard versions.allSatisfy({ $0.identifier != identifier }) else { throw .duplicateKeyVersion }
            let digest = Digest.sha256(item.version.record)
            guard let record = Hash256(digest), !materials.containsRecord(record) else { throw .duplicateKeyRecord }
            materials.insertRecord(record)
            let content = KeyVersionRecord.Content(item.version, recordDigest: digest, updated: item.updated)
            changes.store(StagedRow(KeyVersionRow(ordinal: versions.count, content: content)))
            changes.storeBlob(item.version.record, digest: digest)
            versions.append(KeyVersionRecord(content, identifier: identifier, poolID: pool.poolID))
        }
        guard let latest = versions.popLast() else { throw .invalidRestoredKey }
        if let rules = staged.key.rotationRules, rules.problem != nil { throw .invalidRotationRules }
        let key = KeyRecord(
            name: name, earlier: versions, latest: latest, deletion: staged.deletion,
            rotation: staged.key.rotationRules.map { RotationPolicy(rules: $0, created: now, updated: now) })
        stagedKeys[name] = key
        changes.store(StagedRow(KeyRow(key)))
    }

    private mutating func dropStaged(_ changes: inout StateChanges) {
        for key in stagedKeys.values.sorted(by: { $0.name < $1.name }) {
            unstage(key, &changes)
            for version in key.versions {
                if let record = Hash256(version.recordDigest) { materials.removeRecord(record) }
                changes.removeBlob(digest: version.recordDigest)
            }
        }
        stagedKeys = TreeDictionary()
        dropStagedPolicies(&changes)
    }

    private func unstage(_ key: KeyRecord, _ changes: inout StateChanges) {
        changes.remove(.stagedKey, RowKey.key(key.name))
        for version in key.versions {
            changes.remove(.stagedKeyVersion, RowKey.keyVersion(key.name, version.version))
        }
    }

    // MARK: Completion

    /// What a job says of itself at its end.
    struct Completion {
        let items: UInt64
        let bytes: UInt64
        /// Staged, of a restore.
        let keys: Int
        let report: String
    }

    mutating func completeJob(
        _ id: [UInt8], by node: UInt64, _ completion: Completion, _ changes: inout StateChanges
    ) throws(Refusal) {
        var job = try running(id, by: node)
        guard completion.keys == stagedKeys.count, job.order.key == nil || completion.keys == 1 else {
            throw .restoreIncomplete
        }
        guard completion.report.utf8.count <= 1024 else { throw .invalidJob }
        switch job.order.kind {
        case .restore:
            for key in keyRecords.values.sorted(by: { $0.name < $1.name }) { remove(key, &changes) }
        case .keyRestore:
            if let name = job.order.key, let key = keyRecords[name] { remove(key, &changes) }
        case .backup, .backupCheck, .restoreCheck, .restoreOrder: break
        }
        for key in stagedKeys.values.sorted(by: { $0.name < $1.name }) { adopt(key, &changes) }
        stagedKeys = TreeDictionary()
        if job.isOfEverything { try adoptPolicies(of: job, &changes) }
        (job.status, job.ended, job.items, job.bytes) = (.succeeded, now, completion.items, completion.bytes)
        (job.report, job.order.sealedToken) = (completion.report, [])
        set(job, &changes)
        noteBackup(job, &changes)
    }

    private mutating func remove(_ key: KeyRecord, _ changes: inout StateChanges) {
        if key.deletion == nil { liveNames.remove(key.name) } else { deletedNames.remove(key.name) }
        keyRecords[key.name] = nil
        changes.remove(.key, RowKey.key(key.name))
        for version in key.versions {
            materials.remove(version)
            changes.remove(.keyVersion, RowKey.keyVersion(key.name, version.version))
            changes.removeBlob(digest: version.recordDigest)
        }
    }

    /// Its records are stored and counted already.
    private mutating func adopt(_ key: KeyRecord, _ changes: inout StateChanges) {
        unstage(key, &changes)
        if key.deletion == nil { liveNames.insert(key.name) } else { deletedNames.insert(key.name) }
        keyRecords[key.name] = key
        changes.store(KeyRow(key))
        for (ordinal, version) in key.versions.enumerated() {
            materials.insert(version)
            changes.store(KeyVersionRow(ordinal: ordinal, content: version.content))
        }
    }
}

extension JobFailure {
    /// Nobody knows how far the job had come: its node is gone.
    public static let silentNode = JobFailure(
        code: "NodeLost", message: "The node that ran the job gave no sign of life. Start it again.")
}
