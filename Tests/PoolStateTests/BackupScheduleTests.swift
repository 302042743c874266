import PoolState
import Testing

/// Backups by a schedule, decided by the log's own time: no clock is asked.
@Suite struct BackupScheduleTests {
    private static let hour: Int64 = 3600
    /// The beginning of an hour.
    private static let start: Int64 = 1_700_002_800

    private let id = Fixture.schedule().id

    private func replica(hourly: Int = 2) -> Replica {
        var replica = Replica.activated()
        replica.time = (Self.start + 60) * 1000
        #expect(replica.apply(.setBackupSchedule(Fixture.schedule(hourly: hourly, weekly: 0))) == .applied)
        return replica
    }

    private func begin(_ number: Int, due: Int64?) -> PoolCommand {
        .beginScheduledBackup(Fixture.job(number, .backup), schedule: id, due: due)
    }

    private func complete(_ number: Int) -> PoolCommand {
        .completeJob(id: Fixture.jobID(number), items: 5, bytes: 600, keys: 0, report: "")
    }

    private let failure = JobFailure(code: "StorageUnavailable", message: "m")

    // MARK: Due

    /// Every leader that finds it due proposes it. The first to be applied begins it, and no other one does after it.
    @Test func aBackupIsBegunOncePerIntervalWhoeverLeads() throws {
        var replica = replica()
        #expect(replica.state.dueBackup(at: Self.start + 60) == Self.start)
        #expect(replica.apply(begin(1, due: Self.start)) == .applied)
        #expect(replica.apply(begin(2, due: Self.start), by: 2) == .refused(.backupNotDue))
        replica.apply(complete(1))
        #expect(replica.apply(begin(3, due: Self.start), by: 3) == .refused(.backupNotDue))
        #expect(replica.state.jobs.count == 1 && replica.state.dueBackup(at: Self.start + 3599) == nil)
        #expect(replica.state.nextBackup(at: Self.start + 3599) == Self.start + Self.hour)

        // What an old leader proposes for an hour that is over comes too late; and none comes too early.
        replica.advance(seconds: Self.hour)
        #expect(replica.apply(begin(4, due: Self.start)) == .refused(.backupNotDue))
        #expect(replica.apply(begin(4, due: Self.start + 2 * Self.hour)) == .refused(.backupNotDue))
        #expect(replica.apply(begin(4, due: Self.start + Self.hour)) == .applied)
        #expect(try replica.reloaded().root == replica.state.root)
        #expect(try replica.reloaded().dueBackup(at: Self.start + Self.hour + 90) == nil)
    }

    /// The node that ran it died, and another one went on: it is still the same backup.
    @Test func aBackupThatIsTakenOverIsTheSame() throws {
        var replica = replica()
        replica.apply(begin(1, due: Self.start))
        replica.advance(seconds: 20)
        #expect(replica.apply(.takeOverJob(id: Fixture.jobID(1), node: 2)) == .applied)
        #expect(replica.apply(begin(2, due: Self.start), by: 2) == .refused(.backupNotDue))
        #expect(replica.apply(complete(1), by: 2) == .applied)
        let made = try #require(replica.state.backupsBySchedule.first)
        #expect(replica.state.backupsBySchedule.count == 1 && made.folder == "mhsm-1_2")
        // The first one may be whole, too.
        #expect(made.folders == ["mhsm-1", "mhsm-1_2"])
        #expect(made.taken == Self.start + 60 && made.bytes == 600)
    }

    @Test func whatFailedIsTriedAgainAfterAWhile() {
        var replica = replica()
        replica.apply(begin(1, due: Self.start))
        replica.apply(.failJob(id: Fixture.jobID(1), failure, onlyIfSilent: false))
        #expect(replica.apply(begin(2, due: Self.start)) == .refused(.backupNotDue))
        replica.advance(seconds: 299)
        #expect(replica.apply(begin(2, due: Self.start)) == .refused(.backupNotDue))
        replica.advance(seconds: 1)
        #expect(replica.apply(begin(2, due: Self.start)) == .applied)
        // The next hour has its own, and doesn't wait for that.
        replica.apply(.failJob(id: Fixture.jobID(2), failure, onlyIfSilent: false))
        replica.time = (Self.start + Self.hour) * 1000
        #expect(replica.apply(begin(3, due: Self.start + Self.hour)) == .applied)
    }

    @Test func anotherJobGoesFirst() {
        var replica = replica()
        replica.apply(.beginJob(Fixture.job(9, .restoreCheck)))
        #expect(replica.apply(begin(1, due: Self.start)) == .refused(.jobRunning))
        #expect(replica.state.backupPlan?.attempt == nil)
        replica.apply(complete(9))
        #expect(replica.apply(begin(1, due: Self.start)) == .applied)
    }

