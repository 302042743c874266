import Foundation
import Logging
import NIOCore
import NIOEmbedded
import NodeEnvironment
import Raft
import Testing

@testable import Replication

@Suite("Sessions of nodes")
struct SessionTableTests {
    let first = [UInt8](repeating: 1, count: 16)
    let second = [UInt8](repeating: 2, count: 16)

    @Test("belong to one process at a time")
    func oneProcess() {
        var table = SessionTable()
        #expect(table.admit(NodeID(1), processID: first, connection: 1, now: 100) == .admitted(superseded: nil))
        table.heard(from: NodeID(1), connection: 1, now: 150)
        #expect(table.admit(NodeID(1), processID: second, connection: 2, now: 180) == .refused(silentFor: 30))
        #expect(table.admit(NodeID(2), processID: second, connection: 3, now: 180) == .admitted(superseded: nil))
        table.ended(NodeID(1), connection: 1)
        #expect(table.admit(NodeID(1), processID: second, connection: 4, now: 190) == .admitted(superseded: nil))
    }

    @Test("move to the newest connection of a process")
    func supersede() {
        var table = SessionTable()
        _ = table.admit(NodeID(1), processID: first, connection: 1, now: 1)
        #expect(table.admit(NodeID(1), processID: first, connection: 2, now: 2) == .admitted(superseded: 1))
        // What is still heard of, and the end of, the old connection says nothing about the new one.
        table.heard(from: NodeID(1), connection: 1, now: 50)
        table.ended(NodeID(1), connection: 1)
        #expect(table[NodeID(1)] == .init(processID: first, connection: 2, lastHeard: 2))
    }
}

@Suite("Callers")
struct PeerCallerTests {
    @Test("that were stopped leave the outbox to those in their place")
    func lateHello() throws {
        let authority = try CertificateAuthority()
        let configuration = TestNode.configuration(1, try authority.issueNode(1))
        let tls = try PeerTLS(
            configuration.tls, ownURI: configuration.uri, now: Int(Date().timeIntervalSince1970))
        let loop = EmbeddedEventLoop()
        let hub = PeerHub(
            loop: loop, configuration: configuration, tls: tls, handlers: PeerHandlers(received: { _, _ in }),
            logger: Logger(label: "test"))
        let record = PeerRecord(
            node: NodeID(2), uri: CertificateAuthority.uri(2), pins: [], host: "127.0.0.1", port: 1)
        let outbox = PeerOutbox(limit: 1 << 20)
        let caller = PeerCaller(record: record, outbox: outbox, hub: hub)
        caller.stop(.configurationChanged)
        let channel = EmbeddedChannel(loop: loop)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        caller.opened(channel, hub.hello)
        // One that is open asks for the loop to be woken.
        #expect(!outbox.append(.unsealRequest([])))
        #expect(!channel.isActive)
    }
}

@Suite("The outgoing queue")
struct OutgoingQueueTests {
    private func append(_ round: UInt64, bytes: Int = 1000) -> PeerMessage {
        let entry = LogEntry(index: 1, term: 1, payload: .command([UInt8](repeating: 0, count: bytes)), tag: [])
        let request = AppendRequest(prevIndex: 0, prevTerm: 0, entries: [entry], commit: 0, round: round)
        return .raft(RaftMessage(from: NodeID(1), to: NodeID(2), term: 1, body: .append(request)))
    }

    private func proposal(_ number: UInt8) -> PeerMessage {
        .forwardedProposal(
            ForwardedProposal(
                proposalID: [UInt8](repeating: number, count: 16), proposer: NodeID(1),
                command: [UInt8](repeating: 0, count: 1000), proof: []))
    }

