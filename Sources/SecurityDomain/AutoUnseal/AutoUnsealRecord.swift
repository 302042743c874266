public import CryptographicModule

/// A root, sealed so that one ``AutoUnsealKey`` opens it: by ECDH of an ephemeral key with that one, so that nothing
/// but its public half is needed to make it anew with every change of the root.
public struct AutoUnsealRecord: Hashable, Sendable {
    /// Of the root.
    public let generation: UInt32
    /// What the key's holder agrees with, an uncompressed point of P-256.
    public let ephemeralKey: [UInt8]
    private let ciphertext: [UInt8]
    private let authenticationTag: [UInt8]

    private static let document = "auto-unseal record"
    private static let label = "QAR1"
    private static let maximumLength = 512
    private static let authenticationTagLength = 16
    /// Each key encrypts one message, so its nonce can be fixed.
    private static let zeroNonce = [UInt8](repeating: 0, count: 12)

    // MARK: Sealing and opening

    /// - Parameter identity: of the keyring under this root.
    public init(sealing root: RootKey, of identity: PoolIdentity, for key: AutoUnsealKey) throws {
        let ephemeral = try KeyAgreement.generate()
        (generation, ephemeralKey) = (root.generation, ephemeral.publicPoint)
        let binding = Self.binding(key, identity.poolID, generation, ephemeralKey)
        let content = try Self.contentKey(try ephemeral.agree(with: key.point), binding)
        let sealed = try root.withSecret {
            try AESGCM.seal($0, key: content, nonce: Self.zeroNonce, associatedData: binding)
        }
        (ciphertext, authenticationTag) = (sealed.ciphertext, sealed.tag)
    }

    /// - Parameters:
    ///   - identity: of the keyring that is to be opened.
    ///   - agreed: what the holder of `key` agreed on with ``ephemeralKey``.
    /// - Throws: `SecurityDomainError.wrongGeneration`, `.rootMismatch`.
    public func open(of identity: PoolIdentity, for key: AutoUnsealKey, agreed: borrowing Secret) throws -> RootKey {
        guard generation == identity.generation else {
            throw SecurityDomainError.wrongGeneration(expected: identity.generation, got: generation)
        }
        let binding = Self.binding(key, identity.poolID, generation, ephemeralKey)
        let secret: Secret
        do {
            secret = try AESGCM.open(
                ciphertext, tag: authenticationTag, key: try Self.contentKey(agreed, binding), nonce: Self.zeroNonce,
                associatedData: binding)
        } catch CryptoError.secureMemoryExhausted {
            throw CryptoError.secureMemoryExhausted
        } catch {
            throw SecurityDomainError.rootMismatch
        }
        return try RootKey(secret, generation: generation)
    }

    /// `QAU1` ‖ pool ‖ generation ‖ provider ‖ key id ‖ ephemeral key.
    private static func binding(
        _ key: AutoUnsealKey, _ poolID: [UInt8], _ generation: UInt32, _ ephemeralKey: [UInt8]
    ) -> [UInt8] {
        var writer = FieldWriter(label: "QAU1", reserving: 256)
        writer.field(poolID)
        writer.field(generation)
        writer.field(key.provider.rawValue)
        writer.field(key.id)
        writer.field(ephemeralKey)
        return writer.bytes
    }

    private static func contentKey(_ agreed: borrowing Secret, _ binding: [UInt8]) throws -> Secret {
        try KeyDerivation.derive(
            agreed, label: "quorate/1/auto-unseal", context: [Digest.sha256(binding)], bits: 256)
    }

    // MARK: Byte form

    /// The one byte form.
    public func encode() -> [UInt8] {
        var writer = FieldWriter(label: Self.label, reserving: 256)
        writer.field(generation)
        writer.field(ephemeralKey)
        writer.field(ciphertext)
        writer.field(authenticationTag)
        return writer.bytes
    }

    /// Reads the byte form strictly; nothing is verified yet.
    public static func decode(_ bytes: [UInt8]) throws -> AutoUnsealRecord {
        try FieldReader.read(bytes, document: document, label: label, limit: maximumLength) { reader in
            try AutoUnsealRecord(from: &reader)
        }
    }

    private init(from reader: inout FieldReader) throws {
        generation = try reader.integer()
        ephemeralKey = try reader.bytes(exactly: AutoUnsealKey.pointLength)
        ciphertext = try reader.bytes(exactly: RootKey.length)
        authenticationTag = try reader.bytes(exactly: Self.authenticationTagLength)
    }
}
