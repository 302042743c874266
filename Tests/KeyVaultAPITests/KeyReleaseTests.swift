import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import SecurityDomain
import StrictJSON
import Testing

@testable import KeyVaultAPI

/// An attestation service, and what it says of environments.
private struct Authority {
    static let issuer = "https://attest.example/"
    let key: SystemSigningKey

    init() throws {
        _ = try TestKeys.shared()
        key = try SystemSigningKey.generate(.ec(.p256))
    }

    var trusted: ReleaseAuthority {
        ReleaseAuthority(
            issuer: "https://attest.example", keys: [ReleaseAuthority.Key(id: "a1", publicKey: key.publicKey)])
    }

    /// The key of the pool named `name` as that of an environment.
    func target(_ key: JSONObject, use: String = #""use":"enc""#) -> String {
        #"{"keys":[{"kty":"EC"},{"kty":"RSA","kid":"env-1",\#(use),"n":"\#(key.string("n") ?? "")","e":"AQAB"}]}"#
    }

    func token(
        _ runtime: String, _ claims: String = #""level":{"debug":false}"#, issuer: String = Authority.issuer,
        header: String = #"{"alg":"ES256","kid":"a1","typ":"JWT","jku":"https://evil.example"}"#,
        expires: Int64 = TestPool.start / 1000 + 600, notBefore: Int64 = TestPool.start / 1000
    ) throws -> String {
        let payload = """
            {"iss":"\(issuer)","nbf":\(notBefore),"exp":\(expires),"x-ms-runtime":\(runtime),\(claims)}
            """
        let signed = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        return signed + "." + Base64URL.encode(try key.sign(digest: Digest.sha256(Array(signed.utf8))))
    }
}

@Suite struct KeyReleaseTests {
    private let authority: Authority
    private let pool: TestPool

    init() throws {
        authority = try Authority()
        pool = try TestPool(API.endpoints, authorities: [authority.trusted])
    }

    private static let policy = """
        { "version" : "1.0.0", "anyOf": [ {"authority": "https://attest.example/",
          "allOf": [ {"claim": "level.debug", "equals": "false"} ] } ] }
        """

    private func member(_ policy: String = KeyReleaseTests.policy, _ rest: String = "") -> String {
        #""release_policy":{"data":"\#(Base64URL.encode(Array(policy.utf8)))"\#(rest)}"#
    }

    private func exportable(_ kind: String, _ policy: String? = nil) -> String {
        #"{\#(kind),"attributes":{"exportable":true},\#(policy ?? member())}"#
    }

