public import CryptographicModule
import StrictJSON

/// What a pool states of one version of a key. `docs/attestation.md` describes the form.
public struct KeyStatement: Hashable, Sendable {
    /// Which half a statement is about.
    public enum Subject: String, Hashable, Sendable {
        case privateKey = "private"
        case publicKey = "public"
    }

    /// How the pool came to have the key.
    public enum Origin: String, Hashable, Sendable, CaseIterable {
        /// Made inside the cryptographic module.
        case generated
        /// Made elsewhere and brought here.
        case imported
        /// Brought back out of a backup of the same security domain.
        case restored
    }

    /// In this alone the two statements of an attestation differ.
    public var subject: Subject
    /// 16 bytes.
    public var poolID: [UInt8]
    /// As the node that answered is configured.
    public var poolName: String
    /// The name of the node that answered.
    public var node: String
    /// Of the program on the node that answered.
    public var softwareVersion: String
    /// The key version's `kid`: its full URL.
    public var keyIdentifier: String
    /// Taken from what is bound to the sealed record, which opened under it.
    public var header: Header
    /// `nil` for a symmetric key.
    public var publicKey: PublicKey?
    /// From the pool's state: it isn't bound to the sealed record.
    public var origin: Origin
    /// Index of the pool's log at which this was true.
    public var logIndex: UInt64
    /// Seconds since 1970-01-01T00:00:00Z.
    public var issuedAt: Int64
    /// What the asker sent, to know that the statement is fresh.
    public var nonce: String?

    /// What is sealed with the key and decides its use.
    public struct Header: Hashable, Sendable {
        /// The name that all versions of the key share.
        public var name: String
        /// 32 hexadecimal digits.
        public var version: String
        /// As in the protocol, such as `EC-HSM`.
        public var keyType: String
        /// Of the modulus, of the curve's field, or of a symmetric key.
        public var bits: Int
        /// `key_ops` of the protocol, in the module's order.
        public var operations: [String]
        /// Whether the key may leave the pool under its release policy.
        public var isExportable: Bool
        /// SHA-256 of the release policy; empty without one.
        public var releasePolicyDigest: [UInt8]
        /// Whether the policy stays for good; false without one.
        public var isReleasePolicyImmutable: Bool
        /// Seconds since 1970-01-01T00:00:00Z.
        public var createdAt: Int64
        /// How often operations or policy were changed.
        public var revision: UInt32

        /// The same in the protocol's words.
        public init(_ header: KeyHeader) {
            name = header.name
            version = Hexadecimal.encode(header.version)
            keyType = header.keyType.jsonName
            bits = header.bits
            operations = header.operations.jsonNames
            isExportable = header.exportable
            releasePolicyDigest = header.releasePolicyDigest
            isReleasePolicyImmutable = header.releasePolicyImmutable
            createdAt = header.createdAt
            revision = header.revision
        }
    }

    public init(
        subject: Subject, poolID: [UInt8], poolName: String, node: String, softwareVersion: String,
        keyIdentifier: String, header: Header, publicKey: PublicKey?, origin: Origin, logIndex: UInt64,
        issuedAt: Int64, nonce: String?
    ) {
        self.subject = subject
        self.poolID = poolID
        self.poolName = poolName
        self.node = node
        self.softwareVersion = softwareVersion
        self.keyIdentifier = keyIdentifier
        self.header = header
        self.publicKey = publicKey
        self.origin = origin
        self.logIndex = logIndex
        self.issuedAt = issuedAt
        self.nonce = nonce
    }
}

// MARK: - JSON

extension KeyStatement {
    /// The `format` of every statement.
    public static let format = "quorate-key-statement-1"

