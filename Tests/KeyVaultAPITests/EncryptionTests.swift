import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@Suite struct EncryptionTests {
    private static let rsa = ["RSA-OAEP", "RSA-OAEP-256", "RSA1_5"]
    private static let plaintext = [UInt8](0..<32)

    private func body(_ members: [(String, String)]) -> String {
        "{" + members.map { #""\#($0.0)":"\#($0.1)""# }.joined(separator: ",") + "}"
    }

    private func post(_ pool: TestPool, _ path: String, _ members: (String, String)...) async throws -> Answer {
        try await pool.call(.user, .post, path, body(members))
    }

    private func names(_ answer: Answer) -> [String] { (answer.json?.members ?? []).map(\.name) }

    @Test func rsaBothWays() async throws {
        let pool = try TestPool(API.endpoints)
        let kid = try await pool.create("r", #"{"kty":"RSA"}"#).string("kid")
        let value = Base64URL.encode(Self.plaintext)
        for (there, back, operations) in [
            ("encrypt", "decrypt", ["KeyEncrypt", "KeyDecrypt"]), ("wrapkey", "unwrapkey", ["KeyWrap", "KeyUnwrap"]),
        ] {
            for alg in Self.rsa {
                let made = try await post(pool, "/keys/r/\(there)", ("alg", alg), ("value", value))
                #expect(made.status == 200 && names(made) == ["kid", "value"], "\(alg): \(made.text)")
                #expect(made.json?.string("kid") == kid)
                let ciphertext = made.json?.string("value") ?? ""
                #expect(Base64URL.decode(ciphertext)?.count == 256)
                let read = try await post(pool, "/keys/r//\(back)", ("alg", alg), ("value", ciphertext))
                #expect(read.text == #"{"kid":"\#(kid ?? "")","value":"\#(value)"}"#)
                // The record names key and algorithm and the ciphertext's digest; never the plaintext.
                let records = try pool.records().suffix(2)
                #expect(records.map { $0.string("operationName") } == operations)
                let digest = Base64URL.encode(Digest.sha256(try #require(Base64URL.decode(ciphertext))))
                for record in records {
                    let properties = try #require(record.object("properties"))
                    #expect(properties.string("algorithm") == alg && properties.string("id") == kid)
                    #expect(properties.string("ciphertext") == digest, "\(properties)")
                }
            }
        }
        // The longest message of each padding, and one byte more.
        for (alg, limit) in [("RSA-OAEP", 214), ("RSA-OAEP-256", 190), ("RSA1_5", 245)] {
            #expect(try await post(pool, "/keys/r/encrypt", ("alg", alg), ("value", digest(limit))).status == 200)
            try await pool.expectRefusal(
                .post, "/keys/r/encrypt", body([("alg", alg), ("value", digest(limit + 1))]), says: "'value'")
            try await pool.expectRefusal(
                .post, "/keys/r/wrapkey", body([("alg", alg), ("value", digest(limit + 1))]), says: "'value'")
        }
    }

    @Test func everyFailureToDecryptIsTheSame() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("r", #"{"kty":"RSA"}"#)
        try await pool.create("a", #"{"kty":"oct","key_size":128}"#)
        var texts: Set<String> = []
        func refused(_ path: String, _ members: (String, String)...) async throws {
            let answer = try await pool.call(.user, .post, path, body(members))
            #expect(answer.status == 400 && answer.code == "BadParameter", "\(path) \(members) \(answer.text)")
            texts.insert(answer.message.split(separator: " (Activity ID").first.map(String.init) ?? "")
        }
        for alg in ["RSA-OAEP", "RSA-OAEP-256"] {
            for value in [digest(256, 1), digest(256, 0), digest(255), digest(257), digest(256, 255)] {
                try await refused("/keys/r/decrypt", ("alg", alg), ("value", value))
                try await refused("/keys/r/unwrapkey", ("alg", alg), ("value", value))
            }
        }
        // Wrong PKCS #1 padding is no failure at all: what comes out means nothing, and says nothing of the padding.
        let nothing = try await post(pool, "/keys/r/decrypt", ("alg", "RSA1_5"), ("value", digest(256, 1)))
        #expect(nothing.status == 200)
        let (iv, tag) = (digest(12), digest(16))
        try await refused(
            "/keys/a/decrypt", ("alg", "A128GCM"), ("value", digest(20)), ("iv", iv), ("tag", tag))
        for value in [digest(16), digest(15), digest(0), digest(33)] {
            try await refused("/keys/a/decrypt", ("alg", "A128CBCPAD"), ("value", value), ("iv", tag))
        }
        for value in [digest(24), digest(23), digest(8), digest(0)] {
            try await refused("/keys/a/unwrapkey", ("alg", "A128KW"), ("value", value))
            try await refused("/keys/a/unwrapkey", ("alg", "CKM_AES_KEY_WRAP_PAD"), ("value", value))
        }
        #expect(texts.count == 1, "\(texts)")
    }

    /// Whose fault it is doesn't depend on whether the key has made room for others while it was in use.
    @Test func aForgedCiphertextIsTheCallersFaultThoughTheKeyIsGoneFromMemory() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("r", #"{"kty":"RSA","key_size":3072}"#)
        let (module, record) = (pool.module, try #require(pool.pool.latestView.state.key("r")).latest.recordDigest)
        let evicting = Task.detached {
            while !Task.isCancelled {
                module.evict(recordDigest: record)
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
        defer { evicting.cancel() }
        for _ in 0..<30 {
            let answer = try await post(pool, "/keys/r/decrypt", ("alg", "RSA-OAEP"), ("value", digest(384, 1)))
            // 503 where it was gone twice before it could be used.
            #expect(answer.status == 400 || answer.status == 503, "\(answer.text)")
        }
    }

    @Test(arguments: [128, 192, 256])
    func aesBothWays(_ bits: Int) async throws {
        let pool = try TestPool(API.endpoints)
        let key = try await pool.create("a", #"{"kty":"oct","key_size":\#(bits)}"#)
        #expect(key.string("kty") == "oct-HSM" && key.string("k") == nil)
        #expect(Set(key.strings("key_ops")).count == 6 && key.members.map(\.name) == ["kid", "kty", "key_ops"])
        let value = Base64URL.encode(Self.plaintext)
        let (aad, iv) = (Base64URL.encode(Array("context".utf8)), digest(16))

        let gcm = "A\(bits)GCM"
        let sealed = try await post(pool, "/keys/a/encrypt", ("alg", gcm), ("value", value), ("aad", aad))
        #expect(names(sealed) == ["kid", "alg", "value", "iv", "tag", "aad"], "\(sealed.text)")
        let parts = try #require(sealed.json)
        let (ciphertext, nonce) = (parts.string("value") ?? "", parts.string("iv") ?? "")
        let tag = parts.string("tag") ?? ""
        #expect(Base64URL.decode(nonce)?.count == 12 && Base64URL.decode(tag)?.count == 16)
        let opened = try await post(
            pool, "/keys/a/decrypt", ("alg", gcm), ("value", ciphertext), ("iv", nonce), ("tag", tag), ("aad", aad))
        #expect(names(opened) == ["kid", "alg", "value"] && opened.json?.string("value") == value)
        for (name, changed) in [("aad", digest(7)), ("tag", digest(16)), ("iv", digest(12)), ("value", digest(32))] {
            var members = [("alg", gcm), ("value", ciphertext), ("iv", nonce), ("tag", tag), ("aad", aad)]
            members = members.map { $0.0 == name ? (name, changed) : $0 }
            try await pool.expectRefusal(.post, "/keys/a/decrypt", body(members), says: "can't be decrypted")
        }
        // The service makes the nonce, each time another.
        try await pool.expectRefusal(
            .post, "/keys/a/encrypt", body([("alg", gcm), ("value", value), ("iv", digest(12))]), says: "'iv'")
        let again = try await post(pool, "/keys/a/encrypt", ("alg", gcm), ("value", value), ("iv", ""))
        #expect(again.json?.string("iv") != nonce && names(again) == ["kid", "alg", "value", "iv", "tag"])

        let empty = try await post(pool, "/keys/a/encrypt", ("alg", gcm), ("value", value), ("aad", ""))
        #expect(empty.status == 200, "\(empty.text)")

        for (alg, length) in [("A\(bits)CBC", 32), ("A\(bits)CBCPAD", 48)] {
            try await pool.expectRefusal(
                .post, "/keys/a/encrypt", body([("alg", alg), ("value", value), ("iv", "")]), says: "'iv'")
            let made = try await post(pool, "/keys/a/encrypt", ("alg", alg), ("value", value), ("iv", iv))
            #expect(names(made) == ["kid", "alg", "value", "iv"] && made.json?.string("iv") == iv)
            let ciphertext = made.json?.string("value") ?? ""
            #expect(Base64URL.decode(ciphertext)?.count == length)
            let read = try await post(
                pool, "/keys/a/decrypt", ("alg", alg), ("value", ciphertext), ("iv", iv))
            #expect(read.json?.string("value") == value, "\(read.text)")
        }
        for alg in ["A\(bits)KW", "CKM_AES_KEY_WRAP", "CKM_AES_KEY_WRAP_PAD"] {
            let made = try await post(pool, "/keys/a/wrapkey", ("alg", alg), ("value", value))
            #expect(names(made) == ["kid", "alg", "value"], "\(made.text)")
            let wrapped = made.json?.string("value") ?? ""
            #expect(Base64URL.decode(wrapped)?.count == 40)
            let read = try await post(pool, "/keys/a/unwrapkey", ("alg", alg), ("value", wrapped))
            #expect(read.json?.string("value") == value)
        }
    }

    @Test func hmacs() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("a", #"{"kty":"oct-HSM"}"#)
        try await pool.create("r", #"{"kty":"RSA"}"#)
        for (alg, length) in [("HS256", 32), ("HS384", 48), ("HS512", 64)] {
            let made = try await post(pool, "/keys/a/sign", ("alg", alg), ("value", digest(5)))
            #expect(names(made) == ["kid", "value"], "\(made.text)")
            let code = made.json?.string("value") ?? ""
            #expect(Base64URL.decode(code)?.count == length)
            func verified(_ message: String, _ code: String) async throws -> Bool? {
                try await post(pool, "/keys/a/verify", ("alg", alg), ("digest", message), ("value", code)).json?
                    .bool("value")
            }
            #expect(try await verified(digest(5), code) == true)
            #expect(try await verified(digest(6), code) == false)
            #expect(try await verified(digest(5), digest(length)) == false)
            #expect(try await verified(digest(5), "") == false)
            try await pool.expectRefusal(
                .post, "/keys/r/sign", body([("alg", alg), ("value", digest(32))]), says: "'alg'")
            // A short message could be guessed from its digest.
            let properties = try #require(try pool.records().first { $0.string("operationName") == "KeySign" })
            #expect(properties.object("properties")?.string("blinded") != nil)
            #expect(properties.object("properties")?.string("digest") == nil)
        }
        for alg in ["ES256", "RS256", "none"] {
            try await pool.expectRefusal(
                .post, "/keys/a/sign", body([("alg", alg), ("value", digest(32))]), says: "'alg'")
        }
    }

    @Test func algorithmsOfOtherKeysAreRefused() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("e")
        try await pool.create("r", #"{"kty":"RSA"}"#)
        try await pool.create("a", #"{"kty":"oct","key_size":256}"#)
        for (key, words, algorithms) in [
            ("r", ["encrypt", "decrypt"], ["A256GCM", "A256KW", "A128CBC", "RS256", "RSA-OAEP-512", "", "rsa-oaep"]),
            ("r", ["wrapkey", "unwrapkey"], ["A256GCM", "A256KW", "CKM_AES_KEY_WRAP"]),
            ("a", ["encrypt", "decrypt"], ["A128GCM", "A192CBC", "A128CBCPAD", "A256KW", "RSA-OAEP"]),
            ("a", ["wrapkey", "unwrapkey"], ["A128KW", "A192KW", "A256GCM", "RSA-OAEP"]),
        ] {
            for word in words {
                for alg in algorithms {
                    try await pool.expectRefusal(
                        .post, "/keys/\(key)/\(word)", body([("alg", alg), ("value", digest(32))]), says: "'alg'")
                }
            }
        }
        for word in ["encrypt", "decrypt", "wrapkey", "unwrapkey"] {
            try await pool.expectRefusal(
                .post, "/keys/e/\(word)", "{}", status: 403, code: "Forbidden", inner: "KeyOperationForbidden")
            try await pool.expectRefusal(.post, "/keys/a/\(word)", "{}", says: "'alg' is required")
            let alg = word.hasSuffix("crypt") ? "A256GCM" : "A256KW"
            try await pool.expectRefusal(.post, "/keys/a/\(word)", body([("alg", alg)]), says: "'value' is required")
            try await pool.expectRefusal(
                .post, "/keys/a/\(word)", body([("alg", alg), ("value", "+")]), says: "'value' isn't base64url")
        }
    }

    /// Operation x state of the key: what was made before a key's time ended can be read after it.
    @Test(arguments: ["encrypt", "decrypt", "wrapkey", "unwrapkey"])
    func stateOfTheKey(_ word: String) async throws {
        let pool = try TestPool(API.endpoints)
        let now = TestPool.start / 1000
        let operation = ["wrapkey": "wrapKey", "unwrapkey": "unwrapKey"][word] ?? word
        let isTimeBound = !["decrypt", "unwrapkey"].contains(word)
        let others = ["encrypt", "decrypt", "wrapKey", "unwrapKey", "sign"].filter { $0 != operation }
        try await pool.create("off", #"{"kty":"oct","attributes":{"enabled":false}}"#)
        try await pool.create("early", #"{"kty":"oct","attributes":{"nbf":\#(now + 1)}}"#)
        try await pool.create("late", #"{"kty":"oct","attributes":{"exp":\#(now)}}"#)
        let list = others.map { #""\#($0)""# }.joined(separator: ",")
        try await pool.create("other", #"{"kty":"oct","key_ops":[\#(list)]}"#)
        try await pool.create("gone", #"{"kty":"oct"}"#)
        _ = try await pool.call(.user, .delete, "/keys/gone")
        try await pool.expectRefusal(.post, "/keys/gone/\(word)", "[", status: 404, code: "KeyNotFound")
        for (key, inner) in [("off", "KeyDisabled"), ("other", "KeyOperationForbidden")] {
            try await pool.expectRefusal(
                .post, "/keys/\(key)/\(word)", "[", status: 403, code: "Forbidden", inner: inner,
                says: "Operation \(operation) ")
        }
        for (key, inner) in [("early", "KeyNotYetValid"), ("late", "KeyExpired")] {
            if isTimeBound {
                try await pool.expectRefusal(
                    .post, "/keys/\(key)/\(word)", "[", status: 403, code: "Forbidden", inner: inner)
            } else {
                // Past the state of the key: the body is read.
                try await pool.expectRefusal(.post, "/keys/\(key)/\(word)", "[", says: "isn't valid JSON")
            }
        }
    }

    @Test func symmetricKeysHaveThreeSizes() async throws {
        let pool = try TestPool(API.endpoints)
        for size in [0, 64, 512] {
            let body = #"{"kty":"oct","key_size":\#(size)}"#
            try await pool.expectRefusal(.post, "/keys/a/create", body, says: "'key_size' must be 128, 192 or 256")
        }
        try await pool.expectRefusal(
            .post, "/keys/a/create", #"{"kty":"oct","key_ops":["import"]}"#, says: "'key_ops'")
        try await pool.create("a", #"{"kty":"oct"}"#)
        #expect(pool.pool.latestView.state.key("a")?.latest.header.bits == 256)
        // Out of a backup it decrypts what it encrypted before.
        let made = try await post(pool, "/keys/a/wrapkey", ("alg", "A256KW"), ("value", digest(16)))
        let backup = try await pool.call(.user, .post, "/keys/a/backup").json?.string("value") ?? ""
        _ = try await pool.call(.user, .delete, "/keys/a")
        _ = try await pool.call(.officer, .delete, "/deletedkeys/a")
        #expect(try await post(pool, "/keys/restore", ("value", backup)).status == 200)
        let read = try await post(
            pool, "/keys/a/unwrapkey", ("alg", "A256KW"), ("value", made.json?.string("value") ?? ""))
        #expect(read.json?.string("value") == digest(16))
    }

    @Test func theSetting() async throws {
        let pool = try TestPool(API.endpoints)
        let name = "AllowKeyManagementOperationsThroughARM"
        let setting = #"{"name":"\#(name)","type":"boolean","value":"false"}"#
        #expect(try await pool.call(.administrator, .get, "/settings").text == #"{"settings":[\#(setting)]}"#)
        #expect(try await pool.call(.administrator, .get, "/settings/\(name)").text == setting)
        func patch(_ body: String, _ name: String = name) async throws -> Answer {
            try await pool.call(.administrator, .patch, "/settings/\(name)", body)
        }
        #expect(try await patch(#"{"value":"false"}"#).text == setting)
        for body in [#"{"value":"true"}"#, #"{"value":"maybe"}"#, #"{"value":true}"#, "{}", "["] {
            #expect(try await patch(body).status == 400)
        }
        #expect(try await patch(#"{"value":"false"}"#, "Other").status == 404)
        #expect(try await pool.call(.administrator, .get, "/settings/Other").status == 404)
    }
}