    @Test("keeps order")
    func order() {
        var queue = OutgoingQueue(limit: 1 << 30)
        for round in 0..<5000 { #expect(queue.append(append(UInt64(round))) == 0) }
        for round in 0..<5000 { #expect(queue.popFirst() == append(UInt64(round))) }
        #expect(queue.popFirst() == nil)
        #expect(queue.bytes == 0)
    }

    @Test("drops the oldest messages of consensus first, and stays within its limit")
    func drops() {
        var queue = OutgoingQueue(limit: 100_000)
        var dropped = queue.append(proposal(1))
        for round in 0..<1000 {
            dropped += queue.append(append(UInt64(round)))
            #expect(queue.bytes <= 100_000)
        }
        #expect(queue.popFirst() == proposal(1))
        #expect(queue.count + 1 + dropped == 1001)
        var last: PeerMessage?
        while let message = queue.popFirst() { last = message }
        #expect(last == append(999))
    }

    @Test("drops others when there is no consensus to drop")
    func dropsOthers() {
        var queue = OutgoingQueue(limit: 20_000)
        for number in 0..<200 { _ = queue.append(proposal(UInt8(number))) }
        #expect(queue.bytes <= 20_000)
        var last: PeerMessage?
        while let message = queue.popFirst() { last = message }
        #expect(last == proposal(199))
    }

    @Test("keeps the last piece of a snapshot that was asked for, and no other")
    func pieces() {
        func piece(_ number: UInt64) -> PeerMessage {
            .snapshotChunk(
                SnapshotChunk(
                    mark: Samples.mark(number), after: .beginning, rows: [Samples.row(number, value: "v")], blobs: [],
                    isLast: false))
        }
        var queue = OutgoingQueue(limit: 1 << 30)
        #expect(queue.append(append(1)) == 0)
        #expect(queue.append(piece(1)) == 0)
        #expect(queue.append(append(2)) == 0)
        // The same one again, as after a second without it: the first keeps its place.
        #expect(queue.append(piece(1)) == 1)
        for message in [append(1), piece(1)] { #expect(queue.popFirst() == message) }
        #expect(queue.append(piece(1)) == 0)
        #expect(queue.append(append(3)) == 0)
        #expect(queue.append(piece(2)) == 1)
        for message in [append(2), append(3), piece(2)] { #expect(queue.popFirst() == message) }
        #expect(queue.popFirst() == nil)
        #expect(queue.bytes == 0)
    }

    @Test("takes one message beyond the limit rather than none")
    func single() {
        var queue = OutgoingQueue(limit: 1000)
        _ = queue.append(append(1, bytes: 5000))
        #expect(queue.count == 1)
        _ = queue.append(append(2, bytes: 5000))
        #expect(queue.popFirst() == append(2, bytes: 5000))
        #expect(queue.isEmpty)
    }

    @Test("behind a connection that is gone holds nothing")
    func outbox() {
        let outbox = PeerOutbox(limit: 1000)
        #expect(!outbox.append(proposal(1)))
        outbox.open()
        #expect(outbox.append(append(1, bytes: 100)))
        #expect(!outbox.append(append(2, bytes: 100)))
        #expect(outbox.take(bytes: 1) == [append(1, bytes: 100)])
        #expect(outbox.take(bytes: 1 << 20) == [append(2, bytes: 100)])
        #expect(outbox.take(bytes: 1) == [])
        #expect(outbox.append(append(3, bytes: 100)))
        outbox.close()
        outbox.open()
        #expect(outbox.take(bytes: 1) == [])
        #expect(outbox.dropped == 2)
    }
}

@Suite("The wait before a peer is called again")
struct BackoffTests {
    @Test("doubles up to its limit and begins anew")
    func doubles() {
        var backoff = Backoff(minimum: .milliseconds(100), maximum: .seconds(1))
        let waits = (0..<6).map { _ in backoff.next(random: 0).nanoseconds / 1_000_000 }
        #expect(waits == [50, 100, 200, 400, 500, 500])
        for _ in 0..<100 { #expect(backoff.next(random: 0.999) <= .seconds(1)) }
        backoff.succeeded()
        #expect(backoff.next(random: 1) == .milliseconds(100))
    }
}

@Suite("The directory of peers")
struct PeerDirectoryTests {
    let pin = [UInt8](repeating: 1, count: 32)
    let next = [UInt8](repeating: 2, count: 32)

    private func identify(_ uris: [String], _ key: [UInt8]) -> Result<NodeID, PeerRefusal> {
        let directory = PeerDirectory(
            [
                PeerRecord(node: NodeID(1), uri: "quorate:p/a", pins: [pin], host: "a", port: 1),
                PeerRecord(node: NodeID(2), uri: "quorate:p/b", pins: [pin, next], host: "b", port: 1),
            ], own: NodeID(1))
        return directory.identify(PresentedCertificate(uris: uris, keyDigest: key)).map(\.node)
    }

    @Test("recognises a member by name and key, and nobody else")
    func identify() {
        #expect(identify(["quorate:p/b"], pin) == .success(NodeID(2)))
        #expect(identify(["quorate:p/b"], next) == .success(NodeID(2)))
        #expect(identify(["https://x", "quorate:p/b"], pin) == .success(NodeID(2)))
        #expect(identify(["quorate:p/b"], [UInt8](repeating: 3, count: 32)) == .failure(.unpinnedKey(NodeID(2))))
        #expect(identify(["quorate:p/c"], pin) == .failure(.unknownNode("quorate:p/c")))
        #expect(identify([], pin) == .failure(.noNodeName))
        #expect(identify(["https://quorate:p/b"], pin) == .failure(.noNodeName))
        #expect(identify(["quorate:p/b", "quorate:p/c"], pin) == .failure(.noNodeName))
        // Nobody passes for this node itself.
        #expect(identify(["quorate:p/a"], pin) == .failure(.unknownNode("quorate:p/a")))
    }
}

@Suite("The frame decoder")
struct FrameDecoderTests {
    private func decode(_ bytes: [UInt8], limit: Int, chunk: Int) throws -> [[UInt8]] {
        let channel = EmbeddedChannel(handler: ByteToMessageHandler(FrameDecoder(limit: FrameLimit(limit))))
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, position + chunk)
            try channel.writeInbound(ByteBuffer(bytes: bytes[position..<end]))
            position = end
        }
        var frames: [[UInt8]] = []
        while let frame = try channel.readInbound(as: ByteBuffer.self) { frames.append(Array(frame.readableBytesView)) }
        _ = try? channel.finish()
        return frames
    }

    @Test("cuts the stream wherever it is split", arguments: 1...12)
    func splits(_ chunk: Int) throws {
        let stream: [UInt8] = [0, 0, 0, 2, 7, 8, 0, 0, 0, 0, 0, 0, 0, 1, 9, 0, 0, 0, 4, 1]
        #expect(try decode(stream, limit: 4, chunk: chunk) == [[7, 8], [], [9]])
    }

    @Test("refuses a length beyond the limit before any of it came")
    func oversized() {
        #expect(throws: PeerRefusal.oversized(bytes: 5, limit: 4)) { try decode([0, 0, 0, 5], limit: 4, chunk: 4) }
        #expect(throws: PeerRefusal.oversized(bytes: 1, limit: 0)) { try decode([0, 0, 0, 1], limit: 0, chunk: 4) }
        #expect(throws: PeerRefusal.oversized(bytes: 0xFFFF_FFFF, limit: 4 << 20)) {
            try decode([0xFF, 0xFF, 0xFF, 0xFF], limit: 4 << 20, chunk: 4)
        }
    }
}
