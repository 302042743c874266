import AccessControl
import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PoolCommand {
    /// The commands on schedules.
    var scheduleKind: WireCommand.OneOf_Kind? {
        switch self {
        case .setBackupSchedule(let schedule):
            .setBackupSchedule(.with { if let schedule { $0.schedule = schedule.wire } })
        case .beginScheduledBackup(let order, let schedule, let due):
            .beginScheduledBackup(
                .with {
                    ($0.order, $0.schedule) = (order.wire, schedule.wire)
                    if let due { $0.due = due }
                })
        case .retireBackup(let id): .retireBackup(.with { $0.job = id.wire })
        case .forgetBackup(let id): .forgetBackup(.with { $0.job = id.wire })
        default: nil
        }
    }

    /// `nil` for a command of another kind.
    init?(scheduleKind kind: WireCommand.OneOf_Kind?) throws {
        switch kind {
        case .setBackupSchedule(let change):
            self = .setBackupSchedule(change.hasSchedule ? try BackupSchedule(wire: change.schedule) : nil)
        case .beginScheduledBackup(let begin):
            self = .beginScheduledBackup(
                try JobOrder(wire: begin.order), schedule: [UInt8](begin.schedule), due: begin.hasDue ? begin.due : nil)
        case .retireBackup(let name): self = .retireBackup([UInt8](name.job))
        case .forgetBackup(let name): self = .forgetBackup([UInt8](name.job))
        default: return nil
        }
    }
}

extension BackupSchedule: WireConvertible {
    var wire: WireBackupSchedule {
        .with {
            ($0.id, $0.container, $0.sealedToken) = (id.wire, container, sealedToken.wire)
            ($0.usesManagedIdentity, $0.alarmAfter) = (usesManagedIdentity, alarmAfter)
            $0.hourly = UInt32(clamping: retention.hourly)
            $0.daily = UInt32(clamping: retention.daily)
            $0.weekly = UInt32(clamping: retention.weekly)
        }
    }

    init(wire: WireBackupSchedule) throws {
        self.init(
            id: [UInt8](wire.id), container: wire.container, sealedToken: [UInt8](wire.sealedToken),
            usesManagedIdentity: wire.usesManagedIdentity,
            retention: BackupRetention(
                hourly: try exactly(wire.hourly), daily: try exactly(wire.daily), weekly: try exactly(wire.weekly)),
            alarmAfter: wire.alarmAfter)
    }
}

extension BackupPlan: StoredRow {
    static var table: RowTable { .backupPlan }
    var rowKey: [UInt8] { RowKey.single }

    var wire: WireBackupPlan {
        .with {
            ($0.schedule, $0.set) = (schedule.wire, set)
            if let attempt {
                $0.attempt = .with { ($0.job, $0.due, $0.began) = (attempt.job.wire, attempt.due, attempt.began) }
            }
            if let newestGood { $0.newestGood = newestGood }
        }
    }

    init(wire: WireBackupPlan) throws {
        let attempt = wire.hasAttempt
            ? Attempt(job: [UInt8](wire.attempt.job), due: wire.attempt.due, began: wire.attempt.began) : nil
        self.init(
            schedule: try BackupSchedule(wire: wire.schedule), set: wire.set, attempt: attempt,
            newestGood: wire.hasNewestGood ? wire.newestGood : nil)
    }
}

extension ScheduledBackup: StoredRow {
    static var table: RowTable { .scheduledBackup }
    var rowKey: [UInt8] { job.bytes }

    var wire: WireScheduledBackup {
        .with {
            ($0.job, $0.folder, $0.taken, $0.bytes, $0.isRetired) = (job.wire, folder, taken, bytes, isRetired)
        }
    }

    init(wire: WireScheduledBackup) throws {
        self.init(
            job: try GUID(wire: wire.job), folder: wire.folder, taken: wire.taken, bytes: wire.bytes,
            isRetired: wire.isRetired)
    }
}
