import Backup
import CryptographicModule
import PoolState
import RequestPipeline
import SecurityDomain

/// Reads a backup from its first byte to its last, and only then changes the pool: nothing of a backup that isn't whole
/// and genuine takes effect.
struct RestoreWork {
    private static let pieceSize = 4 << 20

    let job: RunningJob
    let container: any BackupContainer
    let folder: String

    func run() async throws {
        guard let keyring = job.services.custody.unsealed?.keyring else { throw BackupFault.keysUnavailable }
        var content = BackupContent(key: job.order.key, keepsRecords: job.order.kind.changesKeys)
        let pool = job.services.pool.latestView.state
        // What replaces the pool's keyring is made from this node's. As long as the job runs the pool's stays the same.
        guard job.order.approval.isEmpty || keyring.sealed.encode() == pool.pool?.keyring else {
            throw JobRefused.keyringIsBehind
        }
        var reader = BackupReader(keyring: keyring, formerRoots: pool.pool?.formerRoots ?? [])
        try await read(&reader, into: &content, approved: try approved(in: pool))
        guard let keys = reader.keys else { throw BackupFault.truncated }
        let state = try content.state()
        if job.order.kind == .restoreOrder {
            return try await order(state, content.header, digest: reader.headerDigest)
        }
        guard job.order.kind.changesKeys else { return }
        if job.record.isOfEverything {
            try await PolicyStaging(job: job).stage(state, header: content.header, keys: keys, into: keyring)
        }
        let stored = try keysToRestore(state)
        let staging = KeyStaging(job: job, keys: keys, records: content.records)
        for key in stored { try await staging.add(key) }
        try await staging.finish()
    }

    /// What officers have agreed to, where the job goes by that.
    private func approved(in pool: PoolState) throws -> RestoreOrder? {
        guard !job.order.approval.isEmpty else { return nil }
        guard let order = pool.restoreOrder, order.id == job.order.approval else {
            throw JobRefused.refused(.restoreOrderNotFound)
        }
        return order
    }

    /// Tells the pool what a restore of everything would bring, for officers to approve; and who they are, where it has
    /// taken over their root and has had a key before their record. Of one root the officers are the same in all
    /// backups, and a backup that opens here says truly of which root it is.
    private func order(_ state: PoolState, _ header: BackupHeader?, digest: [UInt8]) async throws {
        let pool = job.services.pool.latestView.state
        guard let header, let record = state.pool, let own = pool.pool else { throw BackupFault.stateMismatch }
        let items = PolicyStaging.items(
            of: state, pool: RestoredPool(record, keyring: own.keyring), keepsCredentials: job.order.keepsCredentials,
            withOfficers: false)
        let lines: [String]
        do throws(Refusal) {
            lines = try pool.consequences(ofRestoring: items)
        } catch {
            throw JobRefused.refused(error)
        }
        let backup = OrderedBackup(
            id: header.backupID, headerDigest: digest, pool: header.poolName, index: header.index,
            createdAt: header.createdAt)
        if pool.securityDomain == nil, let domain = state.securityDomain, domain.generation == own.rootGeneration {
            let officers = StagedPolicy.securityDomain(domain.withoutUnsealKeys)
            try await job.submit(.stagePolicy(job: job.order.id, [officers]))
        }
        try await job.submit(.restoreOrder(.order(job: job.order.id, backup, consequences: lines)))
        job.update { $0.report = "ordered: \(lines.count) changes beside keys wait for the officers' approval" }
    }

    private func read(
        _ reader: inout BackupReader, into content: inout BackupContent, approved: RestoreOrder?
    ) async throws {
        let name = "\(folder)/\(BackupPlace.object)"
        var offset: UInt64 = 0
        while true {
            let bytes = try await container.read(name, from: offset, count: Self.pieceSize)
            offset += UInt64(bytes.count)
            reader.feed(bytes)
            while let piece = try reader.next() {
                switch piece {
                case .header(let header):
                    content.header = header
                    guard approved.map({ $0.backup.headerDigest == reader.headerDigest }) ?? true else {
                        throw JobRefused.otherBackup
                    }
                case .items(let items):
                    for item in items { try content.take(item) }
                    job.update { ($0.items, $0.bytes) = (content.items, content.bytes) }
                case .summary: break
                }
            }
            guard bytes.count == Self.pieceSize else { break }
        }
        try reader.finish()
    }

    private func keysToRestore(_ state: PoolState) throws -> [KeyRecord] {
        if let name = job.order.key {
            guard let key = state.key(name) ?? state.deletedKey(name) else { throw JobRefused.keyNotInBackup(name) }
            return [key]
        }
        return state.keys(limit: .max) + state.deletedKeys(limit: .max)
    }
}

/// What was read of a backup: all rows, or those of one key, and their records.
struct BackupContent {
    /// Together, in bytes: what a node can hold beside its work.
    private static let limit: UInt64 = 2 << 30

    let key: String?
    let keepsRecords: Bool
    var header: BackupHeader?
    private(set) var items: UInt64 = 0
    private(set) var bytes: UInt64 = 0
    private(set) var records: [[UInt8]: [UInt8]] = [:]
    private var rows: [RowChange] = []
    /// The digests of the one key's records, as its rows have them, which come before all records.
    private var wanted: Set<[UInt8]>?
    private var kept: UInt64 = 0

    init(key: String?, keepsRecords: Bool) {
        self.key = key
        self.keepsRecords = keepsRecords
    }

    mutating func take(_ item: BackupItem) throws {
        items += 1
        switch item {
        case .row(let table, let key, let value):
            bytes += UInt64(key.count + value.count)
            guard isWanted(table, key) else { return }
            guard wanted == nil else { throw BackupFault.malformed("a row after the sealed records") }
            try keep(key.count + value.count)
            rows.append(RowChange(table: table, key: key, value: value))
        case .blob(let blob):
            bytes += UInt64(blob.count)
            guard keepsRecords else { return }
            let digest = Digest.sha256(blob)
            guard try isWanted(record: digest) else { return }
            try keep(blob.count)
            records[digest] = blob
        }
    }

    private mutating func isWanted(record digest: [UInt8]) throws -> Bool {
        guard key != nil else { return true }
        let digests = try wanted ?? Set(state().recordDigests)
        wanted = digests
        return digests.contains(digest)
    }

    private mutating func keep(_ count: Int) throws {
        kept += UInt64(count)
        guard kept <= Self.limit else { throw JobRefused.tooLarge }
    }

    /// Of one key its rows, and the pool's, without which there is no state.
    private func isWanted(_ table: UInt8, _ row: [UInt8]) -> Bool {
        guard let key else { return true }
        return switch RowTable(rawValue: table) {
        case .pool: true
        case .key: row.elementsEqual(key.utf8)
        case .keyVersion: row.starts(with: Array(key.utf8) + [0])
        default: false
        }
    }

    /// The state that the rows make up; a whole one is compared with the header.
    func state() throws -> PoolState {
        let state: PoolState
        do throws(StateCorruption) {
            state = try PoolState(rows: rows)
        } catch {
            throw BackupFault.stateMismatch
        }
        guard key != nil || state.root == header?.stateRoot else { throw BackupFault.stateMismatch }
        return state
    }
}
