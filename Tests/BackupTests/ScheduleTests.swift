import Testing

@testable import Backup

@Suite struct ScheduleTests {
    private func schedule(every interval: Int64 = 3600) -> BackupSchedule {
        BackupSchedule(
            container: "file:///scheduled", tokenFile: nil, interval: interval, alarmAge: 10_000,
            retention: BackupRetention(hourly: 3, daily: 2, weekly: 2))
    }

    private func situation(newest: Int64?, attempted: Int64?) -> BackupSchedule.Situation {
        BackupSchedule.Situation(newest: newest, attempted: attempted, since: 1000)
    }

    @Test func dueAfterTheInterval() {
        let schedule = schedule()
        #expect(schedule.isDue(situation(newest: nil, attempted: nil), now: 0))
        #expect(!schedule.isDue(situation(newest: 50_000, attempted: 50_000), now: 53_599))
        #expect(schedule.isDue(situation(newest: 50_000, attempted: 50_000), now: 53_600))
    }

    @Test func aFailureIsRepeatedSoonButNotAtOnce() {
        let failed = situation(newest: 50_000, attempted: 60_000)
        #expect(!schedule().isDue(failed, now: 60_299))
        #expect(schedule().isDue(failed, now: 60_300))
        #expect(schedule(every: 60).isDue(failed, now: 60_060) && !schedule(every: 60).isDue(failed, now: 60_059))
        #expect(!schedule().isDue(situation(newest: nil, attempted: 60_000), now: 60_001))
    }

    @Test func overdueByTheNewestGoodOne() {
        #expect(!schedule().isOverdue(situation(newest: nil, attempted: 9000), now: 11_000))
        #expect(schedule().isOverdue(situation(newest: nil, attempted: 9000), now: 11_001))
        #expect(!schedule().isOverdue(situation(newest: 5000, attempted: 9000), now: 15_000))
        #expect(schedule().isOverdue(situation(newest: 5000, attempted: 9000), now: 15_001))
    }

    // MARK: Retention

    private func expired(_ stamps: [String], _ retention: BackupRetention) -> Set<String> {
        let names = stamps.map { "mhsm-pool-\($0)" }
        return Set(retention.expired(names.shuffled(), pool: "pool").map { String($0.dropFirst("mhsm-pool-".count)) })
    }

    @Test func theNewestOfEachPeriodIsKept() {
        let stamps = [
            "2027013112000042", "2027013112300000", "2027013111590000", "2027013110000000", "2027013109000000",
            "2027013023000000", "2027012908000000", "2027012601000000", "2027012001000000", "2027010101000000",
        ]
        // Hours 12, 11 and 10; days 31 and 30; the weeks of the 28th and of the 21st: they begin on Thursdays, since
        // 1970-01-01 was one.
        #expect(
            expired(stamps, BackupRetention(hourly: 3, daily: 2, weekly: 2))
                == ["2027013112000042", "2027013109000000", "2027012908000000", "2027012001000000", "2027010101000000"])
        #expect(expired(stamps, BackupRetention(hourly: 1000, daily: 0, weekly: 0)) == ["2027013112000042"])
    }

    @Test func theNewestStaysWhateverIsSaid() {
        let none = BackupRetention(hourly: 0, daily: 0, weekly: 0)
        #expect(expired(["2027013112000042", "2027013112000099"], none) == ["2027013112000042"])
        #expect(expired(["2027013112000042"], none) == [])
        #expect(none.expired([], pool: "pool") == [])
    }

    @Test func whatIsNoBackupOfThisPoolIsNotTouched() {
        let foreign = [
            "notes", "mhsm-pool-2-2020013112000042", "mhsm-pool-202001311200004", "mhsm-pool-20200131120000xx",
            "mhsm-pool-2020133112000042", "mhsm-pool-2020013112000042_2_3", "mhsm-pool-2020013112000042_", "..",
        ]
        let none = BackupRetention(hourly: 0, daily: 0, weekly: 0)
        let own = ["mhsm-pool-2027013112000042", "mhsm-pool-2020013112000042_2"]
        #expect(none.expired(foreign + own, pool: "pool") == ["mhsm-pool-2020013112000042_2"])
    }

    @Test func daysAreThoseOfTheCalendar() {
        for (stamp, minutes) in [
            ("1970010100000000", 0), ("1970010200010000", 1441), ("2000022900000000", 15_863_040),
            ("2027013112000042", 30_023_280),
        ] {
            #expect(BackupFolder("mhsm-pool-\(stamp)", pool: "pool")?.minutes == minutes, "\(stamp)")
        }
    }
}
