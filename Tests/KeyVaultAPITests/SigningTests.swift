import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@Suite struct SigningTests {
    private static let algorithms: [(kty: String, algorithms: [(String, Int, Int)])] = [
        (
            #"{"kty":"RSA"}"#,
            ["RS", "PS"].flatMap { [($0 + "256", 32, 256), ($0 + "384", 48, 256), ($0 + "512", 64, 256)] }
        ),
        (#"{"kty":"EC"}"#, [("ES256", 32, 64)]), (#"{"kty":"EC","crv":"P-384"}"#, [("ES384", 48, 96)]),
        (#"{"kty":"EC","crv":"P-521"}"#, [("ES512", 64, 132)]), (#"{"kty":"EC","crv":"P-256K"}"#, [("ES256K", 32, 64)]),
    ]

    private func verify(_ alg: String, _ digest: String, _ signature: String) -> String {
        #"{"alg":"\#(alg)","digest":"\#(digest)","value":"\#(signature)"}"#
    }

    @Test func everyAlgorithmSignsAndVerifies() async throws {
        let pool = try TestPool(API.endpoints)
        for (number, entry) in Self.algorithms.enumerated() {
            let key = try await pool.create("k\(number)", entry.kty)
            let path = "/keys/k\(number)"
            for (alg, digestLength, signatureLength) in entry.algorithms {
                let value = digest(digestLength)
                let answer = try await pool.call(
                    .user, .post, path + "/sign", #"{"alg":"\#(alg)","value":"\#(value)"}"#)
                #expect(
                    answer.status == 200 && answer.json?.string("kid") == key.string("kid"), "\(alg): \(answer.text)")
                let signature = try #require(answer.json?.string("value"))
                let bytes = try #require(Base64URL.decode(signature))
                #expect(bytes.count == signatureLength)
                let record = try #require(try pool.records().last?.object("properties"))
                #expect(record.string("algorithm") == alg && record.string("id") == key.string("kid"))
                #expect(
                    record.string("digest")
                        == Base64URL.encode(Digest.sha256([UInt8](repeating: 7, count: digestLength))))

                func verified(_ digest: String, _ signature: String) async throws -> Bool? {
                    let answer = try await pool.call(.user, .post, path + "/verify", verify(alg, digest, signature))
                    #expect(answer.json?.members.map(\.name) == ["value"])
                    return answer.json?.bool("value")
                }
                #expect(try await verified(value, signature) == true)
                #expect(try await verified(value, signature + "==") == true)
                #expect(try await verified(digest(digestLength, 8), signature) == false)
                var broken = bytes
                broken[3] ^= 1
                #expect(try await verified(value, Base64URL.encode(broken)) == false)
                #expect(try await verified(value, Base64URL.encode(Array(bytes.dropLast()))) == false)
                #expect(try await verified(value, "") == false)
            }
        }
    }

    @Test func anAlgorithmOfAnotherKeyIsRefused() async throws {
        let pool = try TestPool(API.endpoints)
        for (number, entry) in Self.algorithms.enumerated() {
            try await pool.create("k\(number)", entry.kty)
            for (alg, length, _) in Self.algorithms.enumerated().filter({ $0.offset != number }).flatMap({
                $0.element.algorithms
            }) {
                try await pool.expectRefusal(
                    .post, "/keys/k\(number)/sign", #"{"alg":"\#(alg)","value":"\#(digest(length))"}"#, says: "'alg'")
                try await pool.expectRefusal(
                    .post, "/keys/k\(number)/verify", verify(alg, digest(length), "AAAA"), says: "'alg'")
            }
        }
    }

    @Test func requestsThatMakeNoSense() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        let good = digest(32)
        for (body, text) in [
            ("", "'alg' is required"), ("{}", "'alg' is required"), (#"{"alg":"ES256"}"#, "'value' is required"),
            (#"{"alg":"es256","value":"\#(good)"}"#, "'alg'"), (#"{"alg":"none","value":"\#(good)"}"#, "'alg'"),
            (#"{"alg":["ES256"],"value":"\#(good)"}"#, "'alg' must be a string"),
            (#"{"alg":"ES256","value":7}"#, "'value' must be a string"),
            (#"{"alg":"ES256","value":"\#(digest(31))"}"#, "must be a digest of 32 bytes for ES256, not 31"),
            (#"{"alg":"ES256","value":"\#(digest(33))"}"#, "not 33"), (#"{"alg":"ES256","value":""}"#, "not 0"),
            (#"{"alg":"ES256","value":"a"}"#, "isn't base64url"),
            (#"{"alg":"ES256","value":"+/+/"}"#, "isn't base64url"),
            (#"{"alg":"ES256","value":"\#(good)==="}"#, "isn't base64url"),
            (#"{"alg":"ES256","value":"\#(good.dropLast())B"}"#, "isn't base64url"),
            (#"{"alg":"ES256","value":"a a\#(good.dropFirst(3))"}"#, "isn't base64url"),
        ] { try await pool.expectRefusal(.post, "/keys/k/sign", body, says: text) }
        for (body, text) in [
            (#"{"alg":"ES256","value":"AAAA"}"#, "'digest' is required"),
            (#"{"alg":"ES256","digest":"\#(good)"}"#, "'value' is required"),
            (verify("ES256", digest(20), "AAAA"), "'digest' must be a digest of 32 bytes"),
            (verify("ES256", good, "?"), "'value' isn't base64url"),
        ] { try await pool.expectRefusal(.post, "/keys/k/verify", body, says: text) }
        try await pool.expectRefusal(.post, "/keys/k/v/fly", "{}", status: 404, code: "NotFound")
        try await pool.expectRefusal(.post, "/keys/k/fly", "{}", status: 404, code: "NotFound")
        try await pool.expectRefusal(.put, "/keys/k/fly", "{}", status: 404, code: "NotFound")
        try await pool.expectRefusal(
            .post, "/keys/k/0123456789abcdefABCDEF0123456789", "{}", status: 405, code: "MethodNotAllowed")
        try await pool.expectRefusal(
            .get, "/keys/k/0123456789abcdefABCDEF0123456789/sign", status: 405, code: "MethodNotAllowed")
        try await pool.expectRefusal(.get, "/keys/k//sign", status: 405, code: "MethodNotAllowed")
    }

    /// RSNULL and EdDSA sign what they are given.
    @Test func valuesThatAreNotDigests() async throws {
        let pool = try TestPool(API.endpoints)
        for (name, kty, alg, lengths, wrong, signatureLength) in [
            ("r", #"{"kty":"RSA"}"#, "RSNULL", [1, 51, 245], [0, 246, 256], 256),
            ("o", #"{"kty":"OKP","crv":"Ed25519"}"#, "EdDSA", [0, 1, 32, 40_000], [], 64),
        ] {
            let key = try await pool.create(name, kty)
            if name == "o" {
                #expect(key.string("kty") == "OKP-HSM" && key.string("crv") == "Ed25519" && key.string("y") == nil)
                #expect(Base64URL.decode(key.string("x") ?? "")?.count == 32)
                #expect(key.strings("key_ops") == ["sign", "verify"])
            }
            for length in lengths {
                let value = digest(length)
                let answer = try await pool.call(
                    .user, .post, "/keys/\(name)/sign", #"{"alg":"\#(alg)","value":"\#(value)"}"#)
                let signature = try #require(answer.json?.string("value"), "\(answer.text)")
                #expect(Base64URL.decode(signature)?.count == signatureLength)
                let record = try #require(try pool.records().last?.object("properties"))
                #expect(record.string("algorithm") == alg)
                let hasDigest = record.string("digest") != nil
                #expect(hasDigest == (alg == "RSNULL"), "a message may be guessed from its digest")
                for (changed, isGood) in [
                    (value, true), (digest(length, 8), length == 0), (digest(length + 1), false),
                ] {
                    let verdict = try await pool.call(
                        .user, .post, "/keys/\(name)/verify", verify(alg, changed, signature))
                    guard verdict.status == 200 else { continue }
                    #expect(verdict.json?.bool("value") == isGood, "\(alg) \(length)")
                }
            }
            for length in wrong {
                try await pool.expectRefusal(
                    .post, "/keys/\(name)/sign", #"{"alg":"\#(alg)","value":"\#(digest(length))"}"#,
                    says: "must have 1 to 245 bytes for RSNULL")
            }
        }
        for (name, alg) in [("r", "EdDSA"), ("o", "RSNULL"), ("o", "ES256"), ("o", "HS256"), ("r", "HS256")] {
            try await pool.expectRefusal(
                .post, "/keys/\(name)/sign", #"{"alg":"\#(alg)","value":"\#(digest(32))"}"#, says: "'alg'")
        }
        _ = try await pool.call(
            .user, .put, "/keys/o/rotationpolicy", #"{"lifetimeActions":[],"attributes":{"expiryTime":"P90D"}}"#)
        let rotated = try await pool.call(.user, .post, "/keys/o/rotate")
        #expect(rotated.json?.object("key")?.string("kty") == "OKP-HSM", "\(rotated.text)")
    }

    @Test func stateOfTheKey() async throws {
        let pool = try TestPool(API.endpoints)
        let now = TestPool.start / 1000
        try await pool.create("off", #"{"kty":"EC","attributes":{"enabled":false}}"#)
        try await pool.create("early", #"{"kty":"EC","attributes":{"nbf":\#(now + 100)}}"#)
        try await pool.create("late", #"{"kty":"EC","attributes":{"exp":\#(now + 100)}}"#)
        try await pool.create("signer", #"{"kty":"EC","key_ops":["sign"]}"#)
        try await pool.create("verifier", #"{"kty":"EC","key_ops":["verify"]}"#)
        try await pool.create("kek", #"{"kty":"RSA","key_ops":["import"]}"#)
        let sign = #"{"alg":"ES256","value":"\#(digest(32))"}"#
        let check = verify("ES256", digest(32), digest(64))
        func refused(_ path: String, _ body: String, _ inner: String) async throws {
            try await pool.expectRefusal(
                .post, path, body, status: 403, code: "Forbidden", inner: inner, says: "Operation")
        }
        func allowed(_ path: String, _ body: String) async throws {
            #expect(try await pool.call(.user, .post, path, body).status == 200, "\(path)")
        }
        try await refused("/keys/off/sign", sign, "KeyDisabled")
        try await refused("/keys/off/verify", check, "KeyDisabled")
        try await refused("/keys/early/sign", sign, "KeyNotYetValid")
        try await allowed("/keys/early/verify", check)
        try await allowed("/keys/late/sign", sign)
        try await refused("/keys/verifier/sign", sign, "KeyOperationForbidden")
        try await refused("/keys/signer/verify", check, "KeyOperationForbidden")
        try await refused("/keys/kek/sign", #"{"alg":"RS256","value":"\#(digest(32))"}"#, "KeyOperationForbidden")
        pool.advance(seconds: 99)
        try await refused("/keys/early/sign", sign, "KeyNotYetValid")
        try await allowed("/keys/late/sign", sign)
        pool.advance(seconds: 1)
        try await allowed("/keys/early/sign", sign)
        try await refused("/keys/late/sign", sign, "KeyExpired")
        try await allowed("/keys/late/verify", check)
        // The checks come in this order, so that a caller isn't told about a key that it may not use.
        try await refused("/keys/off/sign", "{", "KeyDisabled")
    }

    @Test func aKeyThatTheNodeLostIsNotAForbiddenOne() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        pool.module.lock()
        let answer = try await pool.call(.user, .post, "/keys/k/sign", #"{"alg":"ES256","value":"\#(digest(32))"}"#)
        #expect(answer.status == 503 && answer.header("retry-after") != nil)
        let created = try await pool.call(.user, .post, "/keys/n/create", #"{"kty":"EC"}"#)
        #expect(created.status == 503)
    }

    @Test func slowSignaturesWaitInABoundedQueue() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("r", #"{"kty":"RSA"}"#)
        try await pool.create("e")
        let (slow, fast) = (#"{"alg":"RS256","value":"\#(digest(32))"}"#, #"{"alg":"ES256","value":"\#(digest(32))"}"#)
        #expect(try await pool.call(.user, .post, "/keys/e/sign", fast).status == 200)
        pool.computation.isFull = true
        let busy = try await pool.call(.user, .post, "/keys/r/sign", slow)
        #expect(busy.status == 429 && busy.header("retry-after") == "1")
        #expect(try await pool.call(.user, .post, "/keys/e/sign", fast).status == 200)
    }

    @Test func randomBytes() async throws {
        let pool = try TestPool(API.endpoints)
        for count in [1, 31, 128] {
            let answer = try await pool.call(.user, .post, "/rng", #"{"count":\#(count)}"#)
            #expect(Base64URL.decode(answer.json?.string("value") ?? "?")?.count == count)
        }
        for body in [
            "", #"{"count":0}"#, #"{"count":129}"#, #"{"count":-1}"#, #"{"count":"8"}"#, #"{"count":1.5}"#,
            #"{"count":99999999999999999999}"#,
        ] {
            try await pool.expectRefusal(.post, "/rng", body, says: "'count'")
        }
    }
}
