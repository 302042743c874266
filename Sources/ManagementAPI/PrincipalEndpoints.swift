import AccessControl
import CryptographicModule
import HTTPTransport
import Identity
import PoolState
import RequestPipeline
import StrictJSON

/// The pool's own directory of principals. Whoever may assign roles may manage it.
enum PrincipalEndpoints {
    static let endpoints = [
        Endpoint(
            .post, "/quorate/v1/principals", operation: "PrincipalCreate",
            access: .dataAction(.roleAssignmentsWrite, .root), phase: .unsealed, isVersioned: false,
            handler: .asynchronous(create)),
        Endpoint(
            .get, "/quorate/v1/principals", operation: "PrincipalList",
            access: .dataAction(.roleAssignmentsRead, .root), phase: .unsealed, isVersioned: false,
            handler: .inline { context throws(APIError) in
                .object { writer in
                    writer.member("value") { writer in
                        writer.array { writer in
                            for principal in context.view.state.principals { writer.object { write(principal, &$0) } }
                        }
                    }
                }
            }),
        Endpoint(
            .patch, "/quorate/v1/principals/{objectId}", operation: "PrincipalUpdate",
            access: .dataAction(.roleAssignmentsWrite, .root), phase: .unsealed, isVersioned: false,
            handler: .proposal(setEnabled)),
        Endpoint(
            .post, "/quorate/v1/principals/{objectId}/secret", operation: "PrincipalSecretRenew",
            access: .dataAction(.roleAssignmentsWrite, .root), phase: .unsealed, isVersioned: false,
            handler: .asynchronous(renewSecret)),
    ]

    @Sendable
    private static func create(_ context: RequestContext) async throws(APIError) -> APIResponse {
        guard case .string(let name)? = try context.jsonBody()["displayName"], !name.isEmpty, name.utf8.count <= 256
        else {
            throw .badParameter("The parameter 'displayName' must be a text of 1 to 256 bytes.")
        }
        let (secret, hash) = try newSecret()
        guard let objectID = GUID(bytes: Self.randomGUID()), let clientID = GUID(bytes: Self.randomGUID()) else {
            throw .internalFailure("16 random bytes make no GUID")
        }
        let principal = NewPrincipal(
            objectID: objectID, clientID: clientID, kind: .servicePrincipal, displayName: name, secretHash: hash)
        let committed = try await context.submit(.createPrincipal(principal))
        if case .refused(let refusal) = committed.outcome { throw .unexpected(refusal) }
        guard let record = committed.view.state.principal(objectID) else {
            throw .internalFailure("a principal that was applied isn't in the state")
        }
        return .object(status: 201, audit: details(record)) { writer in
            write(record, &writer)
            // Shown this once: the pool keeps only its hash.
            writer.member("clientSecret", secret)
        }
    }

    /// A new secret in place of the former one, whose tokens end at once.
    @Sendable
    private static func renewSecret(_ context: RequestContext) async throws(APIError) -> APIResponse {
        let missing = APIError.notFound("PrincipalNotFound", "Requested principal not found")
        guard let objectID = context.parameters["objectId"].flatMap({ GUID($0) }),
            let principal = context.view.state.principal(objectID)
        else { throw missing }
        guard principal.clientID != nil else {
            throw .badParameter("Only a service principal has a secret.")
        }
        let (secret, hash) = try newSecret()
        let committed = try await context.submit(
            .setPrincipalSecret(objectID: objectID, hash: hash, generation: principal.credentialGeneration &+ 1))
        if case .refused(let refusal) = committed.outcome {
            switch refusal {
            case .credentialGenerationMismatch:
                throw .conflict("The secret was renewed by another request at the same time.")
            case .principalNotFound: throw missing
            default: throw .unexpected(refusal)
            }
        }
        guard let record = committed.view.state.principal(objectID) else { throw missing }
        return .object(audit: details(record)) { writer in
            write(record, &writer)
            // Shown this once: the pool keeps only its hash.
            writer.member("clientSecret", secret)
        }
    }

    @Sendable
    private static func setEnabled(_ context: RequestContext) async throws(APIError) -> APIResponse {
        guard let objectID = context.parameters["objectId"].flatMap({ GUID($0) }) else {
            throw .badParameter("The path must end in a GUID.")
        }
        guard case .bool(let enabled)? = try context.jsonBody()["enabled"] else {
            throw .badParameter("The parameter 'enabled' must be true or false.")
        }
        let committed = try await context.submit(.setPrincipalEnabled(objectID: objectID, enabled: enabled))
        if case .refused(let refusal) = committed.outcome {
            switch refusal {
            case .lastAdministrator:
                throw .forbidden(
                    "This is the last administrator. Make another principal one first, which is enabled and has a "
                        + "secret.")
            case .principalNotFound: throw .notFound("PrincipalNotFound", "Requested principal not found")
            default: throw .unexpected(refusal)
            }
        }
        guard let record = committed.view.state.principal(objectID) else {
            throw .notFound("PrincipalNotFound", "Requested principal not found")
        }
        return .object(audit: details(record)) { write(record, &$0) }
    }

    /// Whom a change was about, and what holds since.
    private static func details(_ principal: PrincipalRecord) -> OperationDetails {
        OperationDetails(extra: [
            ("objectId", "\(principal.objectID)"), ("displayName", principal.displayName),
            ("enabled", "\(principal.enabled)"), ("credentialGeneration", "\(principal.credentialGeneration)"),
        ])
    }

    private static func newSecret() throws(APIError) -> (String, [UInt8]) {
        do {
            return try ClientSecret.generate()
        } catch {
            throw .internalFailure("no secret was made: \(error)")
        }
    }

    private static func randomGUID() -> [UInt8] {
        var bytes = Random.bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes
    }

    private static func write(_ principal: PrincipalRecord, _ writer: inout JSONWriter) {
        writer.member("objectId", principal.objectID.description)
        if let clientID = principal.clientID { writer.member("clientId", clientID.description) }
        writer.member("displayName", principal.displayName)
        writer.member("kind", "\(principal.kind)")
        writer.member("enabled", principal.enabled)
        writer.member("created", principal.created)
    }
}
