import AccessControl
import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

@Suite struct KeyLifecycleTests {
    @Test func versions() async throws {
        let pool = try TestPool(API.endpoints)
        let first = pool.version(try await pool.create("k"))
        let second = pool.version(try await pool.create("k", #"{"kty":"EC","crv":"P-384"}"#))
        func kid(_ path: String) async throws -> String? {
            try await pool.call(.user, .get, path).json?.object("key")?.string("kid")
        }
        for path in ["/keys/k", "/keys/k/", "/KEYS/k", "/keys/k/\(second)", "/keys/k/\(second.uppercased())"] {
            #expect(try await kid(path) == "\(TestPool.base)/keys/k/\(second)")
        }
        #expect(try await kid("/keys/k/\(first)") == "\(TestPool.base)/keys/k/\(first)")
        for path in ["/keys/k/\(String(second.reversed()))", "/keys/k/xyz", "/keys/K", "/keys/none", "/keys/a_b"] {
            try await pool.expectRefusal(.get, path, status: 404, code: "KeyNotFound", says: "Key not found: ")
        }
        // The key is there: what is missing is the version.
        try await pool.expectRefusal(
            .get, "/keys/k/xyz", status: 404, code: "KeyNotFound", says: "/keys/k has no such version")
        let list = try await pool.call(.user, .get, "/keys/k/versions")
        #expect(
            list.json?.objects("value").map { $0.string("kid") }
                == [first, second].map {
                    "\(TestPool.base)/keys/k/\($0)"
                })
        let none = try await pool.call(.user, .get, "/keys/none/versions")
        #expect(none.status == 200 && none.text == #"{"value":[]}"#)
    }

    @Test func update() async throws {
        let pool = try TestPool(API.endpoints)
        let first = pool.version(try await pool.create("k", #"{"kty":"EC","tags":{"a":"1"},"attributes":{"exp":500}}"#))
        try await pool.create("k")
        pool.advance(seconds: 5)
        let path = "/keys/k/\(first)"
        let changed = try await pool.call(.user, .patch, path, #"{"attributes":{"enabled":false,"nbf":100}}"#)
        let attributes = try #require(changed.json?.object("attributes"))
        #expect(
            attributes.bool("enabled") == false && attributes.integer("nbf") == 100 && attributes.integer("exp") == 500)
        #expect(attributes.integer("updated") == TestPool.start / 1000 + 5)
        #expect(attributes.integer("created") == TestPool.start / 1000)
        #expect(changed.json?.object("tags")?.string("a") == "1")
        let tagged = try await pool.call(.user, .patch, path, #"{"tags":{"b":"2"}}"#)
        #expect(tagged.json?.object("tags")?.members.map(\.name) == ["b"])
        #expect(tagged.json?.object("attributes")?.bool("enabled") == false)
        #expect(try await pool.call(.user, .patch, path, #"{"tags":{}}"#).json?.object("tags") == nil)
        // A disabled key can still be read; the other version is as it was.
        #expect(try await pool.call(.user, .get, path).status == 200)
        #expect(try await pool.call(.user, .get, "/keys/k").json?.object("attributes")?.bool("enabled") == true)
        // Without a version the latest is meant.
        #expect(try await pool.call(.user, .patch, "/keys/k/", #"{"attributes":{"enabled":false}}"#).status == 200)
        #expect(try await pool.call(.user, .get, "/keys/k").json?.object("attributes")?.bool("enabled") == false)
        try await pool.expectRefusal(.patch, path, #"{"attributes":{"exportable":true}}"#, says: "exportable")
        try await pool.expectRefusal(.patch, path, #"{"attributes":{"exp":99}}"#, says: "'attributes.exp'")
        try await pool.expectRefusal(.patch, path, #"{"release_policy":{}}"#, says: "'release_policy.data'")
        try await pool.expectRefusal(.patch, "/keys/none", "{}", status: 404, code: "KeyNotFound")
    }

    @Test func operationsChange() async throws {
        let pool = try TestPool(API.endpoints)
        let version = pool.version(try await pool.create("k"))
        let sign = #"{"alg":"ES256","value":"\#(digest(32))"}"#
        #expect(try await pool.call(.user, .post, "/keys/k/sign", sign).status == 200)
        let changed = try await pool.call(
            .user, .patch, "/keys/k", #"{"key_ops":["verify"],"tags":{"a":"1"},"attributes":{"exp":9999999999}}"#)
        #expect(changed.json?.object("key")?.strings("key_ops") == ["verify"], "\(changed.text)")
        #expect(changed.json?.object("key").map(pool.version) == version)
        #expect(changed.json?.object("tags")?.string("a") == "1")
        #expect(changed.json?.object("attributes")?.integer("exp") == 9_999_999_999)
        try await pool.expectRefusal(
            .post, "/keys/k/sign", sign, status: 403, code: "Forbidden", inner: "KeyOperationForbidden")
        // The same key as before, sealed with other operations: what it signed before still verifies.
        _ = try await pool.call(.user, .patch, "/keys/k", #"{"key_ops":["sign","verify"]}"#)
        #expect(pool.pool.latestView.state.key("k")?.latest.header.revision == 2)
        let signature = try await pool.call(.user, .post, "/keys/k/sign", sign).json?.string("value") ?? ""
        let check = #"{"alg":"ES256","digest":"\#(digest(32))","value":"\#(signature)"}"#
        #expect(try await pool.call(.user, .post, "/keys/k/verify", check).json?.bool("value") == true)
        // What is there already may be said again, and no operation at all is a choice too.
        #expect(try await pool.call(.user, .patch, "/keys/k", #"{"key_ops":["verify","sign"]}"#).status == 200)
        #expect(pool.pool.latestView.state.key("k")?.latest.header.revision == 2)
        #expect(try await pool.call(.user, .patch, "/keys/k", #"{"key_ops":[]}"#).status == 200)
        try await pool.expectRefusal(
            .post, "/keys/k/sign", sign, status: 403, code: "Forbidden", inner: "KeyOperationForbidden")
    }

    /// Otherwise one caller could fill the queue for slow operations: with its own half, and with the node's.
    @Test func sealingAnewIsTheCallersWork() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        #expect(try await pool.call(.user, .patch, "/keys/k", #"{"key_ops":["sign"]}"#).status == 200)
        let callers = pool.computation.callers
        #expect(!callers.isEmpty && callers.allSatisfy { $0 == TestPrincipal.user.objectID }, "\(callers)")
    }

    @Test func operationsThatCannotChange() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        try await pool.create("kek", #"{"kty":"RSA","key_ops":["import"]}"#)
        for body in [
            #"{"key_ops":["encrypt"]}"#, #"{"key_ops":["fly"]}"#, #"{"key_ops":"sign"}"#, #"{"key_ops":[1]}"#,
            #"{"key_ops":["import"]}"#, #"{"key_ops":["export"]}"#,
        ] { try await pool.expectRefusal(.patch, "/keys/k", body, says: "'key_ops'") }
        for body in [#"{"key_ops":["decrypt"]}"#, #"{"key_ops":[]}"#, #"{"key_ops":["import","decrypt"]}"#] {
            try await pool.expectRefusal(.patch, "/keys/kek", body, says: "'key_ops'")
        }
        #expect(try await pool.call(.user, .patch, "/keys/kek", #"{"key_ops":["import"]}"#).status == 200)
        #expect(pool.pool.latestView.state.key("k")?.latest.header.revision == 0)
        pool.module.lock()
        let locked = try await pool.call(.user, .patch, "/keys/k", #"{"key_ops":["sign"]}"#)
        #expect(locked.status == 503)
    }

    @Test func deleteRecoverPurge() async throws {
        let pool = try TestPool(API.endpoints)
        let version = pool.version(try await pool.create("k"))
        try await pool.expectRefusal(.delete, "/keys/none", status: 404, code: "KeyNotFound")
        let notYet = try await pool.call(.officer, .get, "/deletedkeys/k")
        #expect(notYet.status == 404 && notYet.message.contains("\(TestPool.base)/deletedkeys/k"))

        let deleted = try await pool.call(.user, .delete, "/keys/k")
        let now = TestPool.start / 1000
        #expect(deleted.status == 200 && deleted.json?.string("recoveryId") == "\(TestPool.base)/deletedkeys/k")
        #expect(deleted.json?.integer("deletedDate") == now)
        #expect(deleted.json?.integer("scheduledPurgeDate") == now + 90 * 86_400)
        #expect(deleted.json?.object("key")?.string("kid") == "\(TestPool.base)/keys/k/\(version)")
        #expect(try await pool.call(.officer, .get, "/deletedkeys/k").json == deleted.json)

        try await pool.expectRefusal(.get, "/keys/k", status: 404, code: "KeyNotFound")
        try await pool.expectRefusal(.delete, "/keys/k", status: 404, code: "KeyNotFound")
        let sign = #"{"alg":"ES256","value":"\#(digest(32))"}"#
        try await pool.expectRefusal(.post, "/keys/k/sign", sign, status: 404, code: "KeyNotFound")
        try await pool.expectRefusal(
            .post, "/keys/k/create", #"{"kty":"EC"}"#, status: 409, code: "Conflict",
            inner: "ObjectIsDeletedButRecoverable")
        #expect(try await pool.call(.user, .get, "/keys").json?.objects("value").isEmpty == true)
        #expect(try await pool.call(.officer, .get, "/deletedkeys").json?.objects("value").count == 1)

        let recovered = try await pool.call(.officer, .post, "/deletedkeys/k/recover")
        #expect(recovered.status == 200 && recovered.json?.string("recoveryId") == nil)
        #expect(try await pool.call(.user, .post, "/keys/k/sign", sign).status == 200)
        #expect(try await pool.call(.officer, .post, "/deletedkeys/k/recover").status == 404)
        #expect(try await pool.call(.officer, .delete, "/deletedkeys/k").status == 404)

        _ = try await pool.call(.user, .delete, "/keys/k")
        let purged = try await pool.call(.officer, .delete, "/deletedkeys/k")
        #expect(purged.status == 204 && purged.body.isEmpty && purged.header("content-type") == nil)
        #expect(try await pool.call(.officer, .get, "/deletedkeys/k").status == 404)
        #expect(try pool.records().last { $0.string("operationName") == "KeyPurge" }?.integer("httpStatusCode") == 204)
        let reborn = pool.version(try await pool.create("k"))
        #expect(reborn != version)
    }

    @Test func purgeProtectionHoldsForEverybody() async throws {
        let pool = try TestPool(API.endpoints, settings: PoolSettings(recoverableDays: 7, purgeProtection: true))
        let answer = try await pool.call(.user, .post, "/keys/k/create", #"{"kty":"EC"}"#)
        #expect(answer.json?.object("attributes")?.string("recoveryLevel") == "CustomizedRecoverable")
        #expect(answer.json?.object("attributes")?.integer("recoverableDays") == 7)
        _ = try await pool.call(.user, .delete, "/keys/k")
        let refused = try await pool.call(.officer, .delete, "/deletedkeys/k")
        #expect(refused.status == 403 && refused.code == "Forbidden")
        #expect(try await pool.call(.officer, .get, "/deletedkeys/k").status == 200)
        pool.advance(seconds: 7 * 86_400)
        #expect(try await pool.call(.officer, .delete, "/deletedkeys/k").status == 204)
    }

    /// Follows links to the end as they are, as half of the clients do; the others add their api-version, and are
    /// answered the same.
    private func walk(_ pool: TestPool, _ principal: TestPrincipal, _ path: String) async throws -> [[String]] {
        let bearer = ("authorization", "Bearer \(try pool.token(principal))")
        var pages: [[String]] = []
        var answer = try await pool.call(principal, .get, path)
        while pages.count < 100 {
            #expect(answer.status == 200, "\(answer.text)")
            pages.append((answer.json?.objects("value") ?? []).compactMap { $0.string("kid") })
            guard let link = answer.json?.string("nextLink") else { break }
            #expect(link.hasPrefix(TestPool.base + "/"))
            let target = String(link.dropFirst(TestPool.base.count))
            answer = await pool.send(.get, target, headers: [bearer])
            #expect(try await pool.call(principal, .get, target).text == answer.text)
        }
        return pages
    }

    @Test func paging() async throws {
        let pool = try TestPool(API.endpoints)
        for number in 10..<37 { try await pool.create("k\(number)") }
        let all = (10..<37).map { "\(TestPool.base)/keys/k\($0)" }
        let pages = try await walk(pool, .user, "/keys")
        #expect(pages.map(\.count) == [25, 2] && pages.flatMap { $0 } == all)
        #expect(try await walk(pool, .user, "/keys?maxresults=9").map(\.count) == [9, 9, 9])
        #expect(try await walk(pool, .user, "/keys?maxresults=1").flatMap { $0 } == all)
        for number in [12, 20, 30] { _ = try await pool.call(.user, .delete, "/keys/k\(number)") }
        #expect(try await walk(pool, .user, "/keys?maxresults=5").flatMap { $0 }.count == 24)
        let deleted = try await walk(pool, .officer, "/deletedkeys?maxresults=2")
        #expect(deleted == [[12, 20].map { "\(TestPool.base)/keys/k\($0)" }, ["\(TestPool.base)/keys/k30"]])
        for _ in 0..<3 { try await pool.create("k10") }
        let versions = try await walk(pool, .user, "/keys/k10/versions?maxresults=3")
        #expect(versions.map(\.count) == [3, 1] && Set(versions.flatMap { $0 }).count == 4)
        for query in ["maxresults=0", "maxresults=26", "maxresults=x", "maxresults=-1", "maxresults=", "$skiptoken=*"] {
            try await pool.expectRefusal(.get, "/keys?\(query)")
        }
        try await pool.expectRefusal(.get, "/keys/k10/versions?$skiptoken=AAAA", says: "$skiptoken")
        // An element that was deleted meanwhile doesn't end the walk.
        let link = try await pool.call(.user, .get, "/keys?maxresults=5").json?.string("nextLink")
        _ = try await pool.call(.user, .delete, "/keys/k15")
        let rest = try await walk(pool, .user, String((link ?? "").dropFirst(TestPool.base.count)))
        #expect(rest.first?.first == "\(TestPool.base)/keys/k16")
    }
}
