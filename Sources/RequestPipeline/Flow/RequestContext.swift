public import AccessControl
public import HTTPTransport
public import PoolState
public import StrictJSON

/// One admitted request, as its handler sees it.
public final class RequestContext: Sendable {
    public let request: HTTPRequest
    public let endpoint: Endpoint
    public let parameters: PathParameters
    public let query: QueryParameters
    public let host: HostTable.Entry
    public let services: PipelineServices
    /// Identifies the request in answer, audit record and log: a random UUID.
    public let requestID: String
    /// Who calls; `nil` only on anonymous endpoints.
    public let principal: AuthenticatedPrincipal?
    /// The state on which the request is decided: current when the request arrived. On anonymous endpoints the latest
    /// this node has.
    public let view: PoolView
    /// Receipt, in milliseconds since 1970-01-01T00:00:00Z.
    public let receivedAt: Int64

    init(_ exchange: Exchange, services: PipelineServices, principal: AuthenticatedPrincipal?, view: PoolView) {
        request = exchange.request
        endpoint = exchange.endpoint
        parameters = exchange.parameters
        query = exchange.query
        host = exchange.host
        requestID = exchange.requestID
        receivedAt = exchange.receivedAt
        self.services = services
        self.principal = principal
        self.view = view
    }

    private init(_ context: RequestContext, view: PoolView) {
        request = context.request
        endpoint = context.endpoint
        parameters = context.parameters
        query = context.query
        host = context.host
        requestID = context.requestID
        receivedAt = context.receivedAt
        services = context.services
        principal = context.principal
        self.view = view
    }

    /// Seconds since 1970-01-01T00:00:00Z at receipt.
    public var now: Int64 { receivedAt / 1000 }

    /// `{base}/keys/{name}/{version}` for the host that the client called.
    public func keyIdentifier(name: String, version: [UInt8]) -> String {
        "\(host.baseURL)/keys/\(name)/\(Hexadecimal.encode(version))"
    }

    /// The body as a JSON object; an empty body reads as an empty object.
    public func jsonBody() throws(APIError) -> JSONObject {
        guard !request.body.isEmpty else { return JSONObject() }
        do {
            guard case .object(let object) = try JSONReader.parse(request.body) else {
                throw APIError.badParameter("The body must be a JSON object.")
            }
            return object
        } catch let failure as JSONReader.Failure {
            throw .badParameter("The body isn't valid JSON: \(failure.reason) at byte \(failure.offset).")
        } catch let error as APIError {
            throw error
        } catch {
            throw .internalFailure
        }
    }

    /// Proposes a command in the caller's name and waits until it is applied and visible here.
    public func submit(_ command: PoolCommand) async throws(APIError) -> Committed {
        let origin = ProposalOrigin(
            principal: principal?.objectID, authentication: principal == nil ? .node : .token)
        do {
            return try await services.pool.submit(command, origin: origin)
        } catch {
            throw APIError(error)
        }
    }

    /// The same request seen against a newer view.
    public func with(view: PoolView) -> RequestContext { RequestContext(self, view: view) }
}

/// The caller, proved by a token that the pool's current state still honours.
public struct AuthenticatedPrincipal: Hashable, Sendable {
    public let objectID: GUID
    public let clientID: GUID?
    public let displayName: String
    public let groups: [GUID]
}

extension APIError {
    public init(_ unavailable: PoolUnavailable) {
        switch unavailable {
        case .sealed: self = .sealed
        case .noLeader:
            self = .unavailable(
                "The pool has no leader that this node can reach. It answers again once a majority of nodes does.")
        case .timedOut(let maybeApplied):
            let fate =
                maybeApplied ? "It may still take effect: read the state before repeating it." : "It had no effect."
            self = .unavailable("The pool did not confirm the request in time. \(fate)")
        case .overloaded: self = .tooManyRequests
        case .shuttingDown: self = .unavailable("The node is shutting down. Ask another node.")
        case .commandTooNew(let nodes): self = .tooNew(heldBackBy: nodes)
        }
    }

    private static func tooNew(heldBackBy nodes: [UInt64]) -> APIError {
        guard !nodes.isEmpty else {
            return .unavailable("The pool is about to learn what this request needs. Repeat it in a second.")
        }
        let names = nodes.map(String.init).joined(separator: ", ")
        return .conflict(
            "This needs a version of the pool that not every node knows. Upgrade and start these nodes, or remove "
                + "them: \(names).")
    }
}
