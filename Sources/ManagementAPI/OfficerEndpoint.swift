import HTTPTransport
import PoolState
import RequestPipeline
import SecurityDomain

extension Endpoint {
    /// For officers, who need no token: what they sign is checked by the handler, and they are in the audit log all the
    /// same. Who only reads gives no signature, and is counted.
    static func officer(
        _ method: HTTPMethod, _ path: String, _ operation: String,
        _ body: @escaping @Sendable (RequestContext) async throws(APIError) -> APIResponse
    ) -> Endpoint {
        Endpoint(
            method, path, operation: operation, access: .anonymous, phase: .unsealed, isVersioned: false,
            whenAnonymous: method == .get ? .counted : .recorded, handler: .asynchronous(body))
    }
}

extension RequestContext {
    /// The pool's state as of now: an officer may ask another node than the one before.
    func latestState() async throws(APIError) -> PoolState {
        do throws(PoolUnavailable) {
            return try await services.pool.read().state
        } catch {
            throw APIError(error)
        }
    }
}

extension PoolState {
    /// The pool that officers' signatures name, and its security domain's id. nil where the pool's own records don't
    /// decode.
    var signedPool: (record: PoolRecord, securityDomainID: [UInt8])? {
        guard let pool, let identity = try? SealedKeyring.decode(pool.keyring).identity else { return nil }
        return (pool, identity.securityDomainID)
    }
}
