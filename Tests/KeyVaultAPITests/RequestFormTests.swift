import CryptographicModule
import HTTPTransport
import RequestPipeline
import RequestTesting
import StrictJSON
import Testing

/// Bodies and versions that are wrong whatever the operation.
@Suite struct RequestFormTests {
    @Test func malformedBodies() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        let deep = String(repeating: #"{"a":"#, count: 17) + "1" + String(repeating: "}", count: 17)
        let wide = "{" + (0..<257).map { #""m\#($0)":1"# }.joined(separator: ",") + "}"
        for body in [
            "{", "}", "[]", "[1]", "7", "null", "true", #""text""#, "{}{}", "{} x", "{a:1}", "{'a':1}", #"{"a"}"#,
            #"{"a":}"#,
            #"{"a":1,}"#, #"{,"a":1}"#, #"{"a":01}"#, #"{"a":1.}"#, #"{"a":.5}"#, #"{"a":+1}"#, #"{"a":1e}"#,
            #"{"a":1e999}"#,
            #"{"a":NaN}"#, #"{"a":"\x"}"#, #"{"a":"\ud800"}"#, #"{"a":"\udc00\ud800"}"#, "{\"a\":\"\u{1}\"}",
            "{\"a\":\"\n\"}",
            #"{"a":"#, #"{"a":"b"#, #"{"alg":"ES256","alg":"RS256"}"#, #"{"a":1,"\u0061":2}"#, deep, wide,
            #"{"a":\#(String(repeating: "1", count: 33))}"#, "\u{FEFF}{}", "{}\0", "tru", "{\"a\":tru}",
        ] {
            for path in ["/keys/k/sign", "/keys/new/create"] {
                try await pool.expectRefusal(.post, path, body, says: body.first == "{" ? "" : "The body")
            }
        }
        let bearer = ("authorization", "Bearer \(try pool.token(.user))")
        for bytes: [UInt8] in [[0xFF], Array("{\"a\":\"".utf8) + [0xC3, 0x28] + Array("\"}".utf8), [0]] {
            let answer = await pool.send(.post, "/keys/k/sign?api-version=7.4", body: bytes, headers: [bearer])
            #expect(answer.status == 400 && answer.code == "BadParameter")
        }
        // What was wrong is said by place and kind, never by repeating the text.
        let answer = try await pool.call(.user, .post, "/keys/k/sign", #"{"<script>" 1}"#)
        #expect(answer.message.contains("expected ':' at byte 12") && !answer.text.contains("script"))
    }

    @Test func depthAndWidthWithinTheLimits() async throws {
        let pool = try TestPool(API.endpoints)
        let deep = String(repeating: "[", count: 15) + String(repeating: "]", count: 15)
        let wide = (0..<253).map { #""m\#($0)":1"# }.joined(separator: ",")
        try await pool.create("k", #"{"kty":"EC","x":\#(deep),\#(wide),"n":\#(String(repeating: "1", count: 32))}"#)
    }

    @Test func versionsOfTheProtocol() async throws {
        let pool = try TestPool(API.endpoints)
        let bearer = ("authorization", "Bearer \(try pool.token(.user))")
        func status(_ target: String) async -> (Int, String) {
            let answer = await pool.send(.get, target, headers: [bearer])
            return (answer.status, answer.message)
        }
        for version in [
            "2016-10-01", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6", "7.2-preview", "7.3-preview",
            "7.4-preview.1",
            "7.5-preview.1", "7.6-preview.1", "7.6-preview.2", "2025-06-01-preview", "2025-07-01",
            "2026-01-01-preview", "2026-04-01",
        ] { #expect(await status("/keys?api-version=\(version)").0 == 200, "\(version)") }
        #expect(await status("/keys?API-VERSION=7.4").0 == 200)
        for target in [
            "/keys", "/keys?api-version=", "/keys?api-version=9.9", "/keys?api-version=7.4%00", "/keys?version=7.4",
            "/keys?$skiptoken=a2V5&api-version=9.9", "/keys?$skiptoken=a2V5&api-version=", "/keys?maxresults=5",
        ] {
            let (code, message) = await status(target)
            #expect(code == 400 && message.contains("'api-version'"), "\(target)")
        }
        let sign = await pool.send(.post, "/keys/k/sign?$skiptoken=a2V5", headers: [bearer])
        #expect(sign.status == 400 && sign.message.contains("'api-version'"))
        let answer = await pool.send(.get, "/keys?api-version=%3Cscript%3E", headers: [bearer])
        #expect(answer.status == 400 && !answer.text.contains("script"))
    }

    @Test func operationsThatAreNotOffered() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        for path in ["/keys/k/securewrapkey", "/keys/k/secureunwrapkey", "/ekm", "/ekm/check"] {
            let answer = try await pool.call(.user, .post, path, "{}")
            #expect(answer.status == 404 && answer.code == "NotFound", "\(path): \(answer.text)")
        }
    }

    @Test func bodiesHaveLimits() throws {
        let pipeline = try TestPool(API.endpoints).pipeline
        #expect(pipeline.bodyLimit(method: .post, path: "/keys/k//sign") == 65_536)
        #expect(pipeline.bodyLimit(method: .post, path: "/adfs/oauth2/token") == 16_384)
        for endpoint in API.endpoints { #expect(endpoint.bodyLimit <= 1 << 20, "\(endpoint.path)") }
    }
}
