import HashTreeCollections

/// What every principal may do, compiled from assignments and roles: all that a check looks at.
///
/// Apart from the rest of ``PermissionIndex`` so that a check has to hold on to this one collection only.
public struct CompiledGrants: Sendable {
    var byPrincipal = TreeDictionary<GUID, PrincipalGrants>()

    init() {}

    /// Decides whether `principal`, itself or by one of `groups`, may do `action` at `scope`.
    public func decide(principal: GUID, groups: [GUID] = [], action: DataAction, scope: Scope) -> Decision {
        var reason = DenialReason.noAssignments
        if let grant = grant(to: principal, action: action, scope: scope, reason: &reason) {
            return .allowed(grant)
        }
        for group in groups {
            if let grant = grant(to: group, action: action, scope: scope, reason: &reason) {
                return .allowed(grant)
            }
        }
        return .denied(reason)
    }

    private func grant(
        to subject: GUID, action: DataAction, scope: Scope, reason: inout DenialReason
    ) -> RoleAssignment? {
        guard let grants = byPrincipal[subject] else { return nil }
        if let grant = grants.root.grant(of: action) { return grant }
        var covers = !grants.root.isEmpty
        if scope != .root {
            if let grant = grants.keys.grant(of: action) { return grant }
            covers = covers || !grants.keys.isEmpty
        }
        if case .key(let name) = scope, let named = grants.byKey[name] {
            if let grant = named.grant(of: action) { return grant }
            covers = true
        }
        if covers {
            reason = .actionNotGranted
        } else if reason == .noAssignments {
            reason = .noAssignmentAtScope
        }
        return nil
    }
}
