import CryptographicModule
import Foundation
import HTTPTransport
public import Raft
import Replication
import StrictJSON
import Yams

/// Everything that one node's file says. What concerns the whole pool (roles, issuers, audit mode) isn't here: it is
/// replicated.
public struct NodeConfiguration: Sendable {
    /// Where the node listens, and the certificate that it shows there.
    public struct Listener: Sendable {
        /// An address of this machine.
        public let host: String
        /// 1 to 65535.
        public let port: Int
        /// PEM: the certificate, then intermediates.
        public let certificateFile: String
        /// PEM: the certificate's private key.
        public let keyFile: String
    }

    /// A member as this node expects to meet it: where it is and which key it must prove to hold.
    public struct Member: Hashable, Sendable {
        /// In a file: 1 to 1000000, each only once.
        public let id: NodeID
        /// In a file: 1 to 63 of `a-z`, `0-9` and `-`, each only once.
        public let name: String
        /// Where the other nodes reach it: a name or an address.
        public let peerHost: String
        /// 1 to 65535. In a file each pair of ``peerHost`` and port occurs only once.
        public let peerPort: Int
        /// URL that clients use, without a trailing slash.
        public let endpoint: String
        /// The member's SubjectPublicKeyInfo, DER.
        public let publicKey: [UInt8]
        /// SHA-256 of ``publicKey``: what its certificate is pinned by.
        public var keyDigest: [UInt8] { Digest.sha256(publicKey) }
    }

    /// The file that all this was read from.
    public let file: String
    /// From 1; never given to another node of the pool.
    public let nodeID: NodeID
    /// 1 to 63 of `a-z`, `0-9` and `-`: the node in this node's audit records and health.
    public let nodeName: String
    /// 3 to 24 of `a-z`, `0-9` and `-`: what clients accept. Part of the URI in each node's certificate.
    public let poolName: String
    /// Where the node stands, as answers tell their clients: 1 to 63 of `a-z`, `0-9` and `-`.
    public let region: String
    /// 16 bytes, the same on all nodes, different for every pool that was ever made.
    public let poolID: [UInt8]
    /// Where log and state are.
    public let dataFolder: String
    /// Where the audit log is.
    public let auditFolder: String
    /// For clients.
    public let api: Listener
    /// Further host names, each `host` or `host:port`, that clients may use for this node.
    public let apiHosts: [String]
    /// For the other nodes.
    public let peers: Listener
    /// PEM of the certificate authority that signs node certificates.
    public let peerAuthorityFile: String
    /// Those that the file names, this node among them.
    public let members: [Member]
    /// Where backups may go to and come from.
    let backups: BackupPlaces
    /// The token that opens the node when it starts; `nil` where peers and officers do.
    let autoUnseal: AutoUnsealPlace?
    /// Event loops of the API listener; 0 means one per core.
    public let eventLoops: Int
    /// How many of the API listener's connections one source may have.
    public let connectionsPerSource: Int
    /// Threads for slow cryptography; 0 means one per core.
    public let cryptoThreads: Int
    /// How long a caller's slow work may wait, in milliseconds, before no more of it is taken.
    public let cryptoLongestWait: Int
    /// How many RSA pairs of each size are made in advance; 0 means none.
    public let spareRSAKeys: Int
    /// A level of swift-log, such as `info`.
    public let logLevel: String

    /// The epoch of a new pool.
    var firstEpoch: UInt64 { 1 }

    /// Every name under which clients may call this node.
    var allHosts: [String] {
        let own = selfMember.map { [String($0.endpoint.dropFirst("https://".count))] } ?? []
        return own + apiHosts.map { $0.lowercased() }
    }

    func uri(of node: NodeID) -> String { "quorate:\(poolName)/\(node.rawValue)" }

    /// A pool is founded by an odd number of nodes: a further one would add a failure that it can have, and none that
    /// it can bear.
    public func checkFounders() throws(ConfigurationError) {
        guard [1, 3, 5, 7].contains(members.count) else {
            throw ConfigurationError(
                file: file, problem: "'members' has \(members.count) elements", cure: "A pool has 1, 3, 5 or 7 nodes.")
        }
    }

    /// This node among ``members``; `nil` where the file leaves it out.
    public var selfMember: Member? { members.first { $0.id == nodeID } }
}

