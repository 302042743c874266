import AccessControl
import HTTPTransport
import Identity
import PoolState
import RequestPipeline
import RequestTesting
import StrictJSON
import Testing

@testable import ManagementAPI

/// What the Azure CLI needs beside the keys: a description of the cloud, subscriptions, a directory.
@Suite struct CommandLineTests {
    private let arm = TestPool.base + "/arm"
    private let graph = TestPool.base + "/graph"
    private let subscription = "/subscriptions/a0a0a0a0-a0a0-a0a0-a0a0-a0a0a0a0a0a0"

    private func ask(
        _ pool: TestPool, _ path: String, for audience: String, as principal: TestPrincipal = .nobody,
        method: HTTPMethod = .get, body: String = ""
    ) async throws -> Answer {
        let token = try pool.token(principal, audience: audience)
        return await pool.send(
            method, path, body: Array(body.utf8), headers: [("authorization", "Bearer " + token)])
    }

    // MARK: Description

    @Test func theDescriptionOfTheCloudIsMadeForTheHostThatWasAsked() async throws {
        let pool = try TestPool(API.endpoints)
        pool.custody.seal()
        for path in ["/metadata/endpoints?api-version=2022-09-01", "//metadata/endpoints"] {
            let cloud = try #require(await pool.send(.get, path).json)
            #expect(cloud.string("name") == "pool-1" && cloud.string("resourceManager") == TestPool.base)
            #expect(cloud.object("authentication")?.string("loginEndpoint") == TestPool.base + "/adfs")
            #expect(cloud.object("authentication")?.strings("audiences") == [arm])
            #expect(cloud.string("microsoftGraphResourceId") == graph + "/")
            #expect(cloud.object("suffixes")?.string("mhsmDns") == ".pool.example:8443")
            #expect(cloud.object("suffixes")?.string("keyVaultDns") == ".vault.pool.example:8443")
        }
        let one = await pool.send(.get, "/metadata/endpoints").text
        #expect(await pool.send(.get, "/metadata/endpoints/list").text == "[\(one)]")
        #expect(await pool.send(.get, "/metadata/endpoints", authority: "evil.example").status == 421)
    }

    @Test(arguments: [
        ("contoso.hsm.test:8443", "contoso", ".hsm.test:8443"), ("contoso.hsm.test", "contoso", ".hsm.test"),
        ("localhost:8443", "localhost:8443", ""), ("127.0.0.1:8443", "127.0.0.1:8443", ""), ("single", "single", ""),
        ("[::1]:8443", "[::1]:8443", ""), ("[2001:db8::1.2.3.4]", "[2001:db8::1.2.3.4]", ""),
        ("1and1.test", "1and1", ".test"),
    ])
    func aHostIsANameAndASuffix(authority: String, name: String, suffix: String) {
        let address = ClientAddress(authority: authority[...])
        #expect(address.name == name && address.suffix == suffix && address.name + address.suffix == authority)
    }

    // MARK: Tokens

    /// Every service takes tokens for itself only, whatever rights their holder has.
    @Test func tokensAreForOneService() async throws {
        let pool = try TestPool(API.endpoints)
        let paths = [
            "/keys?api-version=7.5": TestPool.audience, "/subscriptions": arm, "/tenants/nowhere": arm,
            "/graph/v1.0/groups?$filter=displayName%20eq%20'x'": graph,
        ]
        for (path, audience) in paths {
            for offered in [TestPool.audience, arm, graph, graph + "/"] {
                let answer = try await ask(pool, path, for: offered, as: .auditor)
                let isRight = offered == audience || offered == audience + "/"
                #expect((answer.status != 401) == isRight, "\(path) with \(offered): \(answer.text)")
            }
            let challenge = await pool.send(.get, path).header("www-authenticate") ?? ""
            #expect(challenge.contains("resource=\"\(audience)\""), "\(path): \(challenge)")
        }
        #expect(try await ask(pool, "/tenants/nowhere", for: arm).status == 404)
        let foreign = "https://other.example/arm"
        #expect(try await ask(pool, "/subscriptions", for: foreign).status == 401)
    }

    @Test func theIssuerServesAllThree() async throws {
        let pool = try TestPool(API.endpoints)
        let secret = try TestKeys.shared().clientSecret
        func issue(_ resource: String) async -> Answer {
            let form = "grant_type=client_credentials&client_id=\(TestPrincipal.nobody.clientID)"
                + "&client_secret=\(secret)&client_info=1&scope=\(resource)/.default"
            return await pool.send(.post, "/adfs/oauth2/token", body: Array(form.utf8))
        }
        let answer = await issue(arm)
        let token = try #require(answer.json?.string("access_token"))
        let list = await pool.send(.get, "/subscriptions", headers: [("authorization", "Bearer " + token)])
        #expect(list.status == 200, "\(list.text)")
        // Clients add their suffix to a resource that ends in a slash.
        #expect(await issue(graph + "/").status == 200)
        #expect(await issue(TestPool.base + "/other").json?.string("error") == "invalid_scope")
    }

    @Test func anAudienceOfTheKeysIsForNothingElse() throws {
        let facades = HostTable(hosts: [TestPool.host]).facadeAudiences
        let usual = try TokenAuthority.audiences(keys: [TestPool.audience], facades: facades)
        #expect(usual.kind(of: arm) == .resourceManager && usual.kind(of: graph) == .directory)
        let unusual = try TokenAuthority.audiences(keys: [TestPool.audience, arm + "/"], facades: facades)
        #expect(unusual.kind(of: arm) == .dataPlane && unusual.kind(of: graph) == .directory)
    }

