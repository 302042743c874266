import HTTPTransport
import PoolState
import RequestTesting
import Testing

/// Requests on a node that has applied what not every member honours yet.
@Suite struct UnreleasedViewTests {
    private let pool: TestPool
    private let tags = #"{"tags":{"a":"b"}}"#

    init() async throws {
        pool = try TestPool(API.endpoints)
        try await pool.create("k")
        pool.pool.setReleased(false)
    }

    /// How often requests wait for a view that may be told of.
    private func expect(waits: Int, _ requests: () async throws -> Void) async throws {
        let before = pool.pool.reads
        try await requests()
        #expect(pool.pool.reads - before == waits)
    }

    @Test func aChangeIsDecidedAtOnce() async throws {
        try await expect(waits: 0) {
            let answer = try await pool.call(.user, .patch, "/keys/k", tags)
            #expect(answer.status == 200, "\(answer.text)")
        }
    }

    @Test func aRefusalWaits() async throws {
        try await expect(waits: 1) {
            try await pool.expectRefusal(.patch, "/keys/none", tags, status: 404, code: "KeyNotFound")
        }
        try await expect(waits: 1) {
            try await pool.expectRefusal(.patch, "/keys/k", #"{"tags":1}"#, status: 400, code: "BadParameter")
        }
    }

    @Test func whoMayNotWaitsToo() async throws {
        try await expect(waits: 1) {
            let answer = try await pool.call(.nobody, .patch, "/keys/k", tags)
            #expect(answer.status == 403, "\(answer.text)")
        }
    }

    @Test func readsAndUsesAlwaysWait() async throws {
        try await expect(waits: 2) {
            let answer = try await pool.call(.user, .get, "/keys/k")
            #expect(answer.status == 200)
            let signed = try await pool.call(
                .user, .post, "/keys/k/sign", #"{"alg":"ES256","value":"\#(digest(32))"}"#)
            #expect(signed.status == 200)
        }
    }

    /// Each is recorded once, however often it was decided.
    @Test func recordsAreThoseOfTheAnswers() async throws {
        let before = try pool.records().count
        try await pool.expectRefusal(.patch, "/keys/none", tags, status: 404, code: "KeyNotFound")
        #expect(try pool.records().count == before + 1)
    }
}
