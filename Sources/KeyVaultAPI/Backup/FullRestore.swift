import AccessControl
import Backup
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// `restore`, `prerestore` and `keys/{name}/restore`: keys out of a backup.
///
/// Roles, principals and settings stay as they are: a backup must not bring back an administrator who was removed. Only
/// into a new pool, which has taken over the security domain of a lost one, a full restore brings everything; into a
/// living one it does where officers have agreed (``RestoreOrdering``).
enum FullRestore {
    static func endpoints(_ desk: BackupDesk) -> [Endpoint] {
        [
            endpoint("/restore", "FullRestore") { context throws(APIError) in
                try await start(.restore, folder: "folderToRestore", context, desk)
            },
            endpoint("/prerestore", "PreFullRestore") { context throws(APIError) in
                if try !namesBackup(context) { return try await check(context, desk) }
                return try await start(.restoreCheck, folder: "folderToRestore", context, desk)
            },
            endpoint("/keys/{name}/restore", "SelectiveKeyRestore") { context throws(APIError) in
                try await start(.keyRestore, folder: "folder", context, desk)
            },
            Endpoint(
                .get, "/restore/{id}/pending", operation: "FullRestoreStatusGet",
                access: .dataAction(.restoreStatus, .root), isVersioned: false,
                handler: .asynchronous { context throws(APIError) in
                    try await JobStatusRoute.answer(context, desk) { !$0.isBackup }
                }),
        ]
    }

    private static func endpoint(
        _ path: String, _ operation: String,
        _ body: @escaping @Sendable (RequestContext) async throws(APIError) -> APIResponse
    ) -> Endpoint {
        Endpoint(
            .put, path, operation: operation, access: .dataAction(.restoreStart, .root), handler: .asynchronous(body))
    }

    private static func namesBackup(_ context: RequestContext) throws(APIError) -> Bool {
        let fields = try context.fields()
        return ["folderToRestore", "keepCredentials"].contains { fields.object[$0] != nil }
    }

    /// A check that names no backup finds out no more than that the caller may, that no other job runs, and that the
    /// node may use the container, where one is named. Whether it can be read isn't known before there is what to read.
    private static func check(_ context: RequestContext, _ desk: BackupDesk) async throws(APIError) -> APIResponse {
        if let parameters = try context.fields().section("sasTokenParameters") { _ = try BackupPlace(parameters, desk) }
        let order = JobOrder(id: Random.bytes(16), kind: .restoreCheck, node: desk.node, place: "")
        return try await JobStart.begin(order, nil, context, desk)
    }

    private static func start(
        _ kind: JobKind, folder member: String, _ context: RequestContext, _ desk: BackupDesk
    ) async throws(APIError) -> APIResponse {
        let fields = try context.fields()
        guard let parameters = try fields.section("sasTokenParameters") else {
            throw .badParameter("The parameter 'sasTokenParameters' is required.")
        }
        let name = context.parameters["name"]
        if let name, !KeyName.isValid(name) { throw .badParameter("The path names no key: '\(member)' needs one.") }
        let place = try BackupPlace(parameters, desk)
        let folder = try fields.requiredString(member)
        guard BackupPath.segments(folder) != nil else {
            throw .badParameter("The parameter '\(member)' isn't the folder of a backup.")
        }
        let keepsCredentials = try fields.bool("keepCredentials") ?? false
        guard !keepsCredentials || kind == .restore else {
            throw .badParameter("The parameter 'keepCredentials' belongs to a restore of everything.")
        }
        let id = Random.bytes(16)
        let order = JobOrder(
            id: id, kind: kind, node: desk.node, place: "\(place.container.uri)/\(folder)", key: name, folder: folder,
            sealedToken: try place.sealedToken(job: id, context), keepsCredentials: keepsCredentials,
            usesManagedIdentity: place.usesManagedIdentity)
        return try await JobStart.begin(order, place, context, desk)
    }
}
