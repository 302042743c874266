/// Why a command changed nothing. Raw values are part of the replicated state: never reuse one.
public enum Refusal: UInt32, Error, Hashable, CaseIterable, Sendable {
    // The pool.
    case notInitialized = 1
    case alreadyInitialized = 2
    case notActivated = 3
    case invalidGenesis = 4
    case memberNotFound = 5
    /// Not a proposal at all: its id isn't 16 bytes. Never remembered.
    case invalidProposal = 6

    // Keys.
    case keyNotFound = 20
    case keyVersionNotFound = 21
    case deletedKeyNotFound = 22
    /// The name belongs to a deleted but recoverable key.
    case keyIsDeleted = 23
    /// Recovering a key that isn't deleted.
    case keyIsNotDeleted = 24
    case purgeProtected = 25
    /// The retention has not run out.
    case purgeNotDue = 26
    case revisionMismatch = 27
    case duplicateKeyVersion = 28
    /// Another key version has the same public key or RSA modulus.
    case duplicateKeyMaterial = 29
    /// Another key version has the same sealed record.
    case duplicateKeyRecord = 30
    /// The header contradicts the command, the pool or the public key.
    case invalidKeyHeader = 31
    case invalidKeyName = 32
    case invalidTags = 33
    case invalidKeyRecord = 34
    case invalidReleasePolicy = 35
    case releasePolicyImmutable = 36
    /// `import` can neither be given to nor be taken from an existing key, and stands alone.
    case importOperationImmutable = 37
    case tooManyKeyVersions = 38
    /// Restoring over a key that is there.
    case keyExists = 39
    /// The version to rotate is no longer the newest.
    case rotationSuperseded = 40
    /// The key's rules don't ask for a rotation yet, or no longer.
    case rotationNotDue = 41
    case invalidRotationRules = 42
    /// A restored key without versions, or with versions of another name.
    case invalidRestoredKey = 43

    // Principals.
    case principalNotFound = 50
    case principalExists = 51
    case clientIDExists = 52
    case invalidPrincipal = 53
    case invalidSecret = 54
    case credentialGenerationMismatch = 55
    case groupNotFound = 56

    // Roles.
    case roleAssignmentExists = 70
    case roleAssignmentNotFound = 71
    case roleDefinitionNotFound = 72
    case builtInRoleImmutable = 73
    case invalidRoleDefinition = 74
    case invalidScope = 75
    /// Nobody would be left who administers the pool.
    case lastAdministrator = 76
    case tooManyRoleAssignments = 77
    case tooManyRoleDefinitions = 78

    // Security domain, unsealing, audit.
    case securityDomainAlreadyActivated = 90
    case securityDomainNotPrepared = 91
    case rootGenerationMismatch = 92
    case invalidSecurityDomain = 93
    case officersNotPinned = 94
    case invalidUnsealGrant = 95
    case auditHeadRegressed = 96
    case invalidAuditHead = 97
    /// Only a pool that has no officers of its own can take over the security domain of another.
    case poolNotProvisioned = 98

    /// Another change of the root is under way.
    case rootChangeUnderWay = 99
    case rootChangeNotFound = 100
    /// It rules already.
    case rootChangeCommitted = 101
    case rootChangeExpired = 102
    case invalidRootChange = 103
    /// Less than a quorum of the officers in office has approved.
    case rootNotApproved = 104
    case rootNotPrepared = 105
    /// Less than a quorum of the next officers has confirmed.
    case rootNotConfirmed = 106

    /// The key-encryption key is being changed.
    case keyEncryptionChangeUnderWay = 107
    case keyEncryptionNotUnderWay = 108
    /// The keyring was changed since the command was made, or records came under the former key.
    case keyEncryptionSuperseded = 109

