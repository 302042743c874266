import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NodeEnvironment
import Raft
import Testing

@testable import Replication

/// What reaches the peer port and isn't a member in good standing is closed; what is one keeps to the protocol or is
/// closed too. Each test ends by showing that an honest peer still gets through.
@Suite("The peer port", .serialized)
struct HostilePeerTests {
    let authority: CertificateAuthority
    let victim: TestNode
    let honest: CertificateAuthority.Issued

    init() async throws {
        authority = try CertificateAuthority()
        honest = try authority.issueNode(2)
        victim = try await TestNode(TestNode.configuration(1, authority.issueNode(1)))
        victim.transport.setPeers([record(pins: [honest.pin])])
    }

    private func record(pins: [[UInt8]]) -> PeerRecord {
        // Port 1: nobody answers; only what comes in is of interest.
        PeerRecord(node: NodeID(2), uri: CertificateAuthority.uri(2), pins: pins, host: "127.0.0.1", port: 1)
    }

    private func attacker(
        _ issued: CertificateAuthority.Issued?, maximumTLS: TLSVersion? = nil
    ) async throws -> RawPeer {
        let peer = try await RawPeer(node: 2, issued: issued, port: victim.port, maximumTLS: maximumTLS)
        // The refusal may come before the connection is set up; that there is one is what each test goes on to show.
        try? await peer.connect()
        return peer
    }

    /// The attacker speaks as a member would, and is turned away for `reason` before a word of it was taken.
    private func expectRefused(_ peer: RawPeer, _ reason: (PeerRefusal) -> Bool) async throws {
        try? await peer.send(.hello(peer.hello))
        try await eventually("closed") { peer.isClosed }
        #expect(peer.received.isEmpty)
        try await eventually("the reason is reported") { victim.read { $0.refusals }.contains(where: reason) }
        try await expectHonestPeerServed()
    }

    private func expectHonestPeerServed() async throws {
        let peer = try await RawPeer(node: 2, issued: honest, port: victim.port)
        try await peer.connect()
        try await peer.send(.hello(peer.hello))
        try await eventually("an honest peer is let in") { !peer.received.isEmpty }
        let before = victim.read { $0.received.count }
        try await peer.send(.message(.unsealRequest([1])))
        try await eventually("an honest peer is heard") { victim.read { $0.received.count } == before + 1 }
        await peer.close()
        await victim.transport.shutdown()
    }

    private func isHandshakeFailure(_ refusal: PeerRefusal) -> Bool {
        if case .handshakeFailed = refusal { return true } else { return false }
    }

    @Test("refuses a certificate that the node CA signed and nobody pinned")
    func unpinned() async throws {
        let peer = try await attacker(authority.issueNode(2))
        try await expectRefused(peer) { $0 == .unpinnedKey(NodeID(2)) }
    }

    @Test("refuses an expired certificate of a pinned key")
    func expired() async throws {
        let expired = try authority.issue(
            "URI:\(CertificateAuthority.uri(2))", days: -1, key: honest.files.privateKey)
        #expect(expired.pin == honest.pin)
        try await expectRefused(attacker(expired), isHandshakeFailure)
    }

    @Test(
        "refuses a pinned key under another name",
        arguments: ["URI:quorate:pool/node-3", "URI:quorate:other/node-2", "URI:quorate:pool/node-2x"])
    func wrongName(_ name: String) async throws {
        let issued = try authority.issue(name, key: honest.files.privateKey)
        let uri = String(name.dropFirst(4))
        try await expectRefused(attacker(issued)) { $0 == .unknownNode(uri) }
    }

    @Test(
        "refuses a certificate that names no node, or two",
        arguments: ["DNS:node-2", "email:a@b", "URI:quorate:pool/node-2,URI:quorate:pool/node-3"])
    func noName(_ names: String) async throws {
        let issued = try authority.issue(names, key: honest.files.privateKey)
        try await expectRefused(attacker(issued)) { $0 == .noNodeName }
    }

    @Test("refuses the client certificate of an API principal")
    func apiClient() async throws {
        let other = try CertificateAuthority(name: "principals")
        let client = try other.issue("DNS:client.example", usage: "clientAuth")
        try await expectRefused(attacker(client), isHandshakeFailure)
    }

    @Test("refuses a node's name and pinned key under another CA")
    func foreignAuthority() async throws {
        let other = try CertificateAuthority()
        let issued = try other.issue("URI:\(CertificateAuthority.uri(2))", key: honest.files.privateKey)
        try await expectRefused(attacker(issued), isHandshakeFailure)
    }

