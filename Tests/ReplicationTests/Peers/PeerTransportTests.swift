import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import NodeEnvironment
import Raft
import Testing

@testable import Replication

/// Over real sockets and TLS on the loopback interface.
@Suite("Connections between nodes", .serialized)
struct PeerTransportTests {
    let authority: CertificateAuthority

    init() throws {
        authority = try CertificateAuthority()
    }

    private func node(
        _ number: UInt64, process: UInt8 = 1, port: Int = 0, silence: TimeAmount? = nil
    ) async throws -> TestNode {
        let issued = try authority.issueNode(number)
        var configuration = TestNode.configuration(number, issued, process: process, port: port)
        if let silence { configuration.timing.silence = silence }
        return try await TestNode(configuration)
    }

    private func status(_ node: UInt64, _ applied: UInt64 = 1) -> PeerMessage {
        .nodeStatus(
            NodeStatus(
                node: NodeID(node), isSealed: false, processID: [UInt8](repeating: 1, count: 16), appliedIndex: applied,
                version: "test"))
    }

    private func raft(_ from: UInt64, _ to: UInt64, round: UInt64, bytes: Int = 10) -> PeerMessage {
        let entry = LogEntry(index: 1, term: 1, payload: .command([UInt8](repeating: 1, count: bytes)), tag: [])
        let request = AppendRequest(prevIndex: 0, prevTerm: 0, entries: [entry], commit: 0, round: round)
        return .raft(RaftMessage(from: NodeID(from), to: NodeID(to), term: 1, body: .append(request)))
    }

    /// Names both to each other and waits until both can send.
    private func connect(_ first: TestNode, _ second: TestNode) async throws {
        first.transport.setPeers([first.record, second.record])
        second.transport.setPeers([first.record, second.record])
        try await eventually("both connected") {
            first.isConnected(to: second.id) && second.isConnected(to: first.id)
        }
    }

    @Test("carry messages both ways, in order")
    func happyPath() async throws {
        let first = try await node(1)
        let second = try await node(2)
        try await connect(first, second)
        for round in 0..<2000 {
            first.transport.send(raft(1, 2, round: UInt64(round)), to: NodeID(2))
            second.transport.send(raft(2, 1, round: UInt64(round)), to: NodeID(1))
        }
        try await eventually("all received") {
            first.read { $0.received.count } == 2000 && second.read { $0.received.count } == 2000
        }
        let rounds = second.read { events in events.received.map(\.1) }
        #expect(rounds == (0..<2000).map { raft(1, 2, round: UInt64($0)) })
        #expect(second.read { events in events.received.allSatisfy { $0.0 == NodeID(1) } })
        #expect(first.read { $0.alarms }.isEmpty && second.read { $0.alarms }.isEmpty)
        await first.transport.shutdown()
        await second.transport.shutdown()
    }

    /// In a rolling upgrade: over a frame that it doesn't know a former program closes the connection.
    @Test("carry a word on members to who takes it, and none to a former program")
    func memberNotices() async throws {
        let first = try await node(1)
        let second = try await node(2)
        var former = try TestNode.configuration(3, authority.issueNode(3))
        former.takesMemberNotices = false
        let third = try await TestNode(former)
        try await connect(first, second)
        first.transport.setPeers([second.record, third.record])
        third.transport.setPeers([first.record])
        try await eventually("the former program's connections") {
            first.isConnected(to: third.id) && third.isConnected(to: first.id)
        }
        let word = PeerMessage.memberNotices([Samples.notice(7)])
        for peer in [second, third] {
            first.transport.send(word, to: peer.id)
            first.transport.send(status(1), to: peer.id)
        }
        try await eventually("all received") {
            second.read { $0.received.count } == 2 && !third.read { $0.received.isEmpty }
        }
        #expect(second.read { $0.received.map(\.1) } == [word, status(1)])
        #expect(third.read { $0.received.map(\.1) } == [status(1)])
        for node in [first, second, third] { await node.transport.shutdown() }
    }

    @Test("carry the largest frames")
    func large() async throws {
        let first = try await node(1)
        let second = try await node(2)
        try await connect(first, second)
        let message = raft(1, 2, round: 1, bytes: WireLimits.commandBytes)
        for _ in 0..<5 { first.transport.send(message, to: NodeID(2)) }
        try await eventually("all received") { second.read { $0.received.count } == 5 }
        await first.transport.shutdown()
        await second.transport.shutdown()
    }

    @Test("are made again after the peer has restarted, with another process id")
    func restart() async throws {
        let first = try await node(1)
        let second = try await node(2)
        try await connect(first, second)
        let port = second.port
        await second.transport.shutdown()
        try await eventually("disconnect noticed") { !first.isConnected(to: NodeID(2)) }
        // Dropped, not kept for later.
        first.transport.send(status(1, 77), to: NodeID(2))
        let issued = try authority.issueNode(2)
        let reborn = try await TestNode(TestNode.configuration(2, issued, process: 2, port: port))
        // The key is new too: until the pool's configuration names it, it is turned away.
        reborn.transport.setPeers([first.record])
        try await eventually("unpinned key refused") {
            first.read { $0.refusals }.contains(.unpinnedKey(NodeID(2)))
        }
        #expect(!first.isConnected(to: NodeID(2)))
        first.transport.setPeers([reborn.record])
        try await eventually("connected again") {
            first.isConnected(to: NodeID(2)) && reborn.isConnected(to: NodeID(1))
        }
        first.transport.send(status(1, 78), to: NodeID(2))
        try await eventually("received") { !reborn.read { $0.received }.isEmpty }
        #expect(reborn.read { $0.received[0].1 } == status(1, 78))
        #expect(first.transport.droppedMessages[NodeID(2)] == 1)
        await first.transport.shutdown()
        await reborn.transport.shutdown()
    }

