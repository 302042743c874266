import AccessControl
import CryptographicModule

/// What a key version has to be like, whoever proposes it.
enum KeyRules {
    /// Checks a new version and returns its id.
    static func check(_ new: NewKeyVersion, poolID: [UInt8]) throws(Refusal) -> GUID {
        let header = new.header
        guard KeyName.isValid(header.name) else { throw .invalidKeyName }
        guard header.kind == KeyHeader.customerKind, header.poolID == poolID, header.bits > 0,
            let identifier = GUID(bytes: header.version)
        else { throw .invalidKeyHeader }
        try check(operations: header.operations)
        guard fits(new.publicKey, header) else { throw .invalidKeyHeader }
        guard (1...PoolLimits.recordBytes).contains(new.record.count) else { throw .invalidKeyRecord }
        try check(tags: new.tags)
        try check(new.releasePolicy, against: header)
        return identifier
    }

    /// Checks that a version sealed anew differs from the current one in nothing but what may change.
    static func check(_ resealed: ResealedKey, against current: KeyVersionRecord.Content) throws(Refusal) {
        let old = current.header
        guard old.revision < .max, resealed.header.revision == old.revision + 1 else { throw .revisionMismatch }
        guard (1...PoolLimits.recordBytes).contains(resealed.record.count) else { throw .invalidKeyRecord }
        guard resealed.header.operations.contains(.import) == old.operations.contains(.import) else {
            throw .importOperationImmutable
        }
        try check(operations: resealed.header.operations)
        var expected = old
        expected.revision = resealed.header.revision
        expected.operations = resealed.header.operations
        expected.releasePolicyDigest = resealed.header.releasePolicyDigest
        expected.releasePolicyImmutable = resealed.header.releasePolicyImmutable
        guard resealed.header == expected else { throw .invalidKeyHeader }
        if old.releasePolicyImmutable {
            guard resealed.header.releasePolicyImmutable, resealed.releasePolicy == current.releasePolicy else {
                throw .releasePolicyImmutable
            }
        }
        try check(resealed.releasePolicy, against: resealed.header)
    }

    static func check(tags: [String: String]) throws(Refusal) {
        guard tags.count <= PoolLimits.tagsPerKey else { throw .invalidTags }
        for (name, value) in tags {
            guard !name.isEmpty, isShort(name), isShort(value) else { throw .invalidTags }
        }
    }

    /// Whether the text is no longer than a tag may be. A scalar has a byte at least, and bytes need not be counted.
    private static func isShort(_ text: String) -> Bool {
        text.utf8.count <= PoolLimits.tagLength || text.unicodeScalars.count <= PoolLimits.tagLength
    }

    /// A key that unwraps imported keys does nothing else, or it could be used to read them.
    private static func check(operations: KeyOperations) throws(Refusal) {
        guard !operations.contains(.import) || operations == .import else { throw .invalidKeyHeader }
    }

    /// Whether the public key is of the header's type and has the digest that the header authenticates.
    private static func fits(_ publicKey: PublicKey?, _ header: KeyHeader) -> Bool {
        switch (header.keyType, publicKey) {
        case (.octHSM, nil):
            header.curve == nil
        case (.rsaHSM, .rsa(let n, let e)?):
            header.curve == nil && !n.isEmpty && !e.isEmpty && hasDigest(publicKey, header)
        case (.ecHSM, .ec(let curve, let x, let y)?):
            header.curve == curve && !x.isEmpty && !y.isEmpty && hasDigest(publicKey, header)
        case (.okpHSM, .ed25519(let x)?):
            header.curve == nil && x.count == 32 && hasDigest(publicKey, header)
        default:
            false
        }
    }

    private static func hasDigest(_ publicKey: PublicKey?, _ header: KeyHeader) -> Bool {
        publicKey.map { Digest.sha256($0.spkiDER()) } == header.publicDigest
    }

    private static func check(_ policy: ReleasePolicy?, against header: KeyHeader) throws(Refusal) {
        guard let policy else {
            guard !header.releasePolicyImmutable, header.releasePolicyDigest.isEmpty else {
                throw .invalidReleasePolicy
            }
            return
        }
        guard (1...PoolLimits.releasePolicyBytes).contains(policy.data.count), policy.contentType.utf8.count <= 256,
            Digest.sha256(policy.data) == header.releasePolicyDigest
        else { throw .invalidReleasePolicy }
    }
}

extension KeyVersionRecord {
    /// By what two keys are the same: the modulus of an RSA key (whatever its exponent), the whole public key of any
    /// other. `nil` for symmetric keys, of which nothing but a check value is known.
    var materialHash: Hash256? {
        switch publicKey {
        case .rsa(let n, _): Hash256(hashing: n)
        case .ec, .ed25519: Hash256(content.header.publicDigest)
        case nil: nil
        }
    }
}

extension MaterialIndex {
    mutating func insert(_ version: KeyVersionRecord) {
        if let material = version.materialHash {
            insertPublicKey(material)
        }
        if let record = Hash256(version.recordDigest) {
            insertRecord(record)
        }
    }

    mutating func remove(_ version: KeyVersionRecord) {
        if let material = version.materialHash {
            removePublicKey(material)
        }
        if let record = Hash256(version.recordDigest) {
            removeRecord(record)
        }
    }
}
