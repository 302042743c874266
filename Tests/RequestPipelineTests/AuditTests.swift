import AccessControl
import CryptographicModule
import Glibc
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Synchronization
import Testing

@testable import Audit
@testable import RequestPipeline

/// No answer without its record, and exactly one record for each answer.
@Suite struct AuditTests {
    @Test func oneRecordForEachAuthenticatedRequest() async throws {
        let pool = try TestPool(Probe.all)
        let calls: [(TestPrincipal, HTTPMethod, String, Int64)] = [
            (.user, .get, "/probe", 200), (.user, .get, "/keys/alpha", 200), (.nobody, .get, "/keys/alpha", 403),
            (.user, .get, "/nowhere", 404), (.user, .delete, "/probe", 405), (.user, .get, "/failing", 500),
            (.user, .get, "/slow", 200), (.user, .get, "/waiting", 200),
        ]
        for (position, call) in calls.enumerated() {
            let answer = try await pool.call(
                call.0, call.1, call.2,
                headers: [
                    ("user-agent", "tests/1"), ("x-ms-client-request-id", "9d0c7c1e-5c0f-4a55-8d3b-3d1c5e0f9a11"),
                ])
            // Read at once: the record was on disk before the answer came.
            let records = try pool.records()
            #expect(records.count == position + 1)
            let record = try #require(records.last)
            #expect(record.integer("httpStatusCode") == call.3 && Int64(answer.status) == call.3)
            #expect(record.string("identity")?.contains(call.0.objectID.description) == true)
            #expect(record.string("identity")?.contains(call.0.clientID.description) == true)
            #expect(record.string("requestUri") == TestPool.base + call.2)
            #expect(record.string("operationVersion") == "2025-07-01" && record.string("clientInfo") == "tests/1")
            #expect(record.string("correlationId") == "9d0c7c1e-5c0f-4a55-8d3b-3d1c5e0f9a11")
            #expect(record.string("callerIpAddress") == "192.0.2.7")
            #expect(record.string("resultType") == (call.3 == 200 ? "Success" : record.string("resultType")))
            #expect((record.string("resultDescription") == nil) == (call.3 == 200))
        }
        let properties = try #require(try pool.records().first?.object("properties"))
        #expect(properties.string("id") == "the-key" && properties.string("algorithm") == "ES256")
        #expect(properties.string("digest") == "AQID")
        #expect(pool.countedRefusals() == 0)
    }

    @Test func anonymousRequestsAreCountedAndWhatTheyObtainIsRecorded() async throws {
        let pool = try TestPool(Probe.all)
        for _ in 0..<3 { _ = await pool.send(.get, "/probe") }
        _ = await pool.send(.get, "/open")
        _ = await pool.send(.post, "/refuse-issue")
        _ = await pool.send(.get, "/%")
        #expect(await pool.send(.get, "/counted").status == 200)
        #expect(try pool.records().isEmpty)
        #expect(await pool.send(.post, "/issue").status == 200)
        #expect(try pool.records().map { $0.integer("httpStatusCode") } == [200])
        // The count of a finished minute is a record of its own.
        pool.advance(seconds: 61)
        _ = await pool.send(.get, "/probe")
        try #require(await pool.settled { $0.count == 2 })
        let summary = try #require(try pool.records().last)
        #expect(summary.string("operationName") == "Authentication")
        #expect(summary.object("properties")?.string("count") == "6")
    }

    @Test func theCauseOfAFailureIsInTheNodesLogAlone() async throws {
        let pool = try TestPool(Probe.all)
        let answer = try await pool.call(.user, .get, "/failing")
        #expect(answer.status == 500 && !answer.text.contains("its cause"), "\(answer.text)")
        let lines = pool.log.lines.filter { $0.contains("its cause") }
        #expect(lines.count == 1 && lines.first?.contains("Failing") == true, "\(pool.log.lines)")
        #expect(answer.header("x-ms-request-id").map { lines.first?.contains($0) == true } == true)
        #expect(APIError(CryptoError.internalFailure("why")).cause?.contains("why") == true)
        #expect(APIError(CryptoError.authenticationFailed).cause != nil)
    }

