import COpenSSL

/// What a key to generate shall be.
public struct KeyTemplate: Sendable {
    /// The kind of key, and how large it is.
    public enum Material: Sendable {
        /// 2048, 3072 or 4096 bits; the exponent big-endian, odd, at least 65537 and below 2^256.
        case rsa(bits: Int, publicExponent: [UInt8])
        case ec(EllipticCurve)
        /// A symmetric key of 128, 192 or 256 bits.
        case oct(bits: Int)
        case ed25519
    }

    /// 16 bytes.
    public var poolID: [UInt8]
    /// The key's name, which its versions share.
    public var name: String
    /// 16 bytes.
    public var version: [UInt8]
    /// What is to be generated.
    public var material: Material
    /// All that the key may be used for.
    public var operations: KeyOperations
    /// Seconds since 1970-01-01T00:00:00Z.
    public var createdAt: Int64
    /// `nil` for a key that never leaves the pool unsealed.
    public var export: ExportTerms?

    public init(
        poolID: [UInt8], name: String, version: [UInt8], material: Material, operations: KeyOperations,
        createdAt: Int64, export: ExportTerms? = nil
    ) {
        self.export = export
        self.poolID = poolID
        self.name = name
        self.version = version
        self.material = material
        self.operations = operations
        self.createdAt = createdAt
    }
}

/// A new key: its private half exists only inside the sealed record.
public struct GeneratedKey: Sendable {
    /// What is bound to the record.
    public let header: KeyHeader
    /// `nil` for a symmetric key.
    public let publicKey: PublicKey?
    /// The key, sealed under the module's current key-encryption key.
    public let record: SealedRecord
}

/// What tells two symmetric keys apart in their headers: HMAC over the key, with a key that is derived from the
/// key-encryption key. Who reads it learns nothing, even of a key that is easily guessed.
enum KeyCheckValue {
    static func make(_ octets: borrowing Secret, under kek: SecretKey) throws -> [UInt8] {
        let key = try KeyDerivation.derive(kek, label: "quorate/1/key-check", context: [], bits: 256)
        var code = [UInt8](repeating: 0, count: 32)
        let status = key.withUnsafeBytes { keyBytes in
            octets.withUnsafeBytes { bytes in
                qk_hmac(QK_SHA256, keyBytes.baseAddress, keyBytes.count, bytes.baseAddress, bytes.count, &code)
            }
        }
        try CryptoError.check(status, "check value")
        return code
    }
}

/// Under which policy a key may leave the pool; bound to it like its name.
public struct ExportTerms: Hashable, Sendable {
    /// Whether it may at all. Decided when the key is made, for good.
    public var isExportable: Bool
    /// SHA-256 of the release policy's bytes.
    public var policyDigest: [UInt8]
    /// Whether the policy stays as it is for good.
    public var isPolicyImmutable: Bool

    public init(isExportable: Bool, policyDigest: [UInt8], isPolicyImmutable: Bool) {
        self.isExportable = isExportable
        self.policyDigest = policyDigest
        self.isPolicyImmutable = isPolicyImmutable
    }
}

/// Whose key it is and what for: what a header takes besides the material.
struct KeyPlace {
    let poolID: [UInt8]
    let name: String
    let version: [UInt8]
    let operations: KeyOperations
    let createdAt: Int64
    let export: ExportTerms?

    func header(
        _ type: KeyType, curve: EllipticCurve? = nil, bits: Int, publicDigest: [UInt8]
    ) throws(CryptoError) -> KeyHeader {
        guard poolID.count == 16, version.count == 16 else { throw .malformed("pool or version id") }
        return KeyHeader(
            poolID: poolID, kind: KeyHeader.customerKind, name: name, version: version, keyType: type, curve: curve,
            bits: bits, operations: operations, exportable: export?.isExportable ?? false,
            releasePolicyDigest: export?.policyDigest ?? [],
            releasePolicyImmutable: export?.isPolicyImmutable ?? false, createdAt: createdAt, revision: 0,
            publicDigest: publicDigest)
    }
}

extension CryptographicModule {
    /// Makes a key and seals it under the module's key-encryption key. RSA takes from tenths of a second to seconds,
    /// but for spare keys.
    public func generateKey(_ template: KeyTemplate) throws(CryptoError) -> GeneratedKey {
        try health.requireGood()
        let kek = try currentKEK()
        let place = KeyPlace(
            poolID: template.poolID, name: template.name, version: template.version, operations: template.operations,
            createdAt: template.createdAt, export: template.export)
        switch template.material {
        case .rsa(let bits, let exponent):
            guard [2048, 3072, 4096].contains(bits) else { throw .unsupported("RSA keys of \(bits) bits") }
            return try seal(try freshRSA(bits: bits, exponent: exponent), .rsaHSM, bits: bits, place, kek)
        case .ec(let curve):
            return try seal(try .generateEC(curve), .ecHSM, curve: curve, bits: curve.bits, place, kek)
        case .oct(let bits):
            guard [128, 192, 256].contains(bits) else { throw .unsupported("symmetric keys of \(bits) bits") }
            return try sealing { try self.seal(octets: try Random.secret(bits / 8), place, kek) }
        case .ed25519: return try seal(try .generateEd25519(), .okpHSM, bits: KeyHeader.ed25519Bits, place, kek)
        }
    }

    /// The pair sealed as a customer's key.
    func seal(
        _ key: LoadedKey, _ type: KeyType, curve: EllipticCurve? = nil, bits: Int, _ place: KeyPlace, _ kek: SecretKey
    ) throws(CryptoError) -> GeneratedKey {
        let spki = try key.spkiDER()
        let header = try place.header(type, curve: curve, bits: bits, publicDigest: Digest.sha256(spki))
        return try sealing {
            let record = try Sealing.seal(try key.exportPrivate(), under: kek, associatedData: header.associatedData())
            return GeneratedKey(header: header, publicKey: try PublicKey(spkiDER: spki), record: record)
        }
    }

    /// A symmetric key sealed as a customer's; its record holds its bytes as they are.
    func seal(octets: borrowing Secret, _ place: KeyPlace, _ kek: SecretKey) throws -> GeneratedKey {
        let check = try KeyCheckValue.make(octets, under: kek)
        let header = try place.header(.octHSM, bits: octets.count * 8, publicDigest: check)
        let record = try Sealing.seal(octets, under: kek, associatedData: header.associatedData())
        return GeneratedKey(header: header, publicKey: nil, record: record)
    }

    func sealing(_ body: () throws -> GeneratedKey) throws(CryptoError) -> GeneratedKey {
        do {
            return try body()
        } catch let error as CryptoError {
            throw error
        } catch {
            throw .internalFailure("sealing a new key")
        }
    }
}
