/// The answer to "may this principal do this here", with the reason as a value: for the audit record and for
/// diagnostics, never for the caller's eyes beyond the protocol's message.
public enum Decision: Hashable, Sendable {
    /// Allowed by the assignment: one of the principal's own if any grants the action, else one of the first group that
    /// has such; of those the first by name at the widest scope that grants it.
    case allowed(RoleAssignment)
    case denied(DenialReason)

    public var isAllowed: Bool {
        if case .allowed = self { true } else { false }
    }
}

/// Why an action was denied.
public enum DenialReason: Hashable, Sendable {
    /// Neither the principal nor any of its groups has a role assignment anywhere.
    case noAssignments
    /// There are assignments, but none at or above the scope.
    case noAssignmentAtScope
    /// There are assignments at or above the scope, but no role of them grants the action (or a role no longer exists).
    case actionNotGranted
}
