import AccessControl
import CryptographicModule
import HTTPTransport
public import PoolState
import RequestPipeline
public import SecurityDomain
import StrictJSON

/// The keys that open the pool without officers: those that it knows, and the one on this node's token. One is
/// enrolled, or given up, with a change of the root.
enum AutoUnsealEndpoints {
    static func endpoints(node: any NodeControl) -> [Endpoint] {
        [
            Endpoint(
                .get, "/quorate/v1/auto-unseal", operation: "AutoUnsealGet",
                access: .dataAction(.securityDomainDownload, .root), phase: .unsealed, isVersioned: false,
                handler: .inline { context throws(APIError) in
                    let enrolled = context.view.state.securityDomain?.unsealKeys ?? []
                    return .object { writer in
                        writer.member("node", context.services.identity.nodeName)
                        switch node.autoUnseal() {
                        case .notConfigured: break
                        case .unavailable(let problem): writer.member("problem", problem)
                        case .ready(let key):
                            writer.member("key") { write(UnsealKey(key), &$0) }
                            writer.member("isEnrolled", enrolled.contains { $0.point == key.point })
                        }
                        writer.member("enrolled") { write(enrolled, &$0) }
                    }
                })
        ]
    }

    static func write(_ keys: [UnsealKey], _ writer: inout JSONWriter) {
        writer.array { writer in for key in keys { write(key, &writer) } }
    }

    private static func write(_ key: UnsealKey, _ writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("provider", AutoUnsealKey.Provider(rawValue: key.provider)?.name ?? "unknown")
            writer.member("name", key.name)
            writer.member("point", Base64URL.encode(key.point))
            writer.member("sha256", Hexadecimal.encode(Digest.sha256(key.point)))
        }
    }
}

/// What a node can say of its own token.
public enum AutoUnsealStanding: Sendable {
    case notConfigured
    /// It can't be used; the text says why, and what to do.
    case unavailable(String)
    case ready(AutoUnsealKey)
}

extension PoolState {
    /// The names of keys that open this pool and that nothing protects: whoever reads a file has them.
    var developmentKeys: [String] {
        (securityDomain?.unsealKeys ?? []).filter { $0.provider == AutoUnsealKey.Provider.developmentFile.rawValue }
            .map(\.name)
    }
}

extension UnsealKey {
    init(_ key: AutoUnsealKey) { self.init(provider: key.provider.rawValue, name: key.name, point: key.point) }
}

extension AutoUnsealKey {
    /// - Throws: where the pool's record is of another version's making.
    public init(_ key: UnsealKey) throws {
        guard let provider = Provider(rawValue: key.provider) else {
            throw SecurityDomainError.malformed(document: "unseal key", reason: "its provider isn't known")
        }
        try self.init(provider: provider, name: key.name, point: key.point)
    }
}
