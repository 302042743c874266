import CryptographicModule
import HTTPTransport
import RequestPipeline
import StrictJSON

/// The officers' way to open a sealed node. No token is asked for, since none can be issued: the quorum is the proof.
enum UnsealEndpoints {
    static func endpoints(node: any NodeControl) -> [Endpoint] {
        [
            Endpoint(
                .get, "/quorate/v1/unseal", operation: "UnsealInvitationGet", access: .anonymous, phase: .any,
                isVersioned: false, isAuditedWhenAnonymous: true,
                handler: .asynchronous { _ throws(APIError) in
                    do throws(UnsealRequestRefusal) {
                        let invitation = try await node.unsealInvitation()
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
                .post, "/quorate/v1/unseal/shares", operation: "UnsealShareSubmit", access: .anonymous, phase: .any,
                isVersioned: false, isAuditedWhenAnonymous: true,
                handler: .asynchronous { context throws(APIError) in
                    guard case .string(let text)? = try context.jsonBody()["envelope"],
                        let bytes = Base64URL.decode(text)
                    else {
                        throw .badParameter("The parameter 'envelope' must be base64url.")
                    }
                    do throws(UnsealRequestRefusal) {
                        let progress = try await node.acceptShare(bytes)
                        return .object { writer in
                            writer.member("officers", progress.officers)
                            writer.member("required", progress.required)
                            writer.member("unsealed", progress.isUnsealed)
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
