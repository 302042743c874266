public import AccessControl
public import CryptographicModule

extension ComputationPool {
    /// Runs a computation on the pool's threads.
    ///
    /// - Parameter caller: who asked for it; nil for the node itself.
    /// - Throws: 429 when the queue is full; what the module's failure means otherwise.
    public func run<Value: Sendable>(
        for caller: GUID? = nil, _ work: @escaping @Sendable () throws(CryptoError) -> Value
    ) async throws(APIError) -> Value {
        let result: Result<Value, APIError> = await withCheckedContinuation { continuation in
            let isQueued = submit(for: caller) {
                do throws(CryptoError) {
                    continuation.resume(returning: .success(try work()))
                } catch {
                    continuation.resume(returning: .failure(APIError(error)))
                }
            }
            if !isQueued { continuation.resume(returning: .failure(.tooManyRequests)) }
        }
        return try result.get()
    }
}

extension RequestContext {
    /// Runs a computation for the caller on the pool's threads.
    /// - Throws: see ``ComputationPool/run(for:_:)``.
    public func compute<Value: Sendable>(
        _ work: @escaping @Sendable () throws(CryptoError) -> Value
    ) async throws(APIError) -> Value {
        try await services.computation.run(for: principal?.objectID, work)
    }
}

extension APIError {
    /// A failure of the cryptographic module as the caller may see it.
    public init(_ error: CryptoError) {
        switch error {
        case .secureMemoryExhausted:
            self = .unavailable("The node's protected memory for keys is full. Retry later or on another node.")
        case .recordMissing: self = .keyRecordMissing
        case .wrongDigestLength(let expected, let got):
            self = .badParameter("The digest must have \(expected) bytes, not \(got).")
        case .invalidParameter(let name, let reason): self = .badParameter("The parameter '\(name)': \(reason).")
        case .unsupported(let what): self = .badParameter("Not supported: \(what).")
        case .operationNotPermitted:
            // What a key is for has been checked by then: the module lost the key, because the node was sealed or the
            // key made room for others.
            self = .unavailable(
                "The node's keys were locked while the request was under way. Retry, or ask another node.")
        case .keyRejected(let why): self = .badParameter("The key was refused: \(why).")
        default: self = .internalFailure("the cryptographic module: \(error)")
        }
    }
}