    @Test("refuses who shows no certificate")
    func noCertificate() async throws {
        try await expectRefused(attacker(nil), isHandshakeFailure)
    }

    @Test("lets a member in though others hold as many connections as may be set up")
    func silentConnections() async throws {
        let limit = PeerLimits().pendingConnections
        var silent: [any Channel] = []
        for _ in 0..<2 * limit {
            let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            silent.append(try await bootstrap.connect(host: "127.0.0.1", port: victim.port).get())
        }
        try await eventually("half of them are too many") {
            victim.read { $0.refusals }.count { $0 == .tooMany } == limit
        }
        try await expectHonestPeerServed()
        for channel in silent { try? await channel.close().get() }
    }

    @Test("refuses TLS 1.2")
    func oldTLS() async throws {
        try await expectRefused(attacker(honest, maximumTLS: .tlsv12), isHandshakeFailure)
    }

    @Test("refuses a hello of another pool, epoch, node or protocol")
    func foreignHello() async throws {
        func expect(_ refusal: PeerRefusal, _ make: (Hello) -> Hello) async throws {
            let peer = try await attacker(honest)
            try await peer.send(.hello(make(peer.hello)))
            try await eventually("closed for \(refusal)") { peer.isClosed }
            #expect(peer.received.isEmpty)
            try await eventually("reported as \(refusal)") { victim.read { $0.refusals.last } == refusal }
        }
        let otherPool = [UInt8](repeating: 9, count: 16)
        try await expect(.otherPool) {
            Hello(poolID: otherPool, epoch: $0.epoch, node: $0.node, processID: $0.processID)
        }
        try await expect(.otherEpoch(theirs: 7, ours: 1)) {
            Hello(poolID: $0.poolID, epoch: 7, node: $0.node, processID: $0.processID)
        }
        try await expect(.falseHello(certificate: NodeID(2), hello: NodeID(3))) {
            Hello(poolID: $0.poolID, epoch: $0.epoch, node: NodeID(3), processID: $0.processID)
        }
        try await expect(.unknownProtocol(99)) {
            Hello(protocolVersion: 99, poolID: $0.poolID, epoch: 1, node: $0.node, processID: $0.processID)
        }
        try await expectHonestPeerServed()
    }

    @Test("closes on frames that break the protocol")
    func brokenFrames() async throws {
        let status = PeerMessage.nodeStatus(
            NodeStatus(
                node: NodeID(3), isSealed: false, processID: Samples.pool, appliedIndex: 0, version: ""))
        let vote = PeerMessage.raft(
            RaftMessage(from: NodeID(3), to: NodeID(1), term: 1, body: .voteResponse(granted: true)))
        let misled = PeerMessage.raft(
            RaftMessage(from: NodeID(2), to: NodeID(3), term: 1, body: .voteResponse(granted: true)))
        let proposal = PeerMessage.forwardedProposal(
            ForwardedProposal(proposalID: Samples.pool, proposer: NodeID(3), command: [], proof: []))
        let any = try await RawPeer(node: 2, issued: honest, port: victim.port)
        let cases: [(helloFirst: Bool, bytes: [UInt8], refusal: PeerRefusal)] = [
            (false, [0, 0, 4, 1], .oversized(bytes: 1025, limit: 1024)),
            (false, any.framed([0xFF, 0xFF]), .malformed(.undecodable)),
            (false, any.framed([]), .malformed(.unknownBody(of: "frame"))),
            (false, any.framed(try PeerFrame.message(.unsealReply([])).encoded()), .noHello),
            (true, [0, 0x40, 0, 1], .oversized(bytes: (4 << 20) + 1, limit: 4 << 20)),
            (true, [0xFF, 0xFF, 0xFF, 0xFF], .oversized(bytes: 0xFFFF_FFFF, limit: 4 << 20)),
            (true, any.framed([1, 2, 3]), .malformed(.undecodable)),
            (true, any.framed(try PeerFrame.hello(any.hello).encoded()), .unexpectedFrame),
            (true, any.framed(try PeerFrame.message(status).encoded()), .falseSender),
            (true, any.framed(try PeerFrame.message(vote).encoded()), .falseSender),
            (true, any.framed(try PeerFrame.message(misled).encoded()), .falseSender),
            (true, any.framed(try PeerFrame.message(proposal).encoded()), .falseSender),
        ]
        for (helloFirst, bytes, refusal) in cases {
            let peer = try await attacker(honest)
            if helloFirst {
                try await peer.send(.hello(peer.hello))
                try await eventually("let in") { !peer.received.isEmpty }
            }
            try await peer.send(bytes)
            try await eventually("closed for \(refusal)") { peer.isClosed }
            try await eventually("reported") { victim.read { $0.refusals.last } == refusal }
        }
        #expect(victim.read { $0.received.isEmpty })
        try await expectHonestPeerServed()
    }

