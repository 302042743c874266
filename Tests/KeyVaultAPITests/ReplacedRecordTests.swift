import AccessControl
import CryptographicModule
import HTTPTransport
import KeyVaultAPI
import PoolState
import RequestTesting
import StrictJSON
import Testing

/// A key is sealed anew or purged by another request between its look-up and that of its record.
@Suite struct ReplacedRecordTests {
    private let pool: TestPool
    private let sign = #"{"alg":"ES256","value":"\#(digest(32))"}"#

    init() async throws {
        pool = try TestPool(API.endpoints)
        try await pool.create("k")
        // Only a key that isn't in memory is fetched.
        let version = try #require(pool.pool.latestView.state.key("k")?.latest)
        pool.module.evict(recordDigest: version.recordDigest)
    }

    private func interrupt(_ command: PoolCommand) {
        let state = pool.pool
        pool.custody.interruptNextRecord { state.submitNow(command) }
    }

    /// What a request does that leaves the key these operations.
    private func reseal(_ operations: KeyOperations) throws -> PoolCommand {
        let version = try #require(pool.pool.latestView.state.key("k")?.latest)
        var header = version.header
        header.operations = operations
        header.revision += 1
        let record = try pool.module.reseal(
            try pool.custody.record(digest: version.recordDigest), from: version.header, to: header)
        var change = KeyAttributeChange(name: "k", version: version.version)
        change.resealed = ResealedKey(header: header, record: record.bytes, releasePolicy: nil)
        return .setKeyAttributes(change)
    }

    @Test func theKeyServesOnAsItIsNow() async throws {
        interrupt(try reseal([.sign]))
        let answer = try await pool.call(.user, .post, "/keys/k/sign", sign)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try pool.records().suffix(1).map { $0.string("operationName") } == ["KeySign"])
    }

    @Test func whatItMayNoLongerDoIsRefused() async throws {
        interrupt(try reseal([.verify]))
        try await pool.expectRefusal(
            .post, "/keys/k/sign", sign, status: 403, code: "Forbidden", inner: "KeyOperationForbidden")
    }

    @Test func anUpdateStartsFromTheOtherOne() async throws {
        interrupt(try reseal([.verify]))
        let answer = try await pool.call(.user, .patch, "/keys/k", #"{"key_ops":["sign"]}"#)
        #expect(answer.status == 200 && answer.json?.object("key")?.strings("key_ops") == ["sign"], "\(answer.text)")
        #expect(pool.pool.latestView.state.key("k")?.latest.header.revision == 2)
    }

    @Test func aPurgedKeyIsGone() async throws {
        let state = pool.pool
        pool.custody.interruptNextRecord {
            state.submitNow(.deleteKey(name: "k"))
            state.submitNow(.purgeKey(name: "k", onlyIfDue: false))
        }
        try await pool.expectRefusal(.post, "/keys/k/sign", sign, status: 404, code: "KeyNotFound")
    }

    @Test func manyValuesAreSignedByOneKey() async throws {
        let body = #"{"alg":"ES256","values":["\#(digest(32))","\#(digest(32))"]}"#
        interrupt(try reseal([.sign]))
        let answer = try await pool.call(.user, .post, "/quorate/v1/keys/k/sign", body)
        #expect(answer.json?.objects("results").compactMap { $0.string("value") }.count == 2, "\(answer.text)")
    }

    @Test func aRecordThatIsReallyMissingIsTheNodesFault() async throws {
        let before = try pool.records().count
        pool.pool.loseBlobs()
        let answer = try await pool.call(.user, .post, "/keys/k/sign", sign)
        #expect(answer.status == 500 && answer.code == "InternalServerError")
        #expect(answer.message.contains("lacks a record of the key"))
        #expect(try pool.records().count == before + 1)
    }
}
