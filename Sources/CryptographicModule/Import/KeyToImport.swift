/// A key that was made elsewhere, as the members of a JSON Web Key (RFC 7518 section 6): base64url texts, which are
/// decoded straight into secure memory.
public enum KeyToImport: Sendable {
    /// Section 6.3; all eight are needed.
    case rsa(RSAMembers)
    /// Section 6.2. Where `x` and `y` are given they have to be those of `d`.
    case ec(EllipticCurve, d: String, x: String?, y: String?)
    /// Section 6.4: 16, 24 or 32 bytes.
    case oct(k: String)
    /// RFC 8037 section 2: Ed25519.
    case ed25519(d: String, x: String?)

    /// The members of an RSA key (RFC 7518 sections 6.3.1 and 6.3.2), base64url.
    public struct RSAMembers: Sendable, CustomReflectable {
        var n, e, d, p, q, dp, dq, qi: String

        /// Takes the texts as they are: they are decoded, and checked against each other, when the key is imported.
        public init(
            n: String, e: String, d: String, p: String, q: String, dp: String, dq: String, qi: String
        ) {
            (self.n, self.e, self.d, self.p, self.q) = (n, e, d, p, q)
            (self.dp, self.dq, self.qi) = (dp, dq, qi)
        }

        /// Empty: what prints a value must not print a key.
        public var customMirror: Mirror { Mirror(self, children: []) }
    }
}

/// What a key to import shall become.
public struct ImportTemplate: Sendable {
    /// 16 bytes.
    public var poolID: [UInt8]
    /// The key's name, which its versions share.
    public var name: String
    /// 16 bytes.
    public var version: [UInt8]
    /// The key itself.
    public var key: KeyToImport
    /// All that the key may be used for.
    public var operations: KeyOperations
    /// Seconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// `nil` for a key that never leaves the pool unsealed.
    public var export: ExportTerms?

    public init(
        poolID: [UInt8], name: String, version: [UInt8], key: KeyToImport, operations: KeyOperations,
        createdAt: Int64, export: ExportTerms? = nil
    ) {
        self.export = export
        self.poolID = poolID
        self.name = name
        self.version = version
        self.key = key
        self.operations = operations
        self.createdAt = createdAt
    }
}

/// Members of a key, decoded one after the other into one block of secure memory.
struct DecodedMembers: ~Copyable {
    private let bytes: Secret
    private let ranges: [Range<Int>]

    /// The longest member in bytes: a modulus of 4096 bits, with room for leading zeros.
    private static let limit = 520

    /// - Throws: ``CryptoError/invalidParameter(name:reason:)`` with the member's name.
    init(_ members: [(name: String, text: String)]) throws {
        var (ranges, end): ([Range<Int>], Int) = ([], 0)
        for (name, text) in members {
            let count = text.utf8.count * 3 / 4
            guard count > 0, count <= Self.limit else {
                throw CryptoError.invalidParameter(name: name, reason: "it is empty or too long")
            }
            ranges.append(end..<end + count)
            end += count
        }
        bytes = try Secret(count: end) { target in
            for ((name, text), range) in zip(members, ranges) {
                guard Base64URL.decode(text, into: UnsafeMutableRawBufferPointer(rebasing: target[range])) != nil else {
                    throw CryptoError.invalidParameter(name: name, reason: "it isn't base64url without padding")
                }
            }
        }
        self.ranges = ranges
    }

    /// The members in their order, valid during the call only.
    borrowing func withMembers<Result>(_ body: ([UnsafeRawBufferPointer]) throws -> Result) throws -> Result {
        try bytes.withUnsafeBytes { whole in
            try body(ranges.map { UnsafeRawBufferPointer(rebasing: whole[$0]) })
        }
    }
}
