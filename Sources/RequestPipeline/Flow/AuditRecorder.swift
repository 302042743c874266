import AccessControl
public import Audit
public import HTTPTransport
import Identity
import PoolState
import Synchronization

/// Turns requests and their results into audit records.
struct AuditRecorder: Sendable {
    let services: PipelineServices

    /// Requests of authenticated callers, and what anonymous ones changed or obtained. Refusals of anonymous callers,
    /// and what they only read, are counted instead: anybody can cause any number of them.
    func isRecorded(_ context: RequestContext, _ result: Result<APIResponse, APIError>) -> Bool {
        if context.principal != nil { return true }
        guard context.endpoint.whenAnonymous == .recorded, case .success(let response) = result else { return false }
        return response.status < 400 && !response.audit.isRepetition
    }

    /// Counts a refusal for load of a caller who is known: its answer waits for no record.
    ///
    /// - Returns: false for any other outcome, which is to be recorded.
    func countsRefusal(
        _ exchange: Exchange, of caller: AuditCaller?, _ error: APIError, policyIndex: UInt64
    ) -> Bool {
        guard error.isForLoad, let caller else { return false }
        services.loadRefusals.count(
            caller, operation: exchange.endpoint.operation, source: exchange.request.remoteAddress,
            time: exchange.receivedAt, policyIndex: policyIndex)
        return true
    }

    /// Records the outcome of a request. Calls `then` when the record is on disk.
    func record(
        _ exchange: Exchange, _ context: RequestContext, _ result: Result<APIResponse, APIError>,
        mayWaitForOthers: Bool, then: @escaping @Sendable (Result<Void, AuditFailure>) -> Void
    ) {
        if case .success(let response) = result, !response.parts.isEmpty {
            return record(response.parts, exchange, context, then: then)
        }
        var event = blank(exchange)
        event.policyIndex = context.view.appliedIndex
        switch result {
        case .success(let response):
            event.status = response.status
            event.details = AuditDetails(response.audit)
            event.caller = caller(context, response.audit)
        case .failure(let error):
            (event.status, event.resultDescription) = (error.status, "\(error.code): \(error.message)")
            event.caller = caller(context, OperationDetails())
        }
        append(event, exchange, mayWaitForOthers: mayWaitForOthers, then: then)
    }

    /// Queues a record. Those of requests that came together are written together, and their answers go on where the
    /// connection is, all in one hand-over.
    private func append(
        _ event: AuditEvent, _ exchange: Exchange, mayWaitForOthers: Bool = false,
        then: @escaping @Sendable (Result<Void, AuditFailure>) -> Void
    ) {
        let connection = exchange.request.connection
        let isInTurn = connection.isOnLoop && connection.isInTurn
        let urgency: AuditUrgency = isInTurn ? .atEndOfTurn : mayWaitForOthers ? .withOthers : .immediate
        services.audit.append(event, on: connection, urgency: urgency, then: then)
    }

    /// Records each operation of a request. Calls `then` when all records are on disk, or one can't be.
    private func record(
        _ parts: [APIResponse.Part], _ exchange: Exchange, _ context: RequestContext,
        then: @escaping @Sendable (Result<Void, AuditFailure>) -> Void
    ) {
        let waiting = RecordsUnderWay(parts.count, then: then)
        for part in parts {
            var event = blank(exchange)
            event.policyIndex = context.view.appliedIndex
            event.status = part.status
            event.resultDescription = part.failure
            event.details = AuditDetails(part.audit)
            event.caller = caller(context, part.audit)
            append(event, exchange) { waiting.finish($0) }
        }
    }

    /// Records that the holder of a genuine token was refused before there was a view to decide on.
    func record(
        _ exchange: Exchange, _ token: VerifiedToken, _ error: APIError,
        then: @escaping @Sendable (Result<Void, AuditFailure>) -> Void
    ) {
        var event = blank(exchange)
        (event.status, event.resultDescription) = (error.status, "\(error.code): \(error.message)")
        event.caller = caller(token)
        event.policyIndex = services.pool.latestView.appliedIndex
        append(event, exchange, then: then)
    }

    /// Whom a token names, where no view tells whether it is honoured.
    func caller(_ token: VerifiedToken) -> AuditCaller? {
        GUID(bytes: token.principalBytes).map { AuditCaller(objectID: $0.description, authentication: .token) }
    }

    private func blank(_ exchange: Exchange) -> AuditEvent {
        AuditEvent(
            time: exchange.receivedAt, operationName: exchange.endpoint.operation,
            operationVersion: exchange.query["api-version"] ?? "", status: 0,
            durationMilliseconds: max(0, services.clock.unixMilliseconds() - exchange.receivedAt),
            callerAddress: exchange.request.remoteAddress,
            clientInfo: exchange.request.headers.first("user-agent") ?? "",
            correlationID: ClientRequestID.read(exchange.request) ?? exchange.requestID,
            requestURI: exchange.target.recordedURL)
    }

    private func caller(_ context: RequestContext, _ details: OperationDetails) -> AuditCaller? {
        if let principal = context.principal { return principal.recorded }
        return details.authenticated.map {
            AuditCaller(objectID: $0.description, authentication: .clientSecret)
        }
    }

    /// Counts a refusal of an unauthenticated caller.
    func sample(_ request: HTTPRequest, at time: Int64) {
        // A finished minute's record waits for nobody.
        if let summary = services.anonymous.count(source: request.remoteAddress, time: time) {
            services.audit.append(summary) { _ in }
        }
    }
}

/// Records that are on disk are answered on the connection's loop: what a request has allocated is then freed by the
/// thread that allocated it.
extension ConnectionContext: AuditExecutor {}

/// Several records of one request, until the last is on disk.
private final class RecordsUnderWay: Sendable {
    private let state: Mutex<(left: Int, failure: AuditFailure?)>
    private let then: @Sendable (Result<Void, AuditFailure>) -> Void

    init(_ count: Int, then: @escaping @Sendable (Result<Void, AuditFailure>) -> Void) {
        state = Mutex((count, nil))
        self.then = then
    }

    func finish(_ result: Result<Void, AuditFailure>) {
        let outcome: Result<Void, AuditFailure>? = state.withLock { state in
            state.left -= 1
            if case .failure(let failure) = result { state.failure = failure }
            guard state.left == 0 else { return nil }
            return state.failure.map { .failure($0) } ?? .success(())
        }
        if let outcome { then(outcome) }
    }
}
