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
                .post, "/backup", operation: "FullBackup", access: .dataAction(.backupStart, .root),
                handler: .asynchronous { context throws(APIError) in
                    try await start(.backup, context, desk)
                }),
            Endpoint(
                .post, "/prebackup", operation: "PreFullBackup", access: .dataAction(.backupStart, .root),
                handler: .asynchronous { context throws(APIError) in
                    try await start(.backupCheck, context, desk)
                }),
            Endpoint(
                .get, "/backup/{id}/pending", operation: "FullBackupStatusGet",
                access: .dataAction(.backupStatus, .root), isVersioned: false,
                handler: .asynchronous { context throws(APIError) in
                    try await JobStatusRoute.answer(context, desk) { $0.isBackup }
                }),
        ]
    }

    private static func start(
        _ kind: JobKind, _ context: RequestContext, _ desk: BackupDesk
    ) async throws(APIError) -> APIResponse {
        let place = try BackupPlace(try context.fields(), desk)
        let id = Random.bytes(16)
        let folder = BackupPlace.folder(
            pool: context.services.identity.poolName, milliseconds: context.receivedAt, id: id)
        let uri = place.container.uri
        let order = JobOrder(
            id: id, kind: kind, node: desk.node, place: kind == .backup ? "\(uri)/\(folder)" : uri,
            folder: kind == .backup ? folder : "", sealedToken: try place.sealedToken(job: id, context),
            usesManagedIdentity: place.usesManagedIdentity)
        return try await JobStart.begin(order, place, context, desk)
    }
}
