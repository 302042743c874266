import Backup
import CryptographicModule
import PoolState
import RequestPipeline
import SecurityDomain

/// Brings keys into the pool's staging area, in commands of bounded size, each record sealed anew for this pool. A
/// large key comes in several of them.
final class KeyStaging {
    /// Bytes of records in one command, which may have 1 MiB, and keys in it.
    private static let batchBytes = 256 << 10
    private static let batchKeys = 200
    /// What a proposal has beside its command, at most.
    private static let envelopeBytes = 1024

    /// Versions of a key that come in one command.
    private struct Part {
        let key: KeyRecord
        let versions: ArraySlice<KeyVersionRecord>
    }

    private let job: RunningJob
    private let keys: BackupKeys
    private let records: [[UInt8]: [UInt8]]
    private var batch: [Part] = []
    private var size = 0

    init(job: RunningJob, keys: BackupKeys, records: [[UInt8]: [UInt8]]) {
        self.job = job
        self.keys = keys
        self.records = records
    }

    func add(_ key: KeyRecord) async throws {
        let sizes = key.versions.map { bytes(of: $0) }
        // A former member would refuse the second part.
        let isDivided = job.services.pool.latestView.state.version >= .dividedKeys
        for range in isDivided ? Self.parts(of: sizes, limit: Self.batchBytes) : [sizes.indices] {
            let count = sizes[range].reduce(0, +)
            if !batch.isEmpty, size + count > Self.batchBytes || batch.count == Self.batchKeys { try await finish() }
            batch.append(Part(key: key, versions: key.versions[range]))
            size += count
        }
    }

    /// Header, public key, tags and policy of a version, beside its record.
    private func bytes(of version: KeyVersionRecord) -> Int {
        2048 + (records[version.recordDigest]?.count ?? 0) + (version.content.releasePolicy?.data.count ?? 0)
            + version.content.tags.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    }

    /// Divides what has these sizes into as few parts as keep within the limit and in order. What alone is larger is a
    /// part of its own.
    static func parts(of sizes: [Int], limit: Int) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var (start, total) = (0, 0)
        for (place, size) in sizes.enumerated() {
            if place > start, total + size > limit {
                parts.append(start..<place)
                (start, total) = (place, 0)
            }
            total += size
        }
        if start < sizes.count { parts.append(start..<sizes.count) }
        return parts
    }

    /// Stages what is left.
    func finish() async throws {
        guard !batch.isEmpty else { return }
        guard let pool = job.services.pool.latestView.state.pool else { throw BackupFault.keysUnavailable }
        let (keys, records, batch, module) = (keys, records, batch, job.services.module)
        // Who asks for one key wants to have it: deleted, it would take the living key's place and be purged when due.
        let keepsDeletion = job.order.key == nil
        let result = try await job.compute { () throws(CryptoError) in
            // A key that doesn't open is the backup's fault, not the node's.
            do throws(CryptoError) {
                var staged: [StagedKey] = []
                for part in batch {
                    var one = try Self.stage(part, keys, records, poolID: pool.poolID, module)
                    if keepsDeletion { one.deletion = part.key.deletion }
                    staged.append(one)
                }
                return Result<[StagedKey], CryptoError>.success(staged)
            } catch {
                return .failure(error)
            }
        }
        let staged = try result.get()
        let command = PoolCommand.stageKeys(job: job.order.id, staged)
        // Only a single key that isn't divided can be so large: nobody would take it into the log.
        guard command.encode().count <= ProposalEnvelope.maximumEncodedCount - Self.envelopeBytes else {
            throw JobRefused.keyTooLarge(batch[0].key.name)
        }
        try await job.submit(command)
        let begun = batch.count { $0.versions.startIndex == 0 }
        job.update { $0.keys += begun }
        (self.batch, size) = ([], 0)
    }

    /// The part as one of a living key.
    private static func stage(
        _ part: Part, _ keys: BackupKeys, _ records: [[UInt8]: [UInt8]], poolID: [UInt8],
        _ module: CryptographicModule
    ) throws(CryptoError) -> StagedKey {
        var versions: [RestoredKey.Version] = []
        for version in part.versions {
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
        return StagedKey(
            key: RestoredKey(name: part.key.name, versions: versions, rotationRules: part.key.rotation?.rules))
    }
}
