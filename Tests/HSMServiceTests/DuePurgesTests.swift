import Audit
import HTTPTransport
import KeyVaultAPI
import PoolState
import RequestPipeline
import RequestTesting
import StrictJSON
import Testing

@testable import HSMService

/// Keys go by themselves at the end of their retention, and the audit log tells of it.
@Suite struct DuePurgesTests {
    private static let day: Int64 = 86_400

    private func purge(_ test: TestPool, after seconds: Int64) async {
        test.pool.advance(toMilliseconds: TestPool.start + seconds * 1000)
        await DuePurges(
            pool: test.pool, baseURL: "https://hsm.example", audit: test.audit, logger: test.services.logger
        ).purge(now: TestPool.start / 1000 + seconds)
    }

    private func purges(_ records: [JSONObject]) -> [JSONObject] {
        records.filter { $0["operationName"] == .string("KeyPurgeIfDue") }
    }

    @Test func aDueKeyIsPurgedAndRecorded() async throws {
        let test = try TestPool(KeyVaultEndpoints.stateless, settings: PoolSettings(recoverableDays: 7))
        for name in ["due", "kept", "later"] {
            #expect(try await test.call(.user, .post, "/keys/\(name)/create", #"{"kty":"EC"}"#).status == 200)
        }
        #expect(try await test.call(.user, .delete, "/keys/due").status == 200)
        test.pool.advance(toMilliseconds: TestPool.start + Self.day * 1000)
        #expect(try await test.call(.user, .delete, "/keys/later").status == 200)

        await purge(test, after: 7 * Self.day - 1)
        #expect(test.pool.latestView.state.deletedKeys(after: nil, limit: 9).map(\.name) == ["due", "later"])
        await purge(test, after: 7 * Self.day)
        let state = test.pool.latestView.state
        #expect(state.deletedKeys(after: nil, limit: 9).map(\.name) == ["later"] && state.key("kept") != nil)

        #expect(await test.settled { !purges($0).isEmpty })
        let records = purges(try test.records())
        let record = try #require(records.first)
        guard case .object(let properties)? = record["properties"] else {
            Issue.record("no properties")
            return
        }
        #expect(records.count == 1 && record["httpStatusCode"] == .integer(204))
        #expect(properties["id"] == .string("https://hsm.example/deletedkeys/due"))
    }

    /// A clock that is fast proposes what isn't due by the log's time.
    @Test func whatThePoolRefusesHasNoRecord() async throws {
        let test = try TestPool(KeyVaultEndpoints.stateless, settings: PoolSettings(recoverableDays: 7))
        #expect(try await test.call(.user, .post, "/keys/k/create", #"{"kty":"EC"}"#).status == 200)
        #expect(try await test.call(.user, .delete, "/keys/k").status == 200)
        await DuePurges(
            pool: test.pool, baseURL: "https://hsm.example", audit: test.audit, logger: test.services.logger
        ).purge(now: TestPool.start / 1000 + 7 * Self.day)
        #expect(test.pool.latestView.state.deletedKeys(after: nil, limit: 9).map(\.name) == ["k"])
        // A later record shows that those before it have been written.
        #expect(try await test.call(.user, .post, "/keys/other/create", #"{"kty":"EC"}"#).status == 200)
        #expect(purges(try test.records()).isEmpty)
    }
}