    func encode() -> [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            writer.member("format", Self.format)
            writer.member("subject", subject.rawValue)
            writer.member("hardware", false)
            writer.member("iat", issuedAt)
            if let nonce { writer.member("nonce", nonce) }
            writer.member("pool") { writer in
                writer.object { writer in
                    writer.member("id", Hexadecimal.encode(poolID))
                    writer.member("name", poolName)
                    writer.member("node", node)
                    writer.member("software", softwareVersion)
                    writer.member("logIndex", logIndex)
                }
            }
            writer.member("key") { $0.object(write) }
        }
        return writer.bytes
    }

    private func write(_ writer: inout JSONWriter) {
        writer.member("kid", keyIdentifier)
        writer.member("name", header.name)
        writer.member("version", header.version)
        writer.member("kty", header.keyType)
        writer.member("bits", header.bits)
        writer.member("key_ops", array: header.operations)
        writer.member("exportable", header.isExportable)
        if !header.releasePolicyDigest.isEmpty {
            writer.member("releasePolicySha256", Base64URL.encode(header.releasePolicyDigest))
            writer.member("releasePolicyImmutable", header.isReleasePolicyImmutable)
        }
        writer.member("origin", origin.rawValue)
        writer.member("created", header.createdAt)
        writer.member("revision", header.revision)
        if let publicKey { writer.member("spki", Base64URL.encode(publicKey.spkiDER())) }
    }

    /// - Throws: ``AttestationRefusal/malformed(_:)`` for anything that ``encode()`` doesn't write.
    init(decoding bytes: [UInt8]) throws(AttestationRefusal) {
        guard case .object(let object)? = try? JSONReader.parse(bytes) else {
            throw .malformed("the statement isn't JSON")
        }
        let reader = StatementReader(object)
        guard try reader.text("format") == Self.format else {
            throw .malformed("the statement isn't of the form \(Self.format)")
        }
        guard let subject = Subject(rawValue: try reader.text("subject")) else {
            throw .malformed("the statement's 'subject' is unknown")
        }
        let (pool, key) = (try reader.section("pool"), try reader.section("key"))
        guard let poolID = Hexadecimal.decode(try pool.text("id")),
            let origin = Origin(rawValue: try key.text("origin"))
        else { throw .malformed("the statement's pool or origin") }
        var publicKey: PublicKey?
        if key.has("spki") {
            guard let spki = Base64URL.decode(try key.text("spki")), let parsed = try? PublicKey(spkiDER: spki) else {
                throw .malformed("the statement's 'spki'")
            }
            publicKey = parsed
        }
        self.init(
            subject: subject, poolID: poolID, poolName: try pool.text("name"), node: try pool.text("node"),
            softwareVersion: try pool.text("software"), keyIdentifier: try key.text("kid"),
            header: try Header(key), publicKey: publicKey, origin: origin,
            logIndex: try pool.number("logIndex"), issuedAt: try reader.number("iat"),
            nonce: reader.has("nonce") ? try reader.text("nonce") : nil)
        // One form only: no member that this reader would overlook.
        guard encode() == bytes else { throw .malformed("the statement has members that don't belong there") }
    }
}

extension KeyStatement.Header {
    fileprivate init(_ key: StatementReader) throws(AttestationRefusal) {
        name = try key.text("name")
        version = try key.text("version")
        keyType = try key.text("kty")
        bits = try key.number("bits")
        operations = try key.texts("key_ops")
        isExportable = try key.flag("exportable")
        releasePolicyDigest = []
        isReleasePolicyImmutable = false
        if key.has("releasePolicySha256") {
            guard let digest = Base64URL.decode(try key.text("releasePolicySha256")), digest.count == 32 else {
                throw .malformed("the statement's 'releasePolicySha256'")
            }
            releasePolicyDigest = digest
            isReleasePolicyImmutable = try key.flag("releasePolicyImmutable")
        }
        createdAt = try key.number("created")
        revision = try key.number("revision")
    }
}

/// Typed access to the members of a statement.
private struct StatementReader {
    private let object: JSONObject

    init(_ object: JSONObject) { self.object = object }

    func has(_ name: String) -> Bool { object[name] != nil }

    func text(_ name: String) throws(AttestationRefusal) -> String {
        guard case .string(let text)? = object[name] else { throw .malformed("the statement's '\(name)'") }
        return text
    }

    func texts(_ name: String) throws(AttestationRefusal) -> [String] {
        guard case .array(let elements)? = object[name] else { throw .malformed("the statement's '\(name)'") }
        var texts: [String] = []
        for element in elements {
            guard case .string(let text) = element else { throw .malformed("the statement's '\(name)'") }
            texts.append(text)
        }
        return texts
    }

    func number<Number: FixedWidthInteger>(_ name: String) throws(AttestationRefusal) -> Number {
        guard case .integer(let number)? = object[name], let exact = Number(exactly: number) else {
            throw .malformed("the statement's '\(name)'")
        }
        return exact
    }

    func flag(_ name: String) throws(AttestationRefusal) -> Bool {
        guard case .bool(let flag)? = object[name] else { throw .malformed("the statement's '\(name)'") }
        return flag
    }

    func section(_ name: String) throws(AttestationRefusal) -> StatementReader {
        guard case .object(let inner)? = object[name] else { throw .malformed("the statement's '\(name)'") }
        return StatementReader(inner)
    }
}
