import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@testable import RequestPipeline

/// Who is let in, and what everybody else is told.
@Suite struct AuthenticationTests {
    private static let plain =
        #"Bearer authorization="https://hsm.pool.example:8443/adfs", resource="https://pool.example:8443""#

    private func get(_ pool: TestPool, _ authorization: String...) async -> Answer {
        await pool.send(.get, "/probe", headers: authorization.map { ("authorization", $0) })
    }

    private func expectRefused(_ answer: Answer, _ challenge: String, _ name: String) {
        #expect(answer.status == 401, "\(name)")
        #expect(answer.code == "Unauthorized", "\(name)")
        #expect(answer.header("www-authenticate") == challenge, "\(name)")
        #expect(answer.header("content-type") == "application/json; charset=utf-8", "\(name)")
        #expect(answer.header("x-ms-keyvault-region") == nil && answer.header("retry-after") == nil, "\(name)")
        #expect(answer.message.contains("(Activity ID: \(answer.header("x-ms-request-id") ?? "?"))"), "\(name)")
    }

    @Test func aGoodTokenIsAccepted() async throws {
        let pool = try TestPool(Probe.all)
        let forge = try Forge(pool)
        #expect(await get(pool, "Bearer \(try pool.token(.nobody))").status == 200)
        #expect(await get(pool, "bEaReR \(try forge.signed())").status == 200)
        let slashed = forge.claims(["aud": "\"\(TestPool.audience)/\""])
        #expect(await get(pool, "Bearer \(try forge.signed(claims: slashed))").status == 200)
    }

