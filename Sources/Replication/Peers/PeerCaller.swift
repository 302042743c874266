import Logging
import NIOCore
import NIOPosix
import NIOSSL
import NodeEnvironment
import Raft

/// Keeps one connection to one peer, and sends on it what its outbox holds.
///
/// Confined to the hub's event loop.
final class PeerCaller {
    let record: PeerRecord
    private let outbox: PeerOutbox
    private let hub: PeerHub
    private var backoff: Backoff
    /// The connection that is being made or used.
    private var channel: (any Channel)?
    private var isOpen = false
    private var processID: [UInt8]?
    /// Whether the process at the other end knows the frame that tells of members.
    private var takesMemberNotices = false
    private var retry: Scheduled<Void>?
    private var keepAlive: RepeatedTask?
    private var sentSinceKeepAlive = false
    private var isStopped = false
    private var failures = 0

    /// How many bytes are handed to TLS between two looks at whether the connection still takes any.
    private static let batchBytes = 256 << 10

    init(record: PeerRecord, outbox: PeerOutbox, hub: PeerHub) {
        self.record = record
        self.outbox = outbox
        self.hub = hub
        backoff = Backoff(
            minimum: hub.configuration.timing.backoffMinimum, maximum: hub.configuration.timing.backoffMaximum)
    }

    func start() {
        guard !isStopped, channel == nil else { return }
        let bound = NIOLoopBound(self, eventLoop: hub.loop)
        makeBootstrap().connect(host: record.host, port: record.port).whenComplete { result in
            switch result {
            case .success(let channel): bound.value.connected(channel)
            case .failure(let error): bound.value.failed("\(error)")
            }
        }
    }

    private func makeBootstrap() -> ClientBootstrap {
        let bound = NIOLoopBound(self, eventLoop: hub.loop)
        let client = hub.tls.client
        var bootstrap = ClientBootstrap(group: hub.loop)
            .connectTimeout(hub.configuration.timing.handshake)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(context: client, serverHostname: nil)
                    let session = PeerSession(role: .called(bound.value), hub: bound.value.hub)
                    try channel.pipeline.syncOperations.addHandlers([tls, session])
                }
            }
        #if os(Linux)
        // TCP_USER_TIMEOUT, in milliseconds: nothing is received on this connection, so that only the kernel notices
        // when the other machine doesn't acknowledge any more. Its default is about a quarter of an hour.
        let milliseconds = hub.configuration.timing.silence.nanoseconds / 1_000_000
        bootstrap = bootstrap.channelOption(
            .tcpOption(.init(rawValue: 18)), value: ChannelOptions.Types.SocketOption.Value(milliseconds))
        #endif
        return bootstrap
    }

    private func connected(_ channel: any Channel) {
        guard !isStopped else { return channel.close(promise: nil) }
        self.channel = channel
        let bound = NIOLoopBound(self, eventLoop: hub.loop)
        channel.closeFuture.whenComplete { _ in bound.value.closed() }
    }

    /// TLS and hello are done.
    func opened(_ channel: any Channel, _ hello: Hello) {
        // The hello may have been on its way when this side stopped; the outbox belongs to another caller by now.
        guard !isStopped else { return channel.close(promise: nil) }
        self.channel = channel
        processID = hello.processID
        takesMemberNotices = hello.takesMemberNotices
        isOpen = true
        failures = 0
        backoff.succeeded()
        outbox.open()
        startKeepAlive()
        hub.logger.info("peer connected", metadata: ["peer": "\(record.node)"])
        hub.handlers.connected(record.node)
    }

    private func startKeepAlive() {
        let interval = hub.configuration.timing.keepAlive
        let bound = NIOLoopBound(self, eventLoop: hub.loop)
        keepAlive = hub.loop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            bound.value.sendKeepAlive()
        }
    }

    private func sendKeepAlive() {
        defer { sentSinceKeepAlive = false }
        guard isOpen, let channel, !sentSinceKeepAlive, channel.isWritable else { return }
        channel.writeAndFlush(FrameWriter.buffer([], allocator: channel.allocator), promise: nil)
    }

    private func closed() {
        channel = nil
        if isOpen {
            isOpen = false
            outbox.close()
            hub.logger.notice("peer disconnected", metadata: ["peer": "\(record.node)"])
            hub.handlers.disconnected(record.node)
        }
        keepAlive?.cancel()
        keepAlive = nil
        processID = nil
        failed("the connection was closed")
    }

    private func failed(_ reason: String) {
        guard !isStopped else { return }
        failures += 1
        // Once in a while is enough: a peer that is down is called every few seconds.
        let level: Logger.Level = failures == 1 || failures % 100 == 0 ? .notice : .debug
        hub.logger.log(
            level: level, "peer can't be reached",
            metadata: ["peer": "\(record.node)", "reason": "\(reason)", "attempts": "\(failures)"])
        let bound = NIOLoopBound(self, eventLoop: hub.loop)
        let delay = backoff.next(random: Double.random(in: 0..<1))
        retry = hub.loop.scheduleTask(in: delay) { bound.value.start() }
    }

    /// A process was let in as this peer. A connection to another one leads to a dead process, or to a second one.
    func peerIsNow(_ current: [UInt8]) {
        if let processID, processID != current { reconnect(.superseded) }
    }

    func reconnect(_ reason: PeerRefusal) {
        guard let channel else { return }
        hub.report(reason, address: "\(record.host):\(record.port)", wasAccepted: false)
        channel.close(promise: nil)
    }

    func stop(_ reason: PeerRefusal) {
        isStopped = true
        retry?.cancel()
        if isOpen {
            isOpen = false
            outbox.close()
            hub.handlers.disconnected(record.node)
        }
        keepAlive?.cancel()
        channel?.close(promise: nil)
    }

    // MARK: - Sending

    /// Sends what waits, as far as the connection takes it; its becoming writable again calls this again.
    func drain() {
        guard isOpen, let channel else { return }
        while channel.isWritable {
            let batch = outbox.take(bytes: Self.batchBytes)
            if batch.isEmpty { return }
            for message in batch { write(message, to: channel) }
            // Writability counts what has been flushed through TLS.
            channel.flush()
            sentSinceKeepAlive = true
        }
    }

    private func write(_ message: PeerMessage, to channel: any Channel) {
        // A former program would close the connection over a frame that it doesn't know.
        if case .memberNotices = message, !takesMemberNotices { return }
        do throws(WireError) {
            let frame = try PeerFrame.message(message).encoded()
            channel.write(FrameWriter.buffer(frame, allocator: channel.allocator), promise: nil)
        } catch {
            hub.logger.error(
                "a message could not be sent", metadata: ["peer": "\(record.node)", "reason": "\(error)"])
        }
    }
}
