import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// A key with all its versions, out of the pool and into it again.
enum KeyBackup {
    static let endpoints = [
        Endpoint(
            .post, "/keys/{name}/backup", operation: "KeyBackup",
            access: .dataAction(.keysBackup, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .computation(backup)),
        Endpoint(
            .post, "/keys/restore", operation: "KeyRestore", access: .dataAction(.keysRestore, .keys),
            bodyLimit: (KeyBackupBlob.maximumCount / 3 + 1) * 4 + 1024, handler: .asynchronous(restore)),
    ]

    @Sendable
    private static func backup(_ context: RequestContext) throws(APIError) -> APIResponse {
        let key = try KeyLookup.live(context)
        guard let keyring = context.services.custody.unsealed?.keyring else { throw .sealed }
        let blob: [UInt8]
        do throws(CryptoError) {
            blob = try KeyBackupBlob.seal(
                key, index: context.view.appliedIndex, now: context.now, keyring: keyring,
                module: context.services.module
            ) { digest throws(CryptoError) in try context.services.custody.record(digest: digest) }
        } catch {
            throw context.failure(error, of: key.latest)
        }
        guard blob.count <= KeyBackupBlob.maximumCount else {
            throw APIError(
                status: 400, code: "LimitExceeded",
                message: "The key with all its versions and tags is too large for one backup.")
        }
        let audit = OperationDetails(
            keyIdentifier: context.keyIdentifier(name: key.name, version: key.latest.version))
        return .object(audit: audit) { writer in
            writer.name("value")
            writer.plainASCII(Base64URL.encode(blob).utf8)
        }
    }

    @Sendable
    private static func restore(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let blob = try context.fields().bytes("value")
        guard let keyring = context.services.custody.unsealed?.keyring else { throw .sealed }
        guard let pool = context.view.state.pool else { throw .internalFailure(RequestContext.noPool) }
        let module = context.services.module
        // Errors of the module are values here: a foreign blob is the caller's mistake, not the node's.
        let opened = try await context.compute { () throws(CryptoError) in
            do throws(CryptoError) {
                return Result<RestoredKey, CryptoError>.success(
                    try KeyBackupBlob.open(blob, poolID: pool.poolID, keyring: keyring, module: module))
            } catch .authenticationFailed {
                return .failure(.authenticationFailed)
            } catch .malformed(let what) {
                return .failure(.malformed(what))
            } catch .unsupported(let what) {
                return .failure(.unsupported(what))
            }
        }
        guard case .success(let key) = opened else {
            throw APIError(
                status: 400, code: "MalformedBackupBlob",
                message: "The parameter 'value' isn't a backup of a key, or one of another security domain.")
        }
        let committed = try await context.submit(.restoreKey(key))
        if case .refused(let refusal) = committed.outcome {
            throw refusal == .keyIsDeleted
                ? CommandRefusals.keyIsDeleted(key.name) : CommandRefusals.error(refusal, context)
        }
        guard let made = committed.view.state.key(key.name) else {
            throw .internalFailure("a key that was applied isn't in the state")
        }
        return KeyBundle(context: context.with(view: committed.view)).response(made.latest)
    }
}

/// The bytes of a backup: `QSB1` ‖ security domain id[16] ‖ time[8] ‖ log index[8] ‖ the key as the command
/// that restores it, each version's record sealed under the pool's key for single-key backups.
///
/// Each record is bound to everything else in the blob and to its place among the versions, so that nothing in it can
/// be changed, left out or taken from another backup.
enum KeyBackupBlob {
    /// Of the blob: in base64url it fits a request of 1 MiB, and what restores it a log entry.
    static let maximumCount = 760 << 10
    private static let label = Array("QSB1".utf8)
    private static let prefixLength = 4 + 16 + 8 + 8

    static func seal(
        _ key: KeyRecord, index: UInt64, now: Int64, keyring: Keyring, module: CryptographicModule,
        fetch: ([UInt8]) throws(CryptoError) -> SealedRecord
    ) throws(CryptoError) -> [UInt8] {
        var restored = RestoredKey(
            name: key.name, versions: key.versions.map(version), rotationRules: key.rotation?.rules)
        var prefix = label + keyring.identity.securityDomainID
        withUnsafeBytes(of: now.bigEndian) { prefix.append(contentsOf: $0) }
        withUnsafeBytes(of: index.bigEndian) { prefix.append(contentsOf: $0) }
        let manifest = manifest(prefix, restored)
        for (ordinal, version) in key.versions.enumerated() {
            let record = try module.seal(
                try fetch(version.recordDigest), of: version.header, forBackupUnder: keyring.singleKeyBackupKey,
                associatedData: associatedData(manifest, ordinal))
            restored.versions[ordinal].version.record = record.bytes
        }
        return prefix + PoolCommand.restoreKey(restored).encode()
    }

    private static func version(_ version: KeyVersionRecord) -> RestoredKey.Version {
        RestoredKey.Version(
            version: NewKeyVersion(
                header: version.header, publicKey: version.publicKey, record: [], origin: .restored,
                enabled: version.enabled, notBefore: version.notBefore, expires: version.expires, tags: version.tags,
                releasePolicy: version.releasePolicy),
            updated: version.updated)
    }

    /// The key as this pool can take it.
    /// - Throws: ``CryptoError/malformed(_:)`` or ``CryptoError/authenticationFailed`` for anything that no pool of
    ///   this security domain has made.
    static func open(
        _ blob: [UInt8], poolID: [UInt8], keyring: Keyring, module: CryptographicModule
    ) throws(CryptoError) -> RestoredKey {
        guard blob.count > prefixLength, blob.count <= maximumCount, blob.starts(with: label),
            Array(blob[4..<20]) == keyring.identity.securityDomainID,
            let command = try? PoolCommand(decoding: Array(blob[prefixLength...])),
            case .restoreKey(var key) = command
        else { throw .malformed("backup of a key") }
        let sealed = key.versions.map(\.version.record)
        for ordinal in key.versions.indices { key.versions[ordinal].version.record = [] }
        let manifest = manifest(Array(blob.prefix(prefixLength)), key)
        for (ordinal, bytes) in sealed.enumerated() {
            var header = key.versions[ordinal].version.header
            header.poolID = poolID
            let given = try SealedRecord(parsing: bytes)
            guard let sealer = keyring.singleKeyBackupKey(id: given.kekID) else { throw .authenticationFailed }
            let record = try module.restore(
                given, sealedUnder: sealer,
                associatedData: associatedData(manifest, ordinal), as: header)
            key.versions[ordinal].version.header = header
            key.versions[ordinal].version.record = record.bytes
        }
        return key
    }

    /// The digest of everything but the records.
    private static func manifest(_ prefix: [UInt8], _ key: RestoredKey) -> [UInt8] {
        Digest.sha256(prefix + PoolCommand.restoreKey(key).encode())
    }

    private static func associatedData(_ manifest: [UInt8], _ ordinal: Int) -> [UInt8] {
        var bytes = label + manifest
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: ordinal).bigEndian) { bytes.append(contentsOf: $0) }
        return bytes
    }
}
