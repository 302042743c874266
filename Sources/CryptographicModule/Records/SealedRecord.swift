/// Key material as it may be stored and sent: `01 ‖ alg ‖ kek id[16] ‖ salt[32] ‖ ciphertext ‖ tag[16]`.
public struct SealedRecord: Hashable, Sendable {
    /// Plaintext is at most this long, in bytes.
    public static let maximumPlaintext = 16 * 1024
    static let headerLength = 2 + 16 + 32
    static let tagLength = 16
    static let formatVersion: UInt8 = 1
    /// AES-256-GCM under a key and nonce derived for this record alone.
    static let algorithm: UInt8 = 1

    /// The record in its stored form.
    public let bytes: [UInt8]

    /// Checks form and length; whether the record is genuine shows when it is opened.
    public init(parsing bytes: [UInt8]) throws(CryptoError) {
        let overhead = Self.headerLength + Self.tagLength
        guard bytes.count > overhead, bytes.count <= overhead + Self.maximumPlaintext,
            bytes[0] == Self.formatVersion
        else {
            throw .malformed("sealed record")
        }
        guard bytes[1] == Self.algorithm else { throw .unsupported("sealed record algorithm \(bytes[1])") }
        self.bytes = bytes
    }

    /// Names the key-encryption key, 16 bytes.
    public var kekID: [UInt8] { Array(bytes[2..<18]) }
    var salt: [UInt8] { Array(bytes[18..<50]) }
    var ciphertext: [UInt8] { Array(bytes[50..<bytes.count - Self.tagLength]) }
    var tag: [UInt8] { Array(bytes.suffix(Self.tagLength)) }
}

/// Seals and opens records. Key and nonce are derived from a fresh 256-bit salt and the associated data, so that each
/// encrypts once.
public enum Sealing {
    private static let label = "quorate/1/record"

    /// - Parameter under: a key-encryption key whose id has 16 bytes.
    public static func seal(
        _ secret: borrowing Secret, under kek: SecretKey, associatedData: [UInt8]
    ) throws -> SealedRecord {
        guard kek.id.count == 16, secret.count > 0, secret.count <= SealedRecord.maximumPlaintext else {
            throw CryptoError.malformed("plaintext or key id of a record to seal")
        }
        let salt = Random.bytes(32)
        let (key, nonce) = try Self.derive(kek, salt, associatedData)
        let sealed = try AESGCM.seal(secret, key: key.take(), nonce: nonce, associatedData: associatedData)
        return try SealedRecord(
            parsing: [SealedRecord.formatVersion, SealedRecord.algorithm] + kek.id + salt + sealed.ciphertext
                + sealed.tag)
    }

    /// - Throws: ``CryptoError/authenticationFailed`` where record, key or associated data don't belong together.
    public static func open(_ record: SealedRecord, under kek: SecretKey, associatedData: [UInt8]) throws -> Secret {
        guard SecureCompare.equal(record.kekID, kek.id) else { throw CryptoError.authenticationFailed }
        let (key, nonce) = try Self.derive(kek, record.salt, associatedData)
        return try AESGCM.open(
            record.ciphertext, tag: record.tag, key: key.take(), nonce: nonce, associatedData: associatedData)
    }

    private static func derive(
        _ kek: SecretKey, _ salt: [UInt8], _ associatedData: [UInt8]
    ) throws -> (ResultBox, nonce: [UInt8]) {
        let material = try KeyDerivation.derive(
            kek, label: label, context: [salt, Digest.sha256(associatedData)], bits: 352)
        return try material.withUnsafeBytes { bytes in
            let key = try Secret(copying: UnsafeRawBufferPointer(rebasing: bytes[0..<32]))
            return (ResultBox(key), Array(bytes[32..<44]))
        }
    }
}
