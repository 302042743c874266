import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

/// Keys that come wrapped for a key of the pool. That right ones are taken, and what is in them checked, is tested in
/// the module and, with another implementation's blobs, end to end.
@Suite struct KeyTransferTests {
    private func blob(_ kid: String, _ change: (String) -> String = { $0 }) -> String {
        let text = change(
            """
            {"schema_version":"1.0.0","header":{"kid":"\(kid)","alg":"dir","enc":"CKM_RSA_AES_KEY_WRAP"},\
            "ciphertext":"\(Base64URL.encode([UInt8](repeating: 1, count: 300)))","generator":"a test"}
            """)
        return Base64URL.encode(Array(text.utf8))
    }

    private func body(_ blob: String, _ kty: String = "oct-HSM", _ rest: String = "") -> String {
        #"{"key":{"kty":"\#(kty)","key_hsm":"\#(blob)"\#(rest)},"attributes":{"enabled":true}}"#
    }

    @Test func theWrappingKeyHasToBeOneForImporting() async throws {
        let pool = try TestPool(API.endpoints)
        let good = try #require(try await pool.create("kek", #"{"kty":"RSA","key_ops":["import"]}"#).string("kid"))
        let wrong = try #require(try await pool.create("rsa", #"{"kty":"RSA"}"#).string("kid"))
        let off = try #require(
            try await pool.create("off", #"{"kty":"RSA","key_ops":["import"],"attributes":{"enabled":false}}"#)
                .string("kid"))
        let gone = try #require(try await pool.create("gone", #"{"kty":"RSA","key_ops":["import"]}"#).string("kid"))
        _ = try await pool.call(.user, .delete, "/keys/gone")
        let other = good.replacing("kek", with: "other")
        for (kid, text) in [
            (good, "can't be unwrapped"), (wrong, "isn't for importing"), (off, "is disabled"), (gone, "isn't there"),
            (other, "isn't there"), (good.replacing("https", with: "http"), "isn't the identifier"),
            (good.replacing("hsm.pool", with: "hsm.evil"), "isn't the identifier"),
            (String(good.dropLast(33)), "isn't the identifier"), (good + "/x", "isn't the identifier"),
            (String(good.dropLast()), "isn't there"), ("", "isn't the identifier"),
        ] { try await pool.expectRefusal(.put, "/keys/k", body(blob(kid)), says: text) }
        // Neither can the wrapping key be made to do anything else, nor another one to import.
        try await pool.expectRefusal(.patch, "/keys/kek", #"{"key_ops":["decrypt"]}"#, says: "'import'")
        try await pool.expectRefusal(.patch, "/keys/rsa", #"{"key_ops":["import"]}"#, says: "'import'")
        for path in ["sign", "verify", "decrypt", "encrypt", "wrapkey", "unwrapkey"] {
            try await pool.expectRefusal(
                .post, "/keys/kek/\(path)", "{}", status: 403, code: "Forbidden", inner: "KeyOperationForbidden")
        }
        #expect(pool.pool.latestView.state.key("k") == nil)
    }

    @Test func formsOfABlob() async throws {
        let pool = try TestPool(API.endpoints)
        let kid = try #require(try await pool.create("kek", #"{"kty":"RSA","key_ops":["import"]}"#).string("kid"))
        func expect(_ text: String, _ body: String) async throws {
            try await pool.expectRefusal(.put, "/keys/k", body, says: text)
        }
        let good = blob(kid)
        let padded = good + String(repeating: "=", count: (4 - good.utf8.count % 4) % 4)
        for form in [good, padded, padded.replacing("-", with: "+").replacing("_", with: "/")] {
            try await expect("can't be unwrapped", body(form))
        }
        try await expect("isn't base64", body("*"))
        try await expect("isn't base64", body(good + "==="))
        try await expect("JSON object", body("W10"))
        try await expect("JSON object", body("AAAA"))
        try await expect("schema_version", body(blob(kid) { $0.replacing("1.0.0", with: "2") }))
        try await expect("'key.key_hsm.schema_version' is required", body("e30"))
        try await expect("'alg' dir", body(blob(kid) { $0.replacing("\"dir\"", with: "\"none\"") }))
        try await expect("'enc'", body(blob(kid) { $0.replacing("CKM_RSA_AES", with: "CKM_AES") }))
        try await expect(
            "header' must be", body(blob(kid) { $0.replacing(#""header":{"#, with: #""header":7,"x":{"#) }))
        try await expect("'key.key_hsm.ciphertext'", body(blob(kid) { $0.replacing("ciphertext", with: "text") }))
        try await expect("'key.kty' must be", body(good, "RSA-2"))
        try await expect("'key.crv' must be", body(good, "EC-HSM", #","crv":"P-1""#))
        try await expect("'key_ops'", body(good, "EC-HSM", #","key_ops":["encrypt"]"#))
        try await expect("'key.key_hsm' must be a string", #"{"key":{"kty":"oct","key_hsm":1}}"#)
    }
}
