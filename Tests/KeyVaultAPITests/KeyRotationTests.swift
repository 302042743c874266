import AccessControl
import CryptographicModule
import HTTPTransport
import KeyVaultAPI
import PoolState
import RequestTesting
import StrictJSON
import Testing

@Suite struct KeyRotationTests {
    private func policy(_ expiry: String?, _ trigger: String = "", action: String = "Rotate") -> String {
        let attributes = expiry.map { #"{"expiryTime":"\#($0)"}"# } ?? "{}"
        let actions = trigger.isEmpty ? "" : #"{"trigger":{\#(trigger)},"action":{"type":"\#(action)"}}"#
        return #"{"lifetimeActions":[\#(actions)],"attributes":\#(attributes)}"#
    }

    @Test func policiesAreKept() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        let path = "/keys/k/rotationpolicy"
        let none = try await pool.call(.user, .get, path)
        let id = "\(TestPool.base)/keys/k/rotationpolicy"
        #expect(none.status == 200 && none.text == #"{"id":"\#(id)","lifetimeActions":[],"attributes":{}}"#)
        let set = try await pool.call(
            .user, .put, path, policy("P2Y", #""timeBeforeExpiry":"P30D","timeAfterCreate":null"#, action: "rotate"))
        let now = TestPool.start / 1000
        let expected =
            #"{"id":"\#(id)","lifetimeActions":[{"trigger":{"timeBeforeExpiry":"P30D"},"action":{"type":"Rotate"}}],"#
            + #""attributes":{"expiryTime":"P2Y","created":\#(now),"updated":\#(now)}}"#
        #expect(set.status == 200 && set.text == expected, "\(set.text)")
        #expect(try await pool.call(.auditor, .get, path).text == expected)
        pool.advance(seconds: 7)
        let other = try await pool.call(.user, .put, path, policy(nil, #""timeAfterCreate":"P3M""#))
        #expect(other.json?.object("attributes")?.integer("created") == now)
        #expect(other.json?.object("attributes")?.integer("updated") == now + 7)
        #expect(other.json?.object("attributes")?.string("expiryTime") == nil)
        // The blank policy removes the key's.
        #expect(try await pool.call(.user, .put, path, policy(nil)).text == none.text)
        #expect(try await pool.call(.user, .put, path, "{}").text == none.text)
        try await pool.expectRefusal(.get, "/keys/none/rotationpolicy", status: 404, code: "KeyNotFound")
        try await pool.expectRefusal(.put, "/keys/none/rotationpolicy", "{}", status: 404, code: "KeyNotFound")
    }

    @Test func policiesThatMakeNoSense() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        let rotate = #"{"trigger":{"timeAfterCreate":"P30D"},"action":{"type":"Rotate"}}"#
        for (body, text) in [
            (policy("P27D"), "'attributes.expiryTime' must be at least 28 days"), (policy("28"), "ISO 8601"),
            (policy("P1.5Y"), "ISO 8601"), (#"{"attributes":{"expiryTime":90}}"#, "must be a string"),
            (policy(nil, #""timeAfterCreate":"P27D""#), "'timeAfterCreate' must be at least 28 days"),
            (policy(nil, #""timeAfterCreate":"soon""#), "lifetimeActions[0].trigger.timeAfterCreate' must be a dur"),
            (policy(nil, #""timeBeforeExpiry":"P30D""#), "needs 'attributes.expiryTime'"),
            (policy("P50D", #""timeBeforeExpiry":"P30D""#), "must leave at least 28 days"),
            (policy("P8000Y"), "'attributes.expiryTime' must be at most 1000 years"),
            (policy("P1000YT1S"), "'attributes.expiryTime' must be at most 1000 years"),
            (policy(nil, #""timeAfterCreate":"P12001M""#), "trigger.timeAfterCreate' must be at most 1000 years"),
            (policy("P90D", #""timeBeforeExpiry":"P30D","timeAfterCreate":"P30D""#), "must have either"),
            (policy("P90D", #""x":"P30D""#), "must have either"),
            (policy("P90D", #""timeBeforeExpiry":"P30D""#, action: "Notify"), "'Notify' is not supported"),
            (policy("P90D", #""timeBeforeExpiry":"P30D""#, action: "Fly"), "isn't 'Rotate'"),
            (#"{"lifetimeActions":[\#(rotate),\#(rotate)]}"#, "more than one action of type 'Rotate'"),
            (#"{"lifetimeActions":[{"action":{"type":"Rotate"}}]}"#, "must have an 'action'"),
            (#"{"lifetimeActions":[{"trigger":{"timeAfterCreate":"P30D"}}]}"#, "must have an 'action'"),
            (#"{"lifetimeActions":[{}]}"#, "must have an 'action'"), (#"{"lifetimeActions":{}}"#, "array of objects"),
            (#"{"lifetimeActions":[1]}"#, "array of objects"),
        ] {
            try await pool.expectRefusal(.put, "/keys/k/rotationpolicy", body, says: text)
        }
        #expect(pool.pool.latestView.state.key("k")?.rotation == nil)
    }

    @Test(arguments: [
        #"{"kty":"EC","crv":"P-521","key_ops":["sign"]}"#, #"{"kty":"oct","key_size":192}"#,
        #"{"kty":"RSA","key_size":3072,"public_exponent":65539}"#,
    ])
    func onDemand(_ kind: String) async throws {
        let pool = try TestPool(API.endpoints)
        let body = kind.dropLast() + #","tags":{"a":"b"},"attributes":{"exp":9999999999,"nbf":7}}"#
        let first = try await pool.create("k", String(body))
        try await pool.expectRefusal(.post, "/keys/k/rotate", says: "no rotation policy")
        _ = try await pool.call(.user, .put, "/keys/k/rotationpolicy", policy("P1Y"))
        pool.advance(seconds: 60)
        let answer = try await pool.call(.user, .post, "/keys/k/rotate")
        #expect(answer.status == 200, "\(answer.text)")
        let key = try #require(answer.json?.object("key"))
        #expect(key.string("kid") != first.string("kid") && key.string("kty") == first.string("kty"))
        for same in ["crv", "e"] { #expect(key.string(same) == first.string(same)) }
        #expect(key.string("n")?.utf8.count == first.string("n")?.utf8.count)
        #expect(key.strings("key_ops") == first.strings("key_ops"))
        let isSymmetric = key.string("kty") == "oct-HSM"
        #expect(isSymmetric || key.string("x") != first.string("x") || key.string("n") != first.string("n"))
        #expect(answer.json?.object("tags")?.string("a") == "b")
        let attributes = try #require(answer.json?.object("attributes"))
        let now = TestPool.start / 1000 + 60
        #expect(attributes.integer("created") == now && attributes.integer("nbf") == nil)
        #expect(attributes.integer("exp") == now + 365 * 86_400)
        let list = try await pool.call(.user, .get, "/keys/k/versions")
        #expect(list.json?.objects("value").count == 2)
        #expect(try await pool.call(.user, .get, "/keys/k").json?.object("key")?.string("kid") == key.string("kid"))
    }

    /// Clients' date types end with the year 9999, and one key that they can't read spoils the whole list.
    @Test func noVersionExpiresLaterThanClientsCanSay() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        #expect(try await pool.call(.user, .put, "/keys/k/rotationpolicy", policy("P1000Y")).status == 200)
        // Set, or restored with its key, before there was a bound.
        let rules = RotationRules(expiry: CalendarDuration("P8000Y"), trigger: nil)
        #expect(try pool.pool.submitNow(.setRotationRules(name: "k", rules: rules)).get().outcome == .applied)
        let rotated = try await pool.call(.user, .post, "/keys/k/rotate")
        #expect(rotated.json?.object("attributes")?.integer("exp") == 253_402_300_799, "\(rotated.text)")
    }

    @Test func whatCannotBeRotated() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.expectRefusal(.post, "/keys/k/rotate", status: 404, code: "KeyNotFound")
        try await pool.create("k")
        _ = try await pool.call(.user, .put, "/keys/k/rotationpolicy", policy("P1Y"))
        _ = try await pool.call(.user, .patch, "/keys/k", #"{"attributes":{"enabled":false}}"#)
        try await pool.expectRefusal(
            .post, "/keys/k/rotate", status: 403, code: "Forbidden", inner: "KeyDisabled")
        _ = try await pool.call(.user, .patch, "/keys/k", #"{"attributes":{"enabled":true}}"#)
        for _ in 1..<100 { #expect(try await pool.call(.user, .post, "/keys/k/rotate").status == 200) }
        try await pool.expectRefusal(.post, "/keys/k/rotate", code: "LimitExceeded")
        _ = try await pool.call(.user, .delete, "/keys/k")
        try await pool.expectRefusal(.post, "/keys/k/rotate", status: 404, code: "KeyNotFound")
    }

    /// Two nodes that both take themselves for the leader make the same rotation once.
    @Test func byRuleOnce() async throws {
        let pool = try TestPool(API.endpoints)
        try await pool.create("k")
        _ = try await pool.call(.user, .put, "/keys/k/rotationpolicy", policy("P90D", #""timeBeforeExpiry":"P30D""#))
        let exp = TestPool.start / 1000 + 40 * 86_400
        _ = try await pool.call(.user, .patch, "/keys/k", #"{"attributes":{"exp":\#(exp)}}"#)
        func command() throws -> PoolCommand {
            let view = pool.pool.latestView.state
            return try KeyRotation.command(
                for: try #require(view.key("k")), poolID: try #require(view.pool).poolID,
                now: pool.clock.unixMilliseconds() / 1000, onlyIfDue: true, module: pool.module)
        }
        #expect(try pool.pool.submitNow(try command()).get().outcome == .refused(.rotationNotDue))
        pool.advance(seconds: 10 * 86_400)
        let (one, two) = (try command(), try command())
        guard case .key = try pool.pool.submitNow(one).get().outcome else { throw TestFailure("not rotated") }
        #expect(try pool.pool.submitNow(two).get().outcome == .refused(.rotationSuperseded))
        #expect(try pool.pool.submitNow(try command()).get().outcome == .refused(.rotationNotDue))
        let key = try #require(pool.pool.latestView.state.key("k"))
        #expect(key.versions.count == 2)
        #expect(key.latest.expires == TestPool.start / 1000 + 100 * 86_400)
    }
}
