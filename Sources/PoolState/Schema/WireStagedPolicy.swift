import AccessControl
import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension StagedPolicy: StoredRow {
    static var table: RowTable { .stagedPolicy }

    /// The table that it is meant for, then its key there.
    var rowKey: [UInt8] {
        switch self {
        case .principal(let principal): [RowTable.principal.rawValue] + principal.rowKey
        case .roleDefinition(let definition): [RowTable.roleDefinition.rawValue] + definition.rowKey
        case .roleAssignment(let assignment): [RowTable.roleAssignment.rawValue] + assignment.rowKey
        case .pool: [RowTable.pool.rawValue]
        case .securityDomain: [RowTable.securityDomain.rawValue]
        }
    }

    var wire: WireStagedPolicy {
        .with {
            $0.item =
                switch self {
                case .principal(let principal): .principal(principal.wire)
                case .roleDefinition(let definition): .roleDefinition(definition.wire)
                case .roleAssignment(let assignment): .roleAssignment(assignment.wire)
                case .pool(let pool): .pool(pool.wire)
                case .securityDomain(let domain): .securityDomain(domain.wire)
                }
        }
    }

    init(wire: WireStagedPolicy) throws {
        switch wire.item {
        case .principal(let principal): self = .principal(try PrincipalRecord(wire: principal))
        case .roleDefinition(let definition): self = .roleDefinition(try RoleDefinition(wire: definition))
        case .roleAssignment(let assignment): self = .roleAssignment(try RoleAssignment(wire: assignment))
        case .pool(let pool): self = .pool(try RestoredPool(wire: pool))
        case .securityDomain(let domain): self = .securityDomain(try SecurityDomainRecord(wire: domain))
        case nil: throw NotConvertible()
        }
    }
}

extension RestoredPool: WireConvertible {
    var wire: WireRestoredPool {
        .with {
            ($0.settings, $0.pinnedOfficers, $0.keyring) = (settings.wire, pinnedOfficers.wire, keyring.wire)
            $0.releaseAuthorities = releaseAuthorities.map(\.wire)
        }
    }

    init(wire: WireRestoredPool) throws {
        self.init(
            settings: try PoolSettings(wire: wire.settings), pinnedOfficers: [[UInt8]](wire: wire.pinnedOfficers),
            releaseAuthorities: try wire.releaseAuthorities.map { try ReleaseAuthority(wire: $0) },
            keyring: [UInt8](wire.keyring))
    }
}