extension NodeConfiguration {
    /// Reads and checks a node's file. Relative paths in it are relative to its own folder.
    public static func load(file: String) throws(ConfigurationError) -> NodeConfiguration {
        let text = try readGuarded(file: file)
        let root = try ConfigurationSection.parse(text, file: file)
        try root.allow(only: ["node", "api", "peers", "members", "backups", "auto_unseal", "crypto", "log"])
        let base = folder(of: file)
        func resolve(_ path: String) -> String {
            path.hasPrefix("/") || base.isEmpty ? path : (base as NSString).appendingPathComponent(path)
        }

        let node = try root.section("node")
        try node.allow(only: ["id", "name", "pool", "pool_id", "region", "data_folder", "audit_folder"])
        let id = NodeID(UInt64(try node.integer("id", in: 1...1_000_000, example: 1)))
        let dataFolder = resolve(try node.string("data_folder", example: "data"))
        let auditFolder = try node.optionalString("audit_folder").map(resolve) ?? dataFolder + "/audit"

        let api = try root.section("api")
        try api.allow(
            only: ["listen", "certificate_file", "key_file", "hosts", "event_loops", "connections_per_source"])
        let peers = try root.section("peers")
        try peers.allow(only: ["listen", "certificate_file", "key_file", "authority_file"])
        let crypto = try root.optionalSection("crypto")
        try crypto?.allow(only: ["threads", "longest_wait_ms", "spare_rsa_keys"])
        let log = try root.optionalSection("log")
        try log?.allow(only: ["level"])

        let members = try readMembers(root)
        guard let own = members.first(where: { $0.id == id }) else {
            throw node.error(
                "id", "is \(id.rawValue), which no element of 'members' has", cure: "Add this node to 'members'.")
        }
        let name = try nodeName(node, "name")
        guard name == own.name else {
            throw node.error(
                "name", "is '\(name)', and 'members' calls node \(id.rawValue) '\(own.name)'",
                cure: "Write one name in both places.")
        }
        return NodeConfiguration(
            file: file, nodeID: id, nodeName: name, poolName: try poolName(node),
            region: try node.optionalString("region") == nil ? "local" : try nodeName(node, "region"),
            poolID: try poolID(node),
            dataFolder: dataFolder, auditFolder: auditFolder,
            api: try listener(api, resolve), apiHosts: try hosts(api),
            peers: try listener(peers, resolve),
            peerAuthorityFile: resolve(try peers.string("authority_file", example: "node-ca.crt")), members: members,
            backups: try BackupPlaces(root.optionalSection("backups"), resolve),
            autoUnseal: try autoUnseal(root, resolve),
            eventLoops: try api.optionalInteger("event_loops", in: 0...256) ?? 0,
            connectionsPerSource: try api.optionalInteger(
                "connections_per_source", in: 1...TransportLimits().maximumConnections)
                ?? TransportLimits().maximumConnectionsPerSource,
            cryptoThreads: try crypto?.optionalInteger("threads", in: 0...256) ?? 0,
            cryptoLongestWait: try crypto?.optionalInteger("longest_wait_ms", in: 1...60_000) ?? 500,
            spareRSAKeys: try crypto?.optionalInteger("spare_rsa_keys", in: 0...16) ?? 1, logLevel: try logLevel(log))
    }

    private static func autoUnseal(
        _ root: ConfigurationSection, _ resolve: (String) -> String
    ) throws(ConfigurationError) -> AutoUnsealPlace? {
        guard let section = try root.optionalSection("auto_unseal") else { return nil }
        return try AutoUnsealPlace(section, resolve)
    }

    /// The length is what clients accept in the name of a pool.
    private static func poolName(_ node: ConfigurationSection) throws(ConfigurationError) -> String {
        let name = try nodeName(node, "pool")
        guard (3...24).contains(name.utf8.count) else {
            throw node.error("pool", "is '\(name)'", cure: "Use 3 to 24 lower-case letters, digits and '-'.")
        }
        return name
    }

    private static func hosts(_ api: ConfigurationSection) throws(ConfigurationError) -> [String] {
        let hosts = try api.optionalStrings("hosts") ?? []
        for host in hosts {
            guard let url = URL(string: "https://\(host)"), isPlain(url) else {
                throw api.error(
                    "hosts", "has '\(host)', which is neither host nor host:port",
                    cure: "Write it like hsm.example:8443.")
            }
        }
        return hosts
    }

    /// Whether a URL names a server and nothing else.
    private static func isPlain(_ url: URL) -> Bool {
        guard url.scheme == "https", let host = url.host, !host.isEmpty, (1...65_535).contains(url.port ?? 443) else {
            return false
        }
        return url.path.isEmpty && url.query == nil && url.fragment == nil && url.user == nil && url.password == nil
    }

