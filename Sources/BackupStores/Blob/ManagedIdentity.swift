import AsyncHTTPClient
public import Backup
import NIOHTTP1
import StrictJSON

/// Where a machine's platform gives out access tokens.
public struct IdentityEndpoint: Sendable, CustomReflectable {
    /// Empty: what prints a value must not print a secret.
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Of virtual machines: reachable from the machine itself only.
    public static let instanceMetadata = "http://169.254.169.254/metadata/identity/oauth2/token"

    let url: String
    /// The secret of a hosting environment, which it wants in the header `X-IDENTITY-HEADER`; nil for the metadata
    /// service of a virtual machine.
    let secret: String?
    /// The identity that is meant, where the machine has several.
    let clientID: String?

    /// - Parameter url: `https://…`, or `http://` to the machine itself: a token in the clear goes no further.
    public init(
        url: String = IdentityEndpoint.instanceMetadata, secret: String? = nil, clientID: String? = nil
    ) throws(BackupStoreFault) {
        let rest = ["https://", "http://"].first(where: url.hasPrefix).map { url.dropFirst($0.count) } ?? ""
        let parts = rest.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, BackupPath.segments(parts[1]) != nil else {
            throw .invalidAddress("'\(url)' isn't like http://HOST/PATH")
        }
        let address = try BlobAddress("https://\(parts[0])/token")
        let isNear = ["169.254.169.254", "localhost"].contains(address.host) || Self.isLoopback(address.host)
        guard url.hasPrefix("https://") || isNear else {
            throw .invalidAddress("'\(url)' isn't on this machine: without TLS a token must not leave it")
        }
        if let clientID {
            let isPlain = clientID.utf8.allSatisfy { byte in
                (0x61...0x7a).contains(byte | 0x20) || (0x30...0x39).contains(byte) || byte == 0x2d
            }
            guard (1...64).contains(clientID.utf8.count), isPlain else {
                throw .invalidAddress("the client id isn't one")
            }
        }
        if let secret {
            guard (1...1024).contains(secret.utf8.count), secret.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw .credentialsUnusable("the secret of the identity endpoint isn't plain text of one line")
            }
        }
        (self.url, self.secret, self.clientID) = (url, secret, clientID)
    }

    /// `127.0.0.0/8`, as numbers: a name may begin like that and be anywhere.
    private static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}

/// The identity that a cloud gave the node's machine: access tokens for blob services, from the machine's own platform.
public actor ManagedIdentity {
    private struct Token {
        let text: String
        /// Unix time in seconds.
        let expires: Int64
    }

    /// Whose tokens they are to be.
    private static let resource = "https://storage.azure.com/"
    /// A token is not used in its last seconds: a request takes time.
    private static let margin: Int64 = 300

    private let endpoint: IdentityEndpoint
    private let client = StoreClient()
    private let now: @Sendable () -> Int64
    private var held: Token?

    /// - Parameter now: Unix time in seconds.
    public init(_ endpoint: IdentityEndpoint, now: @escaping @Sendable () -> Int64) {
        (self.endpoint, self.now) = (endpoint, now)
    }

    func token() async throws(BackupStoreFault) -> String {
        if let held, held.expires - Self.margin > now() { return held.text }
        let answer = try await Self.answer(to: request(), client)
        let token = try Self.read(answer.body, now: now())
        held = token
        return token.text
    }

    /// The next token is a new one: a service has refused the one that is held.
    func forget() { held = nil }

    func shutdown() async { await client.shutdown() }

    private func request() -> HTTPClientRequest {
        let version = endpoint.secret == nil ? "2018-02-01" : "2019-08-01"
        let identity = endpoint.clientID.map { "&client_id=\($0)" } ?? ""
        let resource = PercentEncoding.encode(Self.resource)
        var request = HTTPClientRequest(
            url: "\(endpoint.url)?api-version=\(version)&resource=\(resource)\(identity)")
        if let secret = endpoint.secret {
            request.headers.add(name: "x-identity-header", value: secret)
        } else {
            // A request that somebody was talked into by a link or a redirection doesn't have it.
            request.headers.add(name: "metadata", value: "true")
        }
        return request
    }

    private static func answer(
        to request: HTTPClientRequest, _ client: StoreClient
    ) async throws(BackupStoreFault) -> StoreAnswer {
        try await client.send { () throws(BackupStoreFault) in
            request
        } judge: { answer in
            verdict(answer)
        }
    }

    private static func verdict(_ answer: StoreAnswer) -> StoreVerdict {
        switch answer.status {
        case 200: .good
        // The platform says these while it is being updated.
        case 404, 410: .mayPass(.identityUnavailable("status \(answer.status)"))
        case 400, 401, 403:
            .refused(.identityUnavailable("status \(answer.status): the machine has none, or not this one"))
        default:
            answer.mayPass
                ? .mayPass(.identityUnavailable("status \(answer.status)"))
                : .refused(.identityUnavailable("status \(answer.status)"))
        }
    }

    /// Times are texts or numbers, by platform.
    private static func read(_ body: [UInt8], now: Int64) throws(BackupStoreFault) -> Token {
        let fault = BackupStoreFault.identityUnavailable("its answer isn't a token")
        guard case .object(let answer)? = try? JSONReader.parse(body), case .string(let text)? = answer["access_token"],
            (1...16_384).contains(text.utf8.count), text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { throw fault }
        let expires: Int64?
        switch answer["expires_on"] {
        case .string(let digits)?: expires = Int64(digits)
        case .integer(let number)?: expires = number
        default: expires = nil
        }
        // Without a usable time it serves one request.
        return Token(text: text, expires: max(expires ?? now, 0))
    }
}
