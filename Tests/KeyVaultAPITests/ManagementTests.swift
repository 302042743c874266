import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@Suite struct ManagementTests {
    private func token(
        _ pool: TestPool, _ form: String, path: String = "/adfs/oauth2/v2.0/token", headers: [(String, String)] = []
    ) async -> Answer {
        await pool.send(.post, path, body: Array(form.utf8), headers: headers)
    }

    private func form(
        _ principal: TestPrincipal = .user, secret: String? = nil, scope: String = TestPool.audience + "/.default"
    ) throws -> String {
        let secret = try secret ?? TestKeys.shared().clientSecret
        return "grant_type=client_credentials&client_id=\(principal.clientID)&client_secret=\(secret)&scope=\(scope)"
    }

    @Test func aClientGetsATokenThatWorks() async throws {
        let pool = try TestPool(API.endpoints)
        for path in ["/adfs/oauth2/token", "/adfs/oauth2/v2.0/token", "/common/oauth2/v2.0/token"] {
            let answer = await token(pool, try form(), path: path)
            #expect(answer.status == 200 && answer.json?.string("token_type") == "Bearer", "\(answer.text)")
            #expect(answer.header("cache-control") == "no-store" && answer.header("pragma") == "no-cache")
            let bearer = ("authorization", "Bearer " + (answer.json?.string("access_token") ?? ""))
            #expect(await pool.send(.get, "/keys?api-version=7.4", headers: [bearer]).status == 200)
        }
        let record = try #require(try pool.records().first)
        #expect(record.string("operationName") == "Authentication" && record.integer("httpStatusCode") == 200)
        #expect(record.string("identity")?.contains(TestPrincipal.user.objectID.description) == true)
        let log = try pool.records().map { "\($0)" }.joined()
        #expect(!log.contains(try TestKeys.shared().clientSecret) && !log.contains("eyJ"))
    }

    /// The list of the pool may have the slash, and the client not, or the other way round.
    @Test func aSlashBehindAnAudienceMakesNoDifference() async throws {
        let pool = try TestPool(API.endpoints)
        let digest = [UInt8](repeating: 9, count: 32)
        pool.pool.submitNow(
            .inviteNode(NodeInvitation(name: "node-2", ticketDigest: digest, expires: TestPool.start / 1000 + 60)))
        pool.pool.submitNow(
            .admitNode(
                NodeAdmission(
                    ticketDigest: digest, publicKey: [UInt8](repeating: 4, count: 91), apiURL: "https://b.example:1",
                    peerAddress: "b.example:2", audience: "https://other.example/", knownVersion: .newest)))
        #expect(pool.pool.latestView.state.pool?.audiences.contains("https://other.example/") == true)
        for audience in [
            "https://other.example", "https://other.example/", TestPool.audience, TestPool.audience + "/",
        ] {
            let answer = await token(pool, try form(scope: audience + "/.default"))
            #expect(answer.status == 200, "\(audience): \(answer.text)")
        }
        #expect(await token(pool, try form(scope: "https://other/.default")).status == 400)
    }

    /// What client libraries do after a change of the secret: the claims go along with the next request for a token.
    @Test func aClientRecoversFromAChangedSecret() async throws {
        let pool = try TestPool(API.endpoints)
        func list(_ token: String?) async -> Answer {
            await pool.send(.get, "/keys?api-version=7.4", headers: [("authorization", "Bearer \(token ?? "")")])
        }
        let former = await token(pool, try form()).json?.string("access_token")
        #expect(await list(former).status == 200)
        let hash = Digest.sha256(Random.bytes(32))
        pool.pool.submitNow(
            .setPrincipalSecret(objectID: TestPrincipal.user.objectID, hash: hash, generation: 2))
        #expect(await list(former).header("www-authenticate")?.contains("claims=") == true)
        #expect(await token(pool, try form()).status == 401)
        let restored = try #require(pool.pool.latestView.state.principal(TestPrincipal.auditor.objectID)?.secretHash)
        pool.pool.submitNow(
            .setPrincipalSecret(objectID: TestPrincipal.user.objectID, hash: restored, generation: 3))
        #expect(await list(former).status == 401)
        let claims = "&claims=%7B%22access_token%22%3A%7B%22nbf%22%3A%7B%22essential%22%3Atrue%7D%7D%7D&client_info=1"
        let renewed = await token(pool, try form() + claims).json?.string("access_token")
        #expect(await list(renewed).status == 200)
    }

    @Test func everyWrongCredentialLooksTheSame() async throws {
        let pool = try TestPool(API.endpoints)
        pool.pool.submitNow(.setPrincipalEnabled(objectID: TestPrincipal.auditor.objectID, enabled: false))
        let secret = try TestKeys.shared().clientSecret
        var answers: [Answer] = []
        for form in [
            try form(secret: String(secret.reversed())), try form(secret: "x"), try form(.auditor),
            try form().replacing(TestPrincipal.user.clientID.description, with: "0ffe0000-0000-4000-8000-000000000001"),
            try form().replacing(TestPrincipal.user.clientID.description, with: "me"),
        ] { answers.append(await token(pool, form)) }
        #expect(Set(answers.map(\.text)).count == 1 && Set(answers.map(\.status)) == [401])
        #expect(answers[0].json?.string("error") == "invalid_client")
        let other = await token(pool, try form(scope: "https://vault.azure.net/.default"))
        #expect(other.status == 400 && other.json?.string("error") == "invalid_scope")
        #expect(await token(pool, "grant_type=password").json?.string("error") == "unsupported_grant_type")
        // Refused strangers are counted, not recorded one by one.
        #expect(try pool.records().isEmpty)
        #expect(pool.countedRefusals() == 7)
    }

    @Test func discovery() async throws {
        let pool = try TestPool(API.endpoints)
        let issuer = "\(TestPool.base)/\(TestKeys.tenant)/v2.0"
        for path in ["/adfs/.well-known/openid-configuration", "/common/v2.0/.well-known/openid-configuration"] {
            let answer = await pool.send(.get, path)
            #expect(answer.status == 200 && answer.json?.string("issuer") == issuer)
            for name in ["token_endpoint", "jwks_uri"] {
                #expect(answer.json?.string(name)?.hasPrefix(TestPool.base + "/") == true)
            }
        }
        let keys = await pool.send(.get, "/adfs/discovery/keys")
        let key = try #require(keys.json?.objects("keys").first)
        #expect(key.string("kty") == "RSA" && key.string("d") == nil && keys.json?.objects("keys").count == 1)
    }

    @Test func aSealedNodeStillSaysWhoItIs() async throws {
        let pool = try TestPool(API.endpoints)
        pool.custody.seal()
        let health = await pool.send(.get, "/quorate/v1/health")
        #expect(
            health.status == 200 && health.json?.string("seal") == "sealed" && health.json?.string("node") == "node-1")
        #expect(health.json?.integer("term") == 3 && health.json?.string("leader") == "node-1")
        #expect(health.json?.integer("commitIndex") == 9 && health.json?.integer("appliedIndex") == 7)
        #expect(health.json?["version"] == nil, "the program's version is for principals")
        // Load balancers ask for the head alone.
        let head = await pool.send(.head, "/quorate/v1/health")
        #expect(head.status == 200 && head.header("content-type") == health.header("content-type"))
        #expect(await pool.send(.get, "/adfs/.well-known/openid-configuration").status == 200)
        for answer in [
            await token(pool, try form()), await pool.send(.get, "/adfs/discovery/keys"),
            try await pool.call(.user, .get, "/keys"),
        ] {
            #expect(
                answer.status == 503 && answer.innerCode == "NodeSealed" && answer.message.contains("hsmctl unseal"))
            #expect(answer.header("retry-after") == "1")
        }
    }

    @Test func beforeActivationThereAreNoKeys() async throws {
        let pool = try TestPool(API.endpoints, phase: .provisioned)
        for (method, path) in [(HTTPMethod.get, "/keys"), (.post, "/keys/k/create"), (.post, "/rng")] {
            try await pool.expectRefusal(method, path, "{}", status: 403, code: "Forbidden", inner: "NotActivated")
        }
        let roles = "/providers/Microsoft.Authorization/roleAssignments"
        #expect(try await pool.call(.administrator, .get, roles).status == 200)
        let pending = try await pool.call(.administrator, .get, "/securitydomain/download/pending")
        #expect(pending.status == 404 && pending.code == "SecurityDomainNotFound")
        for body in ["{}", #"{"certificates":[]}"#, #"{"certificates":[1,2,3]}"#, "["] {
            let answer = try await pool.call(.administrator, .post, "/securitydomain/download", body)
            #expect(answer.status == 400 && answer.code == "BadParameter", "\(body): \(answer.text)")
        }
        #expect(pool.pool.latestView.state.phase == .provisioned)
        let activated = try TestPool(API.endpoints)
        let again = try await activated.call(.administrator, .post, "/securitydomain/download", "{}")
        #expect(again.status == 403 && again.message.contains("quorum"))
    }

    @Test func theFirstPollActivates() async throws {
        let pool = try TestPool(API.endpoints, phase: .activating)
        let bearer = ("authorization", "Bearer \(try pool.token(.administrator))")
        // Clients poll the address as it was given, without an api-version.
        let answer = await pool.send(.get, "/securitydomain/download/pending", headers: [bearer])
        #expect(answer.status == 200 && answer.json?.string("status") == "Success")
        #expect(pool.pool.latestView.state.phase == .activated)
        try await pool.create("k")
    }

    @Test func principals() async throws {
        let pool = try TestPool(API.endpoints)
        let made = try await pool.call(.administrator, .post, "/quorate/v1/principals", #"{"displayName":"App <1>"}"#)
        #expect(made.status == 201 && made.json?.string("displayName") == "App <1>")
        let id = try #require(made.json?.string("objectId"))
        let client = try #require(made.json?.string("clientId"))
        let secret = try #require(made.json?.string("clientSecret"))
        let request =
            "grant_type=client_credentials&client_id=\(client)&client_secret=\(secret)"
            + "&scope=\(TestPool.audience)/.default"
        #expect(await token(pool, request).status == 200)
        let list = try await pool.call(.administrator, .get, "/quorate/v1/principals")
        #expect(list.json?.objects("value").contains { $0.string("objectId") == id } == true)
        #expect(!list.text.contains("ecret"))
        let path = "/quorate/v1/principals/\(id)"
        #expect(try await pool.call(.administrator, .patch, path, #"{"enabled":false}"#).json?.bool("enabled") == false)
        #expect(await token(pool, request).status == 401)
        for (path, body, status) in [
            (path, "{}", 400), (path, #"{"enabled":"no"}"#, 400),
            ("/quorate/v1/principals/x", #"{"enabled":true}"#, 400),
            ("/quorate/v1/principals/0ffe0000-0000-4000-8000-000000000001", #"{"enabled":true}"#, 404),
        ] { #expect(try await pool.call(.administrator, .patch, path, body).status == status, "\(path) \(body)") }
        for body in [
            "{}", #"{"displayName":""}"#, #"{"displayName":7}"#,
            #"{"displayName":"\#(String(repeating: "x", count: 257))"}"#,
        ] {
            #expect(try await pool.call(.administrator, .post, "/quorate/v1/principals", body).status == 400)
        }
        let log = try pool.records().map { "\($0)" }.joined()
        #expect(!log.contains(secret))
    }

    @Test func unsealingAndStatus() async throws {
        let pool = try TestPool(API.endpoints)
        #expect(await pool.send(.get, "/quorate/v1/unseal").status == 409)
        func submit(_ body: String) async -> Answer {
            await pool.send(.post, "/quorate/v1/unseal/shares", body: Array(body.utf8))
        }
        #expect(await submit(#"{"envelope":"AQIE"}"#).message.contains("The share is damaged."))
        for body in ["{}", #"{"envelope":7}"#, #"{"envelope":"*"}"#, "["] { #expect(await submit(body).status == 400) }
        #expect(try pool.records().isEmpty)
        let taken = await submit(#"{"envelope":"AQID"}"#)
        #expect(taken.status == 200 && taken.json?.integer("officers") == 1 && taken.json?.integer("required") == 2)
        #expect(try pool.records().map { $0.string("operationName") } == ["UnsealShareSubmit"])
        let status = try await pool.call(.nobody, .get, "/quorate/v1/status")
        #expect(status.json?.string("pool") == "pool-1" && status.json?.string("phase") == "activated")
        #expect(status.json?.objects("members").first?.string("seal") == "unknown")
        #expect(status.json?.objects("members").first?.integer("silentForMilliseconds") == 12)
        let known = status.json?.objects("members").first?.integer("knowsPoolVersion")
        #expect(known == Int64(PoolVersion.newest.rawValue))
        #expect(status.json?.integer("poolVersion") == 1)
        #expect(status.json?.objects("members").first?.string("version") == "1.2.3")
    }
}
