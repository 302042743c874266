import Logging
import NIOCore
import NIOSSL
import NIOTLS
import NodeEnvironment
import Raft

/// One connection between two nodes, after the TLS handler in its pipeline.
///
/// Each node calls each other one and sends only on the connections that it made; so there is nothing to agree on
/// when both call at once. The order of things is fixed: TLS verifies the chain, then URI and pin are compared with
/// the configuration in force, and only then is a decoder put into the pipeline and the first byte looked at.
final class PeerSession: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Role {
        /// The other side called. `connection` names it within the hub.
        case accepted(connection: UInt64)
        /// This side called.
        case called(PeerCaller)
    }

    private enum Phase {
        case handshake
        case hello(PeerRecord)
        case open(NodeID)
        case closed
    }

    /// How often the watch looks within the time that silence may last.
    private static let looks = 4

    private let role: Role
    private let hub: PeerHub
    private var phase = Phase.handshake
    private var certificate: PresentedCertificate?
    private let limit = FrameLimit(0)
    private var context: ChannelHandlerContext?
    private var address = "unknown"
    private var timer: Scheduled<Void>?
    private var watch: RepeatedTask?
    /// How many times the watch has looked since something came.
    private var quietLooks = 0
    /// What one read from the network held, delivered together.
    private var batch: [PeerMessage] = []

    init(role: Role, hub: PeerHub) {
        self.role = role
        self.hub = hub
    }

    /// Who the other side has been recognised as.
    var identity: (NodeID, PresentedCertificate)? {
        guard let certificate else { return nil }
        switch phase {
        case .hello(let record): return (record.node, certificate)
        case .open(let node): return (node, certificate)
        case .handshake, .closed: return nil
        }
    }

    /// Whether nothing is known of the other side yet.
    var isInHandshake: Bool {
        if case .handshake = phase { return true } else { return false }
    }

    private var wasAccepted: Bool {
        if case .accepted = role { return true } else { return false }
    }

    // MARK: - Life of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        address = context.remoteAddress?.description ?? "unknown"
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = context.eventLoop.scheduleTask(in: hub.configuration.timing.handshake) {
            bound.value.refuse(.tooSlow)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        address = context.remoteAddress?.description ?? "unknown"
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? TLSUserEvent, case .handshakeCompleted = event, case .handshake = phase {
            identify(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch (error, phase) {
        case (let refusal as PeerRefusal, _):
            refuse(refusal)
        case (_, .handshake):
            refuse(.handshakeFailed("\(error)"))
        default:
            // The connection broke; that is what `channelInactive` reports to whom it concerns.
            hub.logger.debug("peer connection failed", metadata: ["address": "\(address)", "error": "\(error)"])
            context.close(promise: nil)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if case .called(let caller) = role, context.channel.isWritable { caller.drain() }
        context.fireChannelWritabilityChanged()
    }

    /// Ends the connection for a reason of this side.
    func refuse(_ reason: PeerRefusal) {
        guard let context else { return }
        if case .closed = phase { return }
        hub.report(reason, address: address, wasAccepted: wasAccepted)
        end()
        context.close(promise: nil)
    }

    private func end() {
        timer?.cancel()
        watch?.cancel()
        (timer, watch) = (nil, nil)
        deliver()
        let phase = phase
        self.phase = .closed
        if case .closed = phase { return }
        guard case .accepted(let connection) = role else { return }
        if case .open(let node) = phase {
            hub.ended(connection: connection, admitted: node)
        } else {
            hub.ended(connection: connection, admitted: nil)
        }
    }

    // MARK: - Recognising

    private func identify(_ context: ChannelHandlerContext) {
        guard let presented = try? context.pipeline.syncOperations.nioSSL_peerCertificate(),
            let certificate = PresentedCertificate(presented)
        else { return refuse(.noNodeName) }
        switch hub.directory.identify(certificate) {
        case .failure(let refusal): refuse(refusal)
        case .success(let record):
            if case .called(let caller) = role, caller.record.node != record.node {
                return refuse(.wrongNode(expected: caller.record.node, found: record.node))
            }
            self.certificate = certificate
            expectHello(of: record, context)
        }
    }

    private func expectHello(of record: PeerRecord, _ context: ChannelHandlerContext) {
        phase = .hello(record)
        limit.bytes = WireLimits.helloBytes
        do {
            let decoder = ByteToMessageHandler(FrameDecoder(limit: limit))
            try context.pipeline.syncOperations.addHandler(decoder, position: .before(self))
        } catch {
            // Only a pipeline that is being torn down refuses a handler.
            return refuse(.handshakeFailed("the connection ended"))
        }
        if case .called = role { send(hub.hello, context) }
    }

    private func send(_ hello: Hello, _ context: ChannelHandlerContext) {
        // A hello is far below every limit of its encoding.
        guard let frame = try? PeerFrame.hello(hello).encoded() else { return }
        let buffer = FrameWriter.buffer(frame, allocator: context.channel.allocator)
        context.writeAndFlush(Self.wrapOutboundOut(buffer), promise: nil)
    }

    // MARK: - Frames

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = Self.unwrapInboundIn(data)
        switch phase {
        case .handshake: refuse(.unexpectedFrame)
        case .closed: break
        case .hello(let record): receiveHello(&buffer, of: record, context)
        case .open(let node): receiveMessage(&buffer, from: node)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        heard()
        deliver()
        context.fireChannelReadComplete()
    }

    /// Something came. If only a part of a frame: over a slow link a large one takes longer than silence may last.
    private func heard() {
        guard case .open(let node) = phase, case .accepted(let connection) = role else { return }
        quietLooks = 0
        hub.heard(from: node, connection: connection)
    }

    private func receiveHello(_ buffer: inout ByteBuffer, of record: PeerRecord, _ context: ChannelHandlerContext) {
        let frame: PeerFrame
        do throws(WireError) {
            frame = try PeerFrame(decoding: buffer.readBytes(length: buffer.readableBytes) ?? [])
        } catch {
            return refuse(.malformed(error))
        }
        guard case .hello(let hello) = frame else { return refuse(.noHello) }
        if let refusal = hub.check(hello, from: record.node) { return refuse(refusal) }
        switch role {
        case .accepted(let connection):
            if let refusal = hub.admit(
                record.node, processID: hello.processID, connection: connection, address: address)
            {
                return refuse(refusal)
            }
            opened(as: record.node)
            limit.bytes = WireLimits.frameBytes
            send(hub.hello, context)
            watchForSilence(context)
        case .called(let caller):
            guard !hub.isOther(hello.processID, than: record.node, address: address) else {
                return refuse(.secondProcess(record.node))
            }
            opened(as: record.node)
            // Nothing more comes from this side.
            limit.bytes = 0
            caller.opened(context.channel, hello)
        }
    }

    private func opened(as node: NodeID) {
        phase = .open(node)
        timer?.cancel()
        timer = nil
    }

    private func receiveMessage(_ buffer: inout ByteBuffer, from node: NodeID) {
        guard case .accepted = role else { return refuse(.unexpectedFrame) }
        guard buffer.readableBytes > 0 else { return }
        do throws(WireError) {
            let frame = try PeerFrame(decoding: buffer.readBytes(length: buffer.readableBytes) ?? [])
            guard case .message(let message) = frame else { return refuse(.unexpectedFrame) }
            guard message.isAttributed(from: node, to: hub.configuration.node) else { return refuse(.falseSender) }
            batch.append(message)
        } catch {
            refuse(.malformed(error))
        }
    }

    private func deliver() {
        guard !batch.isEmpty, case .open(let node) = phase else { return }
        let messages = batch
        batch = []
        hub.handlers.received(node, messages)
    }

    private func watchForSilence(_ context: ChannelHandlerContext) {
        let silence = hub.configuration.timing.silence
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let step = TimeAmount.nanoseconds(max(1_000_000, silence.nanoseconds / Int64(Self.looks)))
        watch = context.eventLoop.scheduleRepeatedTask(initialDelay: step, delay: step) { _ in bound.value.look() }
    }

    /// Looks are counted rather than the time that has passed: while this node's loop stands still, as it does for its
    /// disk, nothing is read, and the other side isn't to blame for that.
    private func look() {
        quietLooks += 1
        if quietLooks > Self.looks { refuse(.silent) }
    }
}

extension PeerMessage {
    /// Whether the message says that it comes from and goes to those between whom it travelled. What a member says in
    /// another one's name is nobody's word.
    func isAttributed(from sender: NodeID, to receiver: NodeID) -> Bool {
        switch self {
        case .raft(let message): return message.from == sender && message.to == receiver
        case .forwardedProposal(let proposal): return proposal.proposer == sender
        case .nodeStatus(let status): return status.node == sender
        case .proposalRefused, .unsealRequest, .unsealReply, .snapshotRequest, .snapshotChunk, .memberNotices:
            return true
        }
    }
}
