public import AccessControl
import PoolState

/// The permission check, from the same view that the request is decided on.
public enum Authorization {
    /// - Throws: 403 `AccessDenied`, naming the data action and the scope that a role would have to cover.
    public static func require(_ action: DataAction, _ rule: ScopeRule, in context: RequestContext) throws(APIError) {
        guard let principal = context.principal else { throw .accessDenied("The caller is not authenticated.") }
        let scope: Scope
        switch rule {
        case .root: scope = .root
        case .keys: scope = .keys
        case .fixed(let fixed): scope = fixed
        case .keyNamed(let parameter):
            // A name that no key can have is checked at the scope of all keys: its holder learns nothing about single
            // keys.
            scope = context.parameters[parameter].flatMap { Scope(keyNamed: $0) } ?? .keys
        case .keyOrCollection(let parameter):
            let name = context.parameters[parameter].flatMap { context.view.state.key($0) == nil ? nil : $0 }
            scope = name.flatMap { Scope(keyNamed: $0) } ?? .keys
        }
        let decision = context.view.state.permissions.decide(
            principal: principal.objectID, groups: principal.groups, action: action, scope: scope)
        guard decision.isAllowed else {
            throw .accessDenied("Not authorized to access \(action.name) on '\(scope.path)'")
        }
    }
}