    @Test("waits for so many handshakes at once")
    func flood() async throws {
        var idle: [RawPeer] = []
        for _ in 0..<40 { idle.append(try await attacker(honest)) }
        try await eventually("the surplus is closed") { victim.read { $0.refusals }.contains(.tooMany) }
        // Those that were refused have ended; the others hold their places until they do.
        for peer in idle { await peer.close() }
        var isLetIn = false
        for _ in 0..<1000 where !isLetIn {
            let late = try await attacker(honest)
            try? await late.send(.hello(late.hello))
            try await eventually("let in or refused") { !late.received.isEmpty || late.isClosed }
            isLetIn = !late.received.isEmpty
            await late.close()
        }
        try #require(isLetIn)
        try await expectHonestPeerServed()
    }

    @Test("waits for a handshake for so long")
    func slow() async throws {
        var configuration = TestNode.configuration(3, try authority.issueNode(3))
        configuration.timing.handshake = .milliseconds(300)
        let hasty = try await TestNode(configuration)
        hasty.transport.setPeers([record(pins: [honest.pin])])
        let peer = try await RawPeer(node: 2, issued: honest, port: hasty.port)
        try await peer.connect()
        try await eventually("closed in time") { peer.isClosed }
        #expect(peer.received.isEmpty)
        await hasty.transport.shutdown()
        await victim.transport.shutdown()
    }

    @Test("says when it can't be opened, and why")
    func startErrors() async throws {
        func refusal(_ change: (inout PeerTransportConfiguration) throws -> Void) async throws -> PeerTransportError? {
            var configuration = TestNode.configuration(2, honest)
            try change(&configuration)
            do {
                await (try TestNode(configuration)).transport.shutdown()
                return nil
            } catch {
                return error as? PeerTransportError
            }
        }
        let folder = try TemporaryFolder()
        let garbage = folder.file("garbage")
        try "not a certificate".write(toFile: garbage, atomically: true, encoding: .utf8)
        try setMode(0o600, of: garbage)
        let good = honest.files
        func files(certificate: String? = nil, key: String? = nil, authorities: String? = nil) -> PeerTLSFiles {
            PeerTLSFiles(
                certificateChain: certificate ?? good.certificateChain, privateKey: key ?? good.privateKey,
                authorities: authorities ?? good.authorities)
        }
        #expect(try await refusal { _ in } == nil)
        let missing = folder.file("missing")
        let noFile = "No such file or directory"
        #expect(
            try await refusal { $0.tls = files(certificate: missing) } == .unreadable(path: missing, reason: noFile))
        #expect(try await refusal { $0.tls = files(key: missing) } == .unreadable(path: missing, reason: noFile))
        #expect(
            try await refusal { $0.tls = files(authorities: garbage) }
                == .badCertificate(path: garbage, reason: "not PEM, or damaged"))
        #expect(
            try await refusal { $0.tls = files(key: garbage) }
                == .badKey(path: garbage, reason: "not PEM, damaged, or protected by a passphrase"))
        let other = try authority.issueNode(2)
        #expect(
            try await refusal { $0.tls = files(key: other.files.privateKey) }
                == .keyMismatch(certificate: good.certificateChain, key: other.files.privateKey))
        #expect(
            try await refusal { $0.uri = CertificateAuthority.uri(5) }
                == .wrongName(path: good.certificateChain, expected: CertificateAuthority.uri(5)))
        let expired = try authority.issueNode(2, days: -1).files
        #expect(try await refusal { $0.tls = expired } == .outsideValidity(path: expired.certificateChain))
        #expect(try await refusal { $0.port = victim.port } == .addressInUse("127.0.0.1:\(victim.port)"))
        try setMode(0o644, of: other.files.privateKey)
        #expect(
            try await refusal { $0.tls = other.files }
                == .unsafeKeyFile(.tooOpen(path: other.files.privateKey, mode: 0o644)))
        await victim.transport.shutdown()
    }
}
