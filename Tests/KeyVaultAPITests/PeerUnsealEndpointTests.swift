import AccessControl
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

/// The routes by which people decide how nodes are unsealed.
@Suite struct PeerUnsealEndpointTests {
    private static let path = "/quorate/v1/peer-unseal"

    private func pool(version: PoolVersion = .peerUnsealing) throws -> TestPool {
        let pool = try TestPool(API.endpoints)
        pool.pool.submitNow(.raisePoolVersion(version, knownBy: [1]))
        let digest = [UInt8](repeating: 9, count: 32)
        pool.pool.submitNow(
            .inviteNode(NodeInvitation(name: "node-2", ticketDigest: digest, expires: TestPool.start / 1000 + 60)))
        pool.pool.submitNow(
            .admitNode(
                NodeAdmission(
                    ticketDigest: digest, publicKey: [UInt8](repeating: 4, count: 91), apiURL: "https://b.example:1",
                    peerAddress: "b.example:2", audience: TestPool.audience, knownVersion: .newest)))
        return pool
    }

    private func set(_ pool: TestPool, _ body: String) async throws -> Answer {
        try await pool.call(.administrator, .post, Self.path, body)
    }

    @Test func stricterSettingsTakeEffectAtOnce() async throws {
        let pool = try pool()
        let first = await pool.send(.get, Self.path)
        #expect(first.status == 200 && first.json?.string("mode") == "automatic")
        #expect(first.json?.integer("maxAbsenceSeconds") == 3600 && first.json?["order"] == nil)
        let stricter = try await set(pool, #"{"mode":"attended","maxAbsenceSeconds":60}"#)
        #expect(stricter.status == 200 && stricter.json?.string("mode") == "attended", "\(stricter.text)")
        #expect(await pool.send(.get, Self.path).json?.integer("maxAbsenceSeconds") == 60)
        for body in [
            #"{"mode":"never"}"#, #"{"mode":1}"#, #"{"maxAbsenceSeconds":9}"#, #"{"maxAbsenceSeconds":"1h"}"#,
            #"{"maxAbsenceSeconds":2592001}"#, "[",
        ] { #expect(try await set(pool, body).status == 400, "\(body)") }
        #expect(try await pool.call(.user, .post, Self.path, #"{"mode":"off"}"#).status == 403)
    }

    @Test func whoOnlyReadsFillsNoAuditLog() async throws {
        let pool = try pool()
        for _ in 0..<5 { #expect(await pool.send(.get, Self.path).status == 200) }
        #expect(try pool.records().isEmpty)
        #expect(pool.countedRefusals() == 5)
    }

    @Test func looserSettingsWaitForTheOfficers() async throws {
        let pool = try pool()
        _ = try await set(pool, #"{"mode":"off"}"#)
        let ordered = try await set(pool, #"{"mode":"automatic"}"#)
        #expect(ordered.status == 202 && ordered.json?.string("mode") == "off", "\(ordered.text)")
        let order = try #require(ordered.json?.object("order"))
        #expect(order.string("mode") == "automatic" && order.integer("approvalsRequired") == 2)
        #expect(pool.pool.latestView.state.peerUnsealPolicy?.settings.mode == .off)
        // The officers of this pool have no certificates that could verify anything.
        for body in [
            #"{"officer":1,"signature":"AAAA"}"#, #"{"officer":9,"signature":"AAAA"}"#, #"{"officer":0}"#,
            #"{"officer":1,"signature":"*"}"#,
        ] {
            let answer = await pool.send(.post, Self.path + "/approvals", body: Array(body.utf8))
            #expect(answer.status == 400, "\(body): \(answer.text)")
        }
        #expect(try await set(pool, #"{"mode":"off"}"#).json?["order"] == nil)
        let vote = Array(#"{"officer":1,"signature":"AA"}"#.utf8)
        let gone = await pool.send(.post, Self.path + "/approvals", body: vote)
        #expect(gone.status == 404 && gone.code == "PeerUnsealOrderNotFound")
    }

    @Test func anApprovalNeedsTheCode() async throws {
        let pool = try pool()
        let path = "/quorate/v1/nodes/2/approve-unseal"
        func approve(_ code: String, _ path: String = path) async throws -> Answer {
            try await pool.call(.administrator, .post, path, #"{"code":\#(code)}"#)
        }
        for code in ["1", #""1234567""#, #""123456789""#, #""1234567x""#, #""""#] {
            #expect(try await approve(code).status == 400, "\(code)")
        }
        #expect(try await approve(#""12345679""#).status == 403)
        #expect(try await approve(#""12345678""#, "/quorate/v1/nodes/1/approve-unseal").status == 409)
        #expect(try await approve(#""12345678""#, "/quorate/v1/nodes/9/approve-unseal").status == 404)
        #expect(try await approve(#""12345678""#, "/quorate/v1/nodes/x/approve-unseal").status == 400)
        #expect(try await pool.call(.user, .post, path, #"{"code":"12345678"}"#).status == 403)
        #expect(pool.pool.latestView.state.continuity(of: 2)?.approval == nil)
        let done = try await approve(#""12345678""#)
        #expect(done.status == 200 && done.json?.integer("id") == 2, "\(done.text)")
        let approval = try #require(pool.pool.latestView.state.continuity(of: 2)?.approval)
        #expect(approval.transcript == [UInt8](repeating: 7, count: 32))
        #expect(try pool.records().last?.string("operationName") == "NodeUnsealApprove")
        _ = try await set(pool, #"{"mode":"off"}"#)
        #expect(try await approve(#""12345678""#).status == 409)
    }

    @Test func aPoolOfAFormerVersionKnowsNoneOfIt() async throws {
        let pool = try pool(version: .backupSchedules)
        #expect(await pool.send(.get, Self.path).status == 409)
        #expect(try await set(pool, #"{"mode":"off"}"#).status == 409)
    }
}
