import AccessControl

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PoolSettings: WireConvertible {
    var wire: WireSettings {
        var wire = WireSettings()
        wire.recoverableDays = UInt32(clamping: recoverableDays)
        wire.purgeProtection = purgeProtection
        wire.strictAudit = strictAudit
        switch reads {
        case .lease: break
        case .readIndex: wire.reads = 1
        case .boundedStaleness(let seconds):
            wire.reads = 2
            wire.stalenessBound = UInt32(clamping: seconds)
        }
        wire.refusedAlgorithms = refusedAlgorithms.rawValue
        return wire
    }

    init(wire: WireSettings) throws {
        let refused = RefusableAlgorithms(rawValue: wire.refusedAlgorithms)
        guard refused.isValid else { throw NotConvertible() }
        self.init(
            recoverableDays: try exactly(wire.recoverableDays), purgeProtection: wire.purgeProtection,
            strictAudit: wire.strictAudit, reads: try Self.reads(wire),
            refusedAlgorithms: refused)
    }
}

extension PoolSettings {
    fileprivate static func reads(_ wire: WireSettings) throws -> ReadPolicy {
        switch (wire.reads, wire.stalenessBound) {
        case (0, 0): return .lease
        case (1, 0): return .readIndex
        case (2, let seconds): return .boundedStaleness(seconds: try exactly(seconds))
        default: throw NotConvertible()
        }
    }
}

extension PoolRecord: StoredRow {
    static var table: RowTable { .pool }
    var rowKey: [UInt8] { RowKey.single }

    var wire: WirePool {
        var wire = WirePool()
        wire.poolID = poolID.wire
        wire.name = name
        wire.epoch = epoch
        wire.tenantID = tenantID.wire
        wire.audiences = audiences
        wire.phase = UInt32(phase.rawValue)
        wire.rootGeneration = rootGeneration
        wire.keyring = keyring.wire
        wire.pinnedOfficers = pinnedOfficers.wire
        wire.settings = settings.wire
        wire.created = created
        wire.origin = origin
        wire.rootBridge = rootBridge.wire
        wire.formerRoots = formerRoots.wire
        wire.releaseAuthorities = releaseAuthorities.map(\.wire)
        return wire
    }

    init(wire: WirePool) throws {
        self.init(
            poolID: [UInt8](wire.poolID), name: wire.name, epoch: wire.epoch, tenantID: try GUID(wire: wire.tenantID),
            audiences: wire.audiences, phase: try known(wire.phase), rootGeneration: wire.rootGeneration,
            keyring: [UInt8](wire.keyring), pinnedOfficers: [[UInt8]](wire: wire.pinnedOfficers),
            settings: try PoolSettings(wire: wire.settings), created: wire.created, origin: wire.origin,
            releaseAuthorities: try wire.releaseAuthorities.map { try ReleaseAuthority(wire: $0) },
            rootBridge: [UInt8](wire.rootBridge), formerRoots: [[UInt8]](wire: wire.formerRoots))
        guard phase != .uninitialized else { throw NotConvertible() }
    }
}

extension Genesis: WireConvertible {
    var wire: WireGenesis {
        var wire = WireGenesis()
        wire.poolID = poolID.wire
        wire.name = name
        wire.epoch = epoch
        wire.tenantID = tenantID.wire
        wire.audiences = audiences
        wire.members = members.map(\.wire)
        wire.rootGeneration = rootGeneration
        wire.keyring = keyring.wire
        wire.pinnedOfficers = pinnedOfficers.wire
        wire.settings = settings.wire
        wire.principals = principals.map(\.wire)
        wire.roleAssignments = roleAssignments.map(\.wire)
        wire.releaseAuthorities = releaseAuthorities.map(\.wire)
        return wire
    }

    init(wire: WireGenesis) throws {
        self.init(
            poolID: [UInt8](wire.poolID), name: wire.name, epoch: wire.epoch,
            tenantID: try GUID(wire: wire.tenantID), audiences: wire.audiences,
            members: try wire.members.map { try MemberRecord(wire: $0) }, rootGeneration: wire.rootGeneration,
            keyring: [UInt8](wire.keyring), pinnedOfficers: [[UInt8]](wire: wire.pinnedOfficers),
            settings: try PoolSettings(wire: wire.settings),
            principals: try wire.principals.map { try NewPrincipal(wire: $0) },
            roleAssignments: try wire.roleAssignments.map { try RoleAssignment(wire: $0) },
            releaseAuthorities: try wire.releaseAuthorities.map { try ReleaseAuthority(wire: $0) })
    }
}
