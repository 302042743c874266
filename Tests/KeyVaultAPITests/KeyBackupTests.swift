import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@Suite struct KeyBackupTests {
    private func backup(_ pool: TestPool, _ name: String = "k") async throws -> String {
        let answer = try await pool.call(.user, .post, "/keys/\(name)/backup")
        #expect(answer.status == 200 && answer.json?.members.map(\.name) == ["value"], "\(answer.text)")
        return try #require(answer.json?.string("value"))
    }

    private func body(_ value: String) -> String { #"{"value":"\#(value)"}"# }

    private func restore(_ pool: TestPool, _ value: String) async throws -> Answer {
        try await pool.call(.user, .post, "/keys/restore", body(value))
    }

    private func purge(_ pool: TestPool, _ name: String = "k") async throws {
        _ = try await pool.call(.user, .delete, "/keys/\(name)")
        #expect(try await pool.call(.officer, .delete, "/deletedkeys/\(name)").status == 204)
    }

    @Test func everythingComesBack() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k", #"{"kty":"RSA","tags":{"n":"1"},"attributes":{"exp":9999999999}}"#)
        try await pool.create("k", #"{"kty":"EC","key_ops":["sign"],"attributes":{"enabled":false,"nbf":5}}"#)
        let last = try await pool.create("k", #"{"kty":"EC","crv":"P-384"}"#)
        let policy = #"{"lifetimeActions":[],"attributes":{"expiryTime":"P90D"}}"#
        _ = try await pool.call(.user, .put, "/keys/k/rotationpolicy", policy)
        let versions = (pool.pool.latestView.state.key("k")?.versions ?? []).map { Hexadecimal.encode($0.version) }
        pool.advance(seconds: 3)
        _ = try await pool.call(.user, .patch, "/keys/k/\(versions[1])", #"{"tags":{"n":"2"}}"#)
        var before: [String] = []
        for version in versions { before.append(try await pool.call(.user, .get, "/keys/k/\(version)").text) }
        let sign = #"{"alg":"ES384","value":"\#(digest(48))"}"#
        let signature = try await pool.call(.user, .post, "/keys/k/sign", sign).json?.string("value") ?? ""

        let value = try await backup(pool)
        try await purge(pool)
        pool.advance(seconds: 100)
        let answer = try await restore(pool, value)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json?.object("key")?.string("kid") == last.string("kid"))
        var after: [String] = []
        for version in versions { after.append(try await pool.call(.user, .get, "/keys/k/\(version)").text) }
        #expect(before == after && before.count == 3)
        // It is the same key: it checks what it signed, and signs again.
        let check = #"{"alg":"ES384","digest":"\#(digest(48))","value":"\#(signature)"}"#
        #expect(try await pool.call(.user, .post, "/keys/k/verify", check).json?.bool("value") == true)
        for (version, alg, length) in [(versions[0], "RS256", 32), (versions[2], "ES384", 48)] {
            let sign = #"{"alg":"\#(alg)","value":"\#(digest(length))"}"#
            let made = try await pool.call(.user, .post, "/keys/k/\(version)/sign", sign).json?.string("value") ?? "-"
            let check = #"{"alg":"\#(alg)","digest":"\#(digest(length))","value":"\#(made)"}"#
            #expect(try await pool.call(.user, .post, "/keys/k/\(version)/verify", check).json?.bool("value") == true)
        }
        let rules = try await pool.call(.user, .get, "/keys/k/rotationpolicy")
        #expect(rules.json?.object("attributes")?.string("expiryTime") == "P90D")
        let records = try pool.records()
        #expect(records.contains { $0.string("operationName") == "KeyBackup" })
        #expect(records.contains { $0.string("operationName") == "KeyRestore" })
    }

    @Test func aTakenNameIsAConflict() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        let value = try await backup(pool)
        try await pool.expectRefusal(.post, "/keys/restore", body(value), status: 409, code: "Conflict")
        _ = try await pool.call(.user, .delete, "/keys/k")
        try await pool.expectRefusal(
            .post, "/keys/restore", body(value), status: 409, code: "Conflict", inner: "ObjectIsDeletedButRecoverable",
            says: "The key k is")
        try await pool.expectRefusal(.post, "/keys/k/backup", status: 404, code: "KeyNotFound")
        _ = try await pool.call(.officer, .delete, "/deletedkeys/k")
        // Where some clients put an empty segment, and with the padding that some send.
        let padded = value + String(repeating: "=", count: (4 - value.utf8.count % 4) % 4)
        #expect(try await pool.call(.user, .post, "/keys//restore", body(padded)).status == 200)
    }

    @Test func aDisabledKeyCanBeBackedUp() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k", #"{"kty":"EC","attributes":{"enabled":false}}"#)
        let value = try await backup(pool)
        try await purge(pool)
        #expect(try await restore(pool, value).json?.object("attributes")?.bool("enabled") == false)
    }

    /// Each byte counts: the head, the key's description, and each sealed record.
    @Test func changedBlobsAreRefused() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k", #"{"kty":"EC","tags":{"a":"b"}}"#)
        let value = try await backup(pool)
        try await purge(pool)
        let blob = try #require(Base64URL.decode(value))
        func refused(_ bytes: [UInt8], _ what: String) async throws {
            let answer = try await restore(pool, Base64URL.encode(bytes))
            #expect(answer.status == 400 && answer.code == "MalformedBackupBlob", "\(what): \(answer.text)")
        }
        for offset in blob.indices {
            var changed = blob
            changed[offset] ^= 0x20
            try await refused(changed, "byte \(offset)")
        }
        try await refused([], "nothing")
        for length in [1, 4, 36, 37, blob.count / 2, blob.count - 1] {
            try await refused(Array(blob.prefix(length)), "cut at \(length)")
        }
        try await refused(blob + [0], "longer")
        #expect(pool.pool.latestView.state.keyCount == 0)
        #expect(try await restore(pool, value).status == 200)
    }

    @Test func recordsOfAnotherBackupAreRefused() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        let first = try #require(Base64URL.decode(try await backup(pool)))
        let second = try #require(Base64URL.decode(try await backup(pool)))
        #expect(first.count == second.count && first != second && first.prefix(36) == second.prefix(36))
        try await purge(pool)
        // One byte after another of the second's record into the first, the whole record at last.
        var mixed = first
        let differing = first.indices.filter { first[$0] != second[$0] }
        for offset in differing.dropLast() {
            mixed[offset] = second[offset]
            #expect(try await restore(pool, Base64URL.encode(mixed)).code == "MalformedBackupBlob")
        }
        for offset in differing { mixed[offset] = second[offset] }
        #expect(mixed == second)
        #expect(try await restore(pool, Base64URL.encode(mixed)).status == 200)
    }

    @Test func requestsThatMakeNoSense() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.expectRefusal(.post, "/keys/restore", says: "'value' is required")
        try await pool.expectRefusal(.post, "/keys/restore", body("*"), says: "isn't base64url")
        try await pool.expectRefusal(.post, "/keys/restore", body("AAAA"), code: "MalformedBackupBlob")
        try await pool.expectRefusal(.post, "/keys/none/backup", status: 404, code: "KeyNotFound")
        // A key may have the name; a restore is one request only.
        try await pool.create("restore")
        #expect(try await pool.call(.user, .get, "/keys/restore").status == 200)
        #expect(try await pool.call(.user, .post, "/keys/restore/backup").status == 200)
    }

    @Test func aSealedNodeMakesNoBackup() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        let value = try await backup(pool)
        pool.module.lock()
        #expect(try await pool.call(.user, .post, "/keys/k/backup").status == 503)
        #expect(try await restore(pool, value).status == 503)
    }
}
