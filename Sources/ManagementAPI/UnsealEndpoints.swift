import AccessControl
import CryptographicModule
import HTTPTransport
import RequestPipeline
import SecurityDomain
import StrictJSON

/// What officers do together at one node. No token is asked for, since none can be issued: the quorum is the proof.
enum UnsealEndpoints {
    static func endpoints(node: any NodeControl) -> [Endpoint] {
        ceremony(
            "/quorate/v1/unseal", "Unseal", done: "unsealed",
            invite: { () async throws(UnsealRequestRefusal) in try await node.unsealInvitation() },
            accept: { (bytes: [UInt8], _: [UInt8]) async throws(UnsealRequestRefusal) in
                try await node.acceptShare(bytes)
            })
            + ceremony(
                "/quorate/v1/recovery", "PoolRecovery", done: "recovered",
                invite: { () async throws(UnsealRequestRefusal) in try await node.recoveryInvitation() },
                accept: { (bytes: [UInt8], _: [UInt8]) async throws(UnsealRequestRefusal) in
                    try await node.acceptRecoveryShare(bytes)
                })
            + ceremony(
                "/quorate/v1/restoration", "Restoration", done: "restored",
                invite: { () async throws(UnsealRequestRefusal) in try await node.restorationInvitation() },
                accept: { (bytes: [UInt8], certificate: [UInt8]) async throws(UnsealRequestRefusal) in
                    try await node.acceptRestorationShare(bytes, certificate: certificate)
                })
            + [
                Endpoint(
                    .post, "/quorate/v1/restoration", operation: "RestorationBegin",
                    access: .dataAction(.securityDomainUpload, .root), phase: .any, isVersioned: false,
                    bodyLimit: DomainOutline.maximumLength,
                    handler: .asynchronous { context throws(APIError) in
                        do throws(UnsealRequestRefusal) {
                            return answer(try await node.beginRestoration(context.request.body))
                        } catch {
                            throw APIError(error)
                        }
                    })
            ]
    }

    private static func answer(_ invitation: CeremonyInvitation) -> APIResponse {
        var answer = APIResponse.object { writer in
            writer.member("invitation", Base64URL.encode(invitation.bytes))
            if let other = invitation.other { writer.member("otherInvitation", Base64URL.encode(other)) }
        }
        answer.audit.isRepetition = !invitation.isNew
        return answer
    }

    private static func ceremony(
        _ path: String, _ operation: String, done: String,
        invite: @escaping @Sendable () async throws(UnsealRequestRefusal) -> CeremonyInvitation,
        accept: @escaping @Sendable (
            [UInt8], _ certificate: [UInt8]
        ) async throws(UnsealRequestRefusal) -> UnsealProgress
    ) -> [Endpoint] {
        [
            Endpoint(
                .get, path, operation: "\(operation)InvitationGet", access: .anonymous, phase: .any,
                isVersioned: false, whenAnonymous: .recorded,
                handler: .asynchronous { _ throws(APIError) in
                    do throws(UnsealRequestRefusal) {
                        return answer(try await invite())
                    } catch {
                        throw APIError(error)
                    }
                }),
            Endpoint(
                .post, path + "/shares", operation: "\(operation)ShareSubmit", access: .anonymous, phase: .any,
                isVersioned: false, whenAnonymous: .recorded,
                handler: .asynchronous { context throws(APIError) in
                    let body = try context.jsonBody()
                    guard case .string(let text)? = body["envelope"], let bytes = Base64URL.decode(text) else {
                        throw .badParameter("The parameter 'envelope' must be base64url.")
                    }
                    var certificate: [UInt8] = []
                    if case .string(let text)? = body["certificate"] { certificate = Base64URL.decode(text) ?? [] }
                    do throws(UnsealRequestRefusal) {
                        let progress = try await accept(bytes, certificate)
                        return .object { writer in
                            writer.member("officers", progress.officers)
                            writer.member("required", progress.required)
                            writer.member(done, progress.isUnsealed)
                        }
                    } catch {
                        throw APIError(error)
                    }
                }),
        ]
    }
}

extension APIError {
    init(_ refusal: UnsealRequestRefusal) {
        self = refusal.isConflict ? .conflict(refusal.message) : .badParameter(refusal.message)
    }
}
