/// The names under which clients may reach a node.
///
/// Links, challenges and poll addresses are made from the *matched* entry, never from what a client sent; an unknown name is refused
/// (RFC 9110 section 7.4), so that a forged `Host` can't direct a client elsewhere.
public struct HostTable: Sendable {
    public struct Entry: Hashable, Sendable {
        /// `https://host[:port]`, no trailing slash.
        public let baseURL: String
        /// The audience that clients are told to ask tokens for: the host without its first label, as client libraries require a
        /// resource to be a parent of the host that they call.
        public let audience: String
        /// The complete `WWW-Authenticate` value.
        public let challenge: String
        /// The challenge for a token that was sent and refused; its claims make a client discard what it has cached.
        public func refreshChallenge(notBefore: Int64) -> String {
            let claims = "{\"access_token\":{\"nbf\":{\"essential\":true,\"value\":\"\(notBefore)\"}}}"
            let encoded = StandardBase64.encode(Array(claims.utf8))
            return challenge + ", error=\"insufficient_claims\", claims=\"\(encoded)\""
        }
    }

    private let entries: [String: Entry]

    /// - Parameter hosts: each `host` or `host:port`, lower case; port 443 is written without.
    public init(hosts: [String]) {
        var entries: [String: Entry] = [:]
        for host in hosts {
            let audience = Self.audience(host: host)
            let base = "https://\(host)"
            // The authority ends in /adfs: client libraries then accept it from any tenant and ask no public directory about it.
            entries[host] = Entry(
                baseURL: base, audience: audience,
                challenge: "Bearer authorization=\"\(base)/adfs\", resource=\"\(audience)\"")
        }
        self.entries = entries
    }

    /// `https://` and the host without its first label, port kept; a single-label host stands for itself.
    public static func audience(host: String) -> String {
        let name = host.prefix { $0 != ":" }
        guard let dot = name.firstIndex(of: ".") else { return "https://\(host)" }
        return "https://\(host[host.index(after: dot)...])"
    }

    func entry(authority: String) -> Entry? {
        if let entry = entries[authority] { return entry }
        let lowered = authority.lowercased()
        return entries[lowered] ?? (lowered.hasSuffix(":443") ? entries[String(lowered.dropLast(4))] : nil)
    }
}

/// Base64 with padding (RFC 4648 section 4), for the one header that wants it.
enum StandardBase64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
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
