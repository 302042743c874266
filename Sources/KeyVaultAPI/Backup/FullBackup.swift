import AccessControl
import Backup
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// `backup` and `prebackup`: the pool's whole state into a container.
enum FullBackup {
    static func endpoints(_ desk: BackupDesk) -> [Endpoint] {
        [
            Endpoint(
                .post, "/backup", operation: "BackupCreate", access: .dataAction(.backupStart, .root),
                handler: .asynchronous { context throws(APIError) in
                    try await start(context, desk)
                }),
            Endpoint(
                .post, "/prebackup", operation: "PreFullBackup", access: .dataAction(.backupStart, .root),
                handler: .asynchronous { context throws(APIError) in
                    try await check(context, desk)
                }),
            Endpoint(
                .get, "/backup/{id}/pending", operation: "FullBackupStatusGet",
                access: .dataAction(.backupStatus, .root), isVersioned: false,
                handler: .asynchronous { context throws(APIError) in
                    try await JobStatusRoute.answer(context, desk) { $0.isBackup }
                }),
        ]
    }

    /// Without a place it finds out no more than that the caller may and that no other job runs.
    private static func check(_ context: RequestContext, _ desk: BackupDesk) async throws(APIError) -> APIResponse {
        let place = try BackupPlace.named(by: try context.fields(), desk)
        let id = Random.bytes(16)
        let order = JobOrder(
            id: id, kind: .backupCheck, node: desk.node, place: place?.container.uri ?? "",
            sealedToken: try place?.sealedToken(job: id, context) ?? [],
            usesManagedIdentity: place?.usesManagedIdentity ?? false)
        return try await JobStart.begin(order, place, context, desk)
    }

    private static func start(_ context: RequestContext, _ desk: BackupDesk) async throws(APIError) -> APIResponse {
        let place = try BackupPlace(try context.fields(), desk)
        let id = Random.bytes(16)
        let folder = BackupPlace.folder(
            pool: context.services.identity.poolName, milliseconds: context.receivedAt, id: id)
        let order = JobOrder(
            id: id, kind: .backup, node: desk.node, place: "\(place.container.uri)/\(folder)", folder: folder,
            sealedToken: try place.sealedToken(job: id, context), usesManagedIdentity: place.usesManagedIdentity)
        return try await JobStart.begin(order, place, context, desk)
    }
}
