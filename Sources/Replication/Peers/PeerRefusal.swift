public import Raft

/// Why a connection between nodes was refused or ended. No byte of what came over it is repeated.
public enum PeerRefusal: Error, Hashable, Sendable {
    /// TLS did not come about: no or a foreign certificate, expired, another version. The text is the TLS library's.
    case handshakeFailed(String)
    /// The handshake or the first frame took too long.
    case tooSlow
    /// The certificate names no node, or several.
    case noNodeName
    /// The certificate names a node that isn't a member.
    case unknownNode(String)
    /// The certificate names a member, but its key isn't the member's.
    case unpinnedKey(NodeID)
    /// Another member answers than the one that was called.
    case wrongNode(expected: NodeID, found: NodeID)
    /// The first frame isn't a hello.
    case noHello
    /// A frame that can't be decoded or breaks a limit.
    case malformed(WireError)
    /// A frame announces more bytes than are allowed at this point.
    case oversized(bytes: Int, limit: Int)
    /// A frame that has no business on this connection.
    case unexpectedFrame
    /// A message in another node's name, or for another node.
    case falseSender
    /// The other side speaks an unknown version of the protocol.
    case unknownProtocol(UInt32)
    /// The other side belongs to another pool.
    case otherPool
    /// The other side lives in another epoch of the pool.
    case otherEpoch(theirs: UInt64, ours: UInt64)
    /// The hello names another node than the certificate.
    case falseHello(certificate: NodeID, hello: NodeID)
    /// Another process is connected as the same node.
    case secondProcess(NodeID)
    /// Nothing came for too long.
    case silent
    /// Too many connections are being set up.
    case tooMany
    /// The node is no member any more, or its key or address has changed.
    case configurationChanged
    /// A newer connection of the same process took its place.
    case superseded
}

extension PeerRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .handshakeFailed(let reason): return "TLS handshake failed: \(reason)"
        case .tooSlow: return "the handshake took too long"
        case .noNodeName: return "the certificate doesn't name one node"
        case .unknownNode(let name): return "the certificate names \(Self.printable(name)), which is not a member"
        case .unpinnedKey(let node): return "the certificate names node \(node), but holds another key than that node's"
        case .wrongNode(let expected, let found): return "node \(found) answers where node \(expected) was called"
        case .noHello: return "the connection didn't begin with a hello"
        case .malformed(let error): return "malformed frame: \(error)"
        case .oversized(let bytes, let limit): return "a frame of \(bytes) bytes where \(limit) are allowed"
        case .unexpectedFrame: return "a frame that has no business on this connection"
        case .falseSender: return "a message in another node's name or for another node"
        case .unknownProtocol(let version): return "unknown protocol version \(version)"
        case .otherPool: return "a node of another pool"
        case .otherEpoch(let theirs, let ours): return "a node of epoch \(theirs), the pool is in epoch \(ours)"
        case .falseHello(let certificate, let hello):
            return "the certificate of node \(certificate), the hello of \(hello)"
        case .secondProcess(let node): return "another process is connected as node \(node)"
        case .silent: return "nothing was heard for too long"
        case .tooMany: return "too many connections are being set up"
        case .configurationChanged: return "the configuration has changed"
        case .superseded: return "a newer connection took its place"
        }
    }

    /// The name comes from a certificate, so from outside: it must not steer a terminal.
    private static func printable(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(128).map { (0x20...0x7E).contains($0.value) ? $0 : "?" }))
    }
}

/// What the operator should hear of.
public enum PeerAlarm: Hashable, Sendable {
    /// A second process connects as a node whose first one is alive: its folder and key were copied.
    case clonedNode(NodeID, address: String)
    /// Someone reached the peer port, and was turned away.
    case refused(PeerRefusal, address: String)
}

extension PeerAlarm: CustomStringConvertible {
    /// Without the caller's port, which is another one each time.
    public var description: String {
        switch self {
        case .clonedNode(let node, let address):
            return "a second process speaks as node \(node) from \(Self.host(address)): were its folder and key copied?"
        case .refused(let refusal, let address): return "peer at \(Self.host(address)) refused: \(refusal)"
        }
    }

    private static func host(_ address: String) -> Substring {
        address.lastIndex(of: ":").map { address[..<$0] } ?? address[...]
    }
}
