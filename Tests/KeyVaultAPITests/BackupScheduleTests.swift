import AccessControl
import Backup
import HTTPTransport
import KeyVaultAPI
import PoolState
import RequestTesting
import StrictJSON
import Testing

/// Backups by the pool's schedule, with a clock that the test moves.
@Suite struct BackupScheduleTests {
    private let backed: BackedPool
    private var pool: TestPool { backed.pool }
    private var state: PoolState { pool.pool.latestView.state }
    private let scheduled: ScheduledBackups

    init() throws {
        backed = try BackedPool()
        scheduled = ScheduledBackups(services: backed.pool.services, desk: backed.desk)
    }

    private static let path = "/quorate/v1/backup-schedule"

    @discardableResult
    private func set(_ keep: String = #"{"hourly":2}"#, _ more: String = "") async throws -> Answer {
        let body = #"{\#(BackedPool.container),"keep":\#(keep)\#(more)}"#
        return try await pool.call(.administrator, .put, Self.path, body)
    }

    private func show() async throws -> Answer { try await pool.call(.administrator, .get, Self.path) }

    /// A round of the leader, to the end of what it begins.
    private func round() async {
        await scheduled.beginDue()
        _ = await scheduled.removeSurplus()
        while state.runningJob != nil { await Task.yield() }
    }

    private var folders: Set<String> {
        Set(backed.stores.objects.keys.map { String($0.split(separator: "/")[0]) })
    }

