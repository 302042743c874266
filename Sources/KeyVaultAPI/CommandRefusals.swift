import PoolState
import RequestPipeline

/// What the pool's refusal of a command means in the protocol.
enum CommandRefusals {
    static func keyIsDeleted(_ name: String) -> APIError {
        .conflict(
            "The key \(name) is in a deleted but recoverable state; its name can't be reused before it is purged.",
            innerCode: "ObjectIsDeletedButRecoverable")
    }

    static func error(_ refusal: Refusal, _ context: RequestContext) -> APIError {
        switch refusal {
        case .keyNotFound, .keyVersionNotFound: return KeyLookup.notFound(context)
        case .deletedKeyNotFound: return KeyLookup.notFound(context, collection: "deletedkeys")
        case .keyIsDeleted: return keyIsDeleted(context.parameters["name"] ?? "")
        case .keyExists:
            return .conflict("A key of this name is there already. A backup is restored only where there is none.")
        case .revisionMismatch, .rotationSuperseded:
            return .conflict("The key was changed by another request at the same time. Read it and try again.")
        case .roleAssignmentExists:
            return .conflict("The role assignment already exists.", code: "RoleAssignmentExists")
        case .roleAssignmentNotFound: return .notFound("RoleAssignmentNotFound", "Requested role assignment not found")
        case .roleDefinitionNotFound: return .notFound("RoleDefinitionNotFound", "Requested role definition not found")
        case .purgeProtected:
            return .forbidden("Purge protection is on: the key is purged when its retention has run out.")
        case .rootGenerationMismatch:
            return .conflict(
                "The security domain was made before, for other officers or another quorum. Ask with the same ones.")
        case .poolBeingRestored:
            return .conflict("The pool is being restored as a whole: no key is made until that has ended.")
        case .poolNotProvisioned:
            return .conflict("The pool has officers of its own: it takes over no other security domain.")
        case .retiredKeyEncryption:
            return .unavailable("This node has yet to follow a change of the pool's keys. Ask again.")
        case .lastAdministrator:
            return .forbidden("This is the last administrator's assignment. Assign the role to another first.")
        default: break
        }
        let message = "The pool refused the request: \(refusal)."
        switch refusal.category {
        case .notReady: return .forbidden(message, innerCode: "NotActivated")
        case .notFound: return .notFound("NotFound", message)
        case .conflict: return .conflict(message)
        case .limit: return APIError(status: 400, code: "LimitExceeded", message: message)
        case .invalid: return .badParameter(message)
        case .forbidden: return .forbidden(message)
        }
    }
}

extension RequestContext {
    /// Submits a command; a refusal becomes the protocol's error.
    func apply(_ command: PoolCommand) async throws(APIError) -> PoolView {
        let committed = try await submit(command)
        if case .refused(let refusal) = committed.outcome { throw CommandRefusals.error(refusal, self) }
        return committed.view
    }
}
