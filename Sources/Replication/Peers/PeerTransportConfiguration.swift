public import NIOCore
public import NodeEnvironment
public import Raft

/// Who this node is, and where it listens for the others.
public struct PeerTransportConfiguration: Sendable {
    public var node: NodeID
    /// The URI in this node's own certificate, as ``PeerRecord/uri``.
    public var uri: String
    /// 16 bytes.
    public var poolID: [UInt8]
    /// The pool's epoch at the start; a member that says another in its hello is refused. Changed later by
    /// ``PeerTransport/setEpoch(_:)``.
    public var epoch: UInt64
    /// 16 random bytes made when the process started.
    public var processID: [UInt8]
    /// The address of the peer port. Port 0 lets the system choose.
    public var host: String
    public var port: Int
    public var tls: PeerTLSFiles
    public var timing = PeerTiming()
    public var limits = PeerLimits()
    /// Whether this node's hello says that it knows the frame that tells of members; not for a test's former program.
    var takesMemberNotices = true

    /// - Precondition: both identifiers have 16 bytes.
    public init(
        node: NodeID, uri: String, poolID: [UInt8], epoch: UInt64, processID: [UInt8], host: String, port: Int,
        tls: PeerTLSFiles
    ) {
        precondition(poolID.count == WireLimits.identifierBytes, "a pool id has 16 bytes")
        precondition(processID.count == WireLimits.identifierBytes, "a process id has 16 bytes")
        self.node = node
        self.uri = uri
        self.poolID = poolID
        self.epoch = epoch
        self.processID = processID
        self.host = host
        self.port = port
        self.tls = tls
    }
}

/// The transport's waiting times.
public struct PeerTiming: Sendable {
    /// For TLS and the first frame together.
    public var handshake: TimeAmount = .seconds(5)
    /// How often an idle connection carries an empty frame.
    public var keepAlive: TimeAmount = .seconds(1)
    /// After how long without any byte, or without an acknowledgement by the other machine, a connection is given
    /// up. Bytes count once their TLS record is complete, which has 16 KiB at most. Until then a node that lost its
    /// machine and comes back as a new process is taken for a second copy.
    public var silence: TimeAmount = .seconds(5)
    /// The first and the longest wait before a peer is called again.
    public var backoffMinimum: TimeAmount = .milliseconds(50)
    /// The wait doubles up to this from one failure to the next; of each, between half and the whole is waited.
    public var backoffMaximum: TimeAmount = .seconds(2)

    public init() {}
}

/// What the transport spends on others at most.
public struct PeerLimits: Sendable {
    /// Bytes that wait for one peer, beside what its connection has taken up.
    public var queueBytes = 32 << 20
    /// Connections from others that haven't shown yet who they are. One more closes the oldest of those whose TLS
    /// handshake isn't over.
    public var pendingConnections = 32

    public init() {}
}

/// Where the transport's events go. All are called on its event loop and must not block.
public struct PeerHandlers: Sendable {
    /// What one member sent, in order: all that one read from the network held.
    public var received: @Sendable (NodeID, [PeerMessage]) -> Void
    /// Messages to the member go out from now on. A good moment to tell it this node's status.
    public var connected: @Sendable (NodeID) -> Void
    /// Messages to the member are dropped from now on.
    public var disconnected: @Sendable (NodeID) -> Void
    /// The member has made a new connection. What it sends from now on it has sent after all that was received before.
    public var admitted: @Sendable (NodeID) -> Void
    /// Something that a person should look at.
    public var alarm: @Sendable (PeerAlarm) -> Void

    public init(
        received: @escaping @Sendable (NodeID, [PeerMessage]) -> Void,
        connected: @escaping @Sendable (NodeID) -> Void = { _ in },
        disconnected: @escaping @Sendable (NodeID) -> Void = { _ in },
        admitted: @escaping @Sendable (NodeID) -> Void = { _ in },
        alarm: @escaping @Sendable (PeerAlarm) -> Void = { _ in }
    ) {
        self.received = received
        self.connected = connected
        self.disconnected = disconnected
        self.admitted = admitted
        self.alarm = alarm
    }
}
