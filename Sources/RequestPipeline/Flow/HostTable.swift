public import Identity

/// The names under which clients may reach a node.
///
/// Links, challenges and poll addresses are made from the *matched* entry, never from what a client sent; an unknown
/// name is refused (RFC 9110 section 7.4), so that a forged `Host` can't direct a client elsewhere.
public struct HostTable: Sendable {
    /// One name of the node, in front of one of its services: for the keys as it comes from the table, for another one
    /// by ``facing(_:)``.
    public struct Entry: Hashable, Sendable {
        /// `https://host[:port]`, no trailing slash.
        public let baseURL: String
        /// The audience that clients are told to ask tokens for: for keys the host without its first label, as client
        /// libraries require a resource to be a parent of the host that they call.
        public let audience: String
        /// The complete `WWW-Authenticate` value for a request without a token.
        public let challenge: String

        init(baseURL: String, audience: String) {
            self.baseURL = baseURL
            self.audience = audience
            // The authority ends in /adfs: client libraries then take it for any tenant and ask no public directory
            // about it.
            challenge = "Bearer authorization=\"\(baseURL)/adfs\", resource=\"\(audience)\""
        }

        /// The same host in front of one of its services. Each has an audience of its own, so that a token for one
        /// is refused by the others: whoever may list subscriptions can't use a key with it.
        public func facing(_ service: TokenAudience) -> Entry {
            switch service {
            case .dataPlane, .issuer: self
            case .resourceManager: Entry(baseURL: baseURL, audience: baseURL + "/arm")
            case .directory: Entry(baseURL: baseURL, audience: baseURL + "/graph")
            }
        }

        /// The value for a token that was sent and can't become good: clients show the refusal to their user.
        public var rejection: String { challenge + ", error=\"invalid_token\"" }

        /// The value for a token that was good once: its key or its principal's credential has changed since.
        ///
        /// Client libraries keep a token until it expires and offer the same one again, unless the challenge has
        /// claims.
        /// Then they ask the issuer for another one, once. Credentials that can't pass claims on fail at this
        /// challenge, which is why it isn't used for every refusal.
        ///
        /// - Parameter notBefore: the earliest issue of a token that may be honoured, seconds since 1970.
        public func renewal(notBefore: Int64) -> String {
            let claims = "{\"access_token\":{\"nbf\":{\"essential\":true,\"value\":\"\(notBefore)\"}}}"
            let encoded = StandardBase64.encode(Array(claims.utf8))
            return challenge + ", error=\"insufficient_claims\", claims=\"\(encoded)\""
        }
    }

    private let entries: [String: Entry]
    /// The audiences of the services beside the keys, for all hosts.
    public let facadeAudiences: [AcceptedAudience]

    /// - Parameter hosts: each `host` or `host:port`.
    public init(hosts: [String]) {
        var entries: [String: Entry] = [:]
        for host in hosts.map(Self.canonical) {
            entries[host] = Entry(baseURL: "https://\(host)", audience: Self.audience(host: host))
        }
        self.entries = entries
        facadeAudiences = entries.values.sorted { $0.baseURL < $1.baseURL }.flatMap { entry in
            [TokenAudience.resourceManager, .directory].map { AcceptedAudience(entry.facing($0).audience, $0) }
        }
    }

    /// `https://` and the host without its first label, port kept; a single-label host stands for itself.
    public static func audience(host: String) -> String {
        let host = canonical(host)
        let name = host.prefix { $0 != ":" }
        guard let dot = name.firstIndex(of: ".") else { return "https://\(host)" }
        return "https://\(host[host.index(after: dot)...])"
    }

    /// Whether this is a name under which clients may reach the node.
    public func contains(authority: String) -> Bool { entry(authority: authority) != nil }

    func entry(authority: String) -> Entry? {
        if let entry = entries[authority] { return entry }
        return entries[Self.canonical(authority)]
    }

    /// Lower case, without the port that `https` means anyway (RFC 9110 section 4.2.3).
    private static func canonical(_ authority: String) -> String {
        let lowered = authority.lowercased()
        return lowered.hasSuffix(":443") ? String(lowered.dropLast(4)) : lowered
    }
}

/// Base64 with padding (RFC 4648 section 4), for the headers that want it.
public enum StandardBase64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// One line, without breaks.
    public static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for offset in 0..<3 { word = word << 8 | (offset < group.count ? UInt32(group[start + offset]) : 0) }
            for digit in 0..<4 {
                text.append(digit <= group.count ? alphabet[Int(word >> (18 - 6 * digit)) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
