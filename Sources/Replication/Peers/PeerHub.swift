import Logging
import NIOCore
import NIOSSL
import NodeEnvironment
import Raft

/// What the connections of one node have in common: who is a member, who is connected, what is let in.
///
/// Confined to one event loop, as all of the transport is. Traffic between nodes is a few connections' worth; with
/// one loop nothing in here needs a lock, and messages of a member arrive in order.
final class PeerHub {
    let loop: any EventLoop
    let configuration: PeerTransportConfiguration
    let handlers: PeerHandlers
    let logger: Logger
    private(set) var epoch: UInt64
    private(set) var directory: PeerDirectory
    let tls: PeerTLS
    private var table = SessionTable()
    /// Connections that others made, from their first byte on.
    private var accepted: [UInt64: PeerSession] = [:]
    /// Those of them that haven't been let in yet.
    private var pending = 0
    private var callers: [NodeID: PeerCaller] = [:]
    private var lastConnection: UInt64 = 0
    private var isShutDown = false

    init(
        loop: any EventLoop, configuration: PeerTransportConfiguration, tls: PeerTLS, handlers: PeerHandlers,
        logger: Logger
    ) {
        self.loop = loop
        self.configuration = configuration
        self.tls = tls
        self.handlers = handlers
        self.logger = logger
        epoch = configuration.epoch
        directory = PeerDirectory([], own: configuration.node)
    }

    // MARK: - The configuration in force

    func setDirectory(_ new: PeerDirectory, outboxes: [NodeID: PeerOutbox]) {
        guard !isShutDown else { return }
        directory = new
        for (node, caller) in callers where new.byNode[node] != caller.record {
            caller.stop(.configurationChanged)
            callers[node] = nil
        }
        for (node, record) in new.byNode where callers[node] == nil {
            guard let outbox = outboxes[node] else { continue }
            let caller = PeerCaller(record: record, outbox: outbox, hub: self)
            callers[node] = caller
            caller.start()
        }
        for session in accepted.values {
            guard let (node, certificate) = session.identity else { continue }
            if case .success(let record) = new.identify(certificate), record.node == node { continue }
            session.refuse(.configurationChanged)
        }
    }

    func setEpoch(_ new: UInt64) {
        guard new != epoch else { return }
        epoch = new
        for session in accepted.values { session.refuse(.configurationChanged) }
        for caller in callers.values { caller.reconnect(.configurationChanged) }
    }

    // MARK: - Letting in

    var hello: Hello {
        Hello(
            poolID: configuration.poolID, epoch: epoch, node: configuration.node, processID: configuration.processID,
            takesMemberNotices: configuration.takesMemberNotices)
    }

    /// Compares a hello with what is known of its sender.
    func check(_ hello: Hello, from node: NodeID) -> PeerRefusal? {
        guard hello.protocolVersion == Hello.currentProtocol else { return .unknownProtocol(hello.protocolVersion) }
        guard hello.poolID == configuration.poolID else { return .otherPool }
        guard hello.epoch == epoch else { return .otherEpoch(theirs: hello.epoch, ours: epoch) }
        guard hello.node == node else { return .falseHello(certificate: node, hello: hello.node) }
        return nil
    }

    /// A connection was accepted; it is to be closed at once if nil is returned.
    func accept() -> PeerSession? {
        let limit = configuration.limits.pendingConnections
        // Members are done with their handshakes in a moment: those who hold connections open keep nobody out.
        if pending >= limit { longestInHandshake?.refuse(.tooMany) }
        guard !isShutDown, pending < limit else { return nil }
        lastConnection += 1
        let session = PeerSession(role: .accepted(connection: lastConnection), hub: self)
        accepted[lastConnection] = session
        pending += 1
        return session
    }

    private var longestInHandshake: PeerSession? {
        accepted.filter { $0.value.isInHandshake }.min { $0.key < $1.key }?.value
    }

    /// Lets a process speak for `node`, unless another one does.
    func admit(_ node: NodeID, processID: [UInt8], connection: UInt64, address: String) -> PeerRefusal? {
        switch table.admit(node, processID: processID, connection: connection, now: now) {
        case .refused(let silentFor):
            // A process that died with its machine is remembered until its connection is given up; only one that
            // still speaks is a second one.
            if silentFor < UInt64(3 * configuration.timing.keepAlive.nanoseconds) {
                handlers.alarm(.clonedNode(node, address: address))
            }
            return .secondProcess(node)
        case .admitted(let superseded):
            pending -= 1
            if let superseded { accepted[superseded]?.refuse(.superseded) }
            handlers.admitted(node)
            callers[node]?.peerIsNow(processID)
            return nil
        }
    }

    /// A called node must be the process that is let in as that node, if one is.
    func isOther(_ processID: [UInt8], than node: NodeID, address: String) -> Bool {
        guard let session = table[node], session.processID != processID else { return false }
        if now - session.lastHeard < UInt64(3 * configuration.timing.keepAlive.nanoseconds) {
            handlers.alarm(.clonedNode(node, address: address))
        }
        return true
    }

    func heard(from node: NodeID, connection: UInt64) {
        table.heard(from: node, connection: connection, now: now)
    }

    /// - Parameter admitted: the node that the connection was let in as.
    func ended(connection: UInt64, admitted node: NodeID?) {
        guard accepted.removeValue(forKey: connection) != nil else { return }
        if let node { table.ended(node, connection: connection) } else { pending -= 1 }
    }

    private var now: UInt64 { NIODeadline.now().uptimeNanoseconds }

    // MARK: - Sending and stopping

    func drain(_ node: NodeID) {
        callers[node]?.drain()
    }

    func shutDown() {
        isShutDown = true
        for caller in callers.values { caller.stop(.configurationChanged) }
        callers = [:]
        for session in accepted.values { session.refuse(.configurationChanged) }
    }

    /// Tells a person, unless it is part of the ordinary course of things.
    func report(_ refusal: PeerRefusal, address: String, wasAccepted: Bool) {
        switch refusal {
        case .configurationChanged, .superseded:
            logger.debug("peer connection closed", metadata: ["reason": "\(refusal)", "address": "\(address)"])
        case .silent, .tooSlow:
            logger.notice("peer connection closed", metadata: ["reason": "\(refusal)", "address": "\(address)"])
        default:
            logger.debug(
                "peer connection refused",
                metadata: [
                    "reason": "\(refusal)", "address": "\(address)", "direction": wasAccepted ? "in" : "out",
                ])
            handlers.alarm(.refused(refusal, address: address))
        }
    }
}