    @Test func withoutTokenTheChallengeIsTheFormThatClientsParse() async throws {
        let pool = try TestPool(Probe.all)
        expectRefused(await pool.send(.get, "/probe"), Self.plain, "no header")
        expectRefused(await get(pool, ""), Self.plain + #", error="invalid_token""#, "empty header")
        // The first call of a client: same method and URL, no body. It must not depend on path, method or version.
        for (method, target) in [
            (HTTPMethod.put, "/keys/a"), (.delete, "/nowhere"), (.patch, "/probe"), (.get, "/keys/_"),
        ] {
            expectRefused(await pool.send(method, target), Self.plain, target)
        }
    }

    /// What a client library makes of a challenge: the rules of its parser, as far as they bind the server.
    private func parsed(_ challenge: String) -> [String: String] {
        var parameters: [String: String] = [:]
        guard let space = challenge.firstIndex(of: " ") else { return [:] }
        parameters["scheme"] = String(challenge[..<space])
        for item in challenge[challenge.index(after: space)...].split(separator: ",") {
            let parts = item.split(separator: "=", omittingEmptySubsequences: false)
            guard parts.count == 2 || item.contains("claims=") else { continue }
            let value = item[item.index(after: item.firstIndex(of: "=") ?? item.startIndex)...]
            parameters[parts[0].filter { $0 != " " && $0 != "\"" }] = value.filter { $0 != " " && $0 != "\"" }
        }
        return parameters
    }

    @Test func everyChallengeParses() throws {
        let entry = try #require(HostTable(hosts: [TestPool.host]).entry(authority: TestPool.host))
        for challenge in [entry.challenge, entry.rejection, entry.renewal(notBefore: 1_767_605_412)] {
            let parameters = parsed(challenge)
            #expect(parameters["scheme"] == "Bearer")
            let authority = try #require(parameters["authorization"])
            // A first path segment of "adfs" keeps clients from looking for a tenant elsewhere.
            #expect(authority == "https://hsm.pool.example:8443/adfs")
            let resource = try #require(parameters["resource"])
            #expect("hsm.pool.example:8443".hasSuffix("." + resource.dropFirst("https://".count)))
        }
        #expect(parsed(entry.rejection)["error"] == "invalid_token" && parsed(entry.rejection)["claims"] == nil)
        let renewal = parsed(entry.renewal(notBefore: 1_767_605_412))
        #expect(renewal["error"] == "insufficient_claims")
        // The claims are base64 of an object that names the earliest acceptable issue.
        let claims = try #require(renewal["claims"].flatMap { Base64URL.decode(Array($0.utf8.prefix { $0 != 0x3D })) })
        guard case .object(let object) = try JSONReader.parse(claims) else {
            Issue.record("the claims are no object")
            return
        }
        #expect(object.object("access_token")?.object("nbf")?.string("value") == "1767605412")
    }

    @Test func hostileTokensAreRefused() async throws {
        let pool = try TestPool(Probe.all)
        let forge = try Forge(pool)
        let now = forge.seconds
        let good = try forge.signed()
        let parts = good.split(separator: ".").map(String.init)
        var broken = Base64URL.decode(parts[2]) ?? []
        broken[17] ^= 1
        func with(_ changes: [String: String?]) throws -> String { try forge.signed(claims: forge.claims(changes)) }
        let tokens: [(String, String)] = [
            ("empty", ""), ("text", "abc"), ("two parts", parts[0] + "." + parts[1]), ("four parts", good + ".AAAA"),
            ("expired", try with(["iat": "\(now - 7200)", "nbf": "\(now - 7200)", "exp": "\(now - 3600)"])),
            ("expired this second", try with(["iat": "\(now - 60)", "nbf": "\(now - 60)", "exp": "\(now - 301)"])),
            ("not yet valid", try with(["nbf": "\(now + 3600)", "exp": "\(now + 7200)"])),
            ("valid too long", try with(["exp": "\(now + 200 * 3600)"])),
            ("wrong audience", try with(["aud": #""https://vault.azure.net""#])),
            ("audience of a child", try with(["aud": #""https://evil.pool.example:8443""#])),
            ("wrong issuer", try with(["iss": #""https://sts.windows.net/x/""#])),
            ("wrong tenant", try with(["tid": #""11111111-1111-1111-1111-111111111111""#])),
            ("no expiry", try with(["exp": nil])), ("no audience", try with(["aud": nil])),
            ("no object", try with(["oid": nil])), ("object isn't a GUID", try with(["oid": #""root""#])),
            ("wrong signature", parts[0] + "." + parts[1] + "." + Base64URL.encode(broken)),
            ("no signature", parts[0] + "." + parts[1] + "."),
            ("other claims", parts[0] + "." + forge.encode(forge.claims(["exp": "\(now + 7200)"])) + "." + parts[2]),
            ("alg none", forge.unsigned()), ("alg none, signed", forge.unsigned(signature: parts[2])),
            ("alg NoNe", try forge.signed(header: forge.header(alg: "NoNe"))),
            ("public key as secret", try forge.signedWithPublicKeyAsSecret()),
            ("RS512", try forge.signed(header: forge.header(alg: "RS512"))),
            (
                "key from outside",
                try forge.signed(
                    header: #"{"typ":"at+jwt","alg":"RS256","kid":"\#(forge.signer.keyID)","jku":"https://evil/"}"#)
            ),
            ("id token", try forge.signed(header: #"{"typ":"id+jwt","alg":"RS256","kid":"\#(forge.signer.keyID)"}"#)),
            ("oversized", try with(["pad": "\"" + String(repeating: "a", count: 20_000) + "\""])),
            ("padding", good + "="), ("blank inside", good.replacing(".", with: ". ")),
        ]
        let challenge = Self.plain + #", error="invalid_token""#
        for (name, token) in tokens { expectRefused(await get(pool, "Bearer " + token), challenge, name) }
        for (name, value) in [
            ("other scheme", "Basic dXNlcjpwYXNz"), ("no scheme", good), ("NUL for the blank", "bearer\0" + good),
            ("scheme only", "Bearer"),
        ] { expectRefused(await get(pool, value), challenge, name) }
        expectRefused(await get(pool, "Bearer \(good)", "Bearer \(good)"), challenge, "two headers")
        #expect(try pool.records().isEmpty)
        #expect(pool.countedRefusals() == tokens.count + 5)
    }

    /// A client keeps a token until it expires. Only the challenge with claims makes it ask for another one, so it is
    /// given where another one can be better.
    @Test func aTokenThatWasGoodOnceAsksForRenewal() async throws {
        let pool = try TestPool(Probe.all)
        let forge = try Forge(pool)
        let renewal = try #require(HostTable(hosts: [TestPool.host]).entry(authority: TestPool.host))
            .renewal(notBefore: forge.seconds)
        let formerKey = try forge.signed(header: forge.header(kid: "a-former-key"))
        expectRefused(await get(pool, "Bearer \(formerKey)"), renewal, "former token key")
        let formerSecret = try pool.token(.user, generation: 0)
        expectRefused(await get(pool, "Bearer \(formerSecret)"), renewal, "former client secret")
        #expect(await get(pool, "Bearer \(try pool.token(.user))").status == 200)
    }

    @Test func aDisabledPrincipalIsRefusedAtOnceThoughItsTokenIsRemembered() async throws {
        let pool = try TestPool(Probe.all)
        let bearer = "Bearer \(try pool.token(.user))"
        #expect(await get(pool, bearer).status == 200)
        pool.pool.submitNow(.setPrincipalEnabled(objectID: TestPrincipal.user.objectID, enabled: false))
        let answer = await get(pool, bearer)
        #expect(answer.status == 401 && answer.header("www-authenticate")?.contains("claims=") == true)
        // The caller proved who it is: the refusal has a record of its own.
        let record = try #require(try pool.records().last)
        #expect(record.integer("httpStatusCode") == 401)
        #expect(record.string("identity")?.contains(TestPrincipal.user.objectID.description) == true)
        pool.pool.submitNow(.setPrincipalEnabled(objectID: TestPrincipal.user.objectID, enabled: true))
        #expect(await get(pool, bearer).status == 200)
    }

    @Test func aTokenExpiresWhileItIsRemembered() async throws {
        let pool = try TestPool(Probe.all)
        let bearer = "Bearer \(try pool.token(.user, lifetime: 600))"
        #expect(await get(pool, bearer).status == 200)
        pool.advance(seconds: 1000)
        #expect(await get(pool, bearer).status == 401)
    }
}
