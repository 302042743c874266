import Backup
import CryptographicModule
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// Writes a full backup: the stored state of one log index, encrypted piece by piece on its way out.
struct BackupWork {
    let job: RunningJob
    let source: any StateSource
    let container: any BackupContainer
    let folder: String

    /// After each piece the work rests so many times as long as the piece took: a backup has time, and those who sign
    /// have not. Of two processors it so takes less than a tenth.
    private static let restPerWork = 9
    /// What a slow container takes isn't work of the node's.
    private static let longestRest = Duration.milliseconds(200)

    func run() async throws {
        let cursor = try await source.open()
        // What was acknowledged before the request came is in it.
        guard cursor.index >= job.begunAt else {
            throw StateSourceFault("the state is stored through entry \(cursor.index), not yet \(job.begunAt)")
        }
        guard let keyring = job.services.custody.unsealed?.keyring else { throw BackupFault.keysUnavailable }
        let header = BackupHeader(
            backupID: Random.bytes(32), poolName: job.services.identity.poolName, index: cursor.index,
            term: cursor.term, stateRoot: cursor.root, createdAt: job.services.clock.unixMilliseconds(),
            keyring: keyring.sealed)
        job.update { $0.report = "log index \(cursor.index), state root \(Hexadecimal.encode(cursor.root))" }
        let upload = try await container.create("\(folder)/\(BackupPlace.object)")
        do {
            try await write(header, keyring, cursor, to: upload)
            try await upload.finish()
        } catch {
            await upload.abandon()
            throw error
        }
    }

    private func write(
        _ header: BackupHeader, _ keyring: Keyring, _ cursor: any StateCursor, to upload: any BackupUpload
    ) async throws {
        var (writer, bytes) = try BackupWriter.begin(header, keyring: keyring)
        try await upload.append(bytes)
        var began = ContinuousClock.now
        while let items = try await cursor.next() {
            for item in items {
                bytes = try writer.add(item)
                if !bytes.isEmpty { try await upload.append(bytes) }
            }
            job.update { ($0.items, $0.bytes) = (writer.items, writer.bytes) }
            try await Task.sleep(for: min((ContinuousClock.now - began) * Self.restPerWork, Self.longestRest))
            began = .now
        }
        try await upload.append(try writer.finish())
    }
}