    @Test func aScheduleIsSetShownAndDeleted() async throws {
        #expect(try await show().status == 404)
        #expect(try await pool.call(.administrator, .delete, Self.path).status == 404)
        let made = try await set(#"{"hourly":24,"daily":7,"weekly":4}"#, #","alarmAfterSeconds":7200"#)
        #expect(made.status == 200, "\(made.text)")
        let shown = try await show()
        #expect(shown.json?.string("storageResourceUri") == "https://store.example/hsm")
        #expect(shown.json?.object("keep")?.integer("daily") == 7 && shown.json?.integer("alarmAfterSeconds") == 7200)
        #expect(shown.json?.bool("isOverdue") == false && shown.json?.integer("newestBackup") == nil)
        // The hour that it is set in has none yet: 09:00 of the test's day.
        #expect(shown.json?.integer("nextBackup") == 1_767_603_600)
        #expect(!shown.text.contains("sig=") && state.backupPlan?.schedule.sealedToken.isEmpty == false)
        #expect(try await pool.call(.administrator, .delete, Self.path).status == 204)
        #expect(try await show().status == 404)
        let operations = try pool.records().compactMap { $0.string("operationName") }
        #expect(operations.contains("BackupScheduleSet") && operations.contains("BackupScheduleDelete"))
    }

    /// Whoever may back up, may not say where backups go from now on.
    @Test func onlyAdministratorsSayWhere() async throws {
        try await set()
        for principal in [TestPrincipal.user, .officer, .auditor] {
            for (method, body) in [(HTTPMethod.get, ""), (.put, "{}"), (.delete, "")] {
                #expect(try await pool.call(principal, method, Self.path, body).status == 403)
            }
            #expect(try await pool.call(principal, .post, Self.path + "/run").status == 403)
        }
    }

    @Test(arguments: [
        #"{"keep":{"daily":1}}"#, #"{"storageResourceUri":"https://store.example/hsm","token":"sig=good"}"#,
        #"{"storageResourceUri":"https://store.example/hsm","token":"sig=good","keep":{}}"#,
        #"{"storageResourceUri":"https://store.example/hsm","token":"sig=good","keep":{"hourly":0}}"#,
        #"{"storageResourceUri":"https://store.example/hsm","token":"sig=good","keep":{"hourly":169}}"#,
        #"{"storageResourceUri":"https://store.example/hsm","token":"sig=good","keep":{"daily":-1}}"#,
        #"{"storageResourceUri":"https://store.example/hsm","token":"sig=good","keep":{"daily":"x"}}"#,
        #"{"storageResourceUri":"https://elsewhere.example/hsm","token":"sig=good","keep":{"daily":1}}"#,
        #"{"storageResourceUri":"https://store.example/hsm","keep":{"daily":1}}"#,
        #"{"storageResourceUri":"https://store.example/hsm","token":"sig=good","keep":{"daily":1},"#
            + #""alarmAfterSeconds":86399}"#,
    ])
    func whatIsNoSchedule(_ body: String) async throws {
        let answer = try await pool.call(.administrator, .put, Self.path, body)
        #expect(answer.status == 400 && answer.code == "BadParameter", "\(answer.text)")
        #expect(state.backupPlan == nil)
    }

    @Test func aBackupIsMadeInEachHourAndTheOldestGoes() async throws {
        try await pool.create("k")
        // What somebody made by hand is nobody else's to remove.
        let byHand = try await backed.backup()
        try await set()
        var made: [String] = []
        for hour in 0..<4 {
            for _ in 0..<3 { await round() }
            let newest = try #require(state.backupsBySchedule.first)
            #expect(state.backupsBySchedule.filter { !$0.isRetired }.count == min(hour + 1, 2))
            made.append(newest.folder)
            pool.advance(seconds: 3600)
        }
        #expect(Set(made).count == 4 && folders == Set(made.suffix(2) + [byHand]))
        #expect(state.jobs.filter { $0.order.kind == .backup && $0.status == .succeeded }.count == 5)
        #expect(state.jobs.allSatisfy { $0.order.sealedToken.isEmpty })
        // They are backups like all others.
        let newest = try #require(made.last)
        #expect(try await backed.restore(newest, key: "k").json?.string("status") == "Succeeded")
    }

    @Test func twoLeadersMakeOneBackup() async throws {
        try await set()
        let other = ScheduledBackups(services: pool.services, desk: backed.desk)
        backed.stores.shut()
        async let first: Void = scheduled.beginDue()
        async let second: Void = other.beginDue()
        _ = await (first, second)
        backed.stores.open()
        while state.runningJob != nil { await Task.yield() }
        await round()
        #expect(state.jobs.count == 1 && folders.count == 1)
    }

    @Test func afterAFailureTheLastGoodOneStaysAndTheAlarmSounds() async throws {
        try await set(#"{"hourly":1}"#)
        await round()
        let good = try #require(state.backupsBySchedule.first?.folder)
        backed.stores.fail(with: .full)
        for _ in 0..<3 {
            pool.advance(seconds: 3600)
            await round()
        }
        #expect(folders == [good] && state.backupsBySchedule.map(\.folder) == [good])
        #expect(scheduled.alarm()?.contains("7200 s") == true)
        let shown = try await show()
        #expect(shown.json?.bool("isOverdue") == true)
        #expect(shown.json?.object("lastAttempt")?.string("code") == "StorageFull")
        let status = try await pool.call(.administrator, .get, Self.path)
        #expect(status.json?.object("lastAttempt")?.string("status") == "Failed")

        // It is tried again in the same hour, and when it succeeds the former one goes.
        backed.stores.fail(with: nil)
        await round()
        #expect(folders == [good])
        pool.advance(seconds: 301)
        await round()
        await round()
        #expect(scheduled.alarm() == nil && folders.count == 1 && !folders.contains(good))
    }

    /// A store that doesn't let backups be removed keeps them; the pool tries again, and forgets none before.
    @Test func whatCanNotBeRemovedStaysKnown() async throws {
        try await set(#"{"hourly":2}"#)
        await round()
        pool.advance(seconds: 3600)
        await round()
        backed.stores.fail(with: .denied("403", of: .token))
        try await set(#"{"hourly":1}"#)
        await round()
        #expect(state.backupsBySchedule.map(\.isRetired) == [false, true] && folders.count == 2)
        backed.stores.fail(with: nil)
        await round()
        #expect(state.backupsBySchedule.map(\.isRetired) == [false] && folders.count == 1)
    }

    /// A store may keep some of them for good, and more than one round tries to remove.
    @Test func whatCanNotBeRemovedDoesNotKeepTheOthers() async throws {
        try await set(#"{"hourly":1}"#)
        for _ in 0..<25 {
            await round()
            backed.stores.hold(try #require(state.backupsBySchedule.first?.folder))
            pool.advance(seconds: 3600)
        }
        await round()
        let free = try #require(state.backupsBySchedule.first?.folder)
        pool.advance(seconds: 3600)
        await round()
        // Which ones a round tries is left to chance.
        for _ in 0..<200 where folders.contains(free) { await round() }
        #expect(!folders.contains(free) && folders.count == 26)
        #expect(state.backupsBySchedule.map(\.isRetired) == [false] + [Bool](repeating: true, count: 25))
    }

    /// It would be gone when officers have agreed to it, or half-read.
    @Test func whatIsToBeRestoredStays() async throws {
        try await pool.create("k")
        try await set(#"{"hourly":1}"#)
        await round()
        let old = try #require(state.backupsBySchedule.first?.folder)
        let body = #"{"sasTokenParameters":{\#(BackedPool.container)},"folderToRestore":"\#(old)"}"#
        let ordered = try await backed.end(
            try await pool.call(.administrator, .post, "/quorate/v1/restore-order", body))
        #expect(ordered.json?.string("status") == "Succeeded", "\(ordered.text)")
        pool.advance(seconds: 3600)
        for _ in 0..<2 { await round() }
        #expect(state.backupsBySchedule.map(\.isRetired) == [false, false] && folders.contains(old))

        let job = [UInt8](repeating: 4, count: 16)
        let order = JobOrder(
            id: job, kind: .restoreCheck, node: 1, place: "https://store.example/hsm/\(old)", folder: old)
        let ordering = try #require(state.restoreOrder?.id)
        for command in [PoolCommand.beginJob(order), .restoreOrder(.withdraw(id: ordering))] {
            #expect(try pool.pool.submitNow(command).get().outcome == .applied)
        }
        _ = await scheduled.removeSurplus()
        #expect(state.backupsBySchedule.map(\.isRetired) == [false, false] && folders.contains(old))
        _ = try pool.pool.submitNow(.failJob(id: job, .silentNode, onlyIfSilent: false)).get()
        await round()
        #expect(state.backupsBySchedule.count == 1 && !folders.contains(old))
    }

    @Test func outOfTurn() async throws {
        #expect(try await pool.call(.administrator, .post, Self.path + "/run").status == 404)
        try await set(#"{"daily":3}"#)
        var made: [String] = []
        for _ in 0..<2 {
            let done = try await backed.end(try await pool.call(.administrator, .post, Self.path + "/run"))
            #expect(done.json?.string("status") == "Succeeded", "\(done.text)")
            made.append(String(done.json?.string("azureStorageBlobContainerUri")?.split(separator: "/").last ?? ""))
            pool.advance(seconds: 2)
        }
        await round()
        // Of one day the newer stays, and no other one is due.
        #expect(folders == [made[1]] && state.jobs.count == 2)
    }
}
