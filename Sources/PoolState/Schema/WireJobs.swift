import AccessControl
import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PoolCommand {
    /// The commands on backup and restore.
    var jobKind: WireCommand.OneOf_Kind? {
        switch self {
        case .beginJob(let order): .beginJob(order.wire)
        case .reportJob(let id, let items, let bytes):
            .reportJob(.with { ($0.id, $0.items, $0.bytes) = (id.wire, items, bytes) })
        case .failJob(let id, let failure, let onlyIfSilent):
            .failJob(.with { ($0.id, $0.failure, $0.onlyIfSilent) = (id.wire, failure.wire, onlyIfSilent) })
        case .stageKeys(let job, let keys):
            .stageKeys(.with { ($0.job, $0.keys) = (job.wire, keys.map(\.wire)) })
        case .stagePolicy(let job, let items):
            .stagePolicies(.with { ($0.job, $0.items) = (job.wire, items.map(\.wire)) })
        case .completeJob(let id, let items, let bytes, let keys, let report):
            .completeJob(
                .with {
                    ($0.id, $0.items, $0.bytes, $0.keys) = (id.wire, items, bytes, UInt64(clamping: keys))
                    $0.report = report
                })
        case .takeOverJob(let id, let node): .takeOverJob(.with { ($0.id, $0.node) = (id.wire, node) })
        default: nil
        }
    }

    /// `nil` for a command of another kind.
    init?(jobKind kind: WireCommand.OneOf_Kind?) throws {
        switch kind {
        case .beginJob(let order): self = .beginJob(try JobOrder(wire: order))
        case .reportJob(let report):
            self = .reportJob(id: [UInt8](report.id), items: report.items, bytes: report.bytes)
        case .failJob(let end):
            self = .failJob(
                id: [UInt8](end.id), JobFailure(wire: end.failure), onlyIfSilent: end.onlyIfSilent)
        case .stageKeys(let staged):
            self = .stageKeys(job: [UInt8](staged.job), try staged.keys.map { try StagedKey(wire: $0) })
        case .completeJob(let done):
            self = .completeJob(
                id: [UInt8](done.id), items: done.items, bytes: done.bytes, keys: try exactly(done.keys),
                report: done.report)
        case .stagePolicies(let staged):
            self = .stagePolicy(job: [UInt8](staged.job), try staged.items.map { try StagedPolicy(wire: $0) })
        case .takeOverJob(let takeover): self = .takeOverJob(id: [UInt8](takeover.id), node: takeover.node)
        default: return nil
        }
    }
}

extension JobOrder: WireConvertible {
    var wire: WireJobOrder {
        .with {
            ($0.id, $0.kind, $0.node) = (id.wire, UInt32(kind.rawValue), node)
            ($0.place, $0.key, $0.folder) = (place, key ?? "", folder)
            ($0.sealedToken, $0.keepsCredentials) = (sealedToken.wire, keepsCredentials)
            ($0.usesManagedIdentity, $0.approval) = (usesManagedIdentity, approval.wire)
            if let orderedBy { $0.orderedBy = orderedBy.wire }
        }
    }

    init(wire: WireJobOrder) throws {
        self.init(
            id: [UInt8](wire.id), kind: try known(wire.kind), node: wire.node, place: wire.place,
            key: wire.key.isEmpty ? nil : wire.key, folder: wire.folder, sealedToken: [UInt8](wire.sealedToken),
            keepsCredentials: wire.keepsCredentials, usesManagedIdentity: wire.usesManagedIdentity,
            approval: [UInt8](wire.approval), orderedBy: wire.hasOrderedBy ? try GUID(wire: wire.orderedBy) : nil)
    }
}

extension JobFailure: WireConvertible {
    var wire: WireJobFailure { .with { ($0.code, $0.message) = (code, message) } }

    init(wire: WireJobFailure) { self.init(code: wire.code, message: wire.message) }
}

extension StagedKey: WireConvertible {
    var wire: WireStagedKey {
        .with {
            $0.key = key.wire
            if let deletion {
                $0.deletion.deletedAt = deletion.deletedAt
                $0.deletion.scheduledPurgeAt = deletion.scheduledPurgeAt
            }
        }
    }

    init(wire: WireStagedKey) throws {
        self.init(
            key: try RestoredKey(wire: wire.key),
            deletion: wire.hasDeletion
                ? KeyDeletion(
                    deletedAt: wire.deletion.deletedAt, scheduledPurgeAt: wire.deletion.scheduledPurgeAt)
                : nil)
    }
}

extension JobRecord: StoredRow {
    static var table: RowTable { .job }
    var rowKey: [UInt8] { order.id }

    var wire: WireJob {
        .with {
            ($0.id, $0.kind, $0.node) = (order.id.wire, UInt32(order.kind.rawValue), order.node)
            ($0.place, $0.key, $0.status) = (order.place, order.key ?? "", UInt32(status.rawValue))
            ($0.started, $0.reported, $0.items, $0.bytes) = (started, reported, items, bytes)
            ($0.folder, $0.sealedToken, $0.keepsCredentials) = (
                order.folder, order.sealedToken.wire, order.keepsCredentials
            )
            ($0.isOfEverything, $0.report, $0.takeovers) = (isOfEverything, report, UInt32(clamping: takeovers))
            ($0.usesManagedIdentity, $0.approval) = (order.usesManagedIdentity, order.approval.wire)
            if let orderedBy = order.orderedBy { $0.orderedBy = orderedBy.wire }
            if let ended { $0.ended = ended }
            if let failure { $0.failure = failure.wire }
        }
    }

    init(wire: WireJob) throws {
        self.init(
            order: JobOrder(
                id: [UInt8](wire.id), kind: try known(wire.kind), node: wire.node, place: wire.place,
                key: wire.key.isEmpty ? nil : wire.key, folder: wire.folder, sealedToken: [UInt8](wire.sealedToken),
                keepsCredentials: wire.keepsCredentials, usesManagedIdentity: wire.usesManagedIdentity,
                approval: [UInt8](wire.approval),
                orderedBy: wire.hasOrderedBy ? try GUID(wire: wire.orderedBy) : nil),
            identifier: try GUID(wire: wire.id), status: try known(wire.status), started: wire.started,
            reported: wire.reported, ended: wire.hasEnded ? wire.ended : nil, items: wire.items, bytes: wire.bytes,
            failure: wire.hasFailure ? JobFailure(wire: wire.failure) : nil, isOfEverything: wire.isOfEverything,
            report: wire.report, takeovers: try exactly(wire.takeovers))
    }
}

/// A row of a key that is staged: as that of one which is there, in a table of its own.
struct StagedRow<Row: StoredRow>: StoredRow {
    let row: Row

    static var table: RowTable { Row.table == .key ? .stagedKey : .stagedKeyVersion }
    var rowKey: [UInt8] { row.rowKey }
    var wire: Row.Wire { row.wire }

    init(_ row: Row) { self.row = row }
    init(wire: Row.Wire) throws { row = try Row(wire: wire) }
}
