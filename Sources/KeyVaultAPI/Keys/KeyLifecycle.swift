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
        try requireUnchanged(try fields.strings("key_ops"), of: version)
        let attributes = try AttributeFields(fields)
        guard attributes.exportable != true else {
            throw .badParameter("The parameter 'attributes.exportable' can't be changed.")
        }
        try AttributeFields.requireOrder(
            notBefore: attributes.notBefore ?? version.notBefore, expires: attributes.expires ?? version.expires)
        let change = KeyAttributeChange(
            name: version.name, version: version.version, enabled: attributes.enabled,
            notBefore: attributes.notBefore.map { .set($0) } ?? .keep,
            expires: attributes.expires.map { .set($0) } ?? .keep,
            tags: try fields.tags())
        let view = try await context.apply(.setKeyAttributes(change))
        guard let changed = view.state.key(version.name)?.version(version.version) else {
            throw KeyLookup.notFound(context)
        }
        return KeyBundle(context: context.with(view: view)).response(changed)
    }

    /// A key's operations are sealed with it. Clients that send back what they have read ask for no change.
    private static func requireUnchanged(_ names: [String]?, of version: KeyVersionRecord) throws(APIError) {
        guard let names else { return }
        guard Set(names) == Set(version.operations.jsonNames) else {
            throw .badParameter("The parameter 'key_ops' can't be changed. Make a new version of the key instead.")
        }
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
