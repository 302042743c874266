import AccessControl

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension NewPrincipal: WireConvertible {
    var wire: WireNewPrincipal {
        var wire = WireNewPrincipal()
        wire.objectID = objectID.wire
        if let clientID {
            wire.clientID = clientID.wire
        }
        wire.kind = UInt32(kind.rawValue)
        wire.displayName = displayName
        wire.enabled = enabled
        if let secretHash {
            wire.secretHash = secretHash.wire
        }
        wire.groups = groups.map(\.wire)
        return wire
    }

    init(wire: WireNewPrincipal) throws {
        self.init(
            objectID: try GUID(wire: wire.objectID),
            clientID: wire.hasClientID ? try GUID(wire: wire.clientID) : nil, kind: try known(wire.kind),
            displayName: wire.displayName, enabled: wire.enabled,
            secretHash: wire.hasSecretHash ? [UInt8](wire.secretHash) : nil,
            groups: try wire.groups.map { try GUID(wire: $0) })
    }
}

extension PrincipalRecord: StoredRow {
    static var table: RowTable { .principal }
    var rowKey: [UInt8] { objectID.bytes }

    var wire: WirePrincipal {
        var wire = WirePrincipal()
        wire.objectID = objectID.wire
        if let clientID {
            wire.clientID = clientID.wire
        }
        wire.kind = UInt32(kind.rawValue)
        wire.displayName = displayName
        wire.enabled = enabled
        if let secretHash {
            wire.secretHash = secretHash.wire
        }
        wire.credentialGeneration = credentialGeneration
        wire.groups = groups.map(\.wire)
        wire.created = created
        return wire
    }

    init(wire: WirePrincipal) throws {
        self.init(
            objectID: try GUID(wire: wire.objectID),
            clientID: wire.hasClientID ? try GUID(wire: wire.clientID) : nil, kind: try known(wire.kind),
            displayName: wire.displayName, enabled: wire.enabled,
            secretHash: wire.hasSecretHash ? [UInt8](wire.secretHash) : nil,
            credentialGeneration: wire.credentialGeneration, groups: try wire.groups.map { try GUID(wire: $0) },
            created: wire.created)
    }
}

extension RoleDefinition: StoredRow {
    static var table: RowTable { .roleDefinition }
    var rowKey: [UInt8] { id.bytes }

    /// The kind is not in it: only custom roles are stored.
    var wire: WireRoleDefinition {
        var wire = WireRoleDefinition()
        wire.id = id.wire
        wire.name = name
        wire.description_p = description
        wire.dataActions = dataActions
        wire.notDataActions = notDataActions
        wire.actions = actions
        wire.notActions = notActions
        wire.assignableScopes = assignableScopes.map(\.path)
        return wire
    }

    init(wire: WireRoleDefinition) throws {
        self.init(
            id: try GUID(wire: wire.id), name: wire.name, description: wire.description_p, kind: .custom,
            dataActions: wire.dataActions, notDataActions: wire.notDataActions, actions: wire.actions,
            notActions: wire.notActions, assignableScopes: try wire.assignableScopes.map { try Scope(wire: $0) })
    }
}

extension RoleAssignment: StoredRow {
    static var table: RowTable { .roleAssignment }
    var rowKey: [UInt8] { name.bytes }

    var wire: WireRoleAssignment {
        var wire = WireRoleAssignment()
        wire.name = name.wire
        wire.scope = scope.path
        wire.principal = principal.wire
        wire.roleDefinition = roleDefinition.wire
        return wire
    }

    init(wire: WireRoleAssignment) throws {
        self.init(
            name: try GUID(wire: wire.name), scope: try Scope(wire: wire.scope),
            principal: try GUID(wire: wire.principal), roleDefinition: try GUID(wire: wire.roleDefinition))
    }
}
