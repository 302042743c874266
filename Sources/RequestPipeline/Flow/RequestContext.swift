public import AccessControl
import Audit
public import HTTPTransport
public import PoolState
public import StrictJSON
import Synchronization

/// One admitted request, as its handler sees it.
public final class RequestContext: Sendable {
    let exchange: Exchange
    public let request: HTTPRequest
    public let services: PipelineServices
    /// Who calls; `nil` only on anonymous endpoints.
    public let principal: AuthenticatedPrincipal?
    /// The state on which the request is decided: current when the request arrived. On anonymous endpoints the latest
    /// this node has.
    public let view: PoolView

    init(_ exchange: Exchange, services: PipelineServices, principal: AuthenticatedPrincipal?, view: PoolView) {
        self.exchange = exchange
        request = exchange.request
        self.services = services
        self.principal = principal
        self.view = view
    }

    /// Why a request fails on a node that is unsealed, and whose state has no pool.
    public static let noPool = "the state has no record of the pool"

    public var endpoint: Endpoint { exchange.endpoint }
    /// What the path has in place of the endpoint's parameters, percent-decoded.
    public var parameters: PathParameters { exchange.parameters }
    /// Percent-decoded; `api-version` is among them.
    public var query: QueryParameters { exchange.query }
    /// The configured name that the client called, as it faces the keys: all URLs in the answer are made from it.
    public var host: HostTable.Entry { exchange.host }
    /// Identifies the request in answer, audit record and log: a random UUID.
    public var requestID: String { exchange.requestID }
    /// Receipt, in milliseconds since 1970-01-01T00:00:00Z.
    public var receivedAt: Int64 { exchange.receivedAt }

    /// Seconds since 1970-01-01T00:00:00Z at receipt.
    public var now: Int64 { receivedAt / 1000 }

    /// `{base}/keys/{name}/{version}` for the host that the client called.
    public func keyIdentifier(name: String, version: [UInt8]) -> String {
        let base = exchange.target.host.baseURL
        var identifier = ""
        identifier.reserveCapacity(base.utf8.count + name.utf8.count + 2 * version.count + 7)
        identifier += base
        identifier += "/keys/"
        identifier += name
        identifier += "/"
        identifier += Hexadecimal.encode(version)
        return identifier
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
            throw .internalFailure("the body: \(error)")
        }
    }

    /// Proposes a command in the caller's name and waits until it is applied and visible here.
    public func submit(_ command: PoolCommand) async throws(APIError) -> Committed {
        exchange.hasProposed.store(true, ordering: .relaxed)
        let origin = ProposalOrigin(
            principal: principal?.objectID, authentication: principal == nil ? .node : .token)
        do {
            return try await services.pool.submit(command, origin: origin)
        } catch {
            throw APIError(error)
        }
    }

    /// The same request seen against a newer view.
    public func with(view: PoolView) -> RequestContext {
        RequestContext(exchange, services: services, principal: principal, view: view)
    }
}

/// The caller, proved by a token that the pool's current state still honours.
public final class AuthenticatedPrincipal: Sendable {
    public let objectID: GUID
    /// The application id of a service principal; `nil` for whoever has none.
    public let clientID: GUID?
    public let displayName: String
    /// The enabled groups that the caller is a direct member of: their roles count as the caller's own.
    public let groups: [GUID]
    /// How audit records name the caller.
    let recorded: AuditCaller

    init(_ record: PrincipalRecord, in view: PoolView) {
        objectID = record.objectID
        clientID = record.clientID
        displayName = record.displayName
        groups = view.enabledGroups(of: record)
        recorded = AuditCaller(
            objectID: record.objectID.description, applicationID: record.clientID?.description, authentication: .token)
    }

    /// Whether nothing of what is kept here has changed.
    func isOf(_ record: PrincipalRecord, in view: PoolView) -> Bool {
        objectID == record.objectID && clientID == record.clientID && groups == view.enabledGroups(of: record)
            && displayName == record.displayName
    }
}

extension APIError {
    /// 503 with a time to retry after; but 429 for a node that has too much waiting, and 409 for a command that waits
    /// for members to be upgraded, which no retry brings about.
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
        case .overloaded: self = .tooMuchWaiting
        case .shuttingDown: self = .unavailable("The node is shutting down. Ask another node.")
        case .diskFull:
            self = .unavailable(
                "The node's disk is full, and it takes no part in the pool: make room, or ask another node.",
                retryAfterSeconds: 5)
        case .clockSkew:
            self = .unavailable(
                "This node's clock differs from the leader's by more than 60 s: check NTP. The request had no effect.")
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
