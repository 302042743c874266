import AccessControl
import Foundation
public import Identity
public import PoolState
import StrictJSON

/// What the first node needs to make a new pool: read once, on an empty data folder, from the file given to
/// `hsmd --initialize`.
public struct PoolInitialization: Sendable {
    /// A service principal that becomes Managed HSM Administrator at `/`.
    public struct Administrator: Sendable {
        /// For people.
        public let displayName: String
        /// A GUID: whom roles are assigned to.
        public let objectID: String
        /// A GUID: by which it asks for tokens.
        public let clientID: String
        /// SHA-256 of the generated client secret, 32 bytes. The secret itself stays with its owner.
        public let secretDigest: [UInt8]
    }

    let file: String
    /// A GUID.
    public let tenantID: String
    /// Who administers the new pool.
    public let administrators: [Administrator]
    /// Audiences of access tokens beside those that follow from the members' endpoints.
    public let audiences: [String]
    /// SHA-256 of the officers' certificates, 32 bytes each. Where there are any, only these officers can receive the
    /// security domain, whoever asks for it.
    public let officerFingerprints: [[UInt8]]
    /// Days for which deleted keys can be recovered: 7 to 90. Fixed for the pool's life.
    public let retentionDays: Int
    /// Whether nobody can purge a deleted key before its retention has run out. Fixed for the pool's life.
    public let purgeProtection: Bool
    /// How nodes make sure that what they answer is current. Fixed for the pool's life.
    public let reads: ReadPolicy
    /// What nobody can use a key for. Fixed for the pool's life.
    public let refusedAlgorithms: RefusableAlgorithms
    /// Whose word on an environment counts when an exportable key is released to it. Fixed for the pool's life, since
    /// whoever could add one could have keys released.
    public let releaseAuthorities: [AssertionAuthority]
}

extension PoolInitialization {
    /// Reads and checks the file given to `hsmd --initialize`. Relative paths in it are relative to its own folder.
    public static func load(file: String) throws(ConfigurationError) -> PoolInitialization {
        let root = try ConfigurationSection.parse(try readGuarded(file: file), file: file)
        try root.allow(only: ["tenant_id", "administrators", "audiences", "officer_fingerprints", "retention_days",
            "purge_protection", "reads", "refused_algorithms", "release_authorities"])
        var administrators: [Administrator] = []
        for section in try root.sections("administrators") {
            try section.allow(only: ["display_name", "object_id", "client_id", "secret_sha256"])
            let digest = try section.string("secret_sha256", example: "64 hexadecimal digits")
            guard let bytes = Hexadecimal.decode(digest), bytes.count == 32 else {
                throw section.error(
                    "secret_sha256", "isn't a SHA-256 in hexadecimal digits",
                    cure: "Make a credential with: hsmctl credential generate")
            }
            administrators.append(
                Administrator(
                    displayName: try section.string("display_name", example: "Pool administrator"),
                    objectID: try guid(
                        section, "object_id", cure: "Make a credential with: hsmctl credential generate"),
                    clientID: try guid(
                        section, "client_id", cure: "Make a credential with: hsmctl credential generate"),
                    secretDigest: bytes))
        }
        return PoolInitialization(
            file: file, tenantID: try guid(root, "tenant_id", cure: "Make one with: uuidgen"),
            administrators: administrators,
            audiences: try root.optionalStrings("audiences") ?? [], officerFingerprints: try officerFingerprints(root),
            retentionDays: try root.optionalInteger("retention_days", in: 7...90) ?? 90,
            purgeProtection: try root.optionalBool("purge_protection") ?? false,
            reads: try reads(root), refusedAlgorithms: try refusedAlgorithms(root),
            releaseAuthorities: try releaseAuthorities(root))
    }

