import PoolState
import RequestPipeline

/// What the pool's refusal of a command means in the protocol: cause and cure, and no name out of the program.
enum CommandRefusals {
    static func keyIsDeleted(_ name: String) -> APIError {
        .conflict(
            "The key \(name) is in a deleted but recoverable state; its name can't be reused before it is purged.",
            innerCode: "ObjectIsDeletedButRecoverable")
    }

    /// Every refusal is named here, so that a new one gets its words.
    static func error(_ refusal: Refusal, _ context: RequestContext) -> APIError {
        switch refusal {
        case .keyNotFound, .keyVersionNotFound: KeyLookup.notFound(context)
        case .deletedKeyNotFound: KeyLookup.notFound(context, collection: "deletedkeys")
        case .keyIsDeleted: keyIsDeleted(context.parameters["name"] ?? "")
        case .keyIsNotDeleted, .purgeProtected, .revisionMismatch, .rotationSuperseded, .keyExists,
            .tooManyKeyVersions, .releasePolicyImmutable, .importOperationImmutable, .retiredKeyEncryption,
            .invalidTags, .invalidReleasePolicy, .invalidRotationRules:
            ofKey(refusal)
        case .roleAssignmentExists, .roleAssignmentNotFound, .roleDefinitionNotFound, .builtInRoleImmutable,
            .invalidRoleDefinition, .invalidScope, .lastAdministrator, .tooManyRoleAssignments,
            .tooManyRoleDefinitions:
            ofRole(refusal)
        case .notActivated, .securityDomainAlreadyActivated, .rootGenerationMismatch, .officersNotPinned,
            .poolNotProvisioned, .poolBeingRestored, .invalidJob, .noBackupSchedule, .invalidBackupSchedule:
            ofPool(refusal)
        case .notInitialized, .alreadyInitialized, .invalidGenesis, .memberNotFound, .invalidProposal, .purgeNotDue,
            .duplicateKeyVersion, .duplicateKeyMaterial, .duplicateKeyRecord, .invalidKeyHeader, .invalidKeyName,
            .invalidKeyRecord, .rotationNotDue, .invalidRestoredKey, .principalNotFound, .principalExists,
            .clientIDExists, .invalidPrincipal, .invalidSecret, .credentialGenerationMismatch, .groupNotFound,
            .securityDomainNotPrepared, .invalidSecurityDomain, .invalidUnsealGrant, .auditHeadRegressed,
            .invalidAuditHead, .rootChangeUnderWay, .rootChangeNotFound, .rootChangeCommitted, .rootChangeExpired,
            .invalidRootChange, .rootNotApproved, .rootNotPrepared, .rootNotConfirmed, .keyEncryptionChangeUnderWay,
            .keyEncryptionNotUnderWay, .keyEncryptionSuperseded, .invalidInvitation, .nodeExists, .ticketUnknown,
            .ticketExpired, .ticketForOtherKey, .invalidAdmission, .tooManyNodes, .tooManyAudiences, .lastVoter,
            .nodeIsLeaving, .nodeCannotLead, .epochMismatch, .notForTheLog, .nodeTooOld, .versionNotKnownByAll,
            .jobRunning, .jobNotFound, .jobNotRunning, .jobNotSilent, .restoreIncomplete, .backupNeeded,
            .jobOfOtherNode, .invalidStagedPolicy, .backupNotDue, .scheduledBackupNotFound, .backupIsKept,
            .invalidKeyEncryption, .sweepNotDue, .unsealTicketStale, .unsealTicketMissing, .unsealAbsentTooLong,
            .unsealOtherMachine, .unsealAttended, .unsealByPeersOff, .invalidPeerUnsealing, .officersHaveToApprove,
            .peerUnsealOrderNotFound, .peerUnsealOrderExpired, .ticketOfOtherNode, .ticketNotHeld,
            .invalidRestoreOrder, .restoreOrderNotFound, .restoreOrderExpired, .restoreNotApproved,
            .restoreOtherThanApproved, .restoreConsequencesChanged:
            .unexpected(refusal)
        }
    }

    private static func limit(_ message: String) -> APIError {
        APIError(status: 400, code: "LimitExceeded", message: message)
    }

