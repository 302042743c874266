import HTTPTransport
import PoolState

/// One request on its way through the pipeline.
final class Exchange: Sendable {
    let request: HTTPRequest
    let responder: Responder
    let target: RoutedTarget
    let requestID: String
    /// Milliseconds since 1970-01-01T00:00:00Z.
    let receivedAt: Int64
    /// What the caller is told of the connection.
    let networkInformation: String

    init(
        request: HTTPRequest, responder: Responder, target: RoutedTarget, requestID: String, receivedAt: Int64,
        networkInformation: String
    ) {
        self.request = request
        self.responder = responder
        self.target = target
        self.requestID = requestID
        self.receivedAt = receivedAt
        self.networkInformation = networkInformation
    }

    var host: HostTable.Entry { target.host }
    var endpoint: Endpoint { target.endpoint }
    var parameters: PathParameters { target.parameters }
    var query: QueryParameters { target.query }

    func context(
        services: PipelineServices, principal: AuthenticatedPrincipal?, view: PoolView
    ) -> RequestContext {
        RequestContext(self, services: services, principal: principal, view: view)
    }
}
