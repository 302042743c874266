public import Raft

/// What the configuration in force says about one member's connection: where it listens and how it is recognised.
public struct PeerRecord: Hashable, Sendable {
    public let node: NodeID
    /// The URI in the subject alternative names of its certificate: `quorate:<pool>/<node>`. Compared byte by byte.
    public let uri: String
    /// SHA-256 of the SubjectPublicKeyInfo of its node key; two while a new key is being announced.
    public let pins: [[UInt8]]
    /// Name or address of its peer port.
    public let host: String
    /// The TCP port there, 1 to 65535.
    public let port: Int

    public init(node: NodeID, uri: String, pins: [[UInt8]], host: String, port: Int) {
        self.node = node
        self.uri = uri
        self.pins = pins
        self.host = host
        self.port = port
    }
}

/// Who counts as a member right now. A value: the transport holds one and replaces it as a whole.
struct PeerDirectory: Sendable {
    /// Node certificates carry one URI with this scheme; a certificate without one is of another kind.
    static let scheme = "quorate:"

    private let byURI: [String: PeerRecord]
    let byNode: [NodeID: PeerRecord]

    /// - Parameter own: left out, so that nobody can pass for this node itself.
    init(_ records: [PeerRecord], own: NodeID) {
        let others = records.filter { $0.node != own }
        byNode = Dictionary(others.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        byURI = Dictionary(others.map { ($0.uri, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Finds the member that a certificate belongs to. The chain to the node CA has been verified by then; this is
    /// what keeps out a certificate that a leaked CA key has signed, and one of a member that was removed.
    func identify(_ certificate: PresentedCertificate) -> Result<PeerRecord, PeerRefusal> {
        let names = certificate.uris.filter { $0.hasPrefix(Self.scheme) }
        guard let name = names.first, names.count == 1 else { return .failure(.noNodeName) }
        guard let record = byURI[name] else { return .failure(.unknownNode(name)) }
        guard record.pins.contains(certificate.keyDigest) else { return .failure(.unpinnedKey(record.node)) }
        return .success(record)
    }
}

/// What identifies the other side, taken from the certificate that TLS has verified.
struct PresentedCertificate: Hashable, Sendable {
    var uris: [String]
    /// SHA-256 of the SubjectPublicKeyInfo.
    var keyDigest: [UInt8]
}
