import AccessControl
import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PoolCommand: WireConvertible {
    var wire: WireCommand {
        var wire = WireCommand()
        switch self {
        case .initializePool(let genesis): wire.initializePool = genesis.wire
        case .createKeyVersion(let version): wire.createKeyVersion = version.wire
        case .setKeyAttributes(let change): wire.setKeyAttributes = change.wire
        case .deleteKey(let name): wire.deleteKey.name = name
        case .recoverKey(let name): wire.recoverKey.name = name
        case .purgeKey(let name, let onlyIfDue):
            wire.purgeKey.name = name
            wire.purgeKey.onlyIfDue = onlyIfDue
        case .restoreKey(let key): wire.restoreKey = key.wire
        case .setRotationRules(let name, let rules):
            wire.setRotationRules.name = name
            if let rules {
                wire.setRotationRules.rules = rules.wire
            }
        case .securityDomainPrepared(let prepared): wire.securityDomainPrepared = prepared.wire
        case .securityDomainActivated(let generation):
            wire.securityDomainActivated = .with { $0.generation = generation }
        case .securityDomainAdopted(let adopted): wire.securityDomainAdopted = adopted.wire
        case .unsealGranted(let grant): wire.unsealGranted = grant.wire
        case .auditHead(let head): wire.auditHead = head.wire
        case .peerUnsealing(let command): wire.kind = command.kind
        case .restoreOrder(let command): wire.kind = command.kind
        default: wire.kind = directoryKind ?? memberKind ?? rootKind ?? keyEncryptionKind ?? jobKind ?? scheduleKind
        }
        return wire
    }

    /// The commands on the pool's nodes.
    private var memberKind: WireCommand.OneOf_Kind? {
        switch self {
        case .inviteNode(let invitation): .inviteNode(invitation.wire)
        case .admitNode(let admission): .admitNode(admission.wire)
        case .removeNode(let node): .removeNode(.with { $0.node = node })
        case .distrustNode(let node): .distrustNode(.with { $0.node = node })
        case .requestLeadership(let node): .requestLeadership(.with { $0.node = node })
        case .raisePoolVersion(let version, let nodes):
            .raisePoolVersion(.with { ($0.version, $0.knownBy) = (version.rawValue, nodes.sorted()) })
        case .recoverPool(let node, let epoch): .recoverPool(.with { ($0.node, $0.epoch) = (node, epoch) })
        default: nil
        }
    }

    /// The commands on principals and roles.
    private var directoryKind: WireCommand.OneOf_Kind? {
        switch self {
        case .createPrincipal(let principal):
            .createPrincipal(principal.wire)
        case .setPrincipalEnabled(let objectID, let enabled):
            .setPrincipalEnabled(.with { ($0.objectID, $0.enabled) = (objectID.wire, enabled) })
        case .setPrincipalSecret(let objectID, let hash, let generation):
            .setPrincipalSecret(
                .with {
                    ($0.objectID, $0.generation) = (objectID.wire, generation)
                    if let hash {
                        $0.hash = hash.wire
                    }
                })
        case .setPrincipalGroups(let objectID, let groups):
            .setPrincipalGroups(.with { ($0.objectID, $0.groups) = (objectID.wire, groups.map(\.wire)) })
        case .deletePrincipal(let objectID):
            .deletePrincipal(.with { $0.id = objectID.wire })
        case .putRoleAssignment(let assignment):
            .putRoleAssignment(assignment.wire)
        case .deleteRoleAssignment(let name, let scope):
            .deleteRoleAssignment(.with { ($0.name, $0.scope) = (name.wire, scope.path) })
        case .putRoleDefinition(let definition):
            .putRoleDefinition(definition.wire)
        case .deleteRoleDefinition(let id):
            .deleteRoleDefinition(.with { $0.id = id.wire })
        default:
            nil
        }
    }

    init(wire: WireCommand) throws {
        switch wire.kind {
        case .initializePool(let genesis): self = .initializePool(try Genesis(wire: genesis))
        case .createKeyVersion(let version): self = .createKeyVersion(try NewKeyVersion(wire: version))
        case .setKeyAttributes(let change): self = .setKeyAttributes(try KeyAttributeChange(wire: change))
        case .deleteKey(let key): self = .deleteKey(name: key.name)
        case .recoverKey(let key): self = .recoverKey(name: key.name)
        case .purgeKey(let purge): self = .purgeKey(name: purge.name, onlyIfDue: purge.onlyIfDue)
        case .restoreKey(let key): self = .restoreKey(try RestoredKey(wire: key))
        case .setRotationRules(let change):
            self = .setRotationRules(
                name: change.name, rules: change.hasRules ? try RotationRules(wire: change.rules) : nil)
        case .securityDomainPrepared(let prepared):
            self = .securityDomainPrepared(try PreparedSecurityDomain(wire: prepared))
        case .securityDomainActivated(let activated):
            self = .securityDomainActivated(generation: activated.generation)
        case .securityDomainAdopted(let adopted):
            self = .securityDomainAdopted(AdoptedSecurityDomain(wire: adopted))
        case .unsealGranted(let grant): self = .unsealGranted(UnsealGrant(wire: grant))
        case .auditHead(let head): self = .auditHead(AuditHead(wire: head))
        case .inviteNode(let invitation): self = .inviteNode(NodeInvitation(wire: invitation))
        case .admitNode(let admission): self = .admitNode(NodeAdmission(wire: admission))
        case .removeNode(let number): self = .removeNode(number.node)
        case .distrustNode(let number): self = .distrustNode(number.node)
        case .requestLeadership(let number): self = .requestLeadership(number.node)
        case .raisePoolVersion(let raise):
            self = .raisePoolVersion(PoolVersion(rawValue: raise.version), knownBy: Set(raise.knownBy))
        case .recoverPool(let recovery): self = .recoverPool(node: recovery.node, epoch: recovery.epoch)
        default:
            if let job = try PoolCommand(jobKind: wire.kind) {
                self = job
            } else if let change = try PoolCommand(rootKind: wire.kind) {
                self = change
            } else if let change = PoolCommand(keyEncryptionKind: wire.kind) {
                self = change
            } else if let schedule = try PoolCommand(scheduleKind: wire.kind) {
                self = schedule
            } else if let command = try PeerUnsealCommand(kind: wire.kind) {
                self = .peerUnsealing(command)
            } else if let command = try RestoreOrderCommand(kind: wire.kind) {
                self = .restoreOrder(command)
            } else {
                try self.init(directoryKind: wire.kind)
            }
        }
    }

    private init(directoryKind kind: WireCommand.OneOf_Kind?) throws {
        switch kind {
        case .createPrincipal(let principal):
            self = .createPrincipal(try NewPrincipal(wire: principal))
        case .setPrincipalEnabled(let change):
            self = .setPrincipalEnabled(objectID: try GUID(wire: change.objectID), enabled: change.enabled)
        case .setPrincipalSecret(let change):
            self = .setPrincipalSecret(
                objectID: try GUID(wire: change.objectID), hash: change.hasHash ? [UInt8](change.hash) : nil,
                generation: change.generation)
        case .setPrincipalGroups(let change):
            self = .setPrincipalGroups(
                objectID: try GUID(wire: change.objectID), groups: try change.groups.map { try GUID(wire: $0) })
        case .deletePrincipal(let identifier):
            self = .deletePrincipal(objectID: try GUID(wire: identifier.id))
        case .putRoleAssignment(let assignment):
            self = .putRoleAssignment(try RoleAssignment(wire: assignment))
        case .deleteRoleAssignment(let assignment):
            self = .deleteRoleAssignment(
                name: try GUID(wire: assignment.name), scope: try Scope(wire: assignment.scope))
        case .putRoleDefinition(let definition):
            self = .putRoleDefinition(try RoleDefinition(wire: definition))
        case .deleteRoleDefinition(let identifier):
            self = .deleteRoleDefinition(id: try GUID(wire: identifier.id))
        default:
            throw NotConvertible()
        }
    }
}

extension ProposalEnvelope {
    var wire: WireEnvelope {
        var wire = WireEnvelope()
        wire.proposalID = proposalID.wire
        wire.proposer = proposer
        if let principal {
            wire.principal = principal.wire
        }
        wire.authentication = UInt32(authentication.rawValue)
        wire.stampedAt = stampedAt
        wire.command = command.wire
        return wire
    }

    init(wire: WireEnvelope) throws {
        guard wire.proposalID.count == 16 else { throw NotConvertible() }
        self.init(
            proposalID: [UInt8](wire.proposalID), proposer: wire.proposer,
            principal: wire.hasPrincipal ? try GUID(wire: wire.principal) : nil,
            authentication: try known(wire.authentication), stampedAt: wire.stampedAt,
            command: try PoolCommand(wire: wire.command))
    }
}
