import ArgumentParser
import Foundation

/// Where the pool is and who asks. Everything has an environment variable, so that a shell is set up once.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: .long, parsing: .singleValue,
        help: ArgumentHelp(
            "URL of a node; repeat it for more. [env: QUORATE_ENDPOINTS, separated by spaces]",
            discussion: "Nodes are asked in this order until one can answer.", valueName: "url"))
    var endpoint: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "PEM file of the authority that signed the nodes' certificates. [env: QUORATE_CA]", valueName: "file"),
        completion: .file())
    var ca: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How long a node may take to accept a connection, 1 to 60 s. [env: QUORATE_CONNECT_TIMEOUT] (default: 1)",
            valueName: "seconds"))
    var connectTimeout: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Client id of the service principal. [env: AZURE_CLIENT_ID]", valueName: "guid"))
    var clientID: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "File that holds the client secret. [env: QUORATE_CLIENT_SECRET_FILE, or AZURE_CLIENT_SECRET]",
            discussion:
                "There is no option for the secret itself: arguments are visible to every process of the machine.",
            valueName: "file"),
        completion: .file())
    var clientSecretFile: String?

    var endpoints: [String] {
        get throws {
            let named =
                endpoint.isEmpty
                ? environment("QUORATE_ENDPOINTS")?.split(separator: " ").map(String.init) ?? [] : endpoint
            guard !named.isEmpty else {
                throw ClientError.usage(
                    "No endpoint is given. Use --endpoint https://host:port or set QUORATE_ENDPOINTS.")
            }
            return try named.map(Self.checked)
        }
    }

    /// An endpoint as requests begin with it: without a slash at its end.
    ///
    /// - Throws: ``ClientError`` for what isn't `https://host:port`.
    static func checked(_ url: String) throws -> String {
        guard let parsed = URL(string: url), parsed.scheme == "https", parsed.host != nil else {
            throw ClientError.usage("'\(url)' isn't an https:// URL.")
        }
        guard ["", "/"].contains(parsed.path), parsed.query == nil, parsed.fragment == nil else {
            throw ClientError.usage("'\(url)' is more than an endpoint: give https://host:port without a path.")
        }
        // From the text: a number that is too long is no port for the parser.
        if let digits = url.firstMatch(of: /:([0-9]+)\/?$/)?.1, UInt16(digits) ?? 0 == 0 {
            throw ClientError.usage("'\(url)' has a port that isn't 1 to 65535.")
        }
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }

    /// Whether anything says where a pool is.
    var namesPool: Bool { !endpoint.isEmpty || environment("QUORATE_ENDPOINTS") != nil }

    var connectSeconds: Int {
        get throws {
            let text = connectTimeout.map(String.init) ?? environment("QUORATE_CONNECT_TIMEOUT") ?? "1"
            guard let seconds = Int(text), (1...60).contains(seconds) else {
                throw ClientError.usage("The connect timeout is 1 to 60 seconds, not '\(text)'.")
            }
            return seconds
        }
    }

    var authorityFile: String? { ca ?? environment("QUORATE_CA") }

    func credentials() throws -> Credentials {
        guard let id = clientID ?? environment("AZURE_CLIENT_ID") else {
            throw ClientError.usage("No client id is given. Use --client-id or set AZURE_CLIENT_ID.")
        }
        if let file = clientSecretFile ?? environment("QUORATE_CLIENT_SECRET_FILE") {
            let text = String(decoding: try Files.read(file), as: UTF8.self)
            return Credentials(clientID: id, secret: text.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        guard let secret = environment("AZURE_CLIENT_SECRET") else {
            throw ClientError.usage("No client secret is given. Use --client-secret-file or set AZURE_CLIENT_SECRET.")
        }
        return Credentials(clientID: id, secret: secret)
    }

    /// The same as arguments of another command. What isn't given comes from the environment there, too.
    var arguments: [String] {
        endpoint.flatMap { ["--endpoint", $0] } + Self.option("--ca", ca)
            + Self.option("--connect-timeout", connectTimeout.map(String.init)) + Self.option("--client-id", clientID)
            + Self.option("--client-secret-file", clientSecretFile)
    }

    private static func option(_ name: String, _ value: String?) -> [String] { value.map { [name, $0] } ?? [] }

    private func environment(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

/// A service principal's identifier and secret.
struct Credentials {
    let clientID: String
    let secret: String
}
