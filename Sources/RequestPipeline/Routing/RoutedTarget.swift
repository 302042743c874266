import AccessControl
import HTTPTransport

/// All that follows from a request's method, host, path and query, and from nothing else: so a request that repeats
/// them needn't be routed again.
final class RoutedTarget: Sendable {
    private let method: HTTPMethod
    private let authority: String
    private let path: String
    private let queryText: String
    let host: HostTable.Entry
    let endpoint: Endpoint
    let parameters: PathParameters
    let query: QueryParameters
    /// Where a role must allow the endpoint's data action; `nil` where there is none, or where it depends on the state.
    let scope: Scope?
    /// Why the request's api-version can't be served.
    let versionRefusal: APIError?
    /// The full URL without its query, for the audit record.
    let recordedURL: String

    init(
        _ request: HTTPRequest, host: HostTable.Entry, endpoint: Endpoint, parameters: PathParameters,
        query: QueryParameters
    ) {
        method = request.method
        authority = request.authority
        path = request.path
        queryText = request.query
        self.host = host
        self.endpoint = endpoint
        self.parameters = parameters
        self.query = query
        scope = Authorization.fixedScope(of: endpoint, parameters)
        let isLinked = request.method == .get && query["$skiptoken"] != nil
        versionRefusal =
            endpoint.isVersioned ? APIVersion.refusal(of: query["api-version"], isLinked: isLinked) : nil
        recordedURL = host.baseURL + request.path
    }

    func isTarget(of request: HTTPRequest) -> Bool {
        method == request.method && path == request.path && queryText == request.query && authority == request.authority
    }
}
