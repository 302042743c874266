public import Backup

/// A container of a blob service, read strictly out of its URL.
struct BlobAddress: Hashable {
    let host: String
    let port: Int
    /// Without slashes at either end.
    let path: String

    /// `https://host[:port]/container`, further segments included.
    init(_ uri: String) throws(BackupStoreFault) {
        let scheme = "https://"
        guard uri.hasPrefix(scheme) else { throw .invalidAddress("it doesn't begin with 'https://'") }
        let rest = uri.dropFirst(scheme.count)
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var path = parts.count == 2 ? parts[1] : ""
        while path.last == "/" { path.removeLast() }
        guard BackupPath.segments(path) != nil else {
            throw .invalidAddress("write it as https://HOST/CONTAINER, without parameters")
        }
        let authority = parts[0].lowercased().split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(authority.count), Self.isHost(authority[0]) else {
            throw .invalidAddress("its host isn't a plain name or IPv4 address")
        }
        host = String(authority[0])
        guard let port = authority.count == 1 ? 443 : Self.port(authority[1]) else {
            throw .invalidAddress("its port isn't a number from 1 to 65535")
        }
        self.port = port
        self.path = String(path)
    }

    var uri: String { port == 443 ? "https://\(host)/\(path)" : "https://\(host):\(port)/\(path)" }

    private static func port(_ text: Substring) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int(text), (1...65_535).contains(number)
        else { return nil }
        return number
    }

    private static func isHost(_ text: Substring) -> Bool {
        (1...253).contains(text.utf8.count) && text.first != "." && text.last != "." && !text.contains("..")
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) || byte == 0x2d || byte == 0x2e
            }
    }
}

/// Hosts that a node may connect to for backups. Without such a list a request could make the node call any address of
/// the inner network.
public struct AllowedHosts: Sendable {
    private struct Entry: Hashable {
        let name: String
        let port: Int
    }

    private let entries: [Entry]

    /// - Parameter names: each `host` or `host:port`; a host stands for itself and for what ends in `.host`; without a
    ///   port, for 443 only.
    /// - Throws: the name that is none.
    public init(_ names: [String]) throws(BackupStoreFault) {
        var entries: [Entry] = []
        for name in names {
            let address = try BlobAddress("https://\(name)/container")
            guard address.path == "container" else { throw .invalidAddress("'\(name)' is more than host and port") }
            entries.append(Entry(name: address.host, port: address.port))
        }
        self.entries = entries
    }

    func allow(_ address: BlobAddress) -> Bool {
        entries.contains { entry in
            entry.port == address.port && (address.host == entry.name || address.host.hasSuffix("." + entry.name))
        }
    }
}

/// A shared access signature, as a request brings it.
enum SharedAccessSignature {
    /// - Returns: the token without its `?`; nil where it can't be one.
    static func read(_ token: String) -> String? {
        let text = token.first == "?" ? String(token.dropFirst()) : token
        guard (1...4096).contains(text.utf8.count), text.contains("=") else { return nil }
        let isPlain = text.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "%=&.:_~+/,-!*'()".utf8.contains(byte)
        }
        return isPlain ? text : nil
    }
}
