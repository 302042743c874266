import AccessControl
import CryptographicModule
import HTTPTransport
import Identity
import PoolState
import RequestPipeline
import SecurityDomain
import StrictJSON

/// The embedded token issuer: client credentials, OpenID discovery, key set. A sealed node issues tokens too, which are
/// good for recovery only. Under `/adfs` and under a tenant's name,
/// as clients vary.
enum TokenEndpoints {
    static let endpoints: [Endpoint] = ["/adfs", "/{tenant}"].flatMap { prefix in
        [
            anonymous(.get, prefix + "/.well-known/openid-configuration", "DiscoveryGet") { discovery($0) },
            anonymous(.get, prefix + "/v2.0/.well-known/openid-configuration", "DiscoveryGet") { discovery($0) },
            anonymous(.get, prefix + "/discovery/keys", "TokenKeysGet", keys),
            anonymous(.get, prefix + "/discovery/v2.0/keys", "TokenKeysGet", keys),
            token(prefix + "/oauth2/token"), token(prefix + "/oauth2/v2.0/token"),
        ]
    }

    static func anonymous(
        _ method: HTTPMethod, _ path: String, _ operation: String,
        _ body: @escaping @Sendable (RequestContext) throws(APIError) -> APIResponse
    ) -> Endpoint {
        Endpoint(
            method, path, operation: operation, access: .anonymous, phase: .any, isVersioned: false,
            handler: .inline(body))
    }

    private static func token(_ path: String) -> Endpoint {
        Endpoint(
            .post, path, operation: "Authentication", access: .anonymous, phase: .any, isVersioned: false,
            bodyLimit: 16 * 1024, whenAnonymous: .recorded, handler: .asynchronous(issue))
    }

    private static func authority(_ context: RequestContext) -> AuthorityForm {
        context.parameters["tenant"].map { .tenant($0) } ?? .adfs
    }

    private static func discovery(_ context: RequestContext) -> APIResponse {
        let issuer = context.view.state.pool.map { TokenAuthority.issuer(of: $0) }
        return APIResponse(
            body: OpenIDDocuments.discovery(
                issuer: issuer ?? context.host.baseURL, origin: context.host.baseURL, form: authority(context)))
    }

    @Sendable
    private static func keys(_ context: RequestContext) throws(APIError) -> APIResponse {
        guard let unsealed = context.services.custody.unsealed else { throw .sealed }
        let key = TokenKey(
            keyID: unsealed.issuer.keyID, key: unsealed.keyring.tokenKey.publicKey, algorithm: .RS256)
        return APIResponse(body: OpenIDDocuments.jwks([key]))
    }

    /// Client credentials (RFC 6749 section 4.4). Unknown client, wrong secret and disabled principal look the same.
    @Sendable
    private static func issue(_ context: RequestContext) async throws(APIError) -> APIResponse {
        guard let unsealed = context.services.custody.unsealed else { return try issueForRecovery(context) }
        let view: PoolView
        do { view = try await context.services.pool.read() } catch { throw APIError(error) }
        do throws(OAuthError) {
            let request = try TokenRequest(
                body: context.request.body, authorization: context.request.headers.first("authorization"))
            guard case .secret(let secret) = request.credential else { throw .invalidClient }
            let principal = GUID(request.clientID).flatMap { view.state.principal(clientID: $0) }
            // The comparison is made for unknown clients too, so that its time tells nothing.
            let isRight = ClientSecret.matches(secret, hash: principal?.secretHash)
            guard isRight, let principal, principal.enabled else { throw .invalidClient }
            let audience = request.audience
            let accepted = (view.state.pool?.audiences ?? []) + context.services.hosts.facadeAudiences.map(\.text)
            guard accepted.contains(where: { AudienceList.isSame($0, audience) }) else { throw .invalidScope }
            let subject = TokenSubject(
                principalID: principal.objectID.description, applicationID: request.clientID, kind: .servicePrincipal,
                userName: nil, credentialGeneration: principal.credentialGeneration)
            guard let issued = try? unsealed.issuer.issue(to: subject, audience: audience, now: context.now) else {
                throw .temporarilyUnavailable
            }
            return response(
                TokenEndpointResponse(issued, resource: request.usesResource ? audience : nil), of: principal.objectID)
        } catch {
            return response(error.response, of: nil)
        }
    }

    /// A sealed node's own token, for bringing the pool back and nothing else.
    private static func issueForRecovery(_ context: RequestContext) throws(APIError) -> APIResponse {
        guard let recovery = context.services.custody.recovery else { throw .sealed }
        do throws(OAuthError) {
            let request = try TokenRequest(
                body: context.request.body, authorization: context.request.headers.first("authorization"))
            guard case .secret(let secret) = request.credential else { throw .invalidClient }
            let issued = try recovery.issue(
                clientID: request.clientID, secret: secret, audience: request.audience, now: context.now)
            return response(
                TokenEndpointResponse(issued.token, resource: request.usesResource ? request.audience : nil),
                of: issued.principal)
        } catch {
            return response(error.response, of: nil)
        }
    }

    private static func response(_ answer: TokenEndpointResponse, of principal: GUID?) -> APIResponse {
        APIResponse(
            status: answer.status,
            headers: answer.headers.map { ($0.name.lowercased(), $0.value) }.filter { $0.0 != "content-type" },
            body: answer.body, audit: OperationDetails(authenticated: principal))
    }
}
