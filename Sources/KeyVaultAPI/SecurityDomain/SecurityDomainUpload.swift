import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// `securitydomain/upload`: officers bring a sealed pool back with the protocol's own clients. They decrypt their
/// shares on a machine of theirs, and send what these open encrypted to a key of this node.
///
/// All of it works on a sealed node, with the tokens that such a node issues.
enum SecurityDomainUpload {
    static func endpoints(_ node: any SecurityDomainRestoring) -> [Endpoint] {
        [
            Endpoint(
                .get, "/securitydomain/upload", operation: "SecurityDomainTransferKeyGet",
                access: .dataAction(.securityDomainTransferKeyRead, .root), phase: .any,
                handler: .asynchronous { context throws(APIError) in try await transferKey(context, node) }),
            Endpoint(
                .post, "/securitydomain/upload", operation: "SecurityDomainRestore",
                access: .dataAction(.securityDomainUpload, .root), phase: .any,
                bodyLimit: RestoreBlob.maximumLength,
                handler: .asynchronous { context throws(APIError) in try await upload(context, node) }),
            Endpoint(
                .get, "/securitydomain/upload/pending", operation: "SecurityDomainRestoreStatusGet",
                access: .dataAction(.securityDomainUploadRead, .root), phase: .any, isVersioned: false,
                capability: { presented, _, now in node.isHonoured(capability: presented, now: now) },
                handler: .inline { _ throws(APIError) in
                    guard let status = node.restoring else {
                        throw .notFound("SecurityDomainNotFound", "Nothing was uploaded to this node since its start.")
                    }
                    var response = APIResponse.object { write(status, &$0) }
                    if case .inProgress = status { response.headers = [("retry-after", "1")] }
                    return response
                }),
        ]
    }

    private static func transferKey(
        _ context: RequestContext, _ node: any SecurityDomainRestoring
    ) async throws(APIError) -> APIResponse {
        let key: ExchangeKey
        do throws(RestoringRefusal) {
            key = try await node.transferKey(now: context.now)
        } catch {
            throw APIError(error)
        }
        guard let document = try? key.transferDocument(keyID: context.host.baseURL + "/transfer_key") else {
            throw .internalFailure("the transfer key's document can't be made")
        }
        return APIResponse(body: document)
    }

    /// Clients poll the address in the answer as it is, some of them without a token: hence the capability in it.
    private static func upload(
        _ context: RequestContext, _ node: any SecurityDomainRestoring
    ) async throws(APIError) -> APIResponse {
        let blob: RestoreBlob
        do {
            blob = try RestoreBlob(parsingUpload: context.request.body)
        } catch {
            throw .badParameter("The upload can't be read: \(error).")
        }
        let capability = Random.bytes(16)
        do throws(RestoringRefusal) {
            try await node.restore(blob, capability: capability, now: context.now)
        } catch {
            throw APIError(error)
        }
        var response = APIResponse.object(status: 202) { writer in
            write(node.restoring ?? .inProgress(""), &writer)
        }
        let poll = "\(context.host.baseURL)/securitydomain/upload/pending?op=\(Base64URL.encode(capability))"
        response.headers = [("azure-asyncoperation", poll), ("retry-after", "0")]
        return response
    }

    private static func write(_ status: RestoringStatus, _ writer: inout JSONWriter) {
        let (word, details) =
            switch status {
            case .inProgress(let text): ("InProgress", text)
            case .succeeded(let text): ("Success", text)
            case .failed(let text): ("Failed", text)
            }
        writer.member("status", word)
        writer.member("status_details", details)
    }
}

extension APIError {
    fileprivate init(_ refusal: RestoringRefusal) {
        self = refusal.isConflict ? .conflict(refusal.message) : .badParameter(refusal.message)
    }
}
