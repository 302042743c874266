public import HTTPTransport
import AccessControl
import Identity
import Logging
import PoolState

/// The path of every request: host -> route -> token -> read guard -> principal -> permission -> operation -> audit -> answer.
///
/// It runs on the connection's event loop, takes no lock that a writer of the pool's state holds, and decides on one view of that
/// state which was current when the request arrived.
public final class RequestPipeline: RequestSink {
    private let router: Router
    private let services: PipelineServices
    private let recorder: AuditRecorder
    private let unknownEndpoint: Endpoint

    public init(endpoints: [Endpoint], services: PipelineServices) {
        router = Router(endpoints)
        self.services = services
        recorder = AuditRecorder(services: services)
        // An unknown path is answered, and recorded, like any other request of an authenticated caller.
        unknownEndpoint = Endpoint(
            .get, "/", operation: "Unknown", access: .authenticated, phase: .unsealed, isVersioned: false,
            handler: .inline { _ throws(APIError) in throw .notFound("NotFound", "There is nothing at this path.") })
    }

    public func bodyLimit(method: HTTPMethod, path: String) -> Int {
        guard let path = RequestPath(path), case .endpoint(let endpoint, _) = router.match(method, path.segments) else {
            return Endpoint.defaultBodyLimit
        }
        return endpoint.bodyLimit
    }

    public func handle(_ request: HTTPRequest, _ responder: Responder) {
        let requestID = RequestID.make()
        let receivedAt = services.clock.unixMilliseconds()
        guard let host = services.hosts.entry(authority: request.authority) else {
            let error = APIError(
                status: 421, code: "MisdirectedRequest", message: "This node doesn't serve the host that the request names.")
            _ = responder.respond(answer(error, requestID: requestID))
            return
        }
        guard let path = RequestPath(request.path), let query = QueryParameters(request.query) else {
            _ = responder.respond(answer(.badParameter("The request's path or query is malformed."), requestID: requestID))
            return
        }
        let (endpoint, parameters) = route(request, path)
        let exchange = Exchange(
            request: request, responder: responder, host: host, endpoint: endpoint, parameters: parameters, query: query,
            requestID: requestID, receivedAt: receivedAt)
        admit(exchange)
    }

    private func route(_ request: HTTPRequest, _ path: RequestPath) -> (Endpoint, PathParameters) {
        switch router.match(request.method, path.segments) {
        case .endpoint(let endpoint, let parameters): return (endpoint, parameters)
        case .unknown: return (unknownEndpoint, PathParameters())
        case .wrongMethod(let allowed):
            let list = allowed.joined(separator: ", ")
            let endpoint = Endpoint(
                request.method, "/", operation: "Unknown", access: .authenticated, phase: .unsealed, isVersioned: false,
                handler: .inline { _ throws(APIError) in
                    throw APIError(status: 405, code: "MethodNotAllowed", message: "This path answers to \(list) only.")
                })
            return (endpoint, PathParameters())
        }
    }

    // MARK: Authentication and read guard

    private func admit(_ exchange: Exchange) {
        if case .anonymous = exchange.endpoint.access {
            if exchange.endpoint.phase != .any, services.custody.unsealed == nil {
                return refuseUnauthenticated(exchange, .sealed)
            }
            return run(exchange.context(services: services, principal: nil, view: services.pool.latestView), exchange)
        }
        guard let value = exchange.request.headers.authorization, !value.isEmpty else {
            return challenge(exchange, rejection: nil)
        }
        // Tokens can be checked only with the pool's keys at hand.
        guard let unsealed = services.custody.unsealed else { return refuseUnauthenticated(exchange, .sealed) }
        let verified = Authenticator.verify(value, tokens: unsealed.tokens, now: exchange.receivedAt / 1000)
        switch verified {
        case .failure(let rejection): challenge(exchange, rejection: rejection)
        case .success(let token): guardRead(exchange, token)
        }
    }

    private func guardRead(_ exchange: Exchange, _ token: VerifiedToken) {
        services.pool.read { [self] result in
            exchange.request.connection.execute { [self] in
                switch result {
                case .failure(let unavailable): refuseUnauthenticated(exchange, APIError(unavailable))
                case .success(let view): authorize(exchange, token, view)
                }
            }
        }
    }

    private func authorize(_ exchange: Exchange, _ token: VerifiedToken, _ view: PoolView) {
        switch Authenticator.principal(of: token, in: view) {
        case .failure(let rejection): challenge(exchange, rejection: rejection)
        case .success(let principal):
            let context = exchange.context(services: services, principal: principal, view: view)
            do {
                try check(context)
            } catch {
                return finish(exchange, context, .failure(error))
            }
            run(context, exchange)
        }
    }