    // MARK: Resource manager

    @Test func oneSubscriptionStandsForThePool() async throws {
        let pool = try TestPool(API.endpoints)
        let list = try await ask(pool, "/subscriptions?api-version=2022-12-01", for: arm)
        let only = try #require(list.json?.objects("value").first)
        #expect(list.status == 200 && list.json?.objects("value").count == 1)
        #expect(only.string("id") == subscription && only.string("displayName") == "pool-1")
        #expect(only.string("tenantId") == "\(TestKeys.tenant)" && only.string("state") == "Enabled")
        #expect(try await ask(pool, subscription, for: arm).json?.string("id") == subscription)
        let tenants = try await ask(pool, "/tenants", for: arm).json?.objects("value")
        #expect(tenants?.map { $0.string("tenantId") } == ["\(TestKeys.tenant)"])
    }

    @Test func thePoolIsItsOnlyResource() async throws {
        let pool = try TestPool(API.endpoints)
        let hsms = "/providers/Microsoft.KeyVault/managedHSMs"
        let own = "\(subscription)/resourceGroups/pool-1\(hsms)/hsm"
        for path in [
            subscription + hsms, subscription + "/resourcegroups/POOL-1" + hsms, subscription + "/resources",
        ] {
            let found = try await ask(pool, path, for: arm).json?.objects("value")
            #expect(found?.map { $0.string("id") } == [own], "\(path)")
        }
        let one = try #require(try await ask(pool, own, for: arm).json)
        #expect(one.object("properties")?.string("hsmUri") == TestPool.base)
        #expect(one.object("properties")?.integer("softDeleteRetentionInDays") == 90)
        let vaults = "/resources?$filter=resourceType%20eq%20'Microsoft.KeyVault/vaults'"
        #expect(try await ask(pool, subscription + vaults, for: arm).json?.objects("value").isEmpty == true)
        for path in [
            "/subscriptions/\(TestKeys.tenant)" + hsms, "/subscriptions/x" + hsms,
            subscription + "/resourceGroups/other" + hsms, own + "2",
        ] { #expect(try await ask(pool, path, for: arm).status == 404, "\(path)") }
        #expect(try await ask(pool, own, for: arm, method: .put).status == 405)
    }

    // MARK: Directory

    private func lookUp(_ pool: TestPool, _ asking: TestPrincipal, _ wanted: [TestPrincipal]) async throws -> Answer {
        let list = wanted.map { "\"\($0.objectID)\"" }.joined(separator: ",")
        return try await ask(
            pool, "/graph/v1.0/directoryObjects/getByIds", for: graph, as: asking, method: .post,
            body: "{\"ids\":[\(list)],\"types\":[\"user\",\"group\",\"servicePrincipal\"]}")
    }

    @Test func whoeverReadsAssignmentsMayLookUpPrincipals() async throws {
        let pool = try TestPool(API.endpoints)
        let answer = try await lookUp(pool, .auditor, [.user, .officer])
        let found = try #require(answer.json?.objects("value"))
        #expect(found.map { $0.string("id") } == [TestPrincipal.user, .officer].map { "\($0.objectID)" })
        let first = try #require(found.first)
        #expect(first.string("@odata.type") == "#microsoft.graph.servicePrincipal")
        #expect(first.strings("servicePrincipalNames") == ["\(TestPrincipal.user.clientID)"])
        #expect(try await lookUp(pool, .nobody, [.nobody]).json?.objects("value").count == 1)
        #expect(try await lookUp(pool, .nobody, []).json?.objects("value").isEmpty == true)
        for wanted in [[TestPrincipal.user], [.nobody, .user]] {
            let refused = try await lookUp(pool, .nobody, wanted)
            #expect(refused.status == 403 && refused.code == "AccessDenied", "\(refused.text)")
        }
    }

    @Test func principalsAreFoundByTheFiltersOfTheClient() async throws {
        let pool = try TestPool(API.endpoints)
        func find(_ kind: String, _ filter: String, as asking: TestPrincipal = .auditor) async throws -> Answer {
            let escaped = filter.replacing(" ", with: "%20").replacing("'", with: "%27").replacing(":", with: "%3A")
            return try await ask(pool, "/graph/v1.0/\(kind)?$filter=\(escaped)", for: graph, as: asking)
        }
        let user = "servicePrincipalNames/any(c:c eq '\(TestPrincipal.user.clientID)')"
        let found = try await find("servicePrincipals", user)
        #expect(found.json?.objects("value").map { $0.string("id") } == ["\(TestPrincipal.user.objectID)"])
        #expect(try await find("users", user).json?.objects("value").isEmpty == true)
        let none = try await find("servicePrincipals", "displayName eq 'it''s nobody'")
        #expect(none.status == 200 && none.json?.objects("value").isEmpty == true)
        #expect(try await find("servicePrincipals", user, as: .nobody).status == 403)
        let own = "appId eq '\(TestPrincipal.nobody.clientID)'"
        #expect(try await find("servicePrincipals", own, as: .nobody).json?.objects("value").count == 1)
        for filter in ["", "displayName eq 'a' or appId eq 'b'", "displayName eq '", "accountEnabled eq true"] {
            #expect(try await find("servicePrincipals", filter).status == 400, "\(filter)")
        }
    }
}
