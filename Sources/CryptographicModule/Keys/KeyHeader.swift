/// What is bound to a key's sealed record: nobody can use the key as anything else than its header says.
///
/// The module derives every permission from the header that a record opened under, never from a row of the state.
public struct KeyHeader: Hashable, Sendable {
    /// `kind` of a customer's key.
    public static let customerKind: UInt8 = 1
    /// `kind` of a key that the pool itself uses.
    public static let systemKind: UInt8 = 2

    /// Bits of the field of Ed25519.
    public static let ed25519Bits = 255

    /// 16 bytes.
    public var poolID: [UInt8]
    /// ``customerKind`` or ``systemKind``.
    public var kind: UInt8
    /// The key's name, which its versions share.
    public var name: String
    /// 16 bytes.
    public var version: [UInt8]
    /// The kind of key that the record holds.
    public var keyType: KeyType
    /// `nil` for a key of another type than EC.
    public var curve: EllipticCurve?
    /// Of the modulus, of the curve's field, or of a symmetric key.
    public var bits: Int
    /// All that the module does with the key.
    public var operations: KeyOperations
    /// Whether the key may leave the pool under its release policy.
    public var exportable: Bool
    /// SHA-256 of the release policy, or empty.
    public var releasePolicyDigest: [UInt8]
    /// Whether the policy stays as it is for good.
    public var releasePolicyImmutable: Bool
    /// Seconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// Raised by one with each new sealing under changed operations or policy.
    public var revision: UInt32
    /// SHA-256 of the public key (SPKI); of a symmetric key a check value, see ``KeyCheckValue``.
    public var publicDigest: [UInt8]

    public init(
        poolID: [UInt8], kind: UInt8, name: String, version: [UInt8], keyType: KeyType, curve: EllipticCurve?,
        bits: Int, operations: KeyOperations, exportable: Bool, releasePolicyDigest: [UInt8],
        releasePolicyImmutable: Bool, createdAt: Int64, revision: UInt32, publicDigest: [UInt8]
    ) {
        self.poolID = poolID
        self.kind = kind
        self.name = name
        self.version = version
        self.keyType = keyType
        self.curve = curve
        self.bits = bits
        self.operations = operations
        self.exportable = exportable
        self.releasePolicyDigest = releasePolicyDigest
        self.releasePolicyImmutable = releasePolicyImmutable
        self.createdAt = createdAt
        self.revision = revision
        self.publicDigest = publicDigest
    }

    /// The associated data of the record: canonical, every field prefixed by its length (u32 big-endian).
    public func associatedData() -> [UInt8] {
        var bytes = Array("QKR1".utf8)
        func append(_ field: some Collection<UInt8>) {
            withUnsafeBytes(of: UInt32(field.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: field)
        }
        func append(_ number: some FixedWidthInteger) {
            withUnsafeBytes(of: number.bigEndian) { append(Array($0)) }
        }
        append(poolID)
        append(kind)
        append(Array(name.utf8))
        append(version)
        append(keyType.rawValue)
        append(curve?.rawValue ?? 0)
        append(UInt32(truncatingIfNeeded: bits))
        append(operations.rawValue)
        append(UInt8(exportable ? 1 : 0))
        append(releasePolicyDigest)
        append(UInt8(releasePolicyImmutable ? 1 : 0))
        append(createdAt)
        append(revision)
        append(publicDigest)
        return bytes
    }
}
