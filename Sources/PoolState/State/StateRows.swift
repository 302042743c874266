/// The tables of the replicated state. Numbers are stored: never reuse one.
public enum RowTable: UInt8, CaseIterable, Hashable, Sendable {
    case pool = 1
    case member = 2
    case key = 3
    case keyVersion = 4
    case principal = 5
    case roleDefinition = 6
    case roleAssignment = 7
    case securityDomain = 8
    case unsealGrant = 9
    case auditHead = 10
    case completedProposal = 11
    case progress = 12
    case membership = 13
    case invitation = 14
    case nodeNumbers = 15
    case job = 16
    case stagedKey = 17
    case stagedKeyVersion = 18
    case stagedPolicy = 19
    case rootChange = 20
    case keyEncryption = 21
    case rewrappedBatch = 22
    case restoreOrder = 23
    case backupPlan = 30
    case scheduledBackup = 31
    case poolVersion = 40
    case peerUnsealPolicy = 50
    case continuity = 51

    /// Whether a node that starts sealed can do without the latest rows of this table, since it will apply the log
    /// before it looks at them. All others tell who may open it, and how: members, officers, administrators; and with
    /// which program.
    public var isOnlyForTheUnsealed: Bool {
        switch self {
        case .key, .keyVersion, .auditHead, .completedProposal, .progress, .job, .stagedKey, .stagedKeyVersion,
            .stagedPolicy, .keyEncryption, .rewrappedBatch, .backupPlan, .scheduledBackup, .peerUnsealPolicy,
            .continuity, .restoreOrder:
            true
        case .pool, .member, .principal, .roleDefinition, .roleAssignment, .securityDomain, .unsealGrant, .membership,
            .invitation, .nodeNumbers, .rootChange, .poolVersion:
            false
        }
    }
}

/// A row of the state, or its removal.
public struct RowChange: Hashable, Sendable {
    /// The raw value of a `RowTable`.
    public let table: UInt8
    /// Within the table; the record's own content determines it.
    public let key: [UInt8]
    /// The canonical encoding; `nil` removes the row.
    public let value: [UInt8]?

    public init(table: UInt8, key: [UInt8], value: [UInt8]?) {
        self.table = table
        self.key = key
        self.value = value
    }
}

/// A sealed record to store or remove. The state itself keeps only digests.
public struct BlobChange: Hashable, Sendable {
    /// SHA-256 of the bytes.
    public let digest: [UInt8]
    /// `nil` removes the blob.
    public let bytes: [UInt8]?

    public init(digest: [UInt8], bytes: [UInt8]?) {
        self.digest = digest
        self.bytes = bytes
    }
}

/// What applying one log entry did.
public struct ApplyResult: Hashable, Sendable {
    /// The same on every replica.
    public let outcome: CommandOutcome
    /// Each changed row once, to be stored in one transaction with the applied index.
    public let rows: [RowChange]
    /// Blobs to store or remove in the same transaction.
    public let blobs: [BlobChange]
    /// The proposal had been applied before; nothing changed and `outcome` is that of the first time.
    public let isRepetition: Bool
}

/// Why stored rows are not a state.
public enum StateCorruption: Error, Hashable, Sendable {
    case unknownTable(UInt8)
    /// The row does not decode, or not to the key that it is stored under, or isn't in canonical form.
    case malformedRow(table: RowTable)
    /// The same row twice.
    case repeatedRow(table: RowTable)
    /// The row belongs to another that is not there.
    case danglingRow(table: RowTable)
}
