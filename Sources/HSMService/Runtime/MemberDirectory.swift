import CryptographicModule
import PoolState
import Raft
import Replication
import Synchronization

/// Whom this node takes for the pool's members, with their addresses and keys.
///
/// Once the node has the pool's state, checked under its keys, the state decides and nothing else. Until then it goes
/// by what it finds: its own file, what a member told it when it joined, and the state on its disk as it was left. A
/// wrong entry among these can't do harm: whoever is let in by one still needs a certificate of the node CA, and can
/// feed a sealed node only what its unsealing will check.
final class MemberDirectory: Sendable {
    private struct Known {
        var members: [NodeID: NodeConfiguration.Member]
        /// The state's records that `members` was made from.
        var records: [MemberRecord]?
    }

    private let poolName: String
    private let own: NodeID
    private let known: Mutex<Known>

    /// - Parameters:
    ///   - stored: the state on the node's disk, which nobody has checked yet.
    ///   - told: what a member said when this node joined.
    init(_ configuration: NodeConfiguration, stored: PoolState?, told: [NodeConfiguration.Member]) {
        poolName = configuration.poolName
        own = configuration.nodeID
        var members: [NodeID: NodeConfiguration.Member] = [:]
        for member in told + configuration.members { members[member.id] = member }
        for record in stored?.members ?? [] {
            if let member = Self.member(record, fallback: members[NodeID(record.node)]) { members[member.id] = member }
        }
        if let stored { members = members.filter { !stored.wasRemoved($0.key.rawValue) } }
        known = Mutex(Known(members: members))
    }

    /// By id.
    var members: [NodeConfiguration.Member] {
        known.withLock { $0.members }.values.sorted { $0.id < $1.id }
    }

    func member(_ node: NodeID) -> NodeConfiguration.Member? { known.withLock { $0.members[node] } }

    var peers: [NodeID] { members.map(\.id).filter { $0 != own } }

    /// What the peer transport goes by.
    var peerRecords: [PeerRecord] {
        members.map { member in
            PeerRecord(
                node: member.id, uri: "quorate:\(poolName)/\(member.id.rawValue)", pins: [member.keyDigest],
                host: member.peerHost, port: member.peerPort)
        }
    }

    /// Goes by a state that is known to be genuine.
    ///
    /// - Returns: whether anything has changed.
    func update(from state: PoolState) -> Bool {
        guard state.pool != nil else { return false }
        let records = state.members
        return known.withLock { known in
            guard known.records != records else { return false }
            var members: [NodeID: NodeConfiguration.Member] = [:]
            for record in records {
                if let member = Self.member(record, fallback: known.members[NodeID(record.node)]) {
                    members[member.id] = member
                }
            }
            known = Known(members: members, records: records)
            return true
        }
    }

    /// Nil where the record names no usable address or the key isn't known: such a record was never made here.
    private static func member(
        _ record: MemberRecord, fallback: NodeConfiguration.Member?
    ) -> NodeConfiguration.Member? {
        guard let (host, port) = PeerAddress.split(record.peerAddress) else { return nil }
        let isSameKey = fallback?.keyDigest == record.identityDigest
        let publicKey = record.publicKey.isEmpty ? (isSameKey ? fallback?.publicKey : nil) : record.publicKey
        guard let publicKey, Digest.sha256(publicKey) == record.identityDigest else { return nil }
        return NodeConfiguration.Member(
            id: NodeID(record.node), name: record.name, peerHost: host, peerPort: port, endpoint: record.apiURL,
            publicKey: publicKey)
    }
}

/// `host:port`, with brackets around an IPv6 address.
enum PeerAddress {
    static func split(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port), colon != text.startIndex
        else { return nil }
        let host = text[..<colon].trimmingPrefix("[")
        let bare = host.hasSuffix("]") ? host.dropLast() : host[...]
        guard !bare.isEmpty, !bare.contains(where: { $0 == "/" || $0.isWhitespace }) else { return nil }
        return (String(bare), port)
    }

    static func join(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