    /// Issuers with their keys, which come from a file beside this one: nothing is fetched.
    private static func releaseAuthorities(
        _ root: ConfigurationSection
    ) throws(ConfigurationError) -> [AssertionAuthority] {
        guard root.line(ofPresent: "release_authorities") != nil else { return [] }
        var authorities: [AssertionAuthority] = []
        for section in try root.sections("release_authorities") {
            try section.allow(only: ["issuer", "keys_file"])
            let issuer = try section.string("issuer", example: "https://attestation.example")
            guard issuer.hasPrefix("https://") else {
                throw section.error(
                    "issuer", "is '\(issuer)', not an https address", cure: "Take it from the authority's 'iss' claim.")
            }
            let named = try section.string("keys_file", example: "/etc/quorate/authority-keys.json")
            let base = folder(of: root.file)
            let file = named.hasPrefix("/") || base.isEmpty ? named : (base as NSString).appendingPathComponent(named)
            let text = try readGuarded(file: file, limit: KeySetDocument.maximumBytes)
            do throws(KeySetDocument.Refusal) {
                authorities.append(
                    AssertionAuthority(issuer: issuer, keys: try KeySetDocument.parse(Array(text.utf8))))
            } catch {
                throw section.error(
                    "keys_file", "names '\(file)', which can't be used: \(error)",
                    cure: "Save the authority's 'jwks_uri' document there.")
            }
        }
        return authorities
    }

    private static func reads(_ root: ConfigurationSection) throws(ConfigurationError) -> ReadPolicy {
        guard let text = try root.optionalString("reads") else { return .lease }
        guard let policy = ReadPolicy(text) else {
            throw root.error(
                "reads", "is '\(text)'",
                cure: """
                    Write lease, read-index, or bounded-staleness(30s) with \(ReadPolicy.bounds.lowerBound) to \
                    \(ReadPolicy.bounds.upperBound) seconds.
                    """)
        }
        return policy
    }

    private static func refusedAlgorithms(
        _ root: ConfigurationSection
    ) throws(ConfigurationError) -> RefusableAlgorithms {
        var refused: RefusableAlgorithms = []
        for name in try root.optionalStrings("refused_algorithms") ?? [] {
            let algorithm = RefusableAlgorithms(named: name)
            guard !algorithm.isEmpty else {
                throw root.error(
                    "refused_algorithms", "has '\(name)', which no pool can refuse",
                    cure: "Write any of: \(RefusableAlgorithms.names.joined(separator: ", ")).")
            }
            refused.formUnion(algorithm)
        }
        return refused
    }

    private static func guid(
        _ section: ConfigurationSection, _ key: String, cure: String
    ) throws(ConfigurationError) -> String {
        let text = try section.string(key, example: "a GUID")
        guard GUID(text) != nil else { throw section.error(key, "is '\(text)', not a GUID", cure: cure) }
        return text
    }

    /// With or without the colons that `openssl x509 -fingerprint` prints.
    private static func officerFingerprints(_ root: ConfigurationSection) throws(ConfigurationError) -> [[UInt8]] {
        var fingerprints: [[UInt8]] = []
        for text in try root.optionalStrings("officer_fingerprints") ?? [] {
            let digits = text.filter { $0 != ":" }
            guard let bytes = Hexadecimal.decode(digits), bytes.count == 32 else {
                throw root.error(
                    "officer_fingerprints", "has an element that isn't a SHA-256 in hexadecimal digits",
                    cure: "Take it from: openssl x509 -noout -fingerprint -sha256 -in officer.crt")
            }
            fingerprints.append(bytes)
        }
        guard Set(fingerprints).count == fingerprints.count else {
            throw root.error("officer_fingerprints", "names a certificate twice", cure: "Name each officer's once.")
        }
        guard fingerprints.isEmpty || (3...10).contains(fingerprints.count) else {
            throw root.error(
                "officer_fingerprints", "has \(fingerprints.count) elements: such a pool could never be activated",
                cure: "Name 3 to 10 officers; or none, and whoever activates the pool chooses them.")
        }
        return fingerprints
    }
}

extension ReadPolicy {
    /// `lease`, `read-index`, or `bounded-staleness(30s)`; nil for anything else.
    init?(_ text: String) {
        switch text {
        case "lease": self = .lease
        case "read-index": self = .readIndex
        default:
            let prefix = "bounded-staleness("
            guard text.hasPrefix(prefix), text.hasSuffix("s)") else { return nil }
            let digits = text.dropFirst(prefix.count).dropLast(2)
            guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let seconds = Int(digits), Self.bounds.contains(seconds)
            else { return nil }
            self = .boundedStaleness(seconds: seconds)
        }
    }
}