    /// What must hold before the handler runs: permission first, so that nobody without it learns anything else.
    private func check(_ context: RequestContext) throws(APIError) {
        if case .dataAction(let action, let rule) = context.endpoint.access {
            try Authorization.require(action, rule, in: context)
        }
        if context.endpoint.isVersioned { try APIVersion.check(context.query["api-version"]) }
        if context.endpoint.phase == .activated, context.view.state.phase != .activated {
            throw APIError.forbidden(
                "The pool isn't activated: its officers haven't received the security domain yet. "
                    + "An administrator downloads it with 'hsmctl security-domain download'.", innerCode: "NotActivated")
        }
    }

    // MARK: Operation

    private func run(_ context: RequestContext, _ exchange: Exchange) {
        switch context.endpoint.handler {
        case .inline(let body): complete(context, exchange, body)
        case .computation(let body): compute(context, exchange, body)
        case .adaptive(let isSlow, let body):
            if isSlow(context) { compute(context, exchange, body) } else { complete(context, exchange, body) }
        case .asynchronous(let body):
            Task { [self] in
                let result: Result<APIResponse, APIError>
                do throws(APIError) {
                    result = .success(try await body(context))
                } catch {
                    result = .failure(error)
                }
                finish(exchange, context, result)
            }
        }
    }

    private typealias Body = @Sendable (RequestContext) throws(APIError) -> APIResponse

    private func compute(_ context: RequestContext, _ exchange: Exchange, _ body: @escaping Body) {
        let isQueued = services.computation.submit { [self] in complete(context, exchange, body) }
        if !isQueued { finish(exchange, context, .failure(.tooManyRequests)) }
    }

    private func complete(_ context: RequestContext, _ exchange: Exchange, _ body: Body) {
        let result: Result<APIResponse, APIError>
        do throws(APIError) {
            result = .success(try body(context))
        } catch {
            result = .failure(error)
        }
        finish(exchange, context, result)
    }

    // MARK: Audit and answer

    /// Records what happened, and answers only once the record is on disk.
    private func finish(_ exchange: Exchange, _ context: RequestContext, _ result: Result<APIResponse, APIError>) {
        guard recorder.isRecorded(context) else {
            exchange.responder.respond(answer(result, requestID: exchange.requestID))
            return
        }
        recorder.record(context, result) { [self] recorded in
            switch recorded {
            case .success: exchange.responder.respond(answer(result, requestID: exchange.requestID))
            case .failure(let failure):
                // Strict mode: a result whose record is not on disk doesn't leave the node.
                services.logger.error("audit record refused", metadata: ["cause": "\(failure)"])
                exchange.responder.respond(
                    answer(
                        .unavailable("The audit log can't be written, so the result is withheld.", retryAfterSeconds: 5),
                        requestID: exchange.requestID))
            }
        }
    }

    /// Answers 401 with the challenge. Not one strict record each: anybody can cause them, so they are counted and sampled.
    private func challenge(_ exchange: Exchange, rejection: AuthenticationRefusal?) {
        recorder.sample(exchange)
        let message = rejection.map { $0.message } ?? "The request needs an access token."
        var response = answer(APIError(status: 401, code: "Unauthorized", message: message), requestID: exchange.requestID)
        let value =
            rejection == nil
            ? exchange.host.challenge : exchange.host.refreshChallenge(notBefore: exchange.receivedAt / 1000)
        response.headers.append(("www-authenticate", value))
        exchange.responder.respond(response)
    }

    private func refuseUnauthenticated(_ exchange: Exchange, _ error: APIError) {
        exchange.responder.respond(answer(error, requestID: exchange.requestID))
    }

    private func answer(_ result: Result<APIResponse, APIError>, requestID: String) -> HTTPResponse {
        switch result {
        case .failure(let error): return answer(error, requestID: requestID)
        case .success(let response):
            var headers = AnswerHeaders.common(requestID: requestID)
            headers.append(("x-ms-keyvault-region", services.identity.region))
            if !response.body.isEmpty { headers.append(("content-type", response.contentType)) }
            headers.append(contentsOf: response.headers)
            return HTTPResponse(status: response.status, headers: headers, body: response.body)
        }
    }

    private func answer(_ error: APIError, requestID: String) -> HTTPResponse {
        var headers = AnswerHeaders.common(requestID: requestID)
        headers.append(("content-type", APIResponse.json))
        if let seconds = error.retryAfterSeconds { headers.append(("retry-after", "\(seconds)")) }
        return HTTPResponse(status: error.status, headers: headers, body: error.envelope(requestID: requestID))
    }
}
