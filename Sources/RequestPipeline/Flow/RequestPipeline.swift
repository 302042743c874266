public import HTTPTransport
import AccessControl
import Audit
import CryptographicModule
import Identity
import Logging
import PoolState

/// The path of every request: host -> route -> token -> read guard -> principal -> permission -> operation -> audit ->
/// answer.
///
/// It runs on the connection's event loop, takes no lock that a writer of the pool's state holds, and decides on one
/// view of that state which was current when the request arrived.
public final class RequestPipeline: RequestSink {
    private let router: Router
    private let services: PipelineServices
    private let recorder: AuditRecorder
    private let headers: AnswerHeaders
    /// By the service that the path belongs to.
    private let unknownEndpoints: [TokenAudience: Endpoint]

    /// - Parameter endpoints: where several match a request, words of a path go before parameters (see `PathPattern`).
    public init(endpoints: [Endpoint], services: PipelineServices) {
        router = Router(endpoints)
        self.services = services
        recorder = AuditRecorder(services: services)
        headers = AnswerHeaders(region: services.identity.region)
        let services = TokenAudience.allCases
        unknownEndpoints = Dictionary(uniqueKeysWithValues: services.map { ($0, Self.unknownEndpoint($0)) })
    }

    /// An unknown path is answered, and recorded, like any other request of an authenticated caller.
    private static func unknownEndpoint(_ audience: TokenAudience) -> Endpoint {
        Endpoint(
            .get, "/", operation: "Unknown", access: .authenticated, audience: audience, phase: .unsealed,
            isVersioned: false,
            handler: .inline { _ throws(APIError) in throw .notFound("NotFound", "There is nothing at this path.") })
    }

    public func bodyLimit(method: HTTPMethod, path: String) -> Int {
        router.bodyLimit(method, path)
    }

    public func handle(_ request: HTTPRequest, _ responder: Responder) {
        let requestID = RequestID.make()
        let receivedAt = services.clock.unixMilliseconds()
        let memory = ConnectionMemory.of(request.connection)
        let target: RoutedTarget
        do throws(APIError) {
            target = try self.target(of: request, memory)
        } catch {
            recorder.sample(request, at: receivedAt)
            responder.respond(answer(error, request, requestID: requestID))
            return
        }
        admit(
            Exchange(
                request: request, responder: responder, target: target, requestID: requestID, receivedAt: receivedAt,
                networkInformation: memory.networkInformation))
    }

    /// The audit records of the turn are written together, with one flush.
    public func turnEnded() { services.audit.startWriting() }

    /// Where the request goes. Clients repeat themselves: the connection's last target is looked at first.
    private func target(of request: HTTPRequest, _ memory: ConnectionMemory) throws(APIError) -> RoutedTarget {
        if let last = memory.target, last.isTarget(of: request) { return last }
        guard let host = services.hosts.entry(authority: request.authority) else {
            throw APIError(
                status: 421, code: "MisdirectedRequest",
                message: "This node doesn't serve the host that the request names. Call it by its own endpoint, or "
                    + "name the host in 'api.hosts' of the node's file.")
        }
        guard let path = RequestPath(request.path), let query = QueryParameters(request.query) else {
            throw APIError.badParameter(
                "The request's path or query is malformed or too long: the path may have \(RequestPath.maximumLength) "
                    + "bytes and \(RequestPath.maximumSegments) segments, the query \(QueryParameters.maximumLength) "
                    + "bytes and \(QueryParameters.maximumParameters) parameters.")
        }
        let (endpoint, parameters) = route(request, path)
        let target = RoutedTarget(request, host: host, endpoint: endpoint, parameters: parameters, query: query)
        memory.target = target
        return target
    }

