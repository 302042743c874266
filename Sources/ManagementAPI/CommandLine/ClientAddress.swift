import RequestPipeline

/// How the Azure CLI takes the address of a pool apart: it calls `https://` + name + suffix, with the name from
/// `--hsm-name` and the suffix from the cloud's description.
struct ClientAddress: Hashable, Sendable {
    /// The first label of the host. Where it has one only, or is an address, all of it, port included: the client would
    /// put a dot before a suffix that has none.
    let name: String
    /// What follows the name: empty, or a dot, further labels and the port.
    let suffix: String

    init(host: HostTable.Entry) {
        self.init(authority: host.baseURL.dropFirst("https://".count))
    }

    init(authority: Substring) {
        let host = authority.hasPrefix("[") ? authority : authority.prefix { $0 != ":" }
        let isAddress = host.allSatisfy { $0 == "." || $0.isASCII && $0.isNumber }
        let dot = isAddress || host.hasPrefix("[") ? nil : host.firstIndex(of: ".")
        name = String(authority[..<(dot ?? authority.endIndex)])
        suffix = String(authority[(dot ?? authority.endIndex)...])
    }

    /// What further services would be below of, port included.
    var domain: String {
        suffix.isEmpty ? name : String(suffix.dropFirst())
    }
}
