import AccessControl
import Backup
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import StrictJSON

/// A restore of everything into a living pool: an administrator orders it, and starts it when officers have approved.
///
/// To order it is a job: the backup is read to its end, so that officers are told what it would bring and sign which
/// backup it is.
enum RestoreOrdering {
    private static let path = "/quorate/v1/restore-order"

    static func endpoints(_ desk: BackupDesk) -> [Endpoint] {
        [
            endpoint(path, "RestoreOrder") { context throws(APIError) in try await order(context, desk) },
            endpoint(path + "/start", "RestoreOrderStart") { context throws(APIError) in
                try await start(context, desk)
            },
        ]
    }

    private static func endpoint(
        _ path: String, _ operation: String,
        _ body: @escaping @Sendable (RequestContext) async throws(APIError) -> APIResponse
    ) -> Endpoint {
        Endpoint(
            .post, path, operation: operation, access: .dataAction(.restoreStart, .root), isVersioned: false,
            handler: .asynchronous(body))
    }

    private static func place(_ fields: Fields, _ desk: BackupDesk) throws(APIError) -> BackupPlace {
        guard let parameters = try fields.section("sasTokenParameters") else {
            throw .badParameter("The parameter 'sasTokenParameters' is required.")
        }
        return try BackupPlace(parameters, desk)
    }

    private static func order(_ context: RequestContext, _ desk: BackupDesk) async throws(APIError) -> APIResponse {
        guard context.view.state.phase == .activated else {
            throw .conflict("This pool is recovering: a full restore brings everything without the officers' approval.")
        }
        let fields = try context.fields()
        let place = try place(fields, desk)
        let folder = try fields.requiredString("folderToRestore")
        guard BackupPath.segments(folder) != nil else {
            throw .badParameter("The parameter 'folderToRestore' isn't the folder of a backup.")
        }
        let id = Random.bytes(16)
        let order = JobOrder(
            id: id, kind: .restoreOrder, node: desk.node, place: "\(place.container.uri)/\(folder)", folder: folder,
            sealedToken: try place.sealedToken(job: id, context),
            keepsCredentials: try fields.bool("keepCredentials") ?? false,
            usesManagedIdentity: place.usesManagedIdentity, orderedBy: context.principal?.objectID)
        return try await JobStart.begin(order, place, context, desk)
    }

    private static func start(_ context: RequestContext, _ desk: BackupDesk) async throws(APIError) -> APIResponse {
        guard let approved = context.view.state.restoreOrder else {
            throw .notFound("RestoreOrderNotFound", "No restore of everything was ordered.")
        }
        let place = try place(try context.fields(), desk)
        let id = Random.bytes(16)
        let order = JobOrder(
            id: id, kind: .restore, node: desk.node, place: "\(place.container.uri)/\(approved.folder)",
            folder: approved.folder, sealedToken: try place.sealedToken(job: id, context),
            keepsCredentials: approved.keepsCredentials, usesManagedIdentity: place.usesManagedIdentity,
            approval: approved.id)
        return try await JobStart.begin(order, place, context, desk)
    }
}
