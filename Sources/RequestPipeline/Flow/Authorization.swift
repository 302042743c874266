public import AccessControl
import PoolState

/// The permission check, from the same view that the request is decided on.
public enum Authorization {
    /// - Throws: 403 `AccessDenied`, naming the data action and the scope that a role would have to cover.
    public static func require(_ action: DataAction, _ rule: ScopeRule, in context: RequestContext) throws(APIError) {
        try require(action, at: scope(rule, context.parameters, in: context.view), in: context)
    }

    /// The check that stands before an endpoint.
    static func requireAccess(_ context: RequestContext) throws(APIError) {
        guard case .dataAction(let action, let rule) = context.endpoint.access else { return }
        let fixed = context.exchange.target.scope
        try require(action, at: fixed ?? scope(rule, context.parameters, in: context.view), in: context)
    }

    /// The scope at which the endpoint's data action is checked, where it doesn't depend on the state.
    static func fixedScope(of endpoint: Endpoint, _ parameters: PathParameters) -> Scope? {
        guard case .dataAction(_, let rule) = endpoint.access else { return nil }
        if case .keyOrCollection = rule { return nil }
        return scope(rule, parameters, in: nil)
    }

    private static func scope(_ rule: ScopeRule, _ parameters: PathParameters, in view: PoolView?) -> Scope {
        switch rule {
        case .root: .root
        case .keys: .keys
        case .fixed(let fixed): fixed
        case .keyNamed(let parameter):
            // A name that no key can have is checked at the scope of all keys: its holder learns nothing about single
            // keys.
            parameters[parameter].flatMap { Scope(keyNamed: $0) } ?? .keys
        case .keyOrCollection(let parameter):
            parameters[parameter].flatMap { view?.key($0) == nil ? nil : Scope(keyNamed: $0) } ?? .keys
        }
    }

    private static func require(
        _ action: DataAction, at scope: Scope, in context: RequestContext
    ) throws(APIError) {
        guard let principal = context.principal else { throw .accessDenied("The caller is not authenticated.") }
        let decision = context.view.decide(
            principal: principal.objectID, groups: principal.groups, action: action, scope: scope)
        guard decision.isAllowed else {
            throw .accessDenied("Not authorized to access \(action.name) on '\(scope.path)'")
        }
    }
}
