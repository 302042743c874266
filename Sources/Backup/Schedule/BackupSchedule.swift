/// Backups that the pool makes by itself.
public struct BackupSchedule: Hashable, Sendable {
    /// URI of the container.
    public let container: String
    /// Where the token that opens the container is, on the node's disk; nil for one that needs none.
    public let tokenFile: String?
    /// From the beginning of one to that of the next, in seconds.
    public let interval: Int64
    /// Age in seconds of the newest good backup from which on there is an alarm.
    public let alarmAge: Int64
    public let retention: BackupRetention

    public init(
        container: String, tokenFile: String?, interval: Int64, alarmAge: Int64, retention: BackupRetention
    ) {
        self.container = container
        self.tokenFile = tokenFile
        self.interval = interval
        self.alarmAge = alarmAge
        self.retention = retention
    }

    /// After a failure the next attempt waits so long, in seconds, or for the interval where that is shorter.
    static let retryInterval: Int64 = 300

    /// What the pool knows of backups into the container; times in Unix seconds.
    public struct Situation: Hashable, Sendable {
        /// Beginning of the newest that succeeded.
        public var newest: Int64?
        /// Beginning of the newest, whatever became of it.
        public var attempted: Int64?
        /// When the pool may first have had keys to back up.
        public var since: Int64

        public init(newest: Int64?, attempted: Int64?, since: Int64) {
            self.newest = newest
            self.attempted = attempted
            self.since = since
        }
    }

    public func isDue(_ situation: Situation, now: Int64) -> Bool {
        if let newest = situation.newest, now < newest + interval { return false }
        guard let attempted = situation.attempted, attempted != situation.newest else { return true }
        return now >= attempted + min(interval, Self.retryInterval)
    }

    /// Whether the newest good backup is too old.
    public func isOverdue(_ situation: Situation, now: Int64) -> Bool {
        now > (situation.newest ?? situation.since) + alarmAge
    }
}
