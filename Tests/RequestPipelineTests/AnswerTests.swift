import AccessControl
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@testable import RequestPipeline

/// Status, headers and envelope of what isn't about keys.
@Suite struct AnswerTests {
    private let security: [(String, String)] = [
        ("cache-control", "no-cache"), ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("x-content-type-options", "nosniff"), ("x-frame-options", "SAMEORIGIN"),
        ("content-security-policy", "default-src 'self'"),
    ]

    private func isUUID(_ text: String?) -> Bool {
        text?.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil
    }

    @Test func successCarriesWhatClientsRead() async throws {
        let pool = try TestPool(Probe.all)
        let answer = try await pool.call(.user, .get, "/probe")
        #expect(answer.status == 200 && answer.json?.bool("done") == true)
        for (name, value) in security { #expect(answer.header(name) == value) }
        #expect(isUUID(answer.header("x-ms-request-id")))
        #expect(answer.header("content-type") == "application/json; charset=utf-8")
        #expect(answer.header("x-ms-keyvault-region") == "test-region")
        #expect(
            answer.header("x-ms-keyvault-network-info") == "conn_type=Ipv4;addr=192.0.2.7;act_addr_fam=Ipv4;")
        #expect(answer.header("x-ms-server-latency") == "0")
        #expect(answer.header("retry-after") == nil && answer.header("x-ms-client-request-id") == nil)
        let other = try await pool.call(.user, .get, "/probe")
        #expect(other.header("x-ms-request-id") != answer.header("x-ms-request-id"))
        let anonymous = await pool.send(.get, "/open")
        #expect(anonymous.status == 200 && anonymous.header("x-ms-keyvault-region") == nil)
    }

    @Test func theClientsOwnIdComesBackOnlyAsAGUID() async throws {
        let pool = try TestPool(Probe.all)
        let id = "9D0c7c1e-5c0f-4a55-8d3b-3d1c5e0f9a11"
        func echoed(_ id: String, _ wish: String) async throws -> String? {
            try await pool.call(
                .user, .get, "/probe",
                headers: [("x-ms-client-request-id", id), ("x-ms-return-client-request-id", wish)]
            ).header("x-ms-client-request-id")
        }
        #expect(try await echoed(id, "true") == id)
        #expect(try await echoed(id, "false") == nil)
        #expect(try await echoed("<script>aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "true") == nil)
        #expect(try await echoed("9d0c7c1e-5c0f-4a55-8d3b-3d1c5e0f9a1-", "true") == nil)
        #expect(try await echoed("------------------------------------", "true") == nil)
        let correlations = try pool.records().compactMap { $0.string("correlationId") }
        #expect(correlations.prefix(2) == [id, id] && correlations.dropFirst(2).allSatisfy(isUUID))
    }

    @Test func unknownPathAndMethod() async throws {
        let pool = try TestPool(Probe.all)
        let unknown = try await pool.call(.nobody, .get, "/nothing/here")
        #expect(unknown.status == 404 && unknown.code == "NotFound")
        for method in [HTTPMethod.head, .delete, .options, .other("BREW")] {
            let answer = try await pool.call(.user, method, "/keys/a")
            #expect(answer.status == 405 && answer.code == "MethodNotAllowed" && answer.header("allow") == "GET, PUT")
        }
        #expect(try pool.records().count == 5)
        #expect(try pool.records().allSatisfy { $0.string("operationName") == "Unknown" })
    }

    @Test func unknownHostIsMisdirected() async throws {
        let pool = try TestPool(Probe.all)
        let bearer = ("authorization", "Bearer \(try pool.token(.user))")
        for authority in ["", "evil.example", "hsm.pool.example", "hsm.pool.example:8443.", "x.hsm.pool.example:8443"] {
            let answer = await pool.send(.get, "/probe", headers: [bearer], authority: authority)
            #expect(answer.status == 421 && answer.code == "MisdirectedRequest")
            #expect(answer.message.contains("'api.hosts'"))
            #expect(!answer.headers.contains { $0.1.contains("evil") })
        }
        #expect(await pool.send(.get, "/probe", headers: [bearer], authority: "HSM.pool.EXAMPLE:8443").status == 200)
    }

    @Test func malformedTargets() async throws {
        let pool = try TestPool(Probe.all)
        let long = "/" + String(repeating: "a", count: 3000)
        let deep = String(repeating: "/a", count: 40)
        for target in [
            "/probe/%", "/probe/%2", "/probe/%zz", "/keys/%2e%2e", "/keys/..", "/keys/.", "/keys/a%2Fb", "/keys/%00",
            "/keys/%ff%fe", long, deep, "/probe?a=%", "/probe?%ff=1",
            "/probe?" + (0..<40).map { "a\($0)=1" }.joined(separator: "&"), "/probe?a=" + long,
        ] {
            let answer = await pool.send(.get, target, headers: [("authorization", "Bearer \(try pool.token(.user))")])
            #expect(answer.status == 400 && answer.code == "BadParameter", "\(target.prefix(40))")
            for limit in ["2048 bytes", "16 segments", "32 parameters"] { #expect(answer.message.contains(limit)) }
        }
        // Decoded once only: %252e is not a dot.
        #expect(try await pool.call(.user, .get, "/keys/%252e%252e").status == 200)
    }

    @Test func handlersOfEveryKindAnswer() async throws {
        let pool = try TestPool(Probe.all)
        for path in ["/slow", "/waiting"] {
            #expect(try await pool.call(.user, .get, path).json?.bool("done") == true)
        }
        let failed = try await pool.call(.user, .get, "/failing")
        #expect(failed.status == 500 && failed.code == "InternalServerError" && failed.header("retry-after") == nil)
        pool.computation.isFull = true
        let busy = try await pool.call(.user, .get, "/slow")
        #expect(busy.status == 429 && busy.code == "TooManyRequests" && busy.header("retry-after") == "1")
        // What is refused for load is counted.
        #expect(try pool.records().count == 3)
    }

    @Test func thePermissionComesBeforeEverythingElse() async throws {
        let pool = try TestPool(Probe.all)
        let answer = try await pool.call(.nobody, .get, "/keys/alpha")
        #expect(answer.status == 403 && answer.code == "AccessDenied")
        #expect(
            answer.message.hasPrefix(
                "Not authorized to access Microsoft.KeyVault/managedHsm/keys/read/action on '/keys/alpha' (Activity"))
        // A name that no key can have is not repeated.
        #expect(try await pool.call(.nobody, .get, "/keys/%3Cb%3E").message.contains("on '/keys'"))
    }

    @Test func encodedBodiesAreRefused() async throws {
        let pool = try TestPool(Probe.all)
        func status(_ principal: TestPrincipal, _ coding: String) async throws -> Int {
            try await pool.call(principal, .put, "/keys/a", "{}", headers: [("Content-Encoding", coding)]).status
        }
        #expect(try await status(.user, "gzip") == 415)
        #expect(try await status(.user, "identity, br") == 415)
        #expect(try await status(.user, "Identity") == 200)
        #expect(try await status(.nobody, "gzip") == 403)
    }

    @Test func bodyLimitsFollowTheRoute() throws {
        let small = Endpoint(
            .post, "/small", operation: "Small", access: .authenticated, bodyLimit: 10,
            handler: .inline { _ throws(APIError) in APIResponse() })
        let pipeline = try TestPool([small]).pipeline
        #expect(pipeline.bodyLimit(method: .post, path: "/small") == 10)
        #expect(pipeline.bodyLimit(method: .put, path: "/small") == 64 * 1024)
        #expect(pipeline.bodyLimit(method: .post, path: "/%") == 64 * 1024)
    }
}
