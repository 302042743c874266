import AccessControl
import CryptographicModule
import HashTreeCollections

extension PoolState {
    /// Rebuilds a state from all its rows, in any order. Its root equals that of the state that wrote them.
    ///
    /// Every row is decoded strictly and checked to be under the key that it belongs to. Whether the rows *are* the
    /// pool's is for the caller to find out, by comparing the root with an authenticated one.
    ///
    /// - Throws: `StateCorruption` for rows that no state has.
    public init(rows: some Sequence<RowChange>) throws(StateCorruption) {
        var loader = StateLoader()
        for row in rows {
            try loader.add(row)
        }
        self = try loader.finish()
    }

    /// As ``init(rows:)``, for who needs to know the pool and not its keys: those of the rows are left out.
    public init(withoutKeysOf rows: some Sequence<RowChange>) throws(StateCorruption) {
        let keyTables = [RowTable.key, .keyVersion, .stagedKey, .stagedKeyVersion].map(\.rawValue)
        var loader = StateLoader()
        for row in rows where !keyTables.contains(row.table) {
            try loader.add(row)
        }
        self = try loader.finish()
    }
}

extension PoolState {
    /// The root of a state with these rows, whether or not they are rows of a state.
    public static func root(ofRows rows: some Sequence<RowChange>) -> [UInt8] {
        var leaves: [Hash256: Hash256] = [:]
        for row in rows {
            let path = MerkleTree.path(table: row.table, key: row.key)
            leaves[path] = MerkleTree.leafHash(path: path, value: row.value ?? [])
        }
        var tree = MerkleTree()
        tree.apply(leaves.map { MerkleTree.Change(path: $0.key, leaf: $0.value) })
        return tree.root
    }
}

extension PoolVersion {
    /// The version that stored rows name, which nothing proves genuine here; the first if they name none.
    public init(ofRows rows: some Sequence<RowChange>) {
        let row = rows.first { $0.table == RowTable.poolVersion.rawValue }
        self = row.flatMap { try? VersionRow(canonicalBytes: $0.value ?? []) }?.version ?? .first
    }
}

extension PoolRecord {
    /// The record that the value of a stored row holds, which nothing proves genuine here; nil where it is none.
    public init?(row value: [UInt8]) {
        guard let record = try? PoolRecord(canonicalBytes: value) else { return nil }
        self = record
    }
}

/// Collects rows and puts them together.
private struct StateLoader {
    private var state = PoolState()
    private var keys: [String: KeyRow] = [:]
    private var versions: [String: [KeyVersionRow]] = [:]
    private var stagedKeys: [String: KeyRow] = [:]
    private var stagedVersions: [String: [KeyVersionRow]] = [:]
    private var progress: Progress?
    private var proposals: [CompletedProposal] = []
    private var leaves: [Hash256: Hash256] = [:]

    mutating func add(_ row: RowChange) throws(StateCorruption) {
        guard let table = RowTable(rawValue: row.table) else { throw .unknownTable(row.table) }
        guard let value = row.value else { throw .malformedRow(table: table) }
        let path = MerkleTree.path(table: row.table, key: row.key)
        guard leaves.updateValue(MerkleTree.leafHash(path: path, value: value), forKey: path) == nil else {
            throw .repeatedRow(table: table)
        }
        switch table {
        case .pool: state.record = try decode(row, value)
        case .member:
            let member: MemberRecord = try decode(row, value)
            state.memberRecords[member.node] = member
        case .key:
            let key: KeyRow = try decode(row, value)
            keys[key.name] = key
        case .keyVersion:
            let version: KeyVersionRow = try decode(row, value)
            versions[version.content.header.name, default: []].append(version)
        case .principal:
            let principal: PrincipalRecord = try decode(row, value)
            try add(principal)
        case .roleDefinition: state.permissions.insert(try decode(row, value) as RoleDefinition)
        case .roleAssignment: state.permissions.insert(try decode(row, value) as RoleAssignment)
        case .securityDomain: state.securityDomain = try decode(row, value)
        case .unsealGrant:
            let grant: UnsealGrant = try decode(row, value)
            state.unsealGrants[grant.node] = grant
        case .peerUnsealPolicy: state.peerUnsealPolicy = try decode(row, value)
        case .restoreOrder: state.restoreOrder = try decode(row, value)
        case .continuity:
            let known: NodeContinuity = try decode(row, value)
            state.continuities[known.node] = known
        case .auditHead:
            let head: AuditHead = try decode(row, value)
            state.heads[head.node] = head
        case .completedProposal: proposals.append(try decode(row, value))
        case .progress: progress = try decode(row, value)
        case .membership: state.membership = try decode(row, value)
        case .invitation:
            let invitation: NodeInvitation = try decode(row, value)
            state.nodeInvitations[invitation.node] = invitation
        case .nodeNumbers: state.lastGivenNode = (try decode(row, value) as NodeNumbers).last
        case .job:
            let job: JobRecord = try decode(row, value)
            state.jobRecords[job.identifier] = job
        case .stagedKey:
            let key: StagedRow<KeyRow> = try decode(row, value)
            stagedKeys[key.row.name] = key.row
        case .stagedKeyVersion:
            let version: StagedRow<KeyVersionRow> = try decode(row, value)
            stagedVersions[version.row.content.header.name, default: []].append(version.row)
        case .poolVersion: state.version = (try decode(row, value) as VersionRow).version
        case .rootChange: state.rootChange = try decode(row, value)
        case .keyEncryption: state.keyEncryption = try decode(row, value)
        case .rewrappedBatch:
            let batch: RewrappedBatch = try decode(row, value)
            state.rewrappedBatches[batch.number] = batch
        case .stagedPolicy:
            let item: StagedPolicy = try decode(row, value)
            state.stagedPolicies[item.rowKey] = item
        case .backupPlan: state.backupPlan = try decode(row, value)
        case .scheduledBackup:
            let backup: ScheduledBackup = try decode(row, value)
            state.scheduledBackups[backup.job] = backup
        }
    }

