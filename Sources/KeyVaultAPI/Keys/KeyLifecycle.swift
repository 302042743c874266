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
            access: .dataAction(.keysWrite, .keyNamed(parameter: "name")), handler: .asynchronous(update)),
        Endpoint(
            .delete, "/keys/{name}", operation: "KeyDelete",
            access: .dataAction(.keysDelete, .keyNamed(parameter: "name")),
            handler: .asynchronous(delete)),
        Endpoint(
            .post, "/deletedkeys/{name}/recover", operation: "KeyRecover",
            access: .dataAction(.deletedKeysRecover, .keyNamed(parameter: "name")), handler: .asynchronous(recover)),
        Endpoint(
            .delete, "/deletedkeys/{name}", operation: "KeyPurge",
            access: .dataAction(.deletedKeysDelete, .keyNamed(parameter: "name")), handler: .asynchronous(purge)),
    ]

    /// Only members that are present change.
    @Sendable
    private static func update(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let version = try KeyLookup.version(context)
        let fields = try context.fields()
        guard fields.object["release_policy"] == nil else {
            throw .badParameter("The parameter 'release_policy': exportable keys are not supported by this service.")
        }
        let operations = try changedOperations(fields, of: version)
        let attributes = try AttributeFields(fields)
        guard attributes.exportable != true else {
            throw .badParameter("The parameter 'attributes.exportable' can't be changed.")
        }
        try AttributeFields.requireOrder(
            notBefore: attributes.notBefore ?? version.notBefore, expires: attributes.expires ?? version.expires)
        var change = KeyAttributeChange(
            name: version.name, version: version.version, enabled: attributes.enabled,
            notBefore: attributes.notBefore.map { .set($0) } ?? .keep,
            expires: attributes.expires.map { .set($0) } ?? .keep,
            tags: try fields.tags())
        if let operations { change.resealed = try await reseal(version, operations, context) }
        let view = try await context.apply(.setKeyAttributes(change))
        if operations != nil { context.services.module.evict(recordDigest: version.recordDigest) }
        guard let changed = view.state.key(version.name)?.version(version.version) else {
            throw KeyLookup.notFound(context)
        }
        return KeyBundle(context: context.with(view: view)).response(changed)
    }

    /// `nil` where the request says nothing of operations, or what they are already.
    private static func changedOperations(
        _ fields: Fields, of version: KeyVersionRecord
    ) throws(APIError) -> KeyOperations? {
        guard let operations = try KeyOperationFields.read(fields, for: version.header.keyType) else { return nil }
        guard operations != version.operations else { return nil }
        guard operations.contains(.import) == version.operations.contains(.import) else {
            throw .badParameter(
                "The parameter 'key_ops': 'import' can neither be given to nor be taken from an existing key.")
        }
        return operations
    }

    /// A key's operations are sealed with it, so that changing them takes the key out of its record and into another.
    private static func reseal(
        _ version: KeyVersionRecord, _ operations: KeyOperations, _ context: RequestContext
    ) async throws(APIError) -> ResealedKey {
        var header = version.header
        header.operations = operations
        header.revision += 1
        let (services, old, new) = (context.services, version.header, header)
        let record = try await services.computation.run { () throws(CryptoError) in
            try services.module.reseal(
                try services.custody.record(digest: version.recordDigest), from: old, to: new)
        }
        return ResealedKey(header: header, record: record.bytes, releasePolicy: version.releasePolicy)
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