    private static func ofKey(_ refusal: Refusal) -> APIError {
        switch refusal {
        case .keyIsNotDeleted: .conflict("The key isn't deleted any more: another request has recovered it.")
        case .purgeProtected:
            .forbidden("Purge protection is on: the key is purged when its retention has run out.")
        case .revisionMismatch, .rotationSuperseded:
            .conflict("The key was changed by another request at the same time. Read it and try again.")
        case .keyExists:
            .conflict("A key of this name is there already. A backup is restored only where there is none.")
        case .tooManyKeyVersions:
            limit(
                "A key has at most \(PoolLimits.versionsPerKey) versions, and none can be removed alone. Make a key "
                    + "of another name.")
        case .releasePolicyImmutable: .forbidden("The key's 'release_policy' is immutable.")
        case .importOperationImmutable:
            .forbidden("The operation 'import' can neither be given to nor be taken from an existing key.")
        case .retiredKeyEncryption:
            .unavailable("This node has yet to follow a change of the pool's keys. Ask again.")
        case .invalidTags:
            .badParameter(
                "The parameter 'tags' has more than \(PoolLimits.tagsPerKey) members, an empty name, or a name or "
                    + "value of more than \(PoolLimits.tagLength) characters.")
        case .invalidReleasePolicy:
            .badParameter(
                "The parameter 'release_policy.data', with its numbers written out, has more than "
                    + "\(PoolLimits.releasePolicyBytes) bytes.")
        case .invalidRotationRules:
            .badParameter("The key's rotation policy is refused: its durations contradict each other.")
        default: .unexpected(refusal)
        }
    }

    private static func ofRole(_ refusal: Refusal) -> APIError {
        switch refusal {
        case .roleAssignmentExists:
            .conflict("The role assignment already exists.", code: "RoleAssignmentExists")
        case .roleAssignmentNotFound: .notFound("RoleAssignmentNotFound", "Requested role assignment not found")
        case .roleDefinitionNotFound: .notFound("RoleDefinitionNotFound", "Requested role definition not found")
        case .builtInRoleImmutable:
            .forbidden("A built-in role can be neither changed nor deleted. Define a custom role, under another GUID.")
        case .invalidRoleDefinition: .badParameter("The role has a name, a description or a list that is too long.")
        case .invalidScope: .badParameter("The scope must be /, /keys or /keys/{name}.")
        case .lastAdministrator:
            .forbidden(
                "This is the last administrator's assignment. Assign the role to another principal first, one that is "
                    + "enabled and has a secret.")
        case .tooManyRoleAssignments:
            limit(
                "There are at most \(PoolLimits.roleAssignmentsForHSM) role assignments at / and /keys together, and "
                    + "\(PoolLimits.roleAssignmentsPerKey) at each key. Delete one of them first.")
        case .tooManyRoleDefinitions:
            limit("There are at most \(PoolLimits.customRoleDefinitions) custom roles. Delete one of them first.")
        default: .unexpected(refusal)
        }
    }

    private static func ofPool(_ refusal: Refusal) -> APIError {
        switch refusal {
        case .notActivated:
            .forbidden(
                "The pool isn't activated: an administrator downloads the security domain with 'hsmctl "
                    + "security-domain download'. One that was rebuilt and has keys doesn't know its officers until "
                    + "all its nodes are upgraded and a restore of everything is ordered.", innerCode: "NotActivated")
        case .securityDomainAlreadyActivated:
            .forbidden(
                "The security domain has been delivered. New shares need the approval of a quorum of its officers.")
        case .rootGenerationMismatch:
            .conflict(
                "The security domain was made before, for other officers or another quorum. Ask with the same ones.")
        case .officersNotPinned:
            .forbidden("The officers aren't those whose certificates the pool's initialization names.")
        case .poolNotProvisioned:
            .conflict("The pool has officers of its own: it takes over no other security domain.")
        case .poolBeingRestored:
            .conflict("The pool is being restored as a whole: no key is made until that has ended.")
        case .invalidJob:
            .badParameter(
                "The address of the container, with the folder, has more than 2048 bytes, or its token more than 8000.")
        case .noBackupSchedule:
            .notFound("BackupScheduleNotFound", "The pool has no schedule of backups, or it was just changed.")
        case .invalidBackupSchedule:
            .badParameter("The address of the container has more than 1024 bytes, or its token more than 8000.")
        default: .unexpected(refusal)
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
