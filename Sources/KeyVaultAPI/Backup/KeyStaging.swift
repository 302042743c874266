import Backup
import CryptographicModule
import PoolState
import RequestPipeline
import SecurityDomain

/// Brings keys into the pool's staging area, in commands of bounded size, each record sealed anew for this pool.
final class KeyStaging {
    /// Bytes of records in one command, which may have 1 MiB, and keys in it.
    private static let batchBytes = 256 << 10
    private static let batchKeys = 200
    /// What a proposal has beside its command, at most.
    private static let envelopeBytes = 1024

    private let job: RunningJob
    private let keys: BackupKeys
    private let records: [[UInt8]: [UInt8]]
    private var batch: [KeyRecord] = []
    private var size = 0

    init(job: RunningJob, keys: BackupKeys, records: [[UInt8]: [UInt8]]) {
        self.job = job
        self.keys = keys
        self.records = records
    }

    func add(_ key: KeyRecord) async throws {
        // Header, public key, tags and policy of a version, beside its record.
        let count = key.versions.reduce(0) { total, version in
            total + 2048 + (records[version.recordDigest]?.count ?? 0)
                + (version.content.releasePolicy?.data.count ?? 0)
                + version.content.tags.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        }
        if !batch.isEmpty, size + count > Self.batchBytes || batch.count == Self.batchKeys { try await finish() }
        batch.append(key)
        size += count
    }

    /// Stages what is left.
    func finish() async throws {
        guard !batch.isEmpty else { return }
        guard let pool = job.services.pool.latestView.state.pool else { throw BackupFault.keysUnavailable }
        let (keys, records, batch, module) = (keys, records, batch, job.services.module)
        // Who asks for one key wants to have it: deleted, it would take the living key's place and be purged when due.
        let keepsDeletion = job.order.key == nil
        let result = try await job.services.computation.run { () throws(CryptoError) in
            // A key that doesn't open is the backup's fault, not the node's.
            do throws(CryptoError) {
                var staged: [StagedKey] = []
                for key in batch {
                    var one = try Self.stage(key, keys, records, poolID: pool.poolID, module)
                    if keepsDeletion { one.deletion = key.deletion }
                    staged.append(one)
                }
                return Result<[StagedKey], CryptoError>.success(staged)
            } catch {
                return .failure(error)
            }
        }
        let staged = try result.get()
        let command = PoolCommand.stageKeys(job: job.order.id, staged)
        // Only a single key can be so large: nobody would take it into the log.
        guard command.encode().count <= ProposalEnvelope.maximumEncodedCount - Self.envelopeBytes else {
            throw JobRefused.keyTooLarge(batch[0].name)
        }
        try await job.submit(command)
        job.update { $0.keys += staged.count }
        (self.batch, size) = ([], 0)
    }

    /// The key as a living one.
    private static func stage(
        _ key: KeyRecord, _ keys: BackupKeys, _ records: [[UInt8]: [UInt8]], poolID: [UInt8],
        _ module: CryptographicModule
    ) throws(CryptoError) -> StagedKey {
        var versions: [RestoredKey.Version] = []
        for version in key.versions {
            guard let bytes = records[version.recordDigest] else { throw .malformed("a record is missing") }
            let record = try SealedRecord(parsing: bytes)
            guard let kek = keys.keyEncryptionKey(id: record.kekID) else { throw .authenticationFailed }
            var header = version.header
            header.poolID = poolID
            let sealed = try module.restore(
                record, sealedUnder: kek, associatedData: version.header.associatedData(), as: header)
            let new = NewKeyVersion(
                header: header, publicKey: version.publicKey, record: sealed.bytes, origin: .restored,
                enabled: version.enabled, notBefore: version.notBefore, expires: version.expires, tags: version.tags,
                releasePolicy: version.releasePolicy)
            versions.append(RestoredKey.Version(version: new, updated: version.updated))
        }
        return StagedKey(key: RestoredKey(name: key.name, versions: versions, rotationRules: key.rotation?.rules))
    }
}
