import CryptographicModule
import NodeEnvironment
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
///
/// Beside them the peer transport lets in whom members have told of and the state doesn't name yet: see
/// ``ToldMembers``. Nothing else goes by those.
final class MemberDirectory: Sendable {
    private struct Known {
        var members: [NodeID: NodeConfiguration.Member]
        /// The state's records that `members` was made from.
        var records: [MemberRecord]?
        /// What the newest state says of ids; nil as long as there is none, and nobody's word is taken.
        var decided: DecidedNodes?
        var told = ToldMembers()

        mutating func take(_ records: [MemberRecord]) {
            let found = records.compactMap { record in
                MemberDirectory.member(record, fallback: members[NodeID(record.node)])
            }
            members = Dictionary(found.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
            self.records = records
        }
    }

    private let poolName: String
    private let own: NodeID
    private let known: Mutex<Known>

    /// - Parameters:
    ///   - stored: the state on the node's disk, which nobody has checked yet.
    ///   - told: what a member said when this node joined.
    convenience init(_ configuration: NodeConfiguration, stored: PoolState?, told: [NodeConfiguration.Member]) {
        self.init(
            poolName: configuration.poolName, own: configuration.nodeID, stored: stored,
            found: told + configuration.members)
    }

    /// - Parameter found: beside the state; of two of one id the latter counts.
    init(poolName: String, own: NodeID, stored: PoolState?, found: [NodeConfiguration.Member]) {
        (self.poolName, self.own) = (poolName, own)
        var members: [NodeID: NodeConfiguration.Member] = [:]
        for member in found { members[member.id] = member }
        for record in stored?.members ?? [] {
            if let member = Self.member(record, fallback: members[NodeID(record.node)]) { members[member.id] = member }
        }
        if let stored { members = members.filter { !stored.wasRemoved($0.key.rawValue) } }
        known = Mutex(Known(members: members, decided: stored?.pool == nil ? nil : stored.map { DecidedNodes($0) }))
    }

    /// By id.
    var members: [NodeConfiguration.Member] {
        known.withLock { $0.members }.values.sorted { $0.id < $1.id }
    }

    func member(_ node: NodeID) -> NodeConfiguration.Member? { known.withLock { $0.members[node] } }

    var peers: [NodeID] { members.map(\.id).filter { $0 != own } }

    /// What the peer transport goes by.
    var peerRecords: [PeerRecord] {
        let (members, told) = known.withLock { ($0.members.values.sorted { $0.id < $1.id }, $0.told.agreed) }
        return members.map { peer($0.id, pin: $0.keyDigest, host: $0.peerHost, port: $0.peerPort) }
            + told.compactMap { notice in
                PeerAddress.split(notice.address).map { peer(notice.node, pin: notice.pin, host: $0, port: $1) }
            }
    }

    private func peer(_ node: NodeID, pin: [UInt8], host: String, port: Int) -> PeerRecord {
        PeerRecord(node: node, uri: "quorate:\(poolName)/\(node.rawValue)", pins: [pin], host: host, port: port)
    }

    /// Goes by a state that is known to be genuine.
    ///
    /// - Returns: whether anything has changed for the peers.
    func update(from state: PoolState) -> Bool {
        guard state.pool != nil else { return false }
        let records = state.members
        let decided = DecidedNodes(state)
        return known.withLock { known in
            guard known.records != records || known.decided != decided else { return false }
            let isOther = known.records != records
            if isOther { known.take(records) }
            known.decided = decided
            let members = known.members
            let isSettled = known.told.settle(
                isTeller: { members[$0] != nil }, isOpen: { !decided.contains($0) })
            return isOther || isSettled
        }
    }

    // MARK: Telling

    /// What the other members are told: whom this node's state names. Nothing before it has one.
    var notices: [MemberNotice] {
        guard known.withLock({ $0.decided != nil }) else { return [] }
        // A member is missed by who doesn't know it yet, so of too many the newest count.
        return members.suffix(PoolLimits.members).compactMap { member in
            MemberNotice(
                node: member.id, pin: member.keyDigest, address: PeerAddress.join(member.peerHost, member.peerPort))
        }
    }

    /// Takes a peer's word on whom the pool has.
    ///
    /// - Parameter teller: whom the connection was let in as.
    /// - Returns: whether anything has changed for the peers.
    func hear(_ notices: [MemberNotice], from teller: NodeID) -> Bool {
        known.withLock { known in
            guard known.members[teller] != nil, let decided = known.decided else { return false }
            let open = notices.filter { notice in
                notice.node != own && known.members[notice.node] == nil && !decided.contains(notice.node)
                    && PeerAddress.split(notice.address) != nil
            }
            return known.told.take(open, from: teller)
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
