import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@Suite struct KeyImportTests {
    /// RFC 7517 appendix A.2: an elliptic key with its private part.
    private static let ec = """
        "kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",\
        "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"
        """

    private func body(_ key: String, _ rest: String = "") -> String { #"{"key":{\#(key)}\#(rest)}"# }

    @Test func anEllipticKey() async throws {
        let pool = try TestPool(API.endpoints)
        let rest = #","Hsm":false,"tags":{"a":"b"},"attributes":{"enabled":true,"exp":9999999999}"#
        let answer = try await pool.call(.user, .put, "/keys/k", body(Self.ec, rest))
        let key = try #require(answer.json?.object("key"), "\(answer.text)")
        #expect(answer.status == 200 && key.string("kty") == "EC-HSM" && key.string("d") == nil)
        #expect(key.string("x") == "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4")
        #expect(key.strings("key_ops") == ["sign", "verify"])
        #expect(answer.json?.object("tags")?.string("a") == "b")
        #expect(answer.json?.object("attributes")?.integer("exp") == 9_999_999_999)
        #expect(pool.pool.latestView.state.key("k")?.latest.origin == .imported)
        let sign = #"{"alg":"ES256","value":"\#(digest(32))"}"#
        let signature = try await pool.call(.user, .post, "/keys/k/sign", sign).json?.string("value") ?? ""
        let check = #"{"alg":"ES256","digest":"\#(digest(32))","value":"\#(signature)"}"#
        #expect(try await pool.call(.user, .post, "/keys/k/verify", check).json?.bool("value") == true)
        // The same key again, under its own name and another: clients do so.
        #expect(try await pool.call(.user, .put, "/keys/k/", body(Self.ec)).status == 200)
        #expect(try await pool.call(.user, .put, "/keys/other", body(Self.ec)).status == 200)
        #expect(try await pool.call(.user, .get, "/keys/k/versions").json?.objects("value").count == 2)
        // Neither in a record nor in any answer is the private part.
        for record in try pool.records() { #expect(!"\(record)".contains("870MB6gf")) }
    }

    /// As `az keyvault key import --pem-file` names it; other clients know the curve by its later name only.
    @Test func aCurveByItsFormerName() async throws {
        let pool = try TestPool(API.endpoints)
        let key = #""kty":"EC","crv":"SECP256K1","d":"\#(digest(32))""#
        let answer = try await pool.call(.user, .put, "/keys/k", body(key))
        #expect(answer.status == 200 && answer.json?.object("key")?.string("crv") == "P-256K", "\(answer.text)")
        let signed = try await pool.call(.user, .post, "/keys/k/sign", #"{"alg":"ES256K","value":"\#(digest(32))"}"#)
        #expect(signed.status == 200, "\(signed.text)")
        let made = try await pool.call(.user, .post, "/keys/m/create", #"{"kty":"EC","crv":"SECP256K1"}"#)
        #expect(made.json?.object("key")?.string("crv") == "P-256K", "\(made.text)")
    }

    /// As the client for Java sends it where nobody chose operations. What was chosen and means nothing gives nothing.
    @Test func anEmptyListOfOperationsIsNone() async throws {
        let pool = try TestPool(API.endpoints)
        let answer = try await pool.call(.user, .put, "/keys/k", body(Self.ec + #","key_ops":[]"#))
        #expect(answer.json?.object("key")?.strings("key_ops") == ["sign", "verify"], "\(answer.text)")
        let octets = Base64URL.encode((0..<16).map { UInt8($0) })
        let derive = #""kty":"oct","k":"\#(octets)","key_ops":["deriveKey"]"#
        let other = try await pool.call(.user, .put, "/keys/a", body(derive))
        #expect(other.status == 200 && other.json?.object("key")?.strings("key_ops") == [], "\(other.text)")
    }

    @Test func aSymmetricKeyDoesWhatItsBytesDo() async throws {
        let pool = try TestPool(API.endpoints)
        // RFC 3394 section 4.1: wrapping 128 bits with 128 bits.
        let kek = Base64URL.encode((0..<16).map { UInt8($0) })
        let data = Base64URL.encode([
            0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
        ])
        let wrapped: [UInt8] = [
            0x1F, 0xA6, 0x8B, 0x0A, 0x81, 0x12, 0xB4, 0x47, 0xAE, 0xF3, 0x4B, 0xD8, 0xFB, 0x5A, 0x7B, 0x82, 0x9D, 0x3E,
            0x86, 0x23, 0x71, 0xD2, 0xCF, 0xE5,
        ]
        let answer = try await pool.call(
            .user, .put, "/keys/a", body(#""kty":"oct","k":"\#(kek)==","key_ops":["wrapKey","unwrapKey"]"#))
        #expect(answer.json?.object("key")?.string("kty") == "oct-HSM" && !answer.text.contains(kek), "\(answer.text)")
        let made = try await pool.call(.user, .post, "/keys/a/wrapkey", #"{"alg":"A128KW","value":"\#(data)"}"#)
        #expect(made.json?.string("value") == Base64URL.encode(wrapped))
        try await pool.expectRefusal(
            .post, "/keys/a/encrypt", "{}", status: 403, code: "Forbidden", inner: "KeyOperationForbidden")
    }

    /// RFC 8037 appendix A: the key, and what it signs.
    @Test func anEd25519Key() async throws {
        let pool = try TestPool(API.endpoints)
        let key = """
            "kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",\
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
            """
        let answer = try await pool.call(.user, .put, "/keys/k", body(key))
        #expect(answer.json?.object("key")?.string("kty") == "OKP-HSM", "\(answer.text)")
        #expect(answer.json?.object("key")?.string("x") == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
        let message = Base64URL.encode(Array("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".utf8))
        let made = try await pool.call(.user, .post, "/keys/k/sign", #"{"alg":"EdDSA","value":"\#(message)"}"#)
        #expect(
            made.json?.string("value")
                == "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg")
        try await pool.expectRefusal(.put, "/keys/l", body(key.replacing("11qY", with: "12qY")), says: "'key.x'")
        try await pool.expectRefusal(.put, "/keys/l", body(key.replacing("Ed25519", with: "X25519")), says: "'key.crv'")
    }

    @Test func whatIsRefused() async throws {
        let pool = try TestPool(API.endpoints)
        let secret = "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"
        for (body, text) in [
            ("{}", "'key' is required"), (#"{"key":7}"#, "'key' must be an object"),
            (body(""), "'key.kty' is required"),
            (body(#""kty":"rsa""#), "'key.kty' must be"), (body(#""kty":"OKP""#), "'key.crv' is required"),
            (body(#""kty":"EC","crv":"P-1""#), "'key.crv'"),
            (body(#""kty":"EC","crv":"P-256""#), "'key.d' is required"),
            (body(#""kty":"RSA","n":"AQAB","e":"AQAB""#), "'key.d' is required"),
            (body(#""kty":"oct""#), "'key.k' is required"), (body(#""kty":"oct","k":"AAAA""#), "'key.k'"),
            (body(#""kty":"oct","k":"*""#), "'key.k'"), (body(#""kty":"oct","k":7"#), "'key.k' must be a string"),
            (body(#""kty":"RSA-HSM","key_hsm":"AAAA""#), "'key.key_hsm'"),
            (body(Self.ec.replacing("MKBC", with: "MKBD")), ""), (body(Self.ec.replacing("P-256", with: "P-384")), ""),
            (body(Self.ec + #","key_ops":["encrypt"]"#), "'key_ops'"),
            (body(Self.ec + #","key_ops":["import"]"#), "'key_ops'"),
            (body(Self.ec, #","attributes":{"exportable":true}"#), "exportable"),
            (body(Self.ec, #","release_policy":{}"#), "'release_policy.data' is required"),
        ] {
            let answer = try await pool.call(.user, .put, "/keys/k", body)
            #expect(answer.status == 400 && answer.code == "BadParameter", "\(body): \(answer.text)")
            #expect(answer.message.contains(text) && !answer.text.contains(secret), "\(answer.text)")
        }
        #expect(pool.pool.latestView.state.keyCount == 0)
        try await pool.expectRefusal(.put, "/keys/a_b", body(Self.ec), says: "name")
        _ = try await pool.call(.user, .put, "/keys/k", body(Self.ec))
        _ = try await pool.call(.user, .delete, "/keys/k")
        try await pool.expectRefusal(
            .put, "/keys/k", body(Self.ec), status: 409, code: "Conflict", inner: "ObjectIsDeletedButRecoverable")
        for record in try pool.records() { #expect(!"\(record)".contains("870MB6gf")) }
    }
}