    private func decode<Row: StoredRow>(_ row: RowChange, _ value: [UInt8]) throws(StateCorruption) -> Row {
        guard let record = try? Row(canonicalBytes: value), record.rowKey == row.key else {
            throw .malformedRow(table: Row.table)
        }
        return record
    }

    private mutating func add(_ principal: PrincipalRecord) throws(StateCorruption) {
        state.principalRecords[principal.objectID] = principal
        if let clientID = principal.clientID {
            guard state.principalsByClientID.updateValue(principal.objectID, forKey: clientID) == nil else {
                throw .malformedRow(table: .principal)
            }
        }
    }

    mutating func finish() throws(StateCorruption) -> PoolState {
        try finishProgress()
        if state.record == nil {
            try checkEmptyBeforeGenesis()
        }
        for (name, key) in keys {
            let record = try Self.assemble(key, versions.removeValue(forKey: name) ?? [], poolID: state.record?.poolID)
            state.keyRecords[name] = record
            for version in record.versions {
                state.materials.insert(version)
            }
        }
        guard versions.isEmpty else { throw .danglingRow(table: .keyVersion) }
        try finishStaging()
        state.liveNames = SortedNames(keys.values.lazy.filter { $0.deletion == nil }.map(\.name))
        state.deletedNames = SortedNames(keys.values.lazy.filter { $0.deletion != nil }.map(\.name))
        state.tree?.apply(leaves.map { MerkleTree.Change(path: $0.key, leaf: $0.value) })
        return state
    }

    private mutating func finishStaging() throws(StateCorruption) {
        let poolID = state.record?.poolID
        for (name, key) in stagedKeys {
            let record = try Self.assemble(key, stagedVersions.removeValue(forKey: name) ?? [], poolID: poolID)
            state.stagedKeys[name] = record
            for version in record.versions {
                if let digest = Hash256(version.recordDigest) { state.materials.insertRecord(digest) }
            }
        }
        guard stagedVersions.isEmpty else { throw .danglingRow(table: .stagedKeyVersion) }
        // What a schedule made is known as long as there is one.
        guard state.backupPlan != nil || state.scheduledBackups.isEmpty else {
            throw .danglingRow(table: .scheduledBackup)
        }
    }

    /// A key has the versions 0 to n − 1. Static, since a call of a method would hold a copy of `versions` while that
    /// is changed, once for each key.
    private static func assemble(
        _ key: KeyRow, _ rows: [KeyVersionRow], poolID: [UInt8]?
    ) throws(StateCorruption) -> KeyRecord {
        let ordered = rows.sorted { $0.ordinal < $1.ordinal }
        guard ordered.count == key.versionCount, ordered.map(\.ordinal) == Array(0..<ordered.count) else {
            throw .danglingRow(table: .key)
        }
        var records: [KeyVersionRecord] = []
        for row in ordered {
            guard let identifier = GUID(bytes: row.content.header.version), row.content.recordDigest.count == 32 else {
                throw .malformedRow(table: .keyVersion)
            }
            records.append(KeyVersionRecord(row.content, identifier: identifier, poolID: poolID))
        }
        guard let latest = records.popLast() else { throw .danglingRow(table: .key) }
        return KeyRecord(
            name: key.name, earlier: records, latest: latest, deletion: key.deletion, rotation: key.rotation)
    }

    /// The ring holds the last proposals without a gap.
    private mutating func finishProgress() throws(StateCorruption) {
        let next = progress?.nextSequence ?? 0
        let remembered = min(next, CompletedProposals.capacity)
        guard next < 1 << 62, UInt64(proposals.count) == remembered else {
            throw .danglingRow(table: .completedProposal)
        }
        for proposal in proposals {
            guard proposal.sequence < next, proposal.sequence >= next - remembered else {
                throw .danglingRow(table: .completedProposal)
            }
            state.completed.place(proposal)
        }
        guard state.completed.count == proposals.count else { throw .repeatedRow(table: .completedProposal) }
        state.completed.next = next
        state.logTime = progress?.logTime ?? 0
    }

    /// Before genesis there is time, refused proposals and who votes, no more.
    private func checkEmptyBeforeGenesis() throws(StateCorruption) {
        guard state.memberRecords.isEmpty, keys.isEmpty, versions.isEmpty, state.principalRecords.isEmpty,
            state.permissions.assignmentCount == 0, state.permissions.customRoleCount == 0,
            state.securityDomain == nil, state.unsealGrants.isEmpty, state.heads.isEmpty, state.nodeInvitations.isEmpty,
            state.jobRecords.isEmpty, stagedKeys.isEmpty, state.stagedPolicies.isEmpty, state.version == .first,
            state.rootChange == nil, state.backupPlan == nil, state.scheduledBackups.isEmpty,
            state.peerUnsealPolicy == nil, state.continuities.isEmpty, state.restoreOrder == nil,
            state.keyEncryption == nil, state.rewrappedBatches.isEmpty, state.lastGivenNode == 0
        else { throw .danglingRow(table: .pool) }
    }
}
