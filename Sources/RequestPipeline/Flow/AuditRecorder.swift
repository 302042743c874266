import AccessControl
import Audit
import HTTPTransport
import PoolState

/// Turns requests and their results into audit records.
struct AuditRecorder: Sendable {
    let services: PipelineServices

    /// Requests of authenticated callers, and anonymous ones that change something or issue something.
    func isRecorded(_ context: RequestContext) -> Bool {
        context.principal != nil || context.endpoint.isAuditedWhenAnonymous
    }

    /// Calls `then` when the record is on disk.
    func record(
        _ context: RequestContext, _ result: Result<APIResponse, APIError>,
        then: @escaping @Sendable (Result<Void, AuditFailure>) -> Void
    ) {
        services.audit.append(event(context, result), then: then)
    }

    private func event(_ context: RequestContext, _ result: Result<APIResponse, APIError>) -> AuditEvent {
        let status: Int
        var description: String?
        var details = OperationDetails()
        switch result {
        case .success(let response): (status, details) = (response.status, response.audit)
        case .failure(let error): (status, description) = (error.status, "\(error.code): \(error.message)")
        }
        return AuditEvent(
            time: context.receivedAt, operationName: context.endpoint.operation,
            operationVersion: context.query["api-version"] ?? "", status: status, resultDescription: description,
            durationMilliseconds: max(0, services.clock.unixMilliseconds() - context.receivedAt),
            callerAddress: context.request.remoteAddress, caller: caller(context, details),
            clientInfo: context.request.headers.first("user-agent") ?? "",
            correlationID: correlation(context), requestURI: context.host.baseURL + context.request.path,
            details: AuditDetails(
                keyID: details.keyIdentifier, algorithm: details.algorithm,
                evidence: details.inputDigest.map { .submitted($0) }),
            policyIndex: context.view.appliedIndex)
    }

    private func caller(_ context: RequestContext, _ details: OperationDetails) -> AuditCaller? {
        if let principal = context.principal {
            return AuditCaller(
                objectID: principal.objectID.description, applicationID: principal.clientID?.description,
                authentication: .token)
        }
        return details.authenticated.map {
            AuditCaller(objectID: $0.description, authentication: .clientSecret)
        }
    }

    /// The caller's own request id where it is one: text of another form could be anything.
    private func correlation(_ context: RequestContext) -> String {
        guard let text = context.request.headers.first("x-ms-client-request-id"), text.utf8.count == 36,
            text.utf8.allSatisfy({ $0 == UInt8(ascii: "-") || ($0 | 0x20 >= UInt8(ascii: "a") && $0 | 0x20 <= UInt8(ascii: "f"))
                || ($0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")) })
        else { return context.requestID }
        return text
    }

    /// Counts a refusal of an unauthenticated caller.
    func sample(_ exchange: Exchange) {
        // A finished minute's record waits for nobody.
        if let summary = services.anonymous.count(source: exchange.request.remoteAddress, time: exchange.receivedAt) {
            services.audit.append(summary) { _ in }
        }
    }
}
