import CryptographicModule
import Testing

@testable import Identity

/// Tokens that must not pass, each with the reason for which it is refused.
@Suite struct HostileTokenTests {
    struct Hostile: Sendable, CustomTestStringConvertible {
        let name: String
        let reason: TokenRejection
        let token: @Sendable () throws -> String

        var testDescription: String { name }

        init(_ name: String, _ reason: TokenRejection, _ token: @escaping @Sendable () throws -> String) {
            self.name = name
            self.reason = reason
            self.token = token
        }

        static func header(_ name: String, _ reason: TokenRejection, _ header: String) -> Hostile {
            Hostile(name, reason) { try Forge.sign(header: header) }
        }

        static func claims(_ name: String, _ reason: TokenRejection, _ changes: [String: String?]) -> Hostile {
            Hostile(name, reason) { try Forge.sign(claims: Forge.claims(changes)) }
        }
    }

    static let headers: [Hostile] = [
        Hostile("alg none, no signature", .algorithmNotAllowed) {
            Forge.encode(#"{"typ":"at+jwt","alg":"none","kid":"key-1"}"#) + "." + Forge.encode(Forge.claims()) + "."
        },
        .header("alg NONE with a signature", .algorithmNotAllowed, #"{"typ":"at+jwt","alg":"NONE","kid":"key-1"}"#),
        Hostile("HS256 with the public key as the secret", .algorithmNotAllowed) {
            // Whatever the third part is: a symmetric algorithm is not looked at.
            let header = #"{"typ":"at+jwt","alg":"HS256","kid":"key-1"}"#
            let signed = Forge.encode(header) + "." + Forge.encode(Forge.claims())
            return signed + "." + Base64URL.encode(Digest.sha256(Array(signed.utf8)))
        },
        .header(
            "an algorithm that the issuer doesn't use", .algorithmNotAllowed,
            #"{"typ":"at+jwt","alg":"PS256","kid":"key-1"}"#),
        .header(
            "an algorithm for another key type", .algorithmNotAllowed,
            #"{"typ":"at+jwt","alg":"ES256","kid":"key-1"}"#),
        .header("alg in lower case", .algorithmNotAllowed, #"{"typ":"at+jwt","alg":"rs256","kid":"key-1"}"#),
        .header("alg missing", .malformedHeader, #"{"typ":"at+jwt","kid":"key-1"}"#),
        .header("alg twice", .malformedHeader, #"{"typ":"at+jwt","alg":"RS256","alg":"none","kid":"key-1"}"#),
        .header("alg as a list", .malformedHeader, #"{"typ":"at+jwt","alg":["RS256"],"kid":"key-1"}"#),
        .header("kid missing", .unknownKey, #"{"typ":"at+jwt","alg":"RS256"}"#),
        .header("kid unknown", .unknownKey, #"{"typ":"at+jwt","alg":"RS256","kid":"key-9"}"#),
        .header("kid as a path", .unknownKey, #"{"typ":"at+jwt","alg":"RS256","kid":"../../../../dev/null"}"#),
        .header("kid as a query", .unknownKey, #"{"typ":"at+jwt","alg":"RS256","kid":"' OR '1'='1"}"#),
        .header("kid as an object", .malformedHeader, #"{"typ":"at+jwt","alg":"RS256","kid":{}}"#),
        .header(
            "jku", .forbiddenHeader,
            #"{"typ":"at+jwt","alg":"RS256","kid":"key-1","jku":"https://evil.test/keys"}"#),
        .header("x5u", .forbiddenHeader, #"{"typ":"at+jwt","alg":"RS256","kid":"key-1","x5u":"https://evil.test/c"}"#),
        .header("embedded jwk", .forbiddenHeader, #"{"typ":"at+jwt","alg":"RS256","kid":"key-1","jwk":{"kty":"RSA"}}"#),
        .header("crit", .forbiddenHeader, #"{"typ":"at+jwt","alg":"RS256","kid":"key-1","crit":["exp"]}"#),
        .header("b64", .forbiddenHeader, #"{"typ":"at+jwt","alg":"RS256","kid":"key-1","b64":false}"#),
        .header("jku with a null", .forbiddenHeader, #"{"typ":"at+jwt","alg":"RS256","kid":"key-1","jku":null}"#),
        .header("an id token", .wrongType, #"{"typ":"JWT","alg":"RS256","kid":"key-1"}"#),
        .header("no typ", .wrongType, #"{"alg":"RS256","kid":"key-1"}"#),
        .header("a header that is no object", .malformedHeader, #"["RS256"]"#),
    ]

    static let claims: [Hostile] = [
        .claims("another issuer", .unknownIssuer, ["iss": #""https://evil.test""#]),
        .claims("the issuer with a slash", .unknownIssuer, ["iss": "\"\(issuerText)/\""]),
        .claims("another audience", .wrongAudience, ["aud": #""https://evil.test""#]),
        .claims("an audience that only begins right", .wrongAudience, ["aud": #""https://mhsm.local.evil.test""#]),
        .claims("the audience of another plane", .wrongAudience, ["aud": #""https://pool1.mhsm.local/arm""#]),
        .claims(
            "two planes at once", .wrongAudience,
            ["aud": #"["https://mhsm.local","https://pool1.mhsm.local/arm"]"#]),
        .claims("no audience", .missingClaim, ["aud": "[]"]),
        .claims("another tenant", .wrongTenant, ["tid": #""22222222-2222-2222-2222-222222222222""#]),
        .claims("expired", .expired, ["exp": "\(noon)", "nbf": "\(noon - 60)", "iat": "\(noon - 60)"]),
        .claims(
            "expired within this second", .expired,
            ["exp": "\(noon).9", "nbf": "\(noon - 60)", "iat": "\(noon - 60)"]),
        .claims("not valid yet", .notYetValid, ["nbf": "\(noon + 61)"]),
        .claims("issued in the future", .notYetValid, ["iat": "\(noon + 61)"]),
        .claims("valid for two days", .badLifetime, ["exp": "\(noon + 172_800)"]),
        .claims("ends before it begins", .badLifetime, ["exp": "\(noon + 5)", "nbf": "\(noon + 30)"]),
        .claims("exp missing", .missingClaim, ["exp": nil]),
        .claims("exp null", .missingClaim, ["exp": "null"]),
        .claims("exp huge", .malformedClaims, ["exp": "9223372036854775807"]),
        .claims("exp beyond all numbers", .malformedClaims, ["exp": "1e400"]),
        .claims("exp negative", .malformedClaims, ["exp": "-1"]),
        .claims("exp as text", .malformedClaims, ["exp": "\"\(noon + 3600)\""]),
        .claims("nbf missing", .missingClaim, ["nbf": nil]),
        .claims("tid missing", .missingClaim, ["tid": nil]),
        .claims("oid missing", .missingClaim, ["oid": nil]),
        .claims("oid no GUID", .badObjectID, ["oid": #""root""#]),
        .claims("oid as a list", .malformedClaims, ["oid": "[\"\(alice)\"]"]),
        .claims("generation negative", .malformedClaims, ["qcg": "-1"]),
        Hostile("exp twice", .malformedClaims) {
            try Forge.sign(claims: Forge.claims(raw: ",\"exp\":\(noon + 7200)"))
        },
        Hostile("exp twice, once escaped", .malformedClaims) {
            try Forge.sign(claims: Forge.claims(raw: ",\"\\u0065xp\":\(noon + 7200)"))
        },
        Hostile("a second object", .malformedClaims) { try Forge.sign(claims: Forge.claims() + "{}") },
        Hostile("claims nested without end", .malformedClaims) {
            try Forge.sign(claims: String(repeating: "[", count: 9000))
        },
    ]

    static let forms: [Hostile] = [
        Hostile("nothing", .badLength) { "" },
        Hostile("too long", .badLength) {
            try Forge.sign(claims: Forge.claims(["x": "\"\(String(repeating: "x", count: 16_384))\""]))
        },
        Hostile("one part", .notCompactJWS) { "eyJhbGciOiJSUzI1NiJ9" },
        Hostile("two parts", .notCompactJWS) { try Forge.rearranged { Array($0.prefix(2)) } },
        Hostile("four parts", .notCompactJWS) { try Forge.rearranged { $0 + [$0[2]] } },
        Hostile("five parts, as if encrypted", .notCompactJWS) { try Forge.rearranged { $0 + ["e30", "e30"] } },
        Hostile("an empty header", .notCompactJWS) { try Forge.rearranged { ["", $0[1], $0[2]] } },
        Hostile("padding", .notCompactJWS) { try Forge.rearranged { [$0[0], $0[1] + "=", $0[2]] } },
        Hostile("the other alphabet", .notCompactJWS) {
            try Forge.rearranged { [$0[0], $0[1], "+/" + $0[2].dropFirst(2)] }
        },
        Hostile("a blank at the end", .notCompactJWS) { try Forge.sign() + " " },
        Hostile("a line end", .notCompactJWS) { try Forge.sign() + "\n" },
        Hostile("truncated", .badSignature) { try String(Forge.sign().dropLast(2)) },
        Hostile("a longer signature", .badSignature) { try Forge.sign() + "AAAA" },
        Hostile("no signature", .badSignature) { try Forge.rearranged { [$0[0], $0[1], ""] } },
        Hostile("signed by another key", .badSignature) { try Forge.sign(signer: .other) },
        Hostile("other claims under a good signature", .badSignature) {
            try Forge.rearranged { [$0[0], Forge.encode(Forge.claims(["qcg": "4"])), $0[2]] }
        },
        Hostile("another header under a good signature", .badSignature) {
            try Forge.rearranged { [Forge.encode(#"{"alg":"RS256","typ":"at+jwt","kid":"key-1"}"#), $0[1], $0[2]] }
        },
        Hostile("the signature of another token", .badSignature) {
            let other = try Forge.sign(claims: Forge.claims(["jti": #""2""#])).split(separator: ".")[2]
            return try Forge.rearranged { [$0[0], $0[1], String(other)] }
        },
        Hostile("a zero signature", .badSignature) {
            try Forge.rearranged { [$0[0], $0[1], Base64URL.encode([UInt8](repeating: 0, count: 256))] }
        },
    ]

    @Test(arguments: headers + claims + forms)
    func isRefused(_ hostile: Hostile) throws {
        let bench = try Bench()
        let token = try hostile.token()
        #expect(bench.verify(token) == hostile.reason)
        // And again: a refusal is not remembered as anything else.
        #expect(bench.verify(token) == hostile.reason)
        #expect(hostile.reason == .wrongAudience || bench.verifier.cachedTokens == 0)
    }

    /// The control: the forge makes good tokens, so that each refusal above is due to its one change.
    @Test func theUnchangedTokenPasses() throws {
        let bench = try Bench()
        #expect(bench.verify(try Forge.sign()) == nil)
        #expect(Self.headers.count + Self.claims.count + Self.forms.count >= 40)
    }

    @Test func fractionsAndListsPass() throws {
        let bench = try Bench()
        let claims = Forge.claims([
            "exp": "\(noon + 100).75", "iat": "\(noon).5", "aud": "[\"\(dataAudience)/\"]", "nbf": "1.767605412e9",
        ])
        let header = #"{"typ":"application/AT+JWT","alg":"RS256","kid":"key-1","x5t":"abc"}"#
        let token = try Forge.sign(header: header, claims: claims)
        let verified = try bench.verifier.verify(Array(token.utf8), now: noon).get()
        #expect(verified.expiry == noon + 100 && verified.notBefore == noon)
        #expect(bench.verify(token, now: noon + 99) == nil)
        #expect(bench.verify(token, now: noon + 100) == .expired)
    }

    @Test func changedTokensNeverPassAndNeverTrap() throws {
        let bench = try Bench()
        let token = Array(try Forge.sign().utf8)
        var generator = SeededGenerator(state: 5)
        for _ in 0..<3000 {
            let changed = generator.mutate(token)
            if changed == token { continue }
            if case .success = bench.verifier.verify(changed, now: noon) { Issue.record("passed: \(changed)") }
        }
        // Signed garbage reaches the parsers behind the signature as well.
        for _ in 0..<300 {
            let claims = String(decoding: generator.mutate(Array(Forge.claims().utf8)), as: UTF8.self)
            _ = bench.verify(try Forge.sign(claims: claims))
            let header = String(decoding: generator.mutate(Array(Forge.header.utf8)), as: UTF8.self)
            _ = bench.verify(try Forge.sign(header: header))
        }
    }
}