    private func release(_ name: String, _ token: String, _ rest: String = "") async throws -> Answer {
        try await pool.call(.user, .post, "/keys/\(name)//release", #"{"target":"\#(token)"\#(rest)}"#)
    }

    /// The parts of a compact JWS as JSON: header, payload.
    private func parts(_ token: String) throws -> [JSONObject] {
        try token.split(separator: ".").prefix(2).map { part in
            guard case .object(let object) = try JSONReader.parse(Base64URL.decode(String(part)) ?? []) else {
                throw TestFailure("not an object")
            }
            return object
        }
    }

    @Test func aKeyGoesToAnEnvironmentThatFulfilsItsPolicy() async throws {
        let wrapper = try await pool.create("wrapper", #"{"kty":"RSA","key_ops":["import"]}"#)
        for (number, kind) in [
            #""kty":"RSA""#, #""kty":"EC","crv":"P-384","key_ops":["sign","verify","export"]"#, #""kty":"oct""#,
            #""kty":"OKP""#,
        ].enumerated() {
            let made = try await pool.create("k\(number)", exportable(kind))
            let answer = try await release(
                "k\(number)", try authority.token(authority.target(wrapper)), #","nonce":"n-1""#)
            #expect(answer.status == 200 && answer.json?.members.map(\.name) == ["value"], "\(answer.text)")
            let text = try #require(answer.json?.string("value"))
            let (header, payload) = (try parts(text)[0], try parts(text)[1])
            let chain = header.strings("x5c")
            #expect(header.string("alg") == "RS256" && chain.count == 2)
            let request = try #require(payload.object("request"))
            #expect(request.string("enc") == "CKM_RSA_AES_KEY_WRAP" && request.string("nonce") == "n-1")
            #expect(request.string("kid") == "\(TestPool.base)/keys/k\(number)")
            #expect(request.string("api-version") == "2025-07-01")
            let released = try #require(payload.object("response")?.object("key"))
            #expect(released.object("attributes")?.bool("exportable") == true)
            let policy = Base64URL.decode(released.object("release_policy")?.string("data") ?? "") ?? []
            #expect(
                String(decoding: policy, as: UTF8.self)
                    == #"{"version":"1.0.0","anyOf":[{"authority":"https://attest.example/","#
                    + #""allOf":[{"claim":"level.debug","equals":"false"}]}]}"#)
            let key = try #require(released.object("key"))
            #expect(key.string("kid") == made.string("kid") && key.string("n") == made.string("n"))
            let type = try #require(made.string("kty"))
            #expect(key.string("kty").map { $0 + "-HSM" } == type)
            // What went out comes in again, for the pair that it was encrypted to.
            let envelope = try JSONReader.parse(Base64URL.decode(key.string("key_hsm") ?? "") ?? [])
            guard case .object(let sealed) = envelope else { throw TestFailure("no envelope") }
            #expect(sealed.object("header")?.string("kid") == "env-1" && sealed.string("schema_version") == "1.0")
            let blob = """
                {"schema_version":"1.0.0","header":{"kid":"\(wrapper.string("kid") ?? "")","alg":"dir",\
                "enc":"CKM_RSA_AES_KEY_WRAP"},"ciphertext":"\(sealed.string("ciphertext") ?? "")"}
                """
            let back = try await pool.call(
                .user, .put, "/keys/back\(number)",
                #"{"key":{"kty":"\#(type)","key_hsm":"\#(Base64URL.encode(Array(blob.utf8)))"}}"#)
            let returned = try #require(back.json?.object("key"), "\(back.text)")
            for name in ["n", "x", "y"] { #expect(returned.string(name) == made.string(name)) }
            let record = try #require(try pool.records().first { $0.string("operationName") == "KeyRelease" })
            #expect(record.object("properties")?.string("algorithm") == "CKM_RSA_AES_KEY_WRAP")
        }
    }

    @Test func theSignatureIsThatOfTheCertifiedKey() async throws {
        let wrapper = try await pool.create("wrapper", #"{"kty":"RSA","key_ops":["import"]}"#)
        try await pool.create("k", exportable(#""kty":"EC""#))
        for wrapping in ["CKM_RSA_AES_KEY_WRAP", "RSA_AES_KEY_WRAP_256", "RSA_AES_KEY_WRAP_384"] {
            let answer = try await release(
                "k", try authority.token(authority.target(wrapper)), #","enc":"\#(wrapping)""#)
            let text = try #require(answer.json?.string("value"))
            let header = try parts(text)[0]
            let der = header.strings("x5c").compactMap { text in
                Base64URL.decode(
                    text.replacing("+", with: "-").replacing("/", with: "_").filter { $0 != "=" })
            }
            let chain = try der.map { try X509Certificate(der: $0) }
            #expect(try chain[0].isSigned(bySPKI: chain[1].spkiDER))
            let identity = try TestKeys.shared().keyring.identity.identityKey
            #expect(chain[1].spkiDER == identity)
            #expect(header.string("x5t#S256") == Base64URL.encode(Digest.sha256(der[0])))
            let signed = text.split(separator: ".")
            let isGood = try pool.module.verify(
                publicKey: try #require(chain[0].publicKey), algorithm: .RS256,
                digest: Digest.sha256(Array("\(signed[0]).\(signed[1])".utf8)),
                signature: try #require(Base64URL.decode(String(signed[2]))))
            #expect(isGood)
        }
        try await pool.expectRefusal(
            .post, "/keys/k/release", #"{"target":"a.b.c","enc":"none"}"#, says: "'enc' must be one of")
    }

    @Test func assertionsThatDoNotCount() async throws {
        let wrapper = try await pool.create("wrapper", #"{"kty":"RSA","key_ops":["import"]}"#)
        try await pool.create("k", exportable(#""kty":"EC""#))
        let runtime = authority.target(wrapper)
        let now = TestPool.start / 1000
        func expect(_ text: String, _ token: String) async throws {
            let answer = try await release("k", token)
            #expect(answer.status == 403 && answer.code == "Forbidden", "\(text): \(answer.text)")
            #expect(answer.innerCode == "AccessDenied" && answer.message.contains(text), "\(answer.text)")
        }
        #expect(try await release("k", try authority.token(runtime)).status == 200)
        #expect(
            try await release("k", try authority.token(runtime, issuer: "https://attest.example")).status == 200)
        try await expect("policy", try authority.token(runtime, #""level":{"debug":true}"#))
        try await expect("policy", try authority.token(runtime, #""level":false"#))
        try await expect("policy", try authority.token(runtime, #""other":1"#))
        try await expect("authority", try authority.token(runtime, issuer: "https://other.example"))
        try await expect("signature", try Authority().token(runtime))
        try await expect(
            "names a key", try authority.token(runtime, header: #"{"alg":"ES256","kid":"a2"}"#))
        try await expect("names a key", try authority.token(runtime, header: #"{"alg":"ES384","kid":"a1"}"#))
        try await expect("names a key", try authority.token(runtime, header: #"{"alg":"ES256"}"#))
        for algorithm in ["none", "HS256", "ES256K", "es256"] {
            try await expect(
                "algorithm", try authority.token(runtime, header: #"{"alg":"\#(algorithm)","kid":"a1"}"#))
        }
        try await expect("expired", try authority.token(runtime, expires: now - 60, notBefore: now - 600))
        try await expect("isn't valid yet", try authority.token(runtime, notBefore: now + 61))
        try await expect("8 hours", try authority.token(runtime, expires: now + 28801))
        try await expect("no RSA key", try authority.token(#"{"keys":[]}"#))
        try await expect("no RSA key", try authority.token(authority.target(wrapper, use: #""use":"sig""#)))
        try await expect("no RSA key", try authority.token("7"))
        #expect(
            try await release(
                "k", try authority.token(authority.target(wrapper, use: #""key_ops":["encrypt"]"#))).status == 200)
        try await expect(
            "2048 bits", try authority.token(#"{"keys":[{"kty":"RSA","use":"enc","kid":"x","n":"AQAB"}]}"#))
        // As many bytes as 2048 bits have, and yet fewer bits.
        for first in [0x01, 0x7f] as [UInt8] {
            let modulus = Base64URL.encode([first] + [UInt8](repeating: 0xff, count: 255))
            try await expect(
                "2048 bits",
                try authority.token(
                    #"{"keys":[{"kty":"RSA","use":"enc","kid":"x","n":"\#(modulus)","e":"AQAB"}]}"#))
        }
        try await expect("'kid'", try authority.token(runtime.replacing(#""kid":"env-1","#, with: "")))
        for (malformed, header) in [
            ("crit", #"{"alg":"ES256","kid":"a1","crit":["x"]}"#), ("enc", #"{"alg":"ES256","kid":"a1","enc":"x"}"#),
        ] {
            let answer = try await release("k", try authority.token(runtime, header: header))
            #expect(answer.status == 400, "\(malformed)")
        }
        let good = try authority.token(runtime)
        for token in ["", "a", "a.b.c", good + ".x", good + "=", String(good.dropLast()), "e30.e30.e30"] {
            let answer = try await release("k", token)
            #expect(answer.status == 400 || answer.status == 403, "\(answer.text)")
            #expect(!answer.text.contains("\"value\""))
        }
        try await pool.expectRefusal(.post, "/keys/k/release", "{}", says: "'target' is required")
    }

    /// What the module doesn't take is refused as the environment's, and not as a failure of the service.
    @Test func anEnvironmentsKeyThatNobodyCouldUse() async throws {
        try await pool.create("k", exportable(#""kty":"EC""#))
        func modulus(_ bytes: Int, last: UInt8 = 1) -> String {
            Base64URL.encode([0x80] + [UInt8](repeating: 1, count: bytes - 2) + [last])
        }
        let long = Base64URL.encode([UInt8](repeating: 1, count: 9))
        for (n, e) in [
            (modulus(256, last: 2), "AQAB"), (modulus(512), long), (modulus(320), "AQAB"), (modulus(640), "AQAB"),
            (modulus(256), "AQ"), (modulus(256), "Ag"), (modulus(256), "AA"),
        ] {
            let runtime = #"{"keys":[{"kty":"RSA","use":"enc","kid":"x","n":"\#(n)","e":"\#(e)"}]}"#
            let answer = try await release("k", try authority.token(runtime))
            #expect(answer.status == 403 && answer.innerCode == "AccessDenied", "\(n.count) \(e): \(answer.text)")
            #expect(answer.message.contains("2048 bits"), "\(answer.text)")
        }
    }

    @Test func withoutAuthoritiesNothingIsReleased() async throws {
        let lonely = try TestPool(API.endpoints)
        let wrapper = try await lonely.create("wrapper", #"{"kty":"RSA","key_ops":["import"]}"#)
        try await lonely.create("k", exportable(#""kty":"EC""#))
        let token = try authority.token(authority.target(wrapper))
        let answer = try await lonely.call(.user, .post, "/keys/k/release", #"{"target":"\#(token)"}"#)
        #expect(answer.status == 403 && answer.message.contains("authority"))
    }

    @Test func stateOfTheKey() async throws {
        try await pool.create("plain")
        try await pool.create("off", exportable(#""kty":"EC""#).replacing("true}", with: #"true,"enabled":false}"#))
        try await pool.create("past", exportable(#""kty":"EC""#).replacing("true}", with: #"true,"exp":5}"#))
        try await pool.expectRefusal(
            .post, "/keys/plain/release", "{", status: 403, code: "Forbidden", inner: "KeyOperationForbidden",
            says: "exportable")
        try await pool.expectRefusal(
            .post, "/keys/off/release", "{", status: 403, code: "Forbidden", inner: "KeyDisabled")
        try await pool.expectRefusal(.post, "/keys/none/release", "{", status: 404, code: "KeyNotFound")
        let wrapper = try await pool.create("wrapper", #"{"kty":"RSA","key_ops":["import"]}"#)
        #expect(try await release("past", try authority.token(authority.target(wrapper))).status == 200)
    }

    // MARK: The policy as an attribute

    @Test func whoMayHaveAPolicy() async throws {
        func expect(_ text: String, _ body: String) async throws {
            try await pool.expectRefusal(.post, "/keys/k/create", body, says: text)
        }
        try await expect("needs a 'release_policy'", #"{"kty":"EC","attributes":{"exportable":true}}"#)
        try await expect("needs 'attributes.exportable'", #"{"kty":"EC",\#(member())}"#)
        try await expect("'key_ops': 'export'", #"{"kty":"EC","key_ops":["sign","export"]}"#)
        try await expect("'release_policy' must be an object", #"{"kty":"EC","release_policy":1}"#)
        let other = member(Self.policy, #","immutable":1"#)
        try await expect("'release_policy.immutable' must be", exportable(#""kty":"EC""#, other))
        let long = member(Self.policy.replacing("level", with: String(repeating: "x", count: 17000)))
        try await expect("16384 bytes", exportable(#""kty":"EC""#, long))
    }

    /// The protocol asks for a policy with the first version alone.
    @Test func furtherVersionsGoOnWithThePolicy() async throws {
        let create = #"{"kty":"EC","attributes":{"exportable":true}}"#
        let bring = #"{"key":{"kty":"oct","k":"\#(Base64URL.encode(Array(0..<32)))"},"attributes":{"exportable":true}}"#
        try await pool.create("k", exportable(#""kty":"EC""#, member(Self.policy, #","immutable":true"#)))
        let policy = try await pool.call(.user, .get, "/keys/k").json?.object("release_policy")
        for (method, path, body) in [(HTTPMethod.post, "/keys/k/create", create), (.put, "/keys/k", bring)] {
            let next = try await pool.call(.user, method, path, body)
            #expect(next.status == 200 && next.json?.object("attributes")?.bool("exportable") == true, "\(next.text)")
            #expect(next.json?.object("release_policy") == policy && policy?.bool("immutable") == true)
        }
        let wrapper = try await pool.create("wrapper", #"{"kty":"RSA","key_ops":["import"]}"#)
        #expect(try await release("k", try authority.token(authority.target(wrapper))).status == 200)
        // One that stays in the pool has none to go on with, and takes none.
        try await pool.create("k")
        #expect(try await pool.call(.user, .get, "/keys/k").json?.object("release_policy") == nil)
        try await pool.expectRefusal(.post, "/keys/k/create", create, says: "needs a 'release_policy'")
        try await pool.expectRefusal(.put, "/keys/k", bring, says: "needs a 'release_policy'")
    }

    @Test func changesOfThePolicy() async throws {
        let strict = Self.policy.replacing("level.debug", with: "other")
        func patch(_ name: String, _ body: String) async throws -> Answer {
            try await pool.call(.user, .patch, "/keys/\(name)", body)
        }
        try await pool.create("plain")
        try await pool.create("k", exportable(#""kty":"EC""#))
        #expect(try await patch("plain", #"{"attributes":{"exportable":true}}"#).message.contains("can't be changed"))
        #expect(try await patch("k", #"{"attributes":{"exportable":false}}"#).message.contains("can't be changed"))
        #expect(try await patch("plain", "{\(member())}").message.contains("were made exportable"))
        // The same policy again is no change; another one is, and is sealed with the key.
        let before = pool.pool.latestView.state.key("k")?.latest.header.revision
        #expect(try await patch("k", #"{"attributes":{"exportable":true},\#(member())}"#).status == 200)
        #expect(pool.pool.latestView.state.key("k")?.latest.header.revision == before)
        #expect(try await patch("k", "{\(member(strict))}").status == 200)
        #expect(pool.pool.latestView.state.key("k")?.latest.header.revision == 1)
        let wrapper = try await pool.create("wrapper", #"{"kty":"RSA","key_ops":["import"]}"#)
        let token = try authority.token(authority.target(wrapper))
        #expect(try await release("k", token).message.contains("policy"))
        let fulfilling = try authority.token(authority.target(wrapper), #""other":false"#)
        #expect(try await release("k", fulfilling).status == 200)
        // Immutable once, immutable for ever.
        let last = try await patch("k", "{\(member(strict, #","immutable":true"#))}")
        #expect(last.json?.object("release_policy")?.bool("immutable") == true, "\(last.text)")
        #expect(try await patch("k", "{\(member())}").message.contains("immutable"))
        #expect(
            try await patch("k", "{\(member(strict, #","immutable":false"#))}").message.contains("immutable"))
        #expect(try await patch("k", #"{"tags":{"a":"b"},\#(member(strict, #","immutable":true"#))}"#).status == 200)
        // What isn't said doesn't change.
        let unsaid = try await patch("k", "{\(member(strict))}")
        #expect(unsaid.status == 200, "\(unsaid.text)")
        #expect(unsaid.json?.object("release_policy")?.bool("immutable") == true, "\(unsaid.text)")
        #expect(try await patch("k", #"{"key_ops":["sign"]}"#).status == 200)
        #expect(try await release("k", fulfilling).status == 200)
        // New versions have the terms of the one that they follow.
        _ = try await pool.call(
            .user, .put, "/keys/k/rotationpolicy", #"{"lifetimeActions":[],"attributes":{"expiryTime":"P90D"}}"#)
        let rotated = try await pool.call(.user, .post, "/keys/k/rotate")
        #expect(rotated.json?.object("attributes")?.bool("exportable") == true)
        #expect(rotated.json?.object("release_policy")?.bool("immutable") == true, "\(rotated.text)")
        #expect(try await release("k", fulfilling).status == 200)
        let blob = try await pool.call(.user, .post, "/keys/k/backup").json?.string("value") ?? ""
        _ = try await pool.call(.user, .delete, "/keys/k")
        _ = try await pool.call(.officer, .delete, "/deletedkeys/k")
        #expect(try await pool.call(.user, .post, "/keys/restore", #"{"value":"\#(blob)"}"#).status == 200)
        #expect(try await release("k", fulfilling).status == 200)
    }

    @Test func theGrammarOfPolicies() throws {
        func refusal(_ text: String) -> String {
            do throws(ReleasePolicyDocument.Refusal) {
                _ = try ReleasePolicyDocument(parsing: Array(text.utf8))
                return ""
            } catch {
                return error.reason
            }
        }
        func policy(_ condition: String, _ head: String = #""authority":"https://a""#) -> String {
            #"{"version":"1.0.0","anyOf":[{\#(head),\#(condition)}]}"#
        }
        let claim = #"{"claim":"a","equals":1}"#
        /// The authority's list is the first level, the claim in the innermost one the last.
        func nested(_ levels: Int) -> String {
            let lists = levels - 2
            return policy(
                #""allOf":["# + String(repeating: #"{"allOf":["#, count: lists) + claim
                    + String(repeating: "]}", count: lists) + "]")
        }
        for good in [
            nested(2), nested(8),
            policy(#""allOf":[\#(claim)]"#), policy(#""anyOf":[\#(claim),{"allOf":[\#(claim)]}]"#),
            policy(#""allOf":[{"claim":"a.b-c.d_e","equals":true},{"claim":"x","equals":"1.5"}]"#),
            policy(#""allOf":[{"claim":"a","equals":9223372036854775807},{"claim":"b","equals":-1.5}]"#),
            policy(#""allOf":[{"claim":"a","equals":"9223372036854775808"}]"#),
        ] { #expect(refusal(good) == "") }
        for (bad, reason) in [
            ("", "JSON"), ("[]", "isn't a JSON object"), ("{}", "'version'"), (#"{"version":"1.0.0"}"#, "'anyOf'"),
            (#"{"version":"2.0","anyOf":[]}"#, "'version'"), (#"{"version":"1.0.0","anyOf":[]}"#, "'anyOf'"),
            (#"{"version":"1.0.0","anyOf":[1]}"#, "'authority'"), (policy(#""allOf":[]"#), "'allOf'"),
            (#"{"version":"1.0.0","allOf":[]}"#, "members"), (policy(#""allOf":[1]"#), "isn't an object"),
            (policy(#""allOf":[\#(claim)],"anyOf":[\#(claim)]"#), "not both"), (policy(#""x":1"#), "members"),
            (policy(#""allOf":[{"claim":"a"}]"#), "'equals'"),
            (policy(#""allOf":[{"claim":"a","notEquals":1}]"#), "operator"),
            (policy(#""allOf":[{"claim":"a","equals":[1]}]"#), "'equals'"),
            (policy(#""allOf":[{"claim":"a","equals":null}]"#), "'equals'"),
            (policy(#""allOf":[{"claim":"a","equals":9223372036854775808}]"#), "2^53"),
            (policy(#""allOf":[{"claim":"a","equals":9007199254740993.0}]"#), "2^53"),
            (policy(#""allOf":[{"claim":"a..b","equals":1}]"#), "dots"),
            (policy(#""allOf":[{"claim":"","equals":1}]"#), "dots"),
            (policy(#""allOf":[\#(claim)]"#, #""authority":"http://a""#), "https"),
            (policy(#""allOf":[\#(claim)]"#, #""authority":"https://""#), "https"),
            (policy(#""allOf":[{}]"#), "not both"),
            (nested(9), "its conditions are nested deeper than 8"), (nested(11), "nested deeper than 8"),
            (nested(100), "JSON"),
        ] {
            let got = refusal(bad)
            #expect(!got.isEmpty && got.contains(reason), "\(bad): \(got)")
        }
        let document = try ReleasePolicyDocument(
            parsing: Array(
                policy(#""anyOf":[{"claim":"a.b","equals":7},{"allOf":[{"claim":"c","equals":"x"},\#(claim)]}]"#).utf8))
        func holds(_ claims: String, _ issuer: String = "https://a") throws -> Bool {
            guard case .object(let object) = try JSONReader.parse(Array(claims.utf8)) else { return false }
            return document.isFulfilled(issuer: issuer, claims: object)
        }
        for claims in [#"{"a":{"b":7}}"#, #"{"a":{"b":"7"}}"#, #"{"c":"x","a":1}"#, #"{"c":"x","a":1.0}"#] {
            #expect(try holds(claims) && holds(claims, "https://a//") && !holds(claims, "https://b"), "\(claims)")
        }
        for claims in [
            "{}", #"{"a":7}"#, #"{"a.b":7}"#, #"{"a":{"b":[7]}}"#, #"{"c":"x","a":2}"#, #"{"c":"X","a":1}"#,
        ] {
            #expect(try !holds(claims), "\(claims)")
        }
    }

    /// Of large numbers many have the same double.
    @Test func largeNumbersAreNotTakenForOneAnother() throws {
        func holds(_ wanted: String, _ claim: String) throws -> Bool {
            let policy = #"{"version":"1.0.0","anyOf":[{"authority":"https://a","#
                + #""allOf":[{"claim":"a","equals":\#(wanted)}]}]}"#
            guard case .object(let claims) = try JSONReader.parse(Array(#"{"a":\#(claim)}"#.utf8)) else { return false }
            let document = try ReleasePolicyDocument(parsing: Array(policy.utf8))
            return document.isFulfilled(issuer: "https://a", claims: claims)
        }
        for number in ["9007199254740993", "9223372036854775807", "-9223372036854775808"] {
            #expect(try holds(number, number) && holds("\"\(number)\"", number), "\(number)")
        }
        for (wanted, claim) in [
            ("9007199254740993", "9007199254740992"), ("9007199254740992", "9007199254740993.0"),
            ("9223372036854775807", "9223372036854775808"), (#""9223372036854775808""#, "9223372036854775809"),
            (#""9.223372036854776e+18""#, "9223372036854775808"), (#""1e+16""#, "1e16"),
        ] { #expect(try !holds(wanted, claim), "\(wanted) \(claim)") }
    }

    /// A policy from before such numbers were refused.
    @Test func aStoredPolicyThatCannotBeFulfilledReleasesNothing() async throws {
        let text = Self.policy.replacing(#""false""#, with: "9223372036854775808")
        let stored = ReleasePolicy(contentType: "application/json", data: Array(text.utf8))
        let terms = ExportTerms(
            isExportable: true, policyDigest: Digest.sha256(stored.data), isPolicyImmutable: false)
        let made = try pool.module.generateKey(
            KeyTemplate(
                poolID: TestKeys.poolID, name: "k", version: Random.bytes(16), material: .ec(.p256),
                operations: [.sign], createdAt: TestPool.start / 1000, export: terms))
        let version = NewKeyVersion(
            header: made.header, publicKey: made.publicKey, record: made.record.bytes, origin: .generated,
            releasePolicy: stored)
        guard case .key = try pool.pool.submitNow(.createKeyVersion(version)).get().outcome else {
            throw TestFailure("the key wasn't taken")
        }
        let wrapper = try await pool.create("wrapper", #"{"kty":"RSA","key_ops":["import"]}"#)
        let claim = #""level":{"debug":9223372036854775809}"#
        let answer = try await release("k", try authority.token(authority.target(wrapper), claim))
        #expect(answer.status == 403 && answer.innerCode == "AccessDenied", "\(answer.text)")
        #expect(answer.message.contains("release policy can't be fulfilled"))
    }
}
