import HSMNode
import KeyVaultAPI
import PoolState
import Raft
import RequestPipeline

/// Looks, at the leader, whether a backup of the schedule is due or has served its time, and sounds the alarm when the
/// newest good one is too old. Apart from all other housekeeping: a store that doesn't answer takes its time.
struct BackupCalendar: Sendable {
    /// Rounds, of 5 seconds each, that pass after a store didn't let old backups be removed.
    private static let pause = 60

    private let runtime: NodeRuntime
    private let custody: any KeyCustody
    private let backups: ScheduledBackups
    private let alarms: AlarmJournal

    init(
        _ runtime: NodeRuntime, _ custody: any KeyCustody, _ backups: ScheduledBackups, _ alarms: AlarmJournal
    ) {
        self.runtime = runtime
        self.custody = custody
        self.backups = backups
        self.alarms = alarms
    }

    /// Ends when its task is cancelled.
    func run() async {
        var pause = 0
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(5))
            guard !Task.isCancelled, runtime.latestStanding.role == .leader, custody.unsealed != nil else { continue }
            if let alarm = backups.alarm() { alarms.log(alarm) }
            await backups.beginDue()
            pause = max(0, pause - 1)
            if pause == 0, await !backups.removeSurplus() { pause = Self.pause }
        }
    }
}
