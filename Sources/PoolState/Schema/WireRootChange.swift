import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension RootChangeOrder: WireConvertible {
    var wire: WireRootChangeOrder {
        .with {
            ($0.id, $0.required, $0.officers, $0.expires) = (
                id.wire, UInt32(clamping: required), officers.wire, expires
            )
            $0.unsealKeys = unsealKeys.map(\.wire)
        }
    }

    init(wire: WireRootChangeOrder) throws {
        self.init(
            id: [UInt8](wire.id), required: try exactly(wire.required), officers: [[UInt8]](wire: wire.officers),
            expires: wire.expires, unsealKeys: try wire.unsealKeys.map { try UnsealKey(wire: $0) })
    }
}

extension UnsealKey: WireConvertible {
    var wire: WireUnsealKey { .with { ($0.provider, $0.name, $0.point) = (UInt32(provider), name, point.wire) } }

    init(wire: WireUnsealKey) throws {
        self.init(provider: try exactly(wire.provider), name: wire.name, point: [UInt8](wire.point))
    }
}

extension RootVote {
    /// - Parameter id: of the change; empty in its row.
    func wire(of id: [UInt8] = []) -> WireRootVote {
        .with { ($0.id, $0.officer, $0.signature) = (id.wire, UInt32(officer), signature.wire) }
    }

    init(wire: WireRootVote) throws {
        self.init(officer: try exactly(wire.officer), signature: [UInt8](wire.signature))
    }
}

extension PreparedRoot {
    /// - Parameter id: of the change; empty in its row.
    func wire(of id: [UInt8] = []) -> WirePreparedRoot {
        .with {
            ($0.id, $0.base, $0.keyring, $0.bridge) = (id.wire, base.wire, keyring.wire, bridge.wire)
            ($0.wayBack, $0.commitments, $0.encryptedData) = (wayBack.wire, commitments.wire, encryptedData.wire)
            $0.unsealRecords = unsealRecords.wire
        }
    }

    init(wire: WirePreparedRoot) {
        self.init(
            base: [UInt8](wire.base), keyring: [UInt8](wire.keyring), bridge: [UInt8](wire.bridge),
            wayBack: [UInt8](wire.wayBack), commitments: [[UInt8]](wire: wire.commitments),
            encryptedData: [UInt8](wire.encryptedData), unsealRecords: [[UInt8]](wire: wire.unsealRecords))
    }
}

extension RootChange: StoredRow {
    static var table: RowTable { .rootChange }
    var rowKey: [UInt8] { RowKey.single }

    var wire: WireRootChange {
        var wire = WireRootChange()
        (wire.order, wire.generation, wire.began) = (order.wire, generation, began)
        wire.approvals = approvals.map { $0.wire() }
        if let prepared { wire.prepared = prepared.wire() }
        wire.confirmations = confirmations.map { $0.wire() }
        if let committed { wire.committed = committed }
        if let former { wire.former = former.wire }
        wire.formerKeyring = formerKeyring.wire
        wire.holders = holders
        return wire
    }

    init(wire: WireRootChange) throws {
        self.init(order: try RootChangeOrder(wire: wire.order), generation: wire.generation, began: wire.began)
        approvals = try wire.approvals.map { try RootVote(wire: $0) }
        prepared = wire.hasPrepared ? PreparedRoot(wire: wire.prepared) : nil
        confirmations = try wire.confirmations.map { try RootVote(wire: $0) }
        committed = wire.hasCommitted ? wire.committed : nil
        former = wire.hasFormer ? try SecurityDomainRecord(wire: wire.former) : nil
        (formerKeyring, holders) = ([UInt8](wire.formerKeyring), wire.holders)
    }
}

extension PoolCommand {
    /// The commands on the pool's root.
    var rootKind: WireCommand.OneOf_Kind? {
        switch self {
        case .beginRootChange(let order): .beginRootChange(order.wire)
        case .approveRootChange(let id, let vote): .approveRootChange(vote.wire(of: id))
        case .prepareRoot(let id, let prepared): .prepareRoot(prepared.wire(of: id))
        case .confirmRoot(let id, let vote): .confirmRoot(vote.wire(of: id))
        case .commitRoot(let id): .commitRoot(.with { $0.id = id.wire })
        case .abortRootChange(let id): .abortRootChange(.with { $0.id = id.wire })
        case .holdRoot(let id, let node): .holdRoot(.with { ($0.id, $0.node) = (id.wire, node) })
        default: nil
        }
    }

    /// `nil` for other commands.
    init?(rootKind kind: WireCommand.OneOf_Kind?) throws {
        switch kind {
        case .beginRootChange(let order): self = .beginRootChange(try RootChangeOrder(wire: order))
        case .approveRootChange(let vote): self = .approveRootChange(id: [UInt8](vote.id), try RootVote(wire: vote))
        case .prepareRoot(let prepared): self = .prepareRoot(id: [UInt8](prepared.id), PreparedRoot(wire: prepared))
        case .confirmRoot(let vote): self = .confirmRoot(id: [UInt8](vote.id), try RootVote(wire: vote))
        case .commitRoot(let change): self = .commitRoot(id: [UInt8](change.id))
        case .abortRootChange(let change): self = .abortRootChange(id: [UInt8](change.id))
        case .holdRoot(let holding): self = .holdRoot(id: [UInt8](holding.id), node: holding.node)
        default: return nil
        }
    }
}
