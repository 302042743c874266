import CryptographicModule
import Foundation
import Raft
import StrictJSON

/// What `hsmctl node add` hands to a node that is to join: the ticket, and where to show it. A secret.
public struct JoinFile: Sendable, CustomReflectable {
    /// Empty: what prints a value must not print a secret.
    public var customMirror: Mirror { Mirror(self, children: []) }

    let file: String
    /// 32 hexadecimal digits, the pool's.
    let poolID: [UInt8]
    /// The id that the pool has given to the node.
    let node: UInt64
    /// Shown to a member once.
    let ticket: [UInt8]
    /// URLs of members, asked in this order.
    let endpoints: [String]
    /// PEM of the authority that signed the members' API certificates.
    let authority: String
    /// SHA-256 of the pool's identity key, by which the node knows its pool's keys. Nil in a file of a former `hsmctl`.
    let identityDigest: [UInt8]?

    /// - Throws: ``ConfigurationError`` for a file that others can read, or that isn't one.
    public static func load(file: String) throws(ConfigurationError) -> JoinFile {
        let text = try readGuarded(file: file)
        guard case .object(let object)? = try? JSONReader.parse(Array(text.utf8)),
            case .string(let pool)? = object["poolId"], let poolID = Hexadecimal.decode(pool),
            case .integer(let node)? = object["id"], node > 0,
            case .string(let encoded)? = object["ticket"], let ticket = Base64URL.decode(encoded), ticket.count == 32,
            case .array(let list)? = object["endpoints"], !list.isEmpty,
            case .string(let authority)? = object["authority"]
        else {
            throw ConfigurationError(
                file: file, problem: "isn't a file of 'hsmctl node add'", cure: "Make one with: hsmctl node add")
        }
        let endpoints = list.compactMap { element in
            if case .string(let url) = element, url.hasPrefix("https://") { url } else { nil }
        }
        return JoinFile(
            file: file, poolID: poolID, node: UInt64(node), ticket: ticket, endpoints: endpoints, authority: authority,
            identityDigest: try identityDigest(in: object, file: file))
    }

    private static func identityDigest(in object: JSONObject, file: String) throws(ConfigurationError) -> [UInt8]? {
        guard let given = object["identityKeySha256"] else { return nil }
        guard case .string(let text) = given, let digest = Hexadecimal.decode(text), digest.count == 32 else {
            throw ConfigurationError(
                file: file, problem: "'identityKeySha256' isn't 64 hexadecimal digits",
                cure: "Make a new file with: hsmctl node add")
        }
        return digest
    }

    /// Why a node that has no state yet can't join by a file without ``identityDigest``.
    var identityIsMissing: ConfigurationError {
        ConfigurationError(
            file: file, problem: "doesn't name the pool's identity key: a former hsmctl has made it",
            cure: "Make a new one with this version's 'hsmctl node add', or add the member identityKeySha256 to it "
                + "as 'hsmctl pool status --json' shows it.")
    }

    /// Refuses a file that was made for another node.
    public func check(against configuration: NodeConfiguration) throws(ConfigurationError) {
        guard poolID == configuration.poolID else {
            throw ConfigurationError(
                file: configuration.file, problem: "'node.pool_id' isn't that of the pool that \(file) is for",
                cure: "Set node.pool_id to the poolId in \(file).")
        }
        guard node == configuration.nodeID.rawValue else {
            throw ConfigurationError(
                file: configuration.file,
                problem: "'node.id' is \(configuration.nodeID), the pool has given the id \(node)",
                cure: "Set node.id, and the id of this node in 'members', to \(node); its certificate names it too.")
        }
    }
}
