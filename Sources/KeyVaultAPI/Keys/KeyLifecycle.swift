import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// Update, soft delete, recover, purge.
enum KeyLifecycle {
    static let endpoints = [
        Endpoint(
            .patch, "/keys/{name}/{version?}", operation: "KeyUpdate",
            access: .dataAction(.keysWrite, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .proposal(update)),
        Endpoint(
            .delete, "/keys/{name}", operation: "KeyDelete",
            access: .dataAction(.keysDelete, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .proposal(delete)),
        Endpoint(
            .post, "/deletedkeys/{name}/recover", operation: "KeyRecover",
            access: .dataAction(.deletedKeysRecover, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .proposal(recover)),
        Endpoint(
            .delete, "/deletedkeys/{name}", operation: "KeyPurge",
            access: .dataAction(.deletedKeysDelete, .keyNamed(parameter: "name")), reads: .key(parameter: "name"),
            handler: .proposal(purge)),
    ]

    /// Only members that are present change.
    @Sendable
    private static func update(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let version = try KeyLookup.version(context)
        let fields = try context.fields()
        let attributes = try AttributeFields(fields)
        guard attributes.exportable == nil || attributes.exportable == version.exportable else {
            throw .badParameter("The parameter 'attributes.exportable' can't be changed.")
        }
        let sealed = try SealedChange(fields, of: version)
        try AttributeFields.requireOrder(
            notBefore: attributes.notBefore ?? version.notBefore, expires: attributes.expires ?? version.expires)
        var change = KeyAttributeChange(
            name: version.name, version: version.version, enabled: attributes.enabled,
            notBefore: attributes.notBefore.map { .set($0) } ?? .keep,
            expires: attributes.expires.map { .set($0) } ?? .keep,
            tags: try fields.tags())
        if let sealed { change.resealed = try await reseal(version, sealed, context) }
        let view = try await context.apply(.setKeyAttributes(change))
        if sealed != nil { context.services.module.evict(recordDigest: version.recordDigest) }
        guard let changed = view.state.key(version.name)?.version(version.version) else {
            throw KeyLookup.notFound(context)
        }
        return KeyBundle(context: context.with(view: view)).response(changed)
    }

    /// What is sealed with a key changes only by taking the key out of its record and into another.
    private static func reseal(
        _ version: KeyVersionRecord, _ change: SealedChange, _ context: RequestContext
    ) async throws(APIError) -> ResealedKey {
        var header = version.header
        header.operations = change.operations
        header.releasePolicyDigest = change.policy.map { Digest.sha256($0.stored.data) } ?? []
        header.releasePolicyImmutable = change.policy?.isImmutable ?? false
        header.revision += 1
        let (services, old, new) = (context.services, version.header, header)
        let record = try await context.compute { () throws(CryptoError) in
            try services.module.reseal(
                try services.custody.record(digest: version.recordDigest), from: old, to: new)
        }
        return ResealedKey(header: header, record: record.bytes, releasePolicy: change.policy?.stored)
    }

    @Sendable
    private static func delete(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let name = try KeyLookup.live(context).name
        let view = try await context.apply(.deleteKey(name: name))
        guard let key = view.state.deletedKey(name), let deletion = key.deletion else {
            throw KeyLookup.notFound(context)
        }
        return KeyBundle(context: context.with(view: view)).response(key.latest, deletion: deletion)
    }

    @Sendable
    private static func recover(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let name = try KeyLookup.deleted(context).name
        let view = try await context.apply(.recoverKey(name: name))
        guard let key = view.state.key(name) else { throw KeyLookup.notFound(context) }
        return KeyBundle(context: context.with(view: view)).response(key.latest)
    }

    @Sendable
    private static func purge(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let key = try KeyLookup.deleted(context)
        _ = try await context.apply(.purgeKey(name: key.name, onlyIfDue: false))
        for version in key.versions { context.services.module.evict(recordDigest: version.recordDigest) }
        return APIResponse(
            status: 204, audit: OperationDetails(keyIdentifier: "\(context.host.baseURL)/deletedkeys/\(key.name)"))
    }
}

/// What an update changes of the attributes that are sealed with a key.
private struct SealedChange {
    let operations: KeyOperations
    let policy: ExportFields.Policy?

    /// `nil` where the request says nothing of them, or what they are already.
    init?(_ fields: Fields, of version: KeyVersionRecord) throws(APIError) {
        let current = version.exportPolicy
        operations =
            try KeyOperationFields.read(fields, for: version.header.keyType, isExportable: version.exportable)
            ?? version.operations
        policy = try ExportFields.policy(fields, replacing: current) ?? current
        guard operations != version.operations || policy != current else { return nil }
        guard operations.contains(.import) == version.operations.contains(.import) else {
            throw .badParameter(
                "The parameter 'key_ops': 'import' can neither be given to nor be taken from an existing key.")
        }
        guard policy == current || version.exportable else {
            throw .badParameter("The parameter 'release_policy' is for keys that were made exportable.")
        }
        guard policy == current || !version.header.releasePolicyImmutable else {
            throw .badParameter("The parameter 'release_policy': the key's policy is immutable.")
        }
    }
}
