import Synchronization

/// The boundary inside which customers' keys exist in the clear.
///
/// It takes sealed records and requests and gives results; no plaintext key bytes cross it. Permissions come from the
/// header under which
/// a record opens. Safe to call from any thread.
public final class CryptographicModule: Sendable {
    struct KeyEncryptionKeys {
        var byID: [[UInt8]: SecretKey] = [:]
        /// What new records are sealed under.
        var current: SecretKey?
    }

    private let cache: KeyCache
    let keks = Mutex(KeyEncryptionKeys())
    let health: ModuleHealth
    let nonces = NonceSequences()
    let spares: SpareKeys

    /// - Parameters:
    ///   - keyCacheBytes: how much secure memory opened keys may take; those not used lately make room.
    ///   - spareKeys: how many RSA pairs of each size ``makeSpareKey()`` makes in advance.
    public convenience init(keyCacheBytes: Int, spareKeys: Int = 0) {
        self.init(keyCacheBytes: keyCacheBytes, spareKeys: spareKeys, health: .shared)
    }

    init(keyCacheBytes: Int, spareKeys: Int = 0, health: ModuleHealth) {
        cache = KeyCache(capacity: keyCacheBytes)
        spares = SpareKeys(limit: spareKeys)
        self.health = health
    }

    // MARK: Seal state

    /// Lets the module open records that are sealed under this key, too, and seal new ones under it.
    public func unlock(kek: SecretKey) {
        keks.withLock { keks in
            keks.byID[kek.id] = kek
            keks.current = kek
        }
    }

    /// Lets the module open records that are sealed under these keys and no others, and seal new ones under the last.
    public func unlock(keks held: [SecretKey]) {
        keks.withLock { keks in
            keks.byID = Dictionary(held.map { ($0.id, $0) }) { $1 }
            keks.current = held.last
        }
    }

    /// Forgets all key-encryption keys and frees every opened key; operations under way finish, later ones fail.
    public func lock() {
        keks.withLock { $0 = KeyEncryptionKeys() }
        cache.removeAll()
        spares.removeAll()
        nonces.removeAll()
    }

    /// Whether the module holds a key-encryption key, so that it can seal and open records.
    public var isUnlocked: Bool { keks.withLock { $0.current != nil } }

    func kek(for record: SealedRecord) throws(CryptoError) -> SecretKey {
        guard let kek = keks.withLock({ $0.byID[record.kekID] }) else {
            throw .operationNotPermitted("the module is locked, or the record is under a key that it doesn't hold")
        }
        return kek
    }

    /// What new records are sealed under.
    func currentKEK() throws(CryptoError) -> SecretKey {
        guard let kek = keks.withLock({ $0.current }) else { throw .operationNotPermitted("the module is locked") }
        return kek
    }

    // MARK: Signatures

    /// Signs a digest.
    ///
    /// - Parameters:
    ///   - recordDigest: SHA-256 of the sealed record, by which the opened key is cached.
    ///   - fetch: gives the record; called only when the key isn't cached.
    /// - Returns: the signature; for ECDSA r ‖ s, each of the curve's full length.
    public func sign(
        header: KeyHeader, recordDigest: [UInt8], fetch: () throws(CryptoError) -> SealedRecord,
        algorithm: SignatureAlgorithm, digest: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        guard digest.count == algorithm.digestLength else {
            throw .wrongDigestLength(expected: algorithm.digestLength, got: digest.count)
        }
        return try use(header, recordDigest, fetch, to: .sign, named: "sign", if: algorithm.fits) {
            key throws(CryptoError) in try key.sign(algorithm.scheme, algorithm.hash, digest)
        }
    }

    /// Whether a signature is good. A malformed signature is a bad one. For many signatures of a key:
    /// ``verificationKey(for:)``.
    public func verify(
        publicKey: PublicKey, algorithm: SignatureAlgorithm, digest: [UInt8], signature: [UInt8]
    ) throws(CryptoError) -> Bool {
        try verificationKey(for: publicKey).verify(algorithm: algorithm, digest: digest, signature: signature)
    }

    /// Makes a public key ready to check many signatures.
    /// - Throws: ``CryptoError/malformed(_:)`` for a point that isn't on its curve; ``CryptoError/unsupported(_:)`` for
    ///   RSA of another size than 2048, 3072 or 4096 bits; ``CryptoError/keyRejected(_:)`` for an exponent that is
    ///   even, 1, or has more than 256 bits.
    public func verificationKey(for publicKey: PublicKey) throws(CryptoError) -> VerificationKey {
        try VerificationKey(publicKey, health: health)
    }

    /// Whether the key is open, so that its use needs no record.
    /// - Parameter recordDigest: SHA-256 of the sealed record.
    public func isCached(recordDigest: [UInt8]) -> Bool { cache.contains(recordDigest) }

    /// Drops an opened key: after a change of the key, or its deletion.
    public func evict(recordDigest: [UInt8]) { cache.remove(recordDigest) }

    /// Drops all opened keys; they are opened again when they are used.
    public func evictAll() { cache.removeAll() }

    // MARK: Opened keys

    /// Runs `body` with an opened key that its authenticated header allows the operation.
    /// - Parameters:
    ///   - fits: whether a key with this header can do what is asked.
    ///   - body: gives `nil` when the key was closed before it could be used.
    @inline(__always)
    func use<Result>(
        _ header: KeyHeader, _ recordDigest: [UInt8], _ fetch: () throws(CryptoError) -> SealedRecord,
        to operation: KeyOperations, named name: String, if fits: (KeyHeader) -> Bool,
        _ body: (LoadedKey) throws(CryptoError) -> Result?
    ) throws(CryptoError) -> Result {
        try health.requireGood()
        // Twice, since another thread may evict the key between look-up and use.
        for _ in 0..<2 {
            let entry = try opened(header, recordDigest, fetch)
            // The cached entry's own header opened the record: what the caller passed has no say in what is permitted.
            guard entry.header == header else { throw .authenticationFailed }
            guard entry.header.operations.contains(operation), fits(entry.header) else {
                throw .operationNotPermitted(name)
            }
            if let result = try body(entry.key) { return result }
        }
        throw .operationNotPermitted("the key was dropped while it was used")
    }

    static func load(_ material: borrowing Secret, _ header: KeyHeader) throws(CryptoError) -> LoadedKey {
        guard header.keyType == .octHSM else { return try LoadedKey.load(privateKey: material) }
        guard material.count * 8 == header.bits else { throw .malformed("symmetric key") }
        return try LoadedKey.load(octets: material)
    }

    /// The key of a record, from the cache or opened now under this header.
    func opened(
        _ header: KeyHeader, _ recordDigest: [UInt8], _ fetch: () throws(CryptoError) -> SealedRecord
    ) throws(CryptoError) -> KeyCache.Entry {
        if let entry = cache.entry(recordDigest) { return entry }
        let record = try fetch()
        guard SecureCompare.equal(Digest.sha256(record.bytes), recordDigest) else { throw .authenticationFailed }
        do {
            let material = try Sealing.open(
                record, under: try kek(for: record), associatedData: header.associatedData())
            let entry = cache.insert(
                KeyCache.Entry(header: header, key: try Self.load(material, header)), recordDigest)
            // A lock that came between would otherwise leave this key behind.
            guard isUnlocked else {
                cache.remove(recordDigest)
                throw CryptoError.operationNotPermitted("the module is locked")
            }
            return entry
        } catch let error as CryptoError {
            throw error
        } catch {
            throw .internalFailure("opening a key")
        }
    }
}
