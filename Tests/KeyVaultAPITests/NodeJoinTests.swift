import CryptographicModule
import HTTPTransport
import PoolState
import RequestTesting
import StrictJSON
import Testing

/// The route by which a node joins: anybody may call it, and only who has a ticket changes anything.
@Suite struct NodeJoinTests {
    private let pool: TestPool
    private let ticket: String
    private let publicKey: String

    init() async throws {
        pool = try TestPool(API.endpoints)
        let invited = try await pool.call(.administrator, .post, "/quorate/v1/nodes", #"{"name":"node-2"}"#)
        ticket = try #require(invited.json?.string("ticket"), "\(invited.text)")
        let key = try await pool.create("k")
        let x = try #require(key.string("x").flatMap { Base64URL.decode($0) })
        let y = try #require(key.string("y").flatMap { Base64URL.decode($0) })
        publicKey = Base64URL.encode(PublicKey.ec(.p256, x: x, y: y).spkiDER())
    }

    private func join(_ changes: [String: String] = [:]) async -> Answer {
        let members = [
            "ticket": ticket, "publicKey": publicKey, "endpoint": "https://b.pool.example:8443",
            "peerAddress": "b.pool.example:9443",
        ].merging(changes) { $1 }
        var writer = JSONWriter()
        writer.object { writer in
            for (name, value) in members { writer.member(name, value) }
        }
        return await pool.send(.post, "/quorate/v1/nodes/join", body: writer.bytes)
    }

    private var written: UInt64 { pool.pool.latestView.appliedIndex }

    @Test func aStrangerWritesNothingIntoTheLog() async throws {
        let before = written
        for _ in 0..<3 {
            let answer = await join(["ticket": Base64URL.encode(Random.bytes(32))])
            #expect(answer.status == 403 && answer.code == "AccessDenied", "\(answer.text)")
            #expect(answer.message.contains("The ticket is not valid"))
        }
        #expect(written == before)
    }

    @Test func whatTheStateWouldNotTakeIsRefusedBefore() async throws {
        let before = written
        let long = String(repeating: "x", count: 40_000)
        for change in [
            ["endpoint": "https://" + long], ["endpoint": "http://b.pool.example"], ["endpoint": "https://"],
            ["peerAddress": long + ":1"], ["peerAddress": "b.pool.example"],
            ["publicKey": Base64URL.encode([UInt8](repeating: 0x30, count: 3000))], ["publicKey": "MAA"],
        ] {
            let answer = await join(change)
            #expect(answer.status == 400 && answer.code == "BadParameter", "\(change.keys): \(answer.text.prefix(200))")
        }
        #expect(written == before)
    }

    @Test func whoHasTheTicketJoinsAndMayAskAgain() async throws {
        for _ in 0..<2 {
            let answer = await join()
            #expect(answer.status == 200, "\(answer.text)")
            #expect(pool.pool.latestView.state.members.map(\.name) == ["node-1", "node-2"])
        }
        // By then the ticket is that node's: with another key it is nobody's.
        let other = try await pool.create("other")
        let x = try #require(other.string("x").flatMap { Base64URL.decode($0) })
        let y = try #require(other.string("y").flatMap { Base64URL.decode($0) })
        let foreign = await join(["publicKey": Base64URL.encode(PublicKey.ec(.p256, x: x, y: y).spkiDER())])
        #expect(foreign.status == 403, "\(foreign.text)")
    }
}
