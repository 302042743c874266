import NIOCore
import NIOPosix
import NIOSSL
import NodeEnvironment
import Raft
import Synchronization

@testable import Replication

/// A TLS client that says whatever a test wants.
final class RawPeer: Sendable {
    private final class Collector: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        let received = Mutex<[[UInt8]]>([])

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let buffer = Self.unwrapInboundIn(data)
            received.withLock { $0.append(Array(buffer.readableBytesView)) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    let hello: Hello
    let pin: [UInt8]
    private let tls: NIOSSLContext
    private let port: Int
    private let collector = Collector()
    private let channel = Mutex<(any Channel)?>(nil)

    init(
        node: UInt64, issued: CertificateAuthority.Issued?, port: Int, process: UInt8 = 9,
        maximumTLS: TLSVersion? = nil
    ) async throws {
        hello = Hello(
            poolID: Samples.pool, epoch: 1, node: NodeID(node), processID: [UInt8](repeating: process, count: 16))
        pin = issued?.pin ?? []
        self.port = port
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        configuration.maximumTLSVersion = maximumTLS
        if let files = issued?.files {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(files.certificateChain)
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: files.privateKey, format: .pem))
        }
        tls = try NIOSSLContext(configuration: configuration)
    }

    func connect() async throws {
        let connected = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { [tls, collector] channel in
                channel.eventLoop.makeCompletedFuture {
                    let client = try NIOSSLClientHandler(context: tls, serverHostname: nil)
                    try channel.pipeline.syncOperations.addHandlers([client, collector])
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        channel.withLock { $0 = connected }
    }

    func send(_ frame: PeerFrame) async throws {
        try await send(framed(frame.encoded()))
    }

    func framed(_ bytes: [UInt8]) -> [UInt8] {
        withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { Array($0) } + bytes
    }

    func send(_ bytes: [UInt8]) async throws {
        let channel = channel.withLock { $0 }
        try await channel?.writeAndFlush(ByteBuffer(bytes: bytes)).get()
    }

    var received: [[UInt8]] { collector.received.withLock { $0 } }

    var isClosed: Bool { channel.withLock { $0 }.map { !$0.isActive } ?? true }

    func close() async {
        try? await channel.withLock { $0 }?.close().get()
    }
}