    private func route(_ request: HTTPRequest, _ path: RequestPath) -> (Endpoint, PathParameters) {
        switch router.match(request.method, path.segments) {
        case .endpoint(let endpoint, let parameters): return (endpoint, parameters)
        case .unknown:
            let audience = router.audience(of: path.segments)
            return (unknownEndpoints[audience] ?? Self.unknownEndpoint(audience), PathParameters())
        case .wrongMethod(let allowed):
            let list = Set(allowed).sorted().joined(separator: ", ")
            let endpoint = Endpoint(
                request.method, "/", operation: "Unknown", access: .authenticated,
                audience: router.audience(of: path.segments), phase: .unsealed, isVersioned: false,
                handler: .inline { _ throws(APIError) in
                    throw APIError(
                        status: 405, code: "MethodNotAllowed", message: "This path answers to \(list) only.",
                        allowedMethods: list)
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
        if bearsCapability(exchange) {
            return run(exchange.context(services: services, principal: nil, view: services.pool.latestView), exchange)
        }
        guard let value = exchange.request.headers.authorization, !value.isEmpty else {
            return challenge(exchange, .noToken)
        }
        guard exchange.request.headers.authorizationCount == 1 else { return challenge(exchange, .severalHeaders) }
        if exchange.endpoint.phase == .any, admitForRecovery(exchange, value) { return }
        // Tokens can be checked only with the pool's keys at hand.
        guard let unsealed = services.custody.unsealed else { return refuseUnauthenticated(exchange, .sealed) }
        let verified = Authenticator.verify(
            value, tokens: unsealed.tokens, for: exchange.endpoint.audience, now: exchange.receivedAt / 1000)
        switch verified {
        case .failure(let refusal): challenge(exchange, isOfRecovery(exchange, value) ? .recoveryIsOver : refusal)
        case .success(let token): guardRead(exchange, token)
        }
    }

    private func bearsCapability(_ exchange: Exchange) -> Bool {
        guard let isHonoured = exchange.endpoint.capability, let text = exchange.query["op"],
            exchange.endpoint.phase == .any || services.custody.unsealed != nil,
            let presented = Base64URL.decode(text), presented.count == 16
        else { return false }
        return isHonoured(presented, services.pool.latestView, exchange.receivedAt / 1000)
    }

    /// Whether the token was this node's own while it was sealed.
    private func isOfRecovery(_ exchange: Exchange, _ value: [UInt8]) -> Bool {
        guard let tokens = services.custody.recovery?.tokens else { return false }
        let now = exchange.receivedAt / 1000
        let verified = Authenticator.verify(value, tokens: tokens, for: exchange.endpoint.audience, now: now)
        if case .success = verified { return true }
        return false
    }

    /// Lets in who has a token of this node's own for bringing the pool back; for the routes of the upload it goes on
    /// to be good until it expires, so that who unsealed the node learns of the success.
    ///
    /// - Returns: false where an unsealed node has to look at the token itself.
    private func admitForRecovery(_ exchange: Exchange, _ value: [UInt8]) -> Bool {
        guard let recovery = services.custody.recovery else { return false }
        let isSealed = services.custody.unsealed == nil
        if case .authenticated = exchange.endpoint.access, !isSealed { return false }
        let now = exchange.receivedAt / 1000
        switch Authenticator.verify(value, tokens: recovery.tokens, for: exchange.endpoint.audience, now: now) {
        case .failure(let refusal):
            guard isSealed else { return false }
            // It may be a token of the pool: the client gets one of this node's instead.
            challenge(exchange, AuthenticationRefusal(message: refusal.message, isOutdated: true))
        case .success(let token):
            let view = services.pool.latestView
            let principal = recovery.principal(of: token, allowing: exchange.endpoint.access)
            let context = exchange.context(services: services, principal: principal?.caller, view: view)
            guard let principal else {
                challenge(exchange, .principalNotHonoured)
                return true
            }
            do throws(APIError) {
                guard principal.isAllowed else { throw APIError.accessDenied(RecoveryAccess.refusal) }
                try checkForm(context)
            } catch {
                finish(exchange, context, .failure(error))
                return true
            }
            run(context, exchange)
        }
        return true
    }

    /// Where the node holds a lease the view comes at once, and the request goes on where it is.
    private func guardRead(_ exchange: Exchange, _ token: VerifiedToken) {
        let connection = exchange.request.connection
        let scope = scope(of: exchange, token)
        if case .proposal = exchange.endpoint.handler, exchange.basis == .any,
            let current = services.pool.current(for: scope)
        {
            let exchange = current.isReleased ? exchange : exchange.decided(on: .unreleased)
            return decide(exchange, token, .success(current.view))
        }
        services.pool.read(scope) { [self] result in
            if connection.isOnLoop {
                decide(exchange, token, result)
            } else {
                connection.execute { [self] in decide(exchange, token, result) }
            }
        }
    }

    private func scope(of exchange: Exchange, _ token: VerifiedToken) -> ReadScope {
        guard let caller = GUID(bytes: token.principalBytes) else { return .everything }
        switch exchange.endpoint.reads {
        case .everything: return .everything
        case .settings: return .caller(caller, key: nil)
        case .key(let parameter): return .caller(caller, key: exchange.parameters[parameter])
        }
    }

    private func decide(_ exchange: Exchange, _ token: VerifiedToken, _ result: Result<PoolView, PoolUnavailable>) {
        switch result {
        case .failure(let unavailable): refuse(exchange, token, APIError(unavailable))
        case .success(let view): authorize(exchange, token, view)
        }
    }

    private func authorize(_ exchange: Exchange, _ token: VerifiedToken, _ view: PoolView) {
        let memory = ConnectionMemory.of(exchange.request.connection)
        switch Authenticator.principal(of: token, in: view, last: memory.caller) {
        case .failure(let refusal):
            let error = APIError(status: 401, code: "Unauthorized", message: refusal.message)
            refuse(exchange, token, error, challenge: challengeValue(exchange, refusal))
        case .success(let principal):
            memory.caller = principal
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
        try Authorization.requireAccess(context)
        try checkForm(context)
        if context.endpoint.phase == .activated, !context.view.phase.mayHoldKeys {
            throw APIError.forbidden(
                "The pool isn't activated: its officers haven't received the security domain yet. "
                    + "An administrator downloads it with 'hsmctl security-domain download'.", innerCode: "NotActivated"
            )
        }
    }

    private func checkForm(_ context: RequestContext) throws(APIError) {
        if let coding = context.request.headers.first("content-encoding"), coding.lowercased() != "identity" {
            // A small compressed body can be a large one: none is unpacked.
            throw APIError(
                status: 415, code: "UnsupportedMediaType",
                message: "A body must not be compressed or otherwise encoded.")
        }
        if let refusal = context.exchange.target.versionRefusal { throw refusal }
    }

    // MARK: Operation

    private func run(_ context: RequestContext, _ exchange: Exchange) {
        switch context.endpoint.handler {
        case .inline(let body): complete(context, exchange, body)
        case .computation(let body): compute(context, exchange, body)
        case .adaptive(let isSlow, let body):
            if isSlow(context) { compute(context, exchange, body) } else { complete(context, exchange, body) }
        case .asynchronous(let body): Task { [self] in await complete(context, exchange, body) }
        case .proposal(let body):
            Task(executorPreference: exchange.request.connection) { [self] in
                await complete(context, exchange, body)
            }
        }
    }

    private typealias AsynchronousBody = @Sendable (RequestContext) async throws(APIError) -> APIResponse

    private func complete(_ context: RequestContext, _ exchange: Exchange, _ body: AsynchronousBody) async {
        let result: Result<APIResponse, APIError>
        do throws(APIError) {
            result = .success(try await body(context))
        } catch {
            result = .failure(error)
        }
        finish(exchange, context, result)
    }

    private typealias Body = @Sendable (RequestContext) throws(APIError) -> APIResponse

    private func compute(_ context: RequestContext, _ exchange: Exchange, _ body: @escaping Body) {
        let isQueued = services.computation.submit(for: context.principal?.objectID) { [self] in
            complete(context, exchange, body, isComputation: true)
        }
        if !isQueued { finish(exchange, context, .failure(.tooManyRequests)) }
    }

    private func complete(
        _ context: RequestContext, _ exchange: Exchange, _ body: Body, isComputation: Bool = false
    ) {
        let result: Result<APIResponse, APIError>
        do throws(APIError) {
            result = .success(try body(context))
        } catch {
            result = .failure(error)
        }
        // What else is computed will be recorded soon: the flush can be shared.
        finish(
            exchange, context, result, mayWaitForOthers: isComputation && services.computation.hasOtherWork)
    }

    /// A key that is sealed anew or purged loses its record a moment before the view appears that knows of it. Who had
    /// looked it up by then is answered by that view, from the token on: what held before need not hold any more. It is
    /// looked for a few times, since nothing would ever tell of the view where the record is missing for good.
    private func decideAnew(_ exchange: Exchange) {
        Task { [self] in
            try? await Task.sleep(for: exchange.pause)
            exchange.request.connection.execute { [self] in admit(exchange) }
        }
    }

    /// Who is refused, or told anything, on a view of which nothing may be told yet is decided anew on one that may.
    private func decideOnReleased(_ exchange: Exchange) {
        let next = exchange.decided(on: .released)
        exchange.request.connection.execute { [self] in admit(next) }
    }

    // MARK: Audit and answer

    /// Records what happened, and answers only once the record is on disk.
    private func finish(
        _ exchange: Exchange, _ context: RequestContext, _ result: Result<APIResponse, APIError>,
        mayWaitForOthers: Bool = false
    ) {
        guard !exchange.showsUnreleased else { return decideOnReleased(exchange) }
        if case .failure(.keyRecordMissing) = result {
            if let next = exchange.again() { return decideAnew(next) }
            services.logger.error("a key's record is missing", metadata: ["request": "\(exchange.requestID)"])
        }
        if case .failure(let error) = result { logCause(of: error, exchange) }
        guard recorder.isRecorded(context, result) else {
            if context.endpoint.whenAnonymous != .unrecorded {
                recorder.sample(exchange.request, at: exchange.receivedAt)
            }
            exchange.responder.respond(answer(result, exchange, context))
            return
        }
        if case .failure(let error) = result,
            recorder.countsRefusal(
                exchange, of: context.principal?.recorded, error, policyIndex: context.view.appliedIndex)
        {
            exchange.responder.respond(answer(error, exchange.request, requestID: exchange.requestID))
            return
        }
        recorder.record(exchange, context, result, mayWaitForOthers: mayWaitForOthers) { [self] recorded in
            respond(exchange, recorded) { answer(result, exchange, context) }
        }
    }

    /// Refuses the holder of a genuine token before an operation began: recorded like any other outcome.
    private func refuse(_ exchange: Exchange, _ token: VerifiedToken, _ error: APIError, challenge: String? = nil) {
        guard !exchange.showsUnreleased else { return decideOnReleased(exchange) }
        logCause(of: error, exchange)
        let index = services.pool.latestView.appliedIndex
        if recorder.countsRefusal(exchange, of: recorder.caller(token), error, policyIndex: index) {
            exchange.responder.respond(answer(error, exchange.request, requestID: exchange.requestID))
            return
        }
        recorder.record(exchange, token, error) { [self] recorded in
            respond(exchange, recorded) {
                var response = answer(error, exchange.request, requestID: exchange.requestID)
                if let challenge { response.headers.append(("www-authenticate", challenge)) }
                return response
            }
        }
    }

    /// What the caller isn't told of a failure: the answer names the request by whose id it is found in the log.
    private func logCause(of error: APIError, _ exchange: Exchange) {
        guard let cause = error.cause else { return }
        services.logger.error(
            "a request failed inside the service",
            metadata: [
                "request": "\(exchange.requestID)", "operation": "\(exchange.endpoint.operation)",
                "cause": "\(cause)",
            ])
    }

    private func respond(
        _ exchange: Exchange, _ recorded: Result<Void, AuditFailure>, _ response: () -> HTTPResponse
    ) {
        switch recorded {
        case .success: exchange.responder.respond(response())
        case .failure(let failure):
            // A result whose record is not on disk doesn't leave the node.
            services.logger.error("audit record refused", metadata: ["cause": "\(failure)"])
            let error = APIError.unavailable(
                "The audit log can't be written, so the result is withheld.", retryAfterSeconds: 5)
            exchange.responder.respond(answer(error, exchange.request, requestID: exchange.requestID))
        }
    }

    /// Answers 401 with the challenge. Not one strict record each: anybody can cause them, so they are counted.
    private func challenge(_ exchange: Exchange, _ refusal: AuthenticationRefusal) {
        recorder.sample(exchange.request, at: exchange.receivedAt)
        let error = APIError(status: 401, code: "Unauthorized", message: refusal.message)
        var response = answer(error, exchange.request, requestID: exchange.requestID)
        response.headers.append(("www-authenticate", challengeValue(exchange, refusal)))
        exchange.responder.respond(response)
    }

    private func challengeValue(_ exchange: Exchange, _ refusal: AuthenticationRefusal) -> String {
        let service = exchange.host.facing(exchange.endpoint.audience)
        guard exchange.request.headers.authorizationCount > 0 else { return service.challenge }
        guard refusal.isOutdated else { return service.rejection }
        return service.renewal(notBefore: exchange.receivedAt / 1000)
    }

    private func refuseUnauthenticated(_ exchange: Exchange, _ error: APIError) {
        recorder.sample(exchange.request, at: exchange.receivedAt)
        exchange.responder.respond(answer(error, exchange.request, requestID: exchange.requestID))
    }

    private func answer(
        _ result: Result<APIResponse, APIError>, _ exchange: Exchange, _ context: RequestContext
    ) -> HTTPResponse {
        switch result {
        case .failure(let error): return answer(error, exchange.request, requestID: exchange.requestID)
        case .success(let response):
            var details: AnswerHeaders.ServiceDetails?
            if context.principal != nil || context.endpoint.capability != nil {
                details = AnswerHeaders.ServiceDetails(
                    networkInformation: exchange.networkInformation,
                    milliseconds: services.clock.unixMilliseconds() - exchange.receivedAt)
            }
            return headers.answer(
                status: response.status, requestID: exchange.requestID, request: exchange.request,
                own: response.headers, body: response.body,
                contentType: response.body.isEmpty ? nil : response.contentType, service: details)
        }
    }

    private func answer(_ error: APIError, _ request: HTTPRequest, requestID: String) -> HTTPResponse {
        var response = headers.answer(
            status: error.status, requestID: requestID, request: request, body: error.envelope(requestID: requestID),
            contentType: APIResponse.json)
        if let seconds = error.retryAfterSeconds { response.headers.append(("retry-after", "\(seconds)")) }
        if let methods = error.allowedMethods { response.headers.append(("allow", methods)) }
        return response
    }
}
