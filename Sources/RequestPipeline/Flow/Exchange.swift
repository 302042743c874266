import HTTPTransport
import PoolState

/// One request on its way through the pipeline.
final class Exchange: Sendable {
    let request: HTTPRequest
    let responder: Responder
    let host: HostTable.Entry
    let endpoint: Endpoint
    let parameters: PathParameters
    let query: QueryParameters
    let requestID: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    let receivedAt: Int64

    init(
        request: HTTPRequest, responder: Responder, host: HostTable.Entry, endpoint: Endpoint,
        parameters: PathParameters, query: QueryParameters, requestID: String, receivedAt: Int64
    ) {
        self.request = request
        self.responder = responder
        self.host = host
        self.endpoint = endpoint
        self.parameters = parameters
        self.query = query
        self.requestID = requestID
        self.receivedAt = receivedAt
    }

    func context(
        services: PipelineServices, principal: AuthenticatedPrincipal?, view: PoolView
    ) -> RequestContext {
        RequestContext(self, services: services, principal: principal, view: view)
    }
}
