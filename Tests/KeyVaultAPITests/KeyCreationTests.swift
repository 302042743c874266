import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@Suite struct KeyCreationTests {
    @Test func theAnswerHasTheProtocolsForm() async throws {
        let pool = try TestPool(API.endpoints)
        let answer = try await pool.call(
            .user, .post, "/keys/Key-1/create",
            #"{"kty":"EC-HSM","crv":"P-256","attributes":{"enabled":true,"nbf":10,"exp":20},"tags":{"b":"2","a":"1"}}"#)
        #expect(answer.status == 200)
        let key = try #require(answer.json?.object("key"))
        let kid = try #require(key.string("kid"))
        #expect(kid.wholeMatch(of: /https:\/\/hsm\.pool\.example:8443\/keys\/Key-1\/[0-9a-f]{32}/) != nil)
        #expect(key.string("kty") == "EC-HSM" && key.string("crv") == "P-256")
        #expect(Set(key.strings("key_ops")) == ["sign", "verify"])
        #expect(key.string("x")?.count == 43 && key.string("y")?.count == 43 && key.string("d") == nil)
        let attributes = try #require(answer.json?.object("attributes"))
        #expect(attributes.integer("nbf") == 10 && attributes.integer("exp") == 20)
        #expect(attributes.bool("enabled") == true && attributes.bool("exportable") == false)
        #expect(attributes.integer("created") == TestPool.start / 1000)
        #expect(attributes.integer("updated") == TestPool.start / 1000)
        #expect(attributes.string("recoveryLevel") == "Recoverable+Purgeable")
        #expect(attributes.integer("recoverableDays") == 90)
        #expect(answer.json?.object("tags")?.members.map(\.name) == ["a", "b"])
        #expect(answer.json?.members.map(\.name) == ["key", "attributes", "tags"])
        let record = try #require(try pool.records().last)
        #expect(record.string("operationName") == "KeyCreate" && record.object("properties")?.string("id") == kid)
    }

    @Test(arguments: [
        (#"{"kty":"EC"}"#, "EC-HSM", "P-256", 32), (#"{"kty":"EC","crv":"P-384"}"#, "EC-HSM", "P-384", 48),
        (#"{"kty":"EC-HSM","crv":"P-521"}"#, "EC-HSM", "P-521", 66),
        (#"{"kty":"EC-HSM","crv":"P-256K"}"#, "EC-HSM", "P-256K", 32),
        (#"{"kty":"RSA"}"#, "RSA-HSM", "", 256), (#"{"kty":"RSA-HSM","key_size":3072}"#, "RSA-HSM", "", 384),
        (#"{"kty":"RSA","key_size":4096,"public_exponent":65539}"#, "RSA-HSM", "", 512),
    ])
    func everyTypeAndSize(body: String, kty: String, crv: String, length: Int) async throws {
        let pool = try TestPool(API.endpoints)
        let key = try await pool.create("k", body)
        #expect(key.string("kty") == kty && (key.string("crv") ?? "") == crv)
        #expect(Base64URL.decode(key.string(crv.isEmpty ? "n" : "x") ?? "")?.count == length)
        let operations = ["sign", "verify"] + (crv.isEmpty ? ["encrypt", "decrypt", "wrapKey", "unwrapKey"] : [])
        #expect(Set(key.strings("key_ops")) == Set(operations))
        let exponent = key.string("e").flatMap { Base64URL.decode($0) }
        #expect(exponent == (crv.isEmpty ? [1, 0, body.contains("65539") ? 3 : 1] : nil))
    }

    @Test func operationsAreThoseAskedFor() async throws {
        let pool = try TestPool(API.endpoints)
        #expect(try await pool.create("a", #"{"kty":"EC","key_ops":["verify"]}"#).strings("key_ops") == ["verify"])
        #expect(try await pool.create("b", #"{"kty":"RSA","key_ops":["import"]}"#).strings("key_ops") == ["import"])
        #expect(try await pool.create("c", #"{"kty":"EC","key_ops":[]}"#).strings("key_ops").isEmpty)
        #expect(try await pool.create("d", #"{"kty":"EC","key_ops":null,"unknown":{}}"#).strings("key_ops").count == 2)
    }

    /// The cloud service names it among those of its symmetric keys.
    @Test func derivingIsLeftAway() async throws {
        let pool = try TestPool(API.endpoints)
        let key = try await pool.create("a", #"{"kty":"oct","key_ops":["encrypt","deriveKey","decrypt"]}"#)
        #expect(key.strings("key_ops") == ["encrypt", "decrypt"])
        let changed = try await pool.call(.user, .patch, "/keys/a", #"{"key_ops":["deriveKey","wrapKey"]}"#)
        #expect(changed.json?.object("key")?.strings("key_ops") == ["wrapKey"])
        for type in ["EC", "RSA", "OKP"] {
            try await pool.expectRefusal(
                .post, "/keys/b/create", #"{"kty":"\#(type)","key_ops":["deriveKey"]}"#, says: "'key_ops'")
        }
    }

    @Test func anExponentOfZeroIsNone() async throws {
        let pool = try TestPool(API.endpoints)
        #expect(try await pool.create("a", #"{"kty":"RSA","public_exponent":0}"#).string("e") == "AQAB")
    }

    @Test func theSizeOfASymmetricKeyIsTold() async throws {
        let pool = try TestPool(API.endpoints)
        for bits in [128, 192, 256] {
            let text = #"{"kty":"oct","key_size":\#(bits)}"#
            let made = try await pool.call(.user, .post, "/keys/oct\(bits)/create", text)
            #expect(made.json?.object("attributes")?.integer("key_size") == Int64(bits), "\(made.text)")
        }
        let list = try await pool.call(.user, .get, "/keys")
        #expect(
            list.json?.objects("value").compactMap { $0.object("attributes")?.integer("key_size") } == [128, 192, 256])
        let other = try await pool.call(.user, .post, "/keys/e/create", #"{"kty":"EC"}"#)
        #expect(other.status == 200 && !other.text.contains("key_size"))
    }

    @Test func requestsThatMakeNoSense() async throws {
        let pool = try TestPool(API.endpoints)
        let many = (0..<16).map { #""t\#($0)":"v""# }.joined(separator: ",")
        let long = String(repeating: "x", count: 257)
        let refused: [(String, String)] = [
            (#"{}"#, "'kty' is required"), (#"{"kty":7}"#, "'kty' must be a string, not number"),
            (#"{"kty":"OKP","crv":"X25519"}"#, "'crv'"), (#"{"kty":"rsa"}"#, "'kty'"),
            (#"{"kty":"RSA","key_size":1024}"#, "'key_size'"), (#"{"kty":"RSA","key_size":"2048"}"#, "'key_size'"),
            (#"{"kty":"RSA","key_size":2048.5}"#, "'key_size'"), (#"{"kty":"RSA","key_size":-2048}"#, "'key_size'"),
            (#"{"kty":"RSA","public_exponent":3}"#, "'public_exponent'"),
            (#"{"kty":"RSA","public_exponent":65538}"#, "'public_exponent'"),
            (#"{"kty":"RSA","public_exponent":-1}"#, "'public_exponent'"),
            (#"{"kty":"EC","crv":"P-999"}"#, "'crv'"), (#"{"kty":"EC","crv":["P-256"]}"#, "'crv'"),
            (#"{"kty":"EC","key_ops":"sign"}"#, "'key_ops'"), (#"{"kty":"EC","key_ops":[1]}"#, "'key_ops'"),
            (#"{"kty":"EC","key_ops":["fly"]}"#, "'key_ops'"), (#"{"kty":"EC","key_ops":["encrypt"]}"#, "'key_ops'"),
            (#"{"kty":"EC","key_ops":["import"]}"#, "'import'"),
            (#"{"kty":"RSA","key_ops":["import","decrypt"]}"#, "'import'"),
            (#"{"kty":"RSA","key_ops":["export"]}"#, "'key_ops'"),
            (#"{"kty":"EC","attributes":[]}"#, "'attributes'"),
            (#"{"kty":"EC","attributes":{"enabled":"yes"}}"#, "'attributes.enabled'"),
            (#"{"kty":"EC","attributes":{"nbf":"soon"}}"#, "'attributes.nbf'"),
            (#"{"kty":"EC","attributes":{"exp":-1}}"#, "'attributes.exp'"),
            (#"{"kty":"EC","attributes":{"exp":253402300800}}"#, "'attributes.exp'"),
            (#"{"kty":"EC","attributes":{"nbf":20,"exp":20}}"#, "'attributes.exp'"),
            (#"{"kty":"EC","attributes":{"exportable":true}}"#, "'attributes.exportable'"),
            (#"{"kty":"EC","release_policy":{"data":"e30"}}"#, "'release_policy.data'"),
            (#"{"kty":"OKP","key_ops":["encrypt"]}"#, "'key_ops'"), (#"{"kty":"OKP","crv":7}"#, "'crv'"),
            (#"{"kty":"EC","tags":["a"]}"#, "'tags'"), (#"{"kty":"EC","tags":{"a":1}}"#, "'tags'"),
            (#"{"kty":"EC","tags":{"":"a"}}"#, "'tags'"), (#"{"kty":"EC","tags":{\#(many)}}"#, "'tags'"),
            (#"{"kty":"EC","tags":{"\#(long)":"a"}}"#, "'tags'"), (#"{"kty":"EC","tags":{"a":"\#(long)"}}"#, "'tags'"),
        ]
        for (body, text) in refused { try await pool.expectRefusal(.post, "/keys/k/create", body, says: text) }
        #expect(pool.pool.latestView.state.keyCount == 0)
        for name in ["a_b", "a.b", "%C3%A4", "a%20b", String(repeating: "a", count: 128), "%3Cscript%3E"] {
            try await pool.expectRefusal(.post, "/keys/\(name)/create", #"{"kty":"EC"}"#, says: "1 to 127 characters")
        }
        try await pool.create(String(repeating: "a", count: 127))
    }

    @Test func limitsOfTags() async throws {
        let pool = try TestPool(API.endpoints)
        let fifteen = (0..<15).map { #""t\#($0)":"\#(String(repeating: "v", count: 256))""# }.joined(separator: ",")
        try await pool.create("k", #"{"kty":"EC","tags":{\#(fifteen)}}"#)
        // One visible character, but any number of combining ones.
        let pile = "a" + String(repeating: "\u{0301}", count: 256)
        try await pool.expectRefusal(.post, "/keys/k/create", #"{"kty":"EC","tags":{"a":"\#(pile)"}}"#, says: "'tags'")
    }

    @Test func aHundredVersionsAndNoMore() async throws {
        let pool = try TestPool(API.endpoints)
        for _ in 0..<100 { try await pool.create("k") }
        try await pool.expectRefusal(
            .post, "/keys/k/create", #"{"kty":"EC"}"#, code: "LimitExceeded", says: "at most 100 versions")
    }

    @Test func aFullQueueIsNotAFailure() async throws {
        let pool = try TestPool(API.endpoints)
        pool.computation.isFull = true
        let answer = try await pool.call(.user, .post, "/keys/k/create", #"{"kty":"RSA"}"#)
        #expect(answer.status == 429 && answer.header("retry-after") == "1")
        #expect(pool.pool.latestView.state.keyCount == 0)
    }
}
