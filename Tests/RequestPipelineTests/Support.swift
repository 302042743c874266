import AccessControl
import CryptographicModule
import PoolState
import HTTPTransport
import RequestPipeline
import RequestTesting
import SecurityDomain
import StrictJSON
import Synchronization

/// Endpoints that do nothing but answer, one for each way through the pipeline.
enum Probe {
    static let all: [Endpoint] = [
        endpoint(.get, "/probe", .authenticated), endpoint(.get, "/open", .anonymous),
        endpoint(.get, "/counted", .anonymous, whenAnonymous: .counted),
        endpoint(.post, "/issue", .anonymous, whenAnonymous: .recorded),
        endpoint(.post, "/refuse-issue", .anonymous, whenAnonymous: .recorded, status: 400),
        endpoint(.get, "/keys/{name}", .dataAction(.keysRead, .keyNamed(parameter: "name"))),
        endpoint(.put, "/keys/{name}", .dataAction(.keysImport, .keyNamed(parameter: "name"))),
        Endpoint(
            .get, "/slow", operation: "Slow", access: .authenticated, isVersioned: false,
            handler: .computation { _ throws(APIError) in .object { $0.member("done", true) } }),
        Endpoint(
            .get, "/failing", operation: "Failing", access: .authenticated, isVersioned: false,
            handler: .inline { _ throws(APIError) in throw .internalFailure("its cause") }),
        Endpoint(
            .get, "/waiting", operation: "Waiting", access: .authenticated, isVersioned: false,
            handler: .asynchronous { _ throws(APIError) in .object { $0.member("done", true) } }),
    ]

    private static func endpoint(
        _ method: HTTPMethod, _ path: String, _ access: Access, whenAnonymous: AnonymousRequests = .unrecorded,
        status: Int = 200
    ) -> Endpoint {
        Endpoint(
            method, path, operation: "Probe", access: access, phase: .any,
            isVersioned: false, whenAnonymous: whenAnonymous,
            handler: .inline { _ throws(APIError) in
                var response = APIResponse.object(
                    audit: OperationDetails(
                        keyIdentifier: "the-key", algorithm: "ES256", evidence: .submitted([1, 2, 3]))
                ) { $0.member("done", true) }
                response.status = status
                return response
            })
    }
}

/// A token made by hand from the text of its parts.
struct Forge {
    let pool: TestPool
    let signer: TokenKeySigner

    init(_ pool: TestPool) throws {
        self.pool = pool
        signer = TokenKeySigner(keyring: try TestKeys.shared().keyring)
    }

    var seconds: Int64 { pool.clock.unixMilliseconds() / 1000 }

    func header(alg: String = "RS256", kid: String? = nil) -> String {
        #"{"typ":"at+jwt","alg":"\#(alg)","kid":"\#(kid ?? signer.keyID)"}"#
    }

    /// The claims of a good token with some replaced or left out (`nil`); values are JSON text.
    func claims(_ changes: [String: String?] = [:]) -> String {
        let tenant = TestKeys.tenant.description
        let oid = TestPrincipal.user.objectID.description
        var claims: [(String, String)] = [
            ("iss", "\"\(TestPool.base)/\(tenant)/v2.0\""), ("aud", "\"\(TestPool.audience)\""),
            ("tid", "\"\(tenant)\""), ("oid", "\"\(oid)\""), ("sub", "\"\(oid)\""), ("iat", "\(seconds)"),
            ("nbf", "\(seconds)"), ("exp", "\(seconds + 3600)"), ("qcg", "1"),
        ]
        for (name, value) in changes {
            claims.removeAll { $0.0 == name }
            if let value { claims.append((name, value)) }
        }
        return "{" + claims.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    }

    func signed(header: String? = nil, claims: String? = nil) throws -> String {
        let input = encode(header ?? self.header()) + "." + encode(claims ?? self.claims())
        return input + "." + Base64URL.encode(try signer.sign(sha256: Digest.sha256(Array(input.utf8))))
    }

    /// The attack on verifiers that let the token choose between a public key and a shared secret.
    func signedWithPublicKeyAsSecret() throws -> String {
        let input = encode(header(alg: "HS256")) + "." + encode(claims())
        let spki = try TestKeys.shared().keyring.tokenKey.publicKey.spkiDER()
        let secret = SecretKey(consuming: try Secret(copying: spki), id: [])
        return input + "." + Base64URL.encode(try MAC.hmacSHA256(key: secret, Array(input.utf8)))
    }

    func unsigned(signature: String = "") -> String {
        encode(header(alg: "none")) + "." + encode(claims()) + "." + signature
    }

    func encode(_ text: String) -> String { Base64URL.encode(Array(text.utf8)) }
}
