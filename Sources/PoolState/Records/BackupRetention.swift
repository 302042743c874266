import AccessControl

/// How often backups are made of which some are kept for longer than others.
public enum BackupInterval: CaseIterable, Hashable, Sendable {
    case hourly, daily, weekly

    /// In seconds.
    public var length: Int64 {
        switch self {
        case .hourly: 3600
        case .daily: 86_400
        case .weekly: 604_800
        }
    }

    /// The beginning of the interval that a moment is in. Days are those of UTC, and a week begins on Monday.
    ///
    /// - Parameter seconds: Unix time.
    public func start(of seconds: Int64) -> Int64 {
        // 1970-01-01 was a Thursday.
        let offset: Int64 = self == .weekly ? 4 * 86_400 : 0
        let since = (seconds - offset) % length
        return seconds - (since < 0 ? since + length : since)
    }
}

/// How many backups stay: of so many hours, days and weeks the newest each. 0 asks for none of that kind.
public struct BackupRetention: Hashable, Sendable {
    /// The most of each kind.
    public static let limits: [BackupInterval: Int] = [.hourly: 168, .daily: 366, .weekly: 260]

    public var hourly: Int
    public var daily: Int
    public var weekly: Int

    public init(hourly: Int = 0, daily: Int = 0, weekly: Int = 0) {
        (self.hourly, self.daily, self.weekly) = (hourly, daily, weekly)
    }

    /// How many backups of one kind stay.
    public func count(_ interval: BackupInterval) -> Int {
        switch interval {
        case .hourly: hourly
        case .daily: daily
        case .weekly: weekly
        }
    }

    /// How often a backup is made: once in the shortest interval of which any is kept.
    public var interval: BackupInterval? { BackupInterval.allCases.first { count($0) > 0 } }

    /// Whether any are kept, and of no kind more than ``limits`` says.
    public var isValid: Bool {
        interval != nil
            && BackupInterval.allCases.allSatisfy { (0...(Self.limits[$0] ?? 0)).contains(count($0)) }
    }

    /// Which backups have served their time: all but the newest of each interval that is kept, counted from the newest
    /// back. Intervals in which no backup was made don't count, and the newest backup of all always stays.
    ///
    /// - Parameter backups: each with when it was taken, in Unix seconds.
    public func surplus(of backups: [ScheduledBackup]) -> [ScheduledBackup] {
        let newestFirst = backups.sorted { ($0.taken, $0.job) > ($1.taken, $1.job) }
        var kept: Set<[UInt8]> = Set(newestFirst.prefix(1).map(\.id))
        for interval in BackupInterval.allCases {
            var last: Int64?
            var left = count(interval)
            for backup in newestFirst where left > 0 {
                let start = interval.start(of: backup.taken)
                guard start != last else { continue }
                last = start
                left -= 1
                kept.insert(backup.id)
            }
        }
        return newestFirst.reversed().filter { !kept.contains($0.id) }
    }
}
