import Foundation
import Logging
import NIOCore
import NIOEmbedded
import NIOSSL
import NodeEnvironment
import Raft
import Synchronization
import Testing

@testable import Replication

/// Both ends of a connection in memory, on a clock that the test moves.
@Suite("A slow connection between nodes")
struct SlowPeerTests {
    let authority: CertificateAuthority

    init() throws {
        authority = try CertificateAuthority()
    }

    /// Carries what each end has sent to the other, until neither sends any more.
    private func converse(_ first: EmbeddedChannel, _ second: EmbeddedChannel) throws {
        var isOver = false
        while !isOver {
            isOver = true
            for (sender, receiver) in [(first, second), (second, first)] {
                while let bytes = try sender.readOutbound(as: ByteBuffer.self) {
                    isOver = false
                    try receiver.writeInbound(bytes)
                }
            }
        }
    }

    private func framed(_ frame: PeerFrame) throws -> ByteBuffer {
        FrameWriter.buffer(try frame.encoded(), allocator: ByteBufferAllocator())
    }

    private func tls(_ issued: CertificateAuthority.Issued, _ node: UInt64) throws -> PeerTLS {
        try PeerTLS(
            issued.files, ownURI: CertificateAuthority.uri(node), now: Int(Date().timeIntervalSince1970))
    }

    @Test("is kept while bytes of a frame come, and given up when none do")
    func slowFrame() throws {
        let (own, peer) = (try authority.issueNode(1), try authority.issueNode(2))
        var configuration = TestNode.configuration(1, own)
        configuration.timing.silence = .seconds(5)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let received = Atomic<Int>(0)
        let loop = EmbeddedEventLoop()
        let hub = PeerHub(
            loop: loop, configuration: configuration, tls: try tls(own, 1),
            handlers: PeerHandlers(received: { _, messages in received.add(messages.count, ordering: .relaxed) }),
            logger: logger)
        let record = PeerRecord(
            node: NodeID(2), uri: CertificateAuthority.uri(2), pins: [peer.pin], host: "127.0.0.1", port: 1)
        hub.setDirectory(PeerDirectory([record], own: NodeID(1)), outboxes: [:])

        let (server, client) = (EmbeddedChannel(loop: loop), EmbeddedChannel(loop: loop))
        let session = try #require(hub.accept())
        try server.pipeline.syncOperations.addHandlers([NIOSSLServerHandler(context: hub.tls.server), session])
        try client.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: try tls(peer, 2).client, serverHostname: nil))
        for channel in [server, client] {
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }
        try converse(server, client)
        let hello = Hello(
            poolID: Samples.pool, epoch: 1, node: NodeID(2), processID: [UInt8](repeating: 9, count: 16))
        try client.writeOutbound(framed(.hello(hello)))
        var bytes = try framed(.message(.unsealRequest([UInt8](repeating: 1, count: 60))))
        while let part = bytes.readSlice(length: min(8, bytes.readableBytes)), part.readableBytes > 0 {
            try client.writeOutbound(part)
            try converse(server, client)
            loop.advanceTime(by: .seconds(4))
            #expect(server.isActive)
        }
        #expect(received.load(ordering: .relaxed) == 1)
        // And half a second for TLS to take its leave.
        loop.advanceTime(by: .seconds(3))
        #expect(!server.isActive)
    }
}
