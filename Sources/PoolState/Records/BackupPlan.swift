import AccessControl

/// By what the pool backs itself up.
public struct BackupSchedule: Hashable, Sendable {
    /// 16 random bytes, new whenever it is set.
    public var id: [UInt8]
    /// URI of the container.
    public var container: String
    /// What opens the container, sealed under the pool's key-encryption key for this id; empty where nothing does.
    public var sealedToken: [UInt8]
    /// Whether the identity of the node's machine opens the container.
    public var usesManagedIdentity: Bool
    /// How many stay. Its ``BackupRetention/interval`` says how often one is made.
    public var retention: BackupRetention
    /// When the newest good backup is older than this, in seconds, it is too old.
    public var alarmAfter: Int64

    public init(
        id: [UInt8], container: String, sealedToken: [UInt8] = [], usesManagedIdentity: Bool = false,
        retention: BackupRetention, alarmAfter: Int64
    ) {
        self.id = id
        self.container = container
        self.sealedToken = sealedToken
        self.usesManagedIdentity = usesManagedIdentity
        self.retention = retention
        self.alarmAfter = alarmAfter
    }

    /// An alarm within the shortest interval would sound before the next backup can be made.
    public static let alarms: ClosedRange<Int64> = 3600...(366 * 86_400)

    var isValid: Bool {
        id.count == 16 && (1...1024).contains(container.utf8.count) && sealedToken.count <= 8192
            && (!usesManagedIdentity || sealedToken.isEmpty) && retention.isValid
            && Self.alarms.contains(alarmAfter)
    }
}

/// A schedule, and how it goes.
public struct BackupPlan: Hashable, Sendable {
    /// The last backup that was begun by it.
    public struct Attempt: Hashable, Sendable {
        /// The id of its job, 16 bytes. The job itself may be forgotten by now.
        public let job: [UInt8]
        /// The beginning of the interval that it is for: Unix time in seconds.
        public let due: Int64
        /// Unix time in seconds.
        public let began: Int64
    }

    public internal(set) var schedule: BackupSchedule
    /// When it was set: Unix time in seconds.
    public internal(set) var set: Int64
    /// `nil` before the first one to this container.
    public internal(set) var attempt: Attempt?
    /// When the newest full backup that succeeded was begun, whoever asked for it: Unix time in seconds.
    public internal(set) var newestGood: Int64?

    /// How old, in seconds, the newest good backup is; where there is none, the schedule itself.
    public func age(at now: Int64) -> Int64 { max(0, now - (newestGood ?? set)) }

    /// Whether the newest good backup is too old by the schedule.
    ///
    /// - Parameter now: Unix time in seconds.
    public func isOverdue(at now: Int64) -> Bool { age(at: now) > schedule.alarmAfter }
}

/// A backup that the pool made by its schedule, and will remove by it.
public struct ScheduledBackup: Hashable, Sendable {
    /// Of the job that made it.
    let job: GUID
    /// Below the schedule's container; the one of the attempt that succeeded.
    public let folder: String
    /// When it was begun: Unix time in seconds.
    public let taken: Int64
    /// Of its content.
    public let bytes: UInt64
    /// It has served its time, and goes.
    public internal(set) var isRetired: Bool

    /// The id of the job that made it, 16 bytes.
    public var id: [UInt8] { job.bytes }

    /// Where its content may lie, the folder that counts last: a node that died in its work may have written all of it,
    /// and couldn't say so any more.
    public var folders: [String] {
        guard let mark = folder.lastIndex(of: "_"), let attempts = Int(folder[folder.index(after: mark)...]),
            (2...99).contains(attempts)
        else { return [folder] }
        let first = String(folder[..<mark])
        return [first] + (2...attempts).map { "\(first)_\($0)" }
    }
}
