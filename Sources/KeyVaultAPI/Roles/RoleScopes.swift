import AccessControl
import RequestPipeline

/// The three places at which roles are assigned: the pool, all keys, one key.
enum RoleScopes {
    struct Place {
        /// Path before `/providers/…`.
        let prefix: String
        let rule: ScopeRule
        let scope: @Sendable (RequestContext) throws(APIError) -> Scope
    }

    static let all = [
        Place(prefix: "", rule: .root) { _ throws(APIError) in .root },
        Place(prefix: "/keys", rule: .keys) { _ throws(APIError) in .keys },
        Place(prefix: "/keys/{name}", rule: .keyNamed(parameter: "name")) { context throws(APIError) in
            guard let name = context.parameters["name"], let scope = Scope(path: "/keys/\(name)") else {
                throw .badParameter("The scope must be /, /keys or /keys/{name}.")
            }
            return scope
        },
    ]

    /// The name in the path. `nil` for one that nothing can have: there is nothing of it, as of any other name, and
    /// clients that delete take that for success.
    static func name(_ context: RequestContext, _ parameter: String) -> GUID? {
        context.parameters[parameter].flatMap { GUID($0) }
    }

    /// The same, of what the request makes.
    static func newName(_ context: RequestContext, _ parameter: String) throws(APIError) -> GUID {
        guard let name = Self.name(context, parameter) else { throw .badParameter("The path must end in a GUID.") }
        return name
    }
}
