import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@Suite struct BulkSigningTests {
    private func body(_ alg: String, _ values: [String]) -> String {
        #"{"alg":"\#(alg)","values":[\#(values.map { "\"\($0)\"" }.joined(separator: ","))]}"#
    }

    private func sign(_ pool: TestPool, _ name: String, _ alg: String, _ values: [String]) async throws -> Answer {
        try await pool.call(.user, .post, "/quorate/v1/keys/\(name)/sign", body(alg, values))
    }

    @Test func oneAnswerAndOneRecordForEachValue() async throws {
        let pool = try TestPool(API.endpoints)
        for (number, (kty, alg, length, count)) in [
            (#"{"kty":"EC"}"#, "ES256", 32, 256), (#"{"kty":"RSA"}"#, "PS256", 32, 5),
            (#"{"kty":"RSA"}"#, "RSNULL", 51, 3), (#"{"kty":"OKP"}"#, "EdDSA", 100, 40),
            (#"{"kty":"oct"}"#, "HS512", 20, 33),
        ].enumerated() {
            let key = try await pool.create("k\(number)", kty)
            let values = (0..<count).map { Base64URL.encode([UInt8](repeating: UInt8($0), count: length)) }
            let before = try pool.records().count
            let answer = try await sign(pool, "k\(number)", alg, values)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json?.string("kid") == key.string("kid") && answer.json?.string("alg") == alg)
            let results = answer.json?.objects("results") ?? []
            #expect(results.count == count)
            for (value, result) in zip(values, results).suffix(40) {
                let check = """
                    {"alg":"\(alg)","digest":"\(value)","value":"\(result.string("value") ?? "")"}
                    """
                let verdict = try await pool.call(.user, .post, "/keys/k\(number)/verify", check)
                #expect(verdict.json?.bool("value") == true, "\(alg) \(verdict.text)")
            }
            let records = Array(try pool.records().dropFirst(before).prefix(count))
            #expect(records.allSatisfy { $0.string("operationName") == "KeySign" })
            #expect(records.allSatisfy { $0.integer("httpStatusCode") == 200 })
            #expect(records.allSatisfy { $0.object("properties")?.string("algorithm") == alg })
            guard alg == "ES256" else { continue }
            let digests = values.map { Base64URL.encode(Digest.sha256(Base64URL.decode($0) ?? [])) }
            #expect(records.compactMap { $0.object("properties")?.string("digest") } == digests)
        }
    }

    @Test func aVersionCanBeNamed() async throws {
        let pool = try TestPool(API.endpoints)
        let first = try await pool.create("k")
        try await pool.create("k")
        let path = "/quorate/v1/keys/k/\(pool.version(first))/sign"
        let answer = try await pool.call(.user, .post, path, body("ES256", [digest(32)]))
        #expect(answer.json?.string("kid") == first.string("kid"))
    }

    @Test func aRequestThatCanNotBeDoneSignsNothing() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        try await pool.create("off", #"{"kty":"EC","attributes":{"enabled":false}}"#)
        let path = "/quorate/v1/keys/k/sign"
        for (body, text) in [
            ("{}", "'alg' is required"), (#"{"alg":"ES256"}"#, "'values' must be"), (body("ES256", []), "'values'"),
            (body("ES256", [String](repeating: digest(32), count: 257)), "256"),
            (#"{"alg":"ES256","values":"x"}"#, "'values'"), (#"{"alg":"ES256","values":[1]}"#, "'values'"),
            (body("ES256", [digest(32), digest(31)]), "'values[1]' must be a digest of 32 bytes"),
            (body("ES256", [digest(32), "?"]), "'values[1]' isn't base64url"), (body("RS256", [digest(32)]), "'alg'"),
        ] {
            let before = try pool.records().count
            try await pool.expectRefusal(.post, path, body, says: text)
            #expect(try pool.records().count == before + 1)
        }
        try await pool.expectRefusal(
            .post, "/quorate/v1/keys/off/sign", "{", status: 403, code: "Forbidden", inner: "KeyDisabled")
        try await pool.expectRefusal(.post, "/quorate/v1/keys/none/sign", "{", status: 404, code: "KeyNotFound")
        #expect(try await pool.call(.auditor, .post, path, body("ES256", [digest(32)])).status == 403)
        pool.computation.isFull = true
        let busy = try await sign(pool, "k", "ES256", [digest(32)])
        #expect(busy.status == 429 && busy.header("retry-after") == "1")
        #expect(await pool.settled { $0.last?.integer("httpStatusCode") == 429 })
    }
}
