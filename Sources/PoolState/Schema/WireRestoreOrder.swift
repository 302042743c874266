import AccessControl
import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension RestoreOrderCommand {
    var kind: WireCommand.OneOf_Kind {
        switch self {
        case .order(let job, let backup, let consequences):
            .orderRestore(.with { ($0.job, $0.backup, $0.consequences) = (job.wire, backup.wire, consequences) })
        case .approve(let id, let vote): .approveRestore(vote.wire(of: id))
        case .withdraw(let id): .withdrawRestore(.with { $0.id = id.wire })
        }
    }

    /// `nil` for a command of another kind.
    init?(kind: WireCommand.OneOf_Kind?) throws {
        switch kind {
        case .orderRestore(let order):
            self = .order(
                job: [UInt8](order.job), OrderedBackup(wire: order.backup), consequences: order.consequences)
        case .approveRestore(let vote): self = .approve(id: [UInt8](vote.id), try RootVote(wire: vote))
        case .withdrawRestore(let order): self = .withdraw(id: [UInt8](order.id))
        default: return nil
        }
    }
}

extension OrderedBackup: WireConvertible {
    var wire: WireOrderedBackup {
        .with {
            ($0.id, $0.headerDigest, $0.pool) = (id.wire, headerDigest.wire, pool)
            ($0.index, $0.createdAt) = (index, createdAt)
        }
    }

    init(wire: WireOrderedBackup) {
        self.init(
            id: [UInt8](wire.id), headerDigest: [UInt8](wire.headerDigest), pool: wire.pool, index: wire.index,
            createdAt: wire.createdAt)
    }
}

extension RestoreOrder: StoredRow {
    static var table: RowTable { .restoreOrder }
    var rowKey: [UInt8] { RowKey.single }

    var wire: WireRestoreOrder {
        .with {
            ($0.id, $0.place, $0.folder, $0.keepsCredentials) = (id.wire, place, folder, keepsCredentials)
            ($0.backup, $0.expires, $0.consequences) = (backup.wire, expires, consequences)
            if let orderedBy { $0.orderedBy = orderedBy.wire }
            $0.approvals = approvals.map { $0.wire() }
        }
    }

    init(wire: WireRestoreOrder) throws {
        self.init(
            id: [UInt8](wire.id), place: wire.place, folder: wire.folder, keepsCredentials: wire.keepsCredentials,
            backup: OrderedBackup(wire: wire.backup),
            orderedBy: wire.hasOrderedBy ? try GUID(wire: wire.orderedBy) : nil, expires: wire.expires,
            consequences: wire.consequences)
        approvals = try wire.approvals.map { try RootVote(wire: $0) }
    }
}