    /// What a node holds of its peer's word rests on this order.
    @Test("are announced, each behind all that came before it and ahead of what comes on it")
    func announced() async throws {
        let first = try await node(1)
        let second = try await node(2)
        try await connect(first, second)
        second.transport.send(status(2, 1), to: NodeID(1))
        try await eventually("the first word") { first.read { $0.received.count } == 1 }
        // All connections are made anew, by the same processes.
        for node in [first, second] { node.transport.setEpoch(2) }
        try await eventually("the second connection") { first.read { $0.admitted.count } == 2 }
        try await eventually("the way back") { second.isConnected(to: NodeID(1)) }
        second.transport.send(status(2, 2), to: NodeID(1))
        try await eventually("the second word") { first.read { $0.received.count } == 2 }
        #expect(first.read { $0.admitted.map(\.node) } == [NodeID(2), NodeID(2)])
        #expect(first.read { $0.admitted.map(\.received) } == [0, 1])
        await first.transport.shutdown()
        await second.transport.shutdown()
    }

    @Test("end when the configuration names the peer no more")
    func removed() async throws {
        let first = try await node(1)
        let second = try await node(2)
        try await connect(first, second)
        first.transport.setPeers([])
        try await eventually("both directions closed") {
            !first.isConnected(to: NodeID(2)) && !second.isConnected(to: NodeID(1))
        }
        try await eventually("refused from now on") {
            first.read { $0.refusals }.contains(.unknownNode(CertificateAuthority.uri(2)))
        }
        await first.transport.shutdown()
        await second.transport.shutdown()
    }

    @Test("are refused across epochs and made again within one")
    func epochs() async throws {
        let first = try await node(1)
        let second = try await node(2)
        try await connect(first, second)
        first.transport.setEpoch(2)
        try await eventually("refused") {
            first.read { $0.refusals }.contains(.otherEpoch(theirs: 1, ours: 2))
                && second.read { $0.refusals }.contains(.otherEpoch(theirs: 2, ours: 1))
        }
        second.transport.setEpoch(2)
        try await eventually("connected again") {
            first.isConnected(to: second.id) && second.isConnected(to: first.id)
        }
        await first.transport.shutdown()
        await second.transport.shutdown()
    }

    @Test("of a second process as the same node are refused, with an alarm, while the first lives")
    func clone() async throws {
        let first = try await node(1)
        let issued = try authority.issueNode(2)
        let second = try await TestNode(TestNode.configuration(2, issued))
        try await connect(first, second)
        let clone = try await TestNode(TestNode.configuration(2, issued, process: 66))
        clone.transport.setPeers([first.record])
        try await eventually("alarm") { first.read { $0.clones }.contains(NodeID(2)) }
        #expect(first.read { $0.refusals }.contains(.secondProcess(NodeID(2))))
        #expect(first.isConnected(to: NodeID(2)))
        second.transport.send(status(2), to: NodeID(1))
        try await eventually("the first process is still heard") { !first.read { $0.received }.isEmpty }
        // Once the first one is gone the second is let in: that is what a restart looks like.
        await second.transport.shutdown()
        try await eventually("let in") { clone.isConnected(to: NodeID(1)) }
        await first.transport.shutdown()
        await clone.transport.shutdown()
    }

    @Test("are accepted no more for a second when descriptors have run out, and then again")
    func outOfDescriptors() async throws {
        let first = try await node(1)
        let second = try await node(2)
        let listener = try #require(first.transport.listener)
        let isReading = try await listener.eventLoop.submit { () -> Bool? in
            // What accept(2) ends with.
            listener.pipeline.syncOperations.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
            return try listener.syncOptions?.getOption(.autoRead)
        }.get()
        #expect(isReading == false)
        try await connect(first, second)
        await first.transport.shutdown()
        await second.transport.shutdown()
    }

    @Test("that fall silent are given up, and their messages dropped")
    func silence() async throws {
        let first = try await node(1, silence: .milliseconds(800))
        let second = try await node(2)
        first.transport.setPeers([second.record])
        // The second node calls from a socket that says hello and then nothing.
        let raw = try await RawPeer(node: 2, issued: authority.issueNode(2), port: first.port)
        first.transport.setPeers([
            PeerRecord(node: NodeID(2), uri: CertificateAuthority.uri(2), pins: [raw.pin], host: "127.0.0.1", port: 1)
        ])
        try await raw.connect()
        try await raw.send(.hello(raw.hello))
        try await eventually("hello answered") { raw.received.contains { $0.first == 0 } }
        try await eventually("given up") { raw.isClosed }
        await first.transport.shutdown()
        await second.transport.shutdown()
    }
}