    // Nodes.
    case invalidInvitation = 110
    /// The name, key or address belongs to another node.
    case nodeExists = 111
    /// No invitation is for this ticket: it was never given, was used by another node, or withdrawn.
    case ticketUnknown = 112
    case ticketExpired = 113
    /// The ticket is for another key.
    case ticketForOtherKey = 114
    case invalidAdmission = 115
    case tooManyNodes = 116
    /// Nobody would be left who decides.
    case lastVoter = 117
    /// The node is on its way out, or is being replaced already.
    case nodeIsLeaving = 118
    /// Only a voter that is to stay can lead.
    case nodeCannotLead = 119
    /// The epoch to begin isn't the next one.
    case epochMismatch = 120
    /// A command that only the recovery of a pool gives, off the log.
    case notForTheLog = 121
    /// The node's program doesn't know the pool's version.
    case nodeTooOld = 122
    /// The pool has a member that wasn't asked whether it knows the version.
    case versionNotKnownByAll = 123
    /// The node's host needs an audience of its own, and the pool has as many as it can have.
    case tooManyAudiences = 124

    // Backup and restore.
    /// Another job is under way.
    case jobRunning = 130
    case jobNotFound = 131
    /// It has ended.
    case jobNotRunning = 132
    /// The node that runs it was heard of lately.
    case jobNotSilent = 133
    case invalidJob = 134
    /// Not as many keys were staged as the job says.
    case restoreIncomplete = 135
    /// A restore that replaces keys needs a backup of them first.
    case backupNeeded = 136
    /// Everything of a lost pool is on its way into this new one: no key is made meanwhile.
    case poolBeingRestored = 137
    /// The job is another node's.
    case jobOfOtherNode = 138
    /// What is staged contradicts itself, or the kind of the restore.
    case invalidStagedPolicy = 139

    // Schedules of backups.
    /// There is none, or it was changed.
    case noBackupSchedule = 150
    /// It was begun already, or its interval is over.
    case backupNotDue = 151
    case invalidBackupSchedule = 152
    case scheduledBackupNotFound = 153
    /// The schedule keeps this backup.
    case backupIsKept = 154

    // The key-encryption key.
    /// A record is sealed under a key-encryption key that the pool has no more.
    case retiredKeyEncryption = 160
    case invalidKeyEncryption = 161
    /// A batch of replaced records is younger than the oldest request may be.
    case sweepNotDue = 162

    // Unsealing among peers.
    /// The ticket that a node shows isn't its latest: its folder was put back, or another process went on as this node.
    case unsealTicketStale = 170
    case unsealTicketMissing = 171
    case unsealAbsentTooLong = 172
    /// The node's folder is in another machine than it was.
    case unsealOtherMachine = 173
    /// The pool wants an administrator's approval each time.
    case unsealAttended = 174
    /// Nodes don't unseal one another in this pool.
    case unsealByPeersOff = 175
    case invalidPeerUnsealing = 176
    /// Settings that are looser need a quorum of the officers in office.
    case officersHaveToApprove = 177
    case peerUnsealOrderNotFound = 178
    case peerUnsealOrderExpired = 179
    /// Only the node itself takes a ticket, and says that it has it.
    case ticketOfOtherNode = 180
    /// The node hasn't said yet that its latest ticket is on its disk.
    case ticketNotHeld = 181

    // Restores of everything into a living pool.
    case invalidRestoreOrder = 190
    /// None waits; or it was used, withdrawn, replaced, or the officers are others by now.
    case restoreOrderNotFound = 191
    case restoreOrderExpired = 192
    /// Less than a quorum of the officers in office has approved.
    case restoreNotApproved = 193
    /// Officers have approved another backup, or other credentials.
    case restoreOtherThanApproved = 194
    /// Principals, roles or settings were changed since: it would bring what no officer was shown.
    case restoreConsequencesChanged = 195
}

/// What became of a command. The same on every replica, and for every repetition of the same proposal.
public enum CommandOutcome: Hashable, Sendable {
    case applied
    /// A key version was made.
    case key(name: String, version: [UInt8])
    case refused(Refusal)
}