    private static func poolID(_ node: ConfigurationSection) throws(ConfigurationError) -> [UInt8] {
        let text = try node.string("pool_id", example: "32 hexadecimal digits")
        guard let bytes = Hexadecimal.decode(text), bytes.count == 16 else {
            throw node.error(
                "pool_id", "isn't 32 hexadecimal digits", cure: "Make one for a new pool with: openssl rand -hex 16")
        }
        return bytes
    }

    private static func logLevel(_ section: ConfigurationSection?) throws(ConfigurationError) -> String {
        let level = try section?.optionalString("level") ?? "info"
        let known = ["trace", "debug", "info", "notice", "warning", "error", "critical"]
        guard let section, !known.contains(level) else { return level }
        throw section.error("level", "is '\(level)'", cure: "Use one of \(known.joined(separator: ", ")).")
    }

    private static func nodeName(_ section: ConfigurationSection, _ key: String) throws(ConfigurationError) -> String {
        let name = try section.string(key, example: "node-1")
        let isPlain = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || byte == UInt8(ascii: "-")
        }
        guard isPlain, name.utf8.count <= 63 else {
            throw section.error(key, "is '\(name)'", cure: "Use at most 63 lower-case letters, digits and '-'.")
        }
        return name
    }

    private static func listener(
        _ section: ConfigurationSection, _ resolve: (String) -> String
    ) throws(ConfigurationError) -> Listener {
        let (host, port) = try address(section, "listen", example: "127.0.0.1:8443")
        return Listener(
            host: host, port: port,
            certificateFile: resolve(try section.string("certificate_file", example: "node.crt")),
            keyFile: resolve(try section.string("key_file", example: "node.key")))
    }

    private static func address(
        _ section: ConfigurationSection, _ key: String, example: String
    ) throws(ConfigurationError) -> (String, Int) {
        let text = try section.string(key, example: example)
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port), colon != text.startIndex
        else { throw section.error(key, "is '\(text)', not host:port", cure: "Write it like \(example).") }
        let host = text[..<colon].trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
        guard !host.isEmpty, !host.contains(where: { $0 == "/" || $0.isWhitespace }) else {
            throw section.error(key, "is '\(text)', not host:port", cure: "Write it like \(example).")
        }
        return (host, port)
    }

    private static func readMembers(_ root: ConfigurationSection) throws(ConfigurationError) -> [Member] {
        var members: [Member] = []
        for section in try root.sections("members") {
            try section.allow(only: ["id", "name", "peer_address", "endpoint", "public_key"])
            let id = NodeID(UInt64(try section.integer("id", in: 1...1_000_000, example: 1)))
            guard !members.contains(where: { $0.id == id }) else {
                throw section.error("id", "\(id.rawValue) occurs twice", cure: "Give each member its own id.")
            }
            let (host, port) = try address(section, "peer_address", example: "127.0.0.1:9443")
            let endpoint = try section.string("endpoint", example: "https://127.0.0.1:8443")
            guard let url = URL(string: endpoint), isPlain(url) else {
                throw section.error(
                    "endpoint", "is '\(endpoint)'", cure: "Write https://host:port, without a path or a trailing slash."
                )
            }
            let key = try section.string("public_key", example: "base64 of the key")
            guard let bytes = Data(base64Encoded: key).map(Array.init), (try? PublicKey(spkiDER: bytes)) != nil else {
                throw section.error(
                    "public_key", "isn't a public key in base64",
                    cure: "Print it with: openssl pkey -in node.key -pubout -outform DER | base64 -w0")
            }
            let member = Member(
                id: id, name: try nodeName(section, "name"), peerHost: host, peerPort: port,
                endpoint: endpoint.lowercased(), publicKey: bytes)
            try requireDistinct(member, from: members, section)
            members.append(member)
        }
        guard members.count <= 9 else {
            throw root.error("members", "has \(members.count) elements", cure: "A pool has at most 9 nodes.")
        }
        return members
    }

    /// Members that share a key or an address are one member under two names: its vote would count twice.
    private static func requireDistinct(
        _ member: Member, from others: [Member], _ section: ConfigurationSection
    ) throws(ConfigurationError) {
        func refuse(_ key: String, _ other: Member) -> ConfigurationError {
            section.error(
                key, "of member \(member.id.rawValue) is that of member \(other.id.rawValue)",
                cure: "Give each member its own \(key).")
        }
        for other in others {
            if other.name == member.name { throw refuse("name", other) }
            if other.publicKey == member.publicKey { throw refuse("public_key", other) }
            if other.endpoint == member.endpoint { throw refuse("endpoint", other) }
            if other.peerHost == member.peerHost, other.peerPort == member.peerPort {
                throw refuse("peer_address", other)
            }
        }
    }
}