    @Test func whatIsNotOfTheScheduleIsNotBegun() {
        var replica = replica()
        let order = Fixture.job(1, .backup)
        var elsewhere = order
        elsewhere.place = "https://other.example/hsm/mhsm-1"
        for wrong in [elsewhere, Fixture.job(1, .backupCheck), Fixture.job(1, .restore)] {
            #expect(
                replica.apply(.beginScheduledBackup(wrong, schedule: id, due: Self.start)) == .refused(.invalidJob))
        }
        let former = PoolCommand.beginScheduledBackup(order, schedule: Fixture.schedule(2).id, due: Self.start)
        #expect(replica.apply(former) == .refused(.noBackupSchedule))
        #expect(replica.apply(.setBackupSchedule(nil)) == .applied)
        #expect(replica.apply(begin(1, due: Self.start)) == .refused(.noBackupSchedule))
        #expect(replica.apply(.setBackupSchedule(nil)) == .refused(.noBackupSchedule))
        #expect(replica.state.nextBackup(at: Self.start) == nil)
    }

    @Test func schedulesThatCanNotBe() {
        var replica = Replica.activated()
        var unnamed = Fixture.schedule()
        unnamed.id = [1]
        var both = Fixture.schedule()
        both.usesManagedIdentity = true
        for wrong in [
            unnamed, both, Fixture.schedule(weekly: 0), Fixture.schedule(hourly: 169), Fixture.schedule(place: ""),
            Fixture.schedule(alarmAfter: 3599), Fixture.schedule(alarmAfter: 367 * 86_400),
            Fixture.schedule(place: String(repeating: "x", count: 1025)),
            Fixture.schedule(token: [UInt8](repeating: 1, count: 8193)),
        ] {
            #expect(replica.apply(.setBackupSchedule(wrong)) == .refused(.invalidBackupSchedule))
        }
        var early = Replica()
        early.apply(.initializePool(Fixture.genesis()))
        #expect(early.apply(.setBackupSchedule(Fixture.schedule())) == .refused(.notActivated))
    }

    // MARK: Removing

    /// Hourly, keeping two: four backups later two are surplus. Only these can be removed, marked first.
    @Test func onlyWhatIsSurplusIsRemoved() throws {
        var replica = replica()
        for number in 0..<4 {
            #expect(replica.apply(begin(number + 1, due: Self.start + Int64(number) * Self.hour)) == .applied)
            replica.apply(complete(number + 1))
            replica.advance(seconds: Self.hour)
        }
        #expect(replica.state.surplusBackups.map(\.id) == [Fixture.jobID(1), Fixture.jobID(2)])
        for number in [3, 4] {
            #expect(replica.apply(.retireBackup(Fixture.jobID(number))) == .refused(.backupIsKept))
        }
        #expect(replica.apply(.forgetBackup(Fixture.jobID(1))) == .refused(.backupIsKept))
        #expect(replica.apply(.retireBackup(Fixture.jobID(9))) == .refused(.scheduledBackupNotFound))
        #expect(replica.apply(.retireBackup(Fixture.jobID(1))) == .applied)
        #expect(replica.apply(.retireBackup(Fixture.jobID(1)), by: 2) == .refused(.backupIsKept))
        #expect(replica.state.surplusBackups.map(\.id) == [Fixture.jobID(2)])
        #expect(replica.apply(.forgetBackup(Fixture.jobID(1))) == .applied)
        #expect(replica.apply(.forgetBackup(Fixture.jobID(1))) == .refused(.scheduledBackupNotFound))
        #expect(replica.state.backupsBySchedule.count == 3)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    /// A failed backup never takes the place of a good one, and what somebody made by hand isn't the schedule's.
    @Test func theLastGoodOneStays() {
        var replica = replica(hourly: 1)
        replica.apply(begin(1, due: Self.start))
        replica.apply(complete(1))
        for number in 2..<6 {
            replica.time = (Self.start + Int64(number) * Self.hour) * 1000
            replica.apply(begin(number, due: Self.start + Int64(number) * Self.hour))
            replica.apply(.failJob(id: Fixture.jobID(number), failure, onlyIfSilent: false))
        }
        replica.apply(.beginJob(Fixture.job(7, .backup)))
        replica.apply(complete(7))
        #expect(replica.state.backupsBySchedule.map(\.id) == [Fixture.jobID(1)])
        #expect(replica.state.surplusBackups.isEmpty)
        #expect(replica.apply(.retireBackup(Fixture.jobID(1))) == .refused(.backupIsKept))
        #expect(replica.apply(.retireBackup(Fixture.jobID(7))) == .refused(.scheduledBackupNotFound))
    }

    @Test func anotherPlaceIsAnotherBeginning() throws {
        var replica = replica()
        replica.apply(begin(1, due: Self.start))
        replica.apply(complete(1))
        // Other numbers for the same place change nothing of what is there.
        replica.apply(.setBackupSchedule(Fixture.schedule(2, hourly: 1, weekly: 0)))
        #expect(replica.state.backupsBySchedule.count == 1 && replica.state.dueBackup(at: Self.start + 60) == nil)
        replica.apply(.setBackupSchedule(Fixture.schedule(3, hourly: 1, weekly: 0, place: "file:///other")))
        #expect(replica.state.backupsBySchedule.isEmpty && replica.state.dueBackup(at: Self.start + 60) == Self.start)
        #expect(replica.state.backupPlan?.newestGood == Self.start + 60)
        replica.apply(.setBackupSchedule(nil))
        #expect(replica.state.backupPlan == nil)
        #expect(try replica.reloaded().root == replica.state.root)
    }

    // MARK: Alarm

    @Test func theAlarmIsOfTheNewestGoodBackup() throws {
        var replica = replica()
        func plan() throws -> BackupPlan { try #require(replica.state.backupPlan) }
        let set = Self.start + 60
        #expect(try !plan().isOverdue(at: set + 86_400) && plan().isOverdue(at: set + 86_401))
        replica.advance(seconds: 100)
        replica.apply(begin(1, due: Self.start))
        replica.advance(seconds: 50)
        replica.apply(complete(1))
        // As old as what is in it, not as its end.
        #expect(try plan().newestGood == set + 100 && plan().age(at: set + 130) == 30)
        #expect(try !plan().isOverdue(at: set + 86_500) && plan().isOverdue(at: set + 86_501))
        // One that somebody else made is as good.
        replica.advance(seconds: 50)
        replica.apply(.beginJob(Fixture.job(2, .backup)))
        replica.apply(complete(2))
        #expect(try plan().newestGood == set + 200)
    }
}
