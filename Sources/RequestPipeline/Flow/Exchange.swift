import HTTPTransport
import PoolState
import Synchronization

/// One request on its way through the pipeline.
final class Exchange: Sendable {
    /// What of the pool's state the request is decided on.
    enum Basis {
        /// The first view that allows it.
        case any
        /// One that is current, but holds what isn't honoured everywhere: nothing may be told of it.
        case unreleased
        /// One that may be told of.
        case released
    }

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
    let basis: Basis
    /// Whether a command was submitted in the caller's name: the answer then comes after all that the view holds.
    let hasProposed = Atomic(false)

    init(
        request: HTTPRequest, responder: Responder, target: RoutedTarget, requestID: String, receivedAt: Int64,
        networkInformation: String, earlierDecisions: Int = 0, basis: Basis = .any
    ) {
        self.request = request
        self.responder = responder
        self.target = target
        self.requestID = requestID
        self.receivedAt = receivedAt
        self.networkInformation = networkInformation
        self.earlierDecisions = earlierDecisions
        self.basis = basis
    }

    /// The same request, to be decided once more; `nil` where that was done often enough.
    func again() -> Exchange? {
        guard earlierDecisions < Self.mostPauses else { return nil }
        return Exchange(
            request: request, responder: responder, target: target, requestID: requestID, receivedAt: receivedAt,
            networkInformation: networkInformation, earlierDecisions: earlierDecisions + 1)
    }

    /// The same request, on another view.
    func decided(on basis: Basis) -> Exchange {
        Exchange(
            request: request, responder: responder, target: target, requestID: requestID, receivedAt: receivedAt,
            networkInformation: networkInformation, earlierDecisions: earlierDecisions, basis: basis)
    }

    /// Whether the answer depends on a view of which nothing may be told yet.
    var showsUnreleased: Bool { basis == .unreleased && !hasProposed.load(ordering: .relaxed) }

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
