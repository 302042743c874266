import Audit
import PoolState

extension PipelineServices {
    /// Records what the node did without a request: what a schedule asks for, or how a job ended that a request began
    /// long before. Nobody waits for the record, and who caused it is in the record of that request.
    ///
    /// - Parameters:
    ///   - operation: the operation's name in the audit log.
    ///   - status: 200, or the status that says what kind of failure it was.
    ///   - failure: why it failed, for people; without secrets.
    public func recordOwnDoing(
        _ operation: String, status: Int = 200, failure: String? = nil, _ details: OperationDetails
    ) {
        let event = AuditEvent(
            time: clock.unixMilliseconds(), operationName: operation, status: status, resultDescription: failure,
            details: AuditDetails(details), policyIndex: pool.latestView.appliedIndex)
        audit.append(event) { _ in }
    }
}

extension AuditDetails {
    init(_ details: OperationDetails) {
        self.init(
            keyID: details.keyIdentifier, algorithm: details.algorithm,
            evidence: details.evidence.map(AuditEvidence.init),
            extra: details.extra.map { Extra($0.name, $0.value) })
    }
}

extension AuditEvidence {
    fileprivate init(_ evidence: OperationEvidence) {
        switch evidence {
        case .submitted(let digest): self = .submitted(digest)
        case .ciphertext(let digest): self = .ciphertext(digest)
        case .blinded(let code): self = .blinded(code)
        }
    }
}
