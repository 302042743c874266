public import AccessControl

/// What a job does.
public enum JobKind: UInt8, Hashable, CaseIterable, Sendable {
    case backup = 1
    /// Finds out whether a backup could be written.
    case backupCheck = 2
    /// Replaces all keys by those of a backup.
    case restore = 3
    /// Finds out whether a backup is whole and opens here.
    case restoreCheck = 4
    /// Brings one key of a backup back, with all its versions.
    case keyRestore = 5
    /// Finds out what a restore of everything would bring, for officers to approve.
    case restoreOrder = 6

    /// Whether it is about making a backup; else it is about restoring one.
    public var isBackup: Bool { self == .backup || self == .backupCheck }
    /// Whether it changes keys.
    public var changesKeys: Bool { self == .restore || self == .keyRestore }
}

/// How a job stands. One that has ended stays as it is.
public enum JobStatus: UInt8, Hashable, CaseIterable, Sendable {
    case running = 1
    case succeeded = 2
    case failed = 3
}

/// Why a job came to nothing.
public struct JobFailure: Hashable, Sendable {
    /// 1 to 64 characters, as clients see it.
    public var code: String
    /// For people, at most 1024 bytes. Holds no secret.
    public var message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

/// A job to begin.
public struct JobOrder: Hashable, Sendable {
    /// 16 random bytes.
    public var id: [UInt8]
    public var kind: JobKind
    /// The node that runs it.
    public var node: UInt64
    /// Container and folder of the backup; never with the credentials for it. Empty where none is named.
    public var place: String
    /// The key of a selective restore.
    public var key: String?
    /// The end of the place; empty where it names a container only.
    public var folder: String
    /// What opens the container, sealed under the pool's key-encryption key, so that another node can go on with the
    /// job. Forgotten when the job has ended.
    public var sealedToken: [UInt8]
    /// Whether a restore of everything lets the secrets of principals come back.
    public var keepsCredentials: Bool
    /// Whether the identity of the node's machine opens the container.
    public var usesManagedIdentity: Bool
    /// By which ``RestoreOrder`` a restore into a living pool brings everything; empty where it brings keys only.
    public var approval: [UInt8]
    /// Who wants officers to approve a restore of everything.
    public var orderedBy: GUID?

    public init(
        id: [UInt8], kind: JobKind, node: UInt64, place: String, key: String? = nil, folder: String = "",
        sealedToken: [UInt8] = [], keepsCredentials: Bool = false, usesManagedIdentity: Bool = false,
        approval: [UInt8] = [], orderedBy: GUID? = nil
    ) {
        self.id = id
        self.kind = kind
        self.node = node
        self.place = place
        self.key = key
        self.folder = folder
        self.sealedToken = sealedToken
        self.keepsCredentials = keepsCredentials
        self.usesManagedIdentity = usesManagedIdentity
        (self.approval, self.orderedBy) = (approval, orderedBy)
    }

    /// The container that the place is in.
    public var container: String { folder.isEmpty ? place : String(place.dropLast(folder.utf8.count + 1)) }

    var isValid: Bool {
        node > 0 && place.utf8.count <= 2048 && sealedToken.count <= 8192 && (kind == .keyRestore) == (key != nil)
            && (folder.isEmpty || place.hasSuffix("/" + folder))
            && (kind == .backupCheck || !folder.isEmpty || place.isEmpty)
            && (!keepsCredentials || kind == .restore || kind == .restoreOrder)
            && (!usesManagedIdentity || sealedToken.isEmpty)
            && (approval.isEmpty || (kind == .restore && approval.count == 16))
            && (orderedBy == nil || kind == .restoreOrder) && (kind != .restoreOrder || !folder.isEmpty)
    }
}

/// A key out of a backup, with what became of it before.
public struct StagedKey: Hashable, Sendable {
    public var key: RestoredKey
    /// Set where the key was deleted, and not yet purged, when the backup was made.
    public var deletion: KeyDeletion?

    public init(key: RestoredKey, deletion: KeyDeletion? = nil) {
        self.key = key
        self.deletion = deletion
    }
}

/// A backup or a restore, under way or done.
public struct JobRecord: Hashable, Sendable {
    /// As the job was begun, but with the node of whoever took it over, then for a backup with a new folder, and
    /// without the token once it has ended.
    public internal(set) var order: JobOrder
    let identifier: GUID
    public internal(set) var status: JobStatus
    /// Unix time in seconds.
    public let started: Int64
    /// When its node was last heard of: Unix time in milliseconds.
    public internal(set) var reported: Int64
    /// Unix time in seconds.
    public internal(set) var ended: Int64?
    /// Rows and records, written or read so far.
    public internal(set) var items: UInt64
    /// Of the backup's content.
    public internal(set) var bytes: UInt64
    /// Set where the job has failed, and only there.
    public internal(set) var failure: JobFailure?
    /// A restore into a new pool, or one that officers have approved: it brings everything and not keys alone.
    public internal(set) var isOfEverything = false
    /// What a restore has brought, for people; empty before its end.
    public internal(set) var report = ""
    /// How often another node went on with it.
    public internal(set) var takeovers = 0

    /// 16 bytes.
    public var id: [UInt8] { order.id }

    /// Whether its node is to be taken for dead.
    public func isSilent(at milliseconds: Int64) -> Bool {
        status == .running && milliseconds - reported > PoolLimits.jobSilence
    }

    /// Whether no other node has gone on with it either.
    func isAbandoned(at milliseconds: Int64) -> Bool {
        status == .running && milliseconds - reported > PoolLimits.jobAbandonment
    }

    func isNewer(than other: JobRecord) -> Bool {
        (started, reported, identifier) > (other.started, other.reported, other.identifier)
    }
}
