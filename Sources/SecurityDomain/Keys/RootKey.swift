public import CryptographicModule

/// The root key R_g of one generation: 32 bytes from which the wrapping key W_g of the middle keys and the key check
/// value derive.
///
/// It exists in the secure memory of unsealed nodes, in the officers' security domain file and nowhere else.
public final class RootKey: Sendable {
    /// 0 for a new pool's root; each change of the root adds 1.
    public let generation: UInt32
    private let key: SecretKey

    static let length = 32

    /// - Throws: `SecurityDomainError.malformed` unless `secret` has 32 bytes.
    public init(_ secret: consuming Secret, generation: UInt32) throws {
        guard secret.count == Self.length else {
            throw SecurityDomainError.malformed(document: "root key", reason: "\(secret.count) bytes")
        }
        self.generation = generation
        self.key = SecretKey(consuming: secret, id: Array(repeating: 0, count: 16))
    }

    /// A new root from the system's random source.
    public static func generate(generation: UInt32) throws -> RootKey {
        try RootKey(try Random.secret(length), generation: generation)
    }

    /// KCV_g = KDF(R_g, "quorate/1/root-check", pool ‖ g), 16 bytes; public.
    public func checkValue(poolID: [UInt8]) throws -> [UInt8] {
        let value = try KeyDerivation.derive(
            key, label: "quorate/1/root-check", context: context(poolID), bits: 8 * PoolIdentity.keyCheckLength)
        return value.withUnsafeBytes { Array($0) }
    }

    /// W_g = KDF(R_g, "quorate/1/root-wrap", pool ‖ g). Its public id names pool and generation, so that a record
    /// sealed under another wrapping key is recognised before anything is opened.
    func wrappingKey(poolID: [UInt8]) throws -> SecretKey {
        let secret = try KeyDerivation.derive(key, label: "quorate/1/root-wrap", context: context(poolID), bits: 256)
        var name = FieldWriter(label: "quorate/1/root-wrap-id")
        name.field(poolID)
        name.field(generation)
        return SecretKey(consuming: secret, id: Array(Digest.sha256(name.bytes).prefix(16)))
    }

    private func context(_ poolID: [UInt8]) -> [[UInt8]] {
        [poolID, bigEndianBytes(generation)]
    }

    func withSecret<Value>(_ body: (borrowing Secret) throws -> Value) throws -> Value {
        try key.withSecret(body)
    }

    /// Wipes the key; everything that needs it fails from now on.
    public func destroy() {
        key.destroy()
    }
}