    @Test func refusalsForLoadAreCountedByWhoWasRefusedWhat() async throws {
        let pool = try TestPool(Probe.all)
        pool.computation.isFull = true
        for _ in 0..<5 { #expect(try await pool.call(.user, .get, "/slow").status == 429) }
        let elsewhere = ConnectionContext(remoteAddress: "192.0.2.8")
        #expect(try await pool.call(.user, .get, "/slow", over: elsewhere).status == 429)
        #expect(try await pool.call(.nobody, .get, "/slow").status == 429)
        pool.pool.setUnavailable(.overloaded)
        #expect(try await pool.call(.user, .get, "/probe").status == 429)
        // Nobody asks for the records: they come by themselves.
        try #require(await pool.settled { sum($0, "count") == 8 })
        let records = try pool.records()
        #expect(records.allSatisfy { $0.integer("httpStatusCode") == 429 && $0.string("requestUri") == "" })
        #expect(records.allSatisfy { $0.object("properties")?.string("until") == "2026-01-05T09:30:12.000Z" })
        func of(_ principal: TestPrincipal, _ operation: String) -> [JSONObject] {
            records.filter {
                $0.string("identity")?.contains(principal.objectID.description) == true
                    && $0.string("operationName") == operation
            }
        }
        let slow = of(.user, "Slow")
        #expect(sum(slow, "count") == 6 && sum(slow, "source 192.0.2.7") == 5 && sum(slow, "source 192.0.2.8") == 1)
        #expect(sum(of(.nobody, "Slow"), "count") == 1 && sum(of(.user, "Probe"), "count") == 1)
        #expect(pool.countedRefusals() == 0)
    }

    private func sum(_ records: [JSONObject], _ property: String) -> Int {
        records.compactMap { $0.object("properties")?.string(property).flatMap { Int($0) } }.reduce(0, +)
    }

    @Test func whatAStrangerOrSomebodyWithoutPermissionLearnsDoesNotDependOnTheLoad() async throws {
        let guarded = Endpoint(
            .post, "/keys/{name}/sign", operation: "Sign", access: .dataAction(.keysSign, .keyNamed(parameter: "name")),
            isVersioned: false,
            handler: .adaptive(isSlow: { $0.parameters["name"] == "slow" }) { _ throws(APIError) in .object { _ in } })
        let pool = try TestPool([guarded])
        pool.computation.isFull = true
        #expect(try await pool.call(.user, .post, "/keys/slow/sign").status == 429)
        for key in ["slow", "fast"] {
            #expect(try await pool.call(.nobody, .post, "/keys/\(key)/sign").status == 403)
            #expect(await pool.send(.post, "/keys/\(key)/sign").status == 401)
        }
    }

    /// A refusal does nothing, so nothing has to be withheld.
    @Test func aRefusalForLoadDoesNotWaitForTheDisk() async throws {
        let disk = SlowDisk()
        let pool = try TestPool(Probe.all) { folder in
            try AuditLog(
                folder: folder, origin: AuditOrigin(node: "node-1", pool: "pool-1"), mode: .strict,
                options: AuditLogOptions(), calls: disk.calls)
        }
        pool.computation.isFull = true
        disk.hold()
        // Only of use to a call that waits for the disk: its test fails, and ends.
        let rescue = Task {
            try await Task.sleep(for: .seconds(1800))
            disk.release(failing: false)
        }
        #expect(try await pool.call(.user, .get, "/slow").status == 429)
        rescue.cancel()
        let hasWaited = (try? await rescue.value) != nil
        disk.release(failing: false)
        #expect(!hasWaited)
    }

    @Test func aLogThatAcceptsNothingMeansNoResult() async throws {
        let pool = try TestPool(Probe.all)
        pool.audit.close()
        for (method, path) in [(HTTPMethod.get, "/probe"), (.get, "/slow"), (.get, "/waiting"), (.get, "/nowhere")] {
            let answer = try await pool.call(.user, method, path)
            #expect(answer.status == 503 && answer.code == "ServiceUnavailable" && answer.header("retry-after") == "5")
            #expect(!answer.text.contains("done") && answer.header("x-ms-keyvault-region") == nil)
        }
        #expect(await pool.send(.post, "/issue").status == 503)
        pool.pool.setUnavailable(.noLeader)
        #expect(try await pool.call(.user, .get, "/probe").header("retry-after") == "5")
        // What needs no record still answers.
        #expect(await pool.send(.get, "/probe").status == 401)
        #expect(await pool.send(.get, "/open").status == 200)
    }

    /// A disk whose flush waits, then works or fails.
    private final class SlowDisk: Sendable {
        private let state = Mutex<(isHeld: Bool, fails: Bool)>((false, false))
        private let isWaiting = Atomic<Bool>(false)
        /// The log has one thread: nobody else sleeps here.
        private let released = WakeUp()

        func hold() { state.withLock { $0.isHeld = true } }

        func release(failing: Bool) {
            state.withLock { $0 = (false, failing) }
            released.raise()
        }

        /// Whether a flush has come to the disk that is held.
        var holdsUpAFlush: Bool { isWaiting.load(ordering: .acquiring) }

        var calls: DiskCalls {
            var calls = DiskCalls.system
            calls.sync = { [self] _ in
                while state.withLock({ $0.isHeld }) {
                    isWaiting.store(true, ordering: .releasing)
                    released.wait(until: nil)
                }
                guard state.withLock({ $0.fails }) else { return 0 }
                errno = EIO
                return -1
            }
            return calls
        }
    }

    @Test(arguments: [false, true])
    func theAnswerWaitsForTheDisk(fails: Bool) async throws {
        let disk = SlowDisk()
        let pool = try TestPool(Probe.all) { folder in
            try AuditLog(
                folder: folder, origin: AuditOrigin(node: "node-1", pool: "pool-1"), mode: .strict,
                options: AuditLogOptions(), calls: disk.calls)
        }
        disk.hold()
        let hasAnswered = Atomic<Bool>(false)
        async let answer = {
            let answer = try await pool.call(.user, .get, "/probe")
            hasAnswered.store(true, ordering: .releasing)
            return answer
        }()
        let flushBegan = await eventually { disk.holdsUpAFlush }
        // An answer that doesn't wait left before the flush began; another request goes all its way meanwhile.
        let other = await pool.send(.get, "/open")
        let tooEarly = hasAnswered.load(ordering: .acquiring)
        disk.release(failing: fails)
        #expect(flushBegan && other.status == 200 && !tooEarly)
        #expect(try await answer.status == (fails ? 503 : 200))
        #expect(try await answer.text.contains("done") == !fails)
    }
}
