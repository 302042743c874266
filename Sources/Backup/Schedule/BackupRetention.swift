/// Which backups of a row are kept: of each of the last so many hours, days and weeks that have one, the newest.
public struct BackupRetention: Hashable, Sendable {
    public let hourly: Int
    public let daily: Int
    public let weekly: Int

    public init(hourly: Int, daily: Int, weekly: Int) {
        self.hourly = hourly
        self.daily = daily
        self.weekly = weekly
    }

    /// The folders that aren't kept any more; the newest backup is never among them, nor anything that isn't a backup
    /// of this pool.
    public func expired(_ folders: [String], pool: String) -> [String] {
        let backups = folders.compactMap { BackupFolder($0, pool: pool) }.sorted { $0.name > $1.name }
        var kept: Set<String> = Set(backups.prefix(1).map(\.name))
        for (count, minutes) in [(hourly, 60), (daily, 1440), (weekly, 10_080)] {
            var periods: Set<Int> = []
            for backup in backups where periods.count < count {
                if periods.insert(backup.minutes / minutes).inserted { kept.insert(backup.name) }
            }
        }
        return backups.map(\.name).filter { !kept.contains($0) }
    }
}

/// A folder's name as backups have it: `mhsm-{pool}-{YYYYMMDDHHmmss}{two digits}`, and `_2` after it where another node
/// has gone on.
struct BackupFolder: Hashable {
    let name: String
    /// Since 1970, of its beginning.
    let minutes: Int

    init?(_ name: String, pool: String) {
        let prefix = "mhsm-\(pool)-"
        guard name.hasPrefix(prefix) else { return nil }
        let parts = name.dropFirst(prefix.count).split(separator: "_", omittingEmptySubsequences: false)
        guard let digits = parts.first, parts.count <= 2, digits.utf8.count == 16,
            digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            parts.count == 1 || (1...2).contains(parts[1].utf8.count)
        else { return nil }
        func number(_ start: Int, _ count: Int) -> Int { Int(digits.dropFirst(start).prefix(count)) ?? 0 }
        let (year, month, day) = (number(0, 4), number(4, 2), number(6, 2))
        let (hour, minute) = (number(8, 2), number(10, 2))
        guard (1970...9999).contains(year), (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60
        else { return nil }
        self.name = name
        minutes = Self.days(year, month, day) * 1440 + hour * 60 + minute
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
