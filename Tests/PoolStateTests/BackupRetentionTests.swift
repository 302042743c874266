import PoolState
import Testing

@Suite struct BackupRetentionTests {
    private static let hour: Int64 = 3600
    private static let day: Int64 = 86_400
    /// Monday, 2023-11-20T00:00:00Z.
    private static let monday: Int64 = 1_700_438_400

    private func backups(_ times: [Int64]) -> [ScheduledBackup] {
        var replica = Replica.activated()
        replica.apply(.setBackupSchedule(Fixture.schedule(hourly: 168)))
        for (number, time) in times.enumerated() {
            replica.time = time * 1000
            let job = Fixture.job(number + 1, .backup)
            #expect(
                replica.apply(.beginScheduledBackup(job, schedule: Fixture.schedule().id, due: nil)) == .applied)
            replica.apply(.completeJob(id: job.id, items: 1, bytes: 1, keys: 0, report: ""))
        }
        return replica.state.backupsBySchedule
    }

    private func kept(_ times: [Int64], _ retention: BackupRetention) -> [Int64] {
        let all = backups(times)
        let gone = Set(retention.surplus(of: all).map(\.id))
        return all.filter { !gone.contains($0.id) }.map(\.taken).sorted()
    }

    @Test func intervalsBeginWhereTheCalendarSays() {
        let moment = Self.monday + 2 * Self.day + 5 * Self.hour + 123
        #expect(BackupInterval.hourly.start(of: moment) == Self.monday + 2 * Self.day + 5 * Self.hour)
        #expect(BackupInterval.daily.start(of: moment) == Self.monday + 2 * Self.day)
        #expect(BackupInterval.weekly.start(of: moment) == Self.monday)
        #expect(BackupInterval.weekly.start(of: Self.monday) == Self.monday)
        #expect(BackupInterval.weekly.start(of: Self.monday - 1) == Self.monday - 7 * Self.day)
        // The first Monday after 1970 began, and before it.
        #expect(BackupInterval.weekly.start(of: 4 * Self.day) == 4 * Self.day)
        #expect(BackupInterval.weekly.start(of: 0) == -3 * Self.day)
        #expect(BackupInterval.daily.start(of: -1) == -Self.day)
    }

    @Test func theShortestIntervalIsHowOften() {
        #expect(BackupRetention(hourly: 1, weekly: 1).interval == .hourly)
        #expect(BackupRetention(daily: 1, weekly: 1).interval == .daily)
        #expect(BackupRetention(weekly: 1).interval == .weekly && BackupRetention().interval == nil)
        #expect(!BackupRetention().isValid && !BackupRetention(hourly: 169).isValid)
        #expect(!BackupRetention(daily: -1, weekly: 1).isValid && BackupRetention(hourly: 168, daily: 366).isValid)
    }

    @Test func ofEachIntervalTheNewestStays() {
        // Two weeks, a backup in each hour.
        let times = (0..<336).map { Self.monday + Int64($0) * Self.hour + 60 }
        let last = Self.monday + 335 * Self.hour + 60
        let all = kept(times, BackupRetention(hourly: 3, daily: 2, weekly: 2))
        #expect(
            all == [
                // The newest of the first week, of the day before the last, and of the last three hours.
                Self.monday + 167 * Self.hour + 60, Self.monday + 311 * Self.hour + 60, last - 2 * Self.hour,
                last - Self.hour, last,
            ])
    }

    @Test func intervalsWithoutABackupDontCount() {
        let times = [0, 1, 30, 31, 90].map { Self.monday + $0 * Self.day }
        #expect(kept(times, BackupRetention(daily: 3)) == Array(times.suffix(3)))
        #expect(kept(times, BackupRetention(hourly: 2)) == Array(times.suffix(2)))
    }

    @Test func twoInOneIntervalLeaveTheNewer() {
        let times = [0, 60, 120, 3600].map { Self.monday + $0 }
        #expect(kept(times, BackupRetention(hourly: 24)) == [Self.monday + 120, Self.monday + 3600])
    }

    @Test func theNewestStaysWhateverIsAsked() {
        #expect(kept([Self.monday, Self.monday + 1], BackupRetention()) == [Self.monday + 1])
        #expect(BackupRetention(hourly: 1).surplus(of: []) == [])
    }
}
