import CryptographicModule
import HTTPTransport
import RequestPipeline
import StrictJSON

/// What officers do together at one node. No token is asked for, since none can be issued: the quorum is the proof.
enum UnsealEndpoints {
    static func endpoints(node: any NodeControl) -> [Endpoint] {
        ceremony(
            "/quorate/v1/unseal", "Unseal", done: "unsealed",
            invite: { () async throws(UnsealRequestRefusal) in try await node.unsealInvitation() },
            accept: { (bytes: [UInt8]) async throws(UnsealRequestRefusal) in try await node.acceptShare(bytes) })
            + ceremony(
                "/quorate/v1/recovery", "PoolRecovery", done: "recovered",
                invite: { () async throws(UnsealRequestRefusal) in try await node.recoveryInvitation() },
                accept: { (bytes: [UInt8]) async throws(UnsealRequestRefusal) in
                    try await node.acceptRecoveryShare(bytes)
                })
    }

    private static func ceremony(
        _ path: String, _ operation: String, done: String,
        invite: @escaping @Sendable () async throws(UnsealRequestRefusal) -> CeremonyInvitation,
        accept: @escaping @Sendable ([UInt8]) async throws(UnsealRequestRefusal) -> UnsealProgress
    ) -> [Endpoint] {
        [
            Endpoint(
                .get, path, operation: "\(operation)InvitationGet", access: .anonymous, phase: .any,
                isVersioned: false, isAuditedWhenAnonymous: true,
                handler: .asynchronous { _ throws(APIError) in
                    do throws(UnsealRequestRefusal) {
                        let invitation = try await invite()
                        var answer = APIResponse.object {
                            $0.member("invitation", Base64URL.encode(invitation.bytes))
                        }
                        answer.audit.isRepetition = !invitation.isNew
                        return answer
                    } catch {
                        throw APIError(error)
                    }
                }),
            Endpoint(
                .post, path + "/shares", operation: "\(operation)ShareSubmit", access: .anonymous, phase: .any,
                isVersioned: false, isAuditedWhenAnonymous: true,
                handler: .asynchronous { context throws(APIError) in
                    guard case .string(let text)? = try context.jsonBody()["envelope"],
                        let bytes = Base64URL.decode(text)
                    else {
                        throw .badParameter("The parameter 'envelope' must be base64url.")
                    }
                    do throws(UnsealRequestRefusal) {
                        let progress = try await accept(bytes)
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
