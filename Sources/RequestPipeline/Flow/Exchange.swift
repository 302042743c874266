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
    /// How often the request was decided before.
    let earlierDecisions: Int

    init(
        request: HTTPRequest, responder: Responder, target: RoutedTarget, requestID: String, receivedAt: Int64,
        networkInformation: String, earlierDecisions: Int = 0
    ) {
        self.request = request
        self.responder = responder
        self.target = target
        self.requestID = requestID
        self.receivedAt = receivedAt
        self.networkInformation = networkInformation
        self.earlierDecisions = earlierDecisions
    }

    /// The same request, to be decided once more; `nil` where that was done often enough.
    func again() -> Exchange? {
        guard earlierDecisions < Self.mostPauses else { return nil }
        return Exchange(
            request: request, responder: responder, target: target, requestID: requestID, receivedAt: receivedAt,
            networkInformation: networkInformation, earlierDecisions: earlierDecisions + 1)
    }

    /// Before the next decision: 1 ms, then twice as long each time, a second altogether.
    var pause: Duration { .milliseconds(1 << (earlierDecisions - 1)) }
    private static let mostPauses = 10

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
