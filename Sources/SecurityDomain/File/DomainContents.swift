import CryptographicModule

/// What the items of a security domain file hold, in the three tags that the clients have seen.
enum DomainContents {
    static let rootTag = "hsm_backup"
    static let formerRootsTag = "base_enclave_backup"
    static let commitmentsTag = "partition_enclave_backup"
    static let tags = [rootTag, formerRootsTag, commitmentsTag]

    private static let rootLabel = "QSD1"
    private static let formerRootsLabel = "QSF1"
    private static let commitmentsLabel = "QSP1"
    private static let formatVersion: UInt32 = 1
    private static let maximumFormerRoots = 512
    private static let maximumLength = 64 * 1024

    // MARK: Making

    static func items(
        root: RootKey, formerRoots: [RootKey], identity: PoolIdentity, commitments: [ShareCommitment], required: Int
    ) throws -> [SecurityDomainItem] {
        [
            try rootItem(root, identity: identity),
            try formerRootsItem(formerRoots, identity: identity),
            try commitmentsItem(commitments, required: required, identity: identity),
        ]
    }

    private static func rootItem(_ root: RootKey, identity: PoolIdentity) throws -> SecurityDomainItem {
        var writer = FieldWriter(label: rootLabel)
        identity.write(to: &writer)
        return SecurityDomainItem(tag: rootTag, plaintext: try SecretFields.append(to: writer.bytes, roots: [root]))
    }

    private static func formerRootsItem(_ roots: [RootKey], identity: PoolIdentity) throws -> SecurityDomainItem {
        var writer = FieldWriter(label: formerRootsLabel)
        writer.field(identity.poolID)
        writer.field(UInt32(roots.count))
        for root in roots { writer.field(root.generation) }
        return SecurityDomainItem(
            tag: formerRootsTag, plaintext: try SecretFields.append(to: writer.bytes, roots: roots))
    }

    private static func commitmentsItem(
        _ commitments: [ShareCommitment], required: Int, identity: PoolIdentity
    ) throws -> SecurityDomainItem {
        var writer = FieldWriter(label: commitmentsLabel)
        writer.field(formatVersion)
        writer.field(identity.poolID)
        writer.field(UInt32(required))
        writer.field(UInt32(commitments.count))
        for commitment in commitments { writer.field(commitment.digest) }
        return SecurityDomainItem(tag: commitmentsTag, plaintext: try SecretFields.append(to: writer.bytes, roots: []))
    }

    // MARK: Reading

    /// The root of an opened file, if it is the one that `identity` names.
    ///
    /// - Throws: `SecurityDomainError.malformed` when the items are not exactly the three, `.wrongPool`,
    ///   `.wrongSecurityDomain`, `.wrongGeneration`, or `.rootMismatch` when the key itself does not give the key check
    ///   value.
    static func root(from items: [SecurityDomainItem], matching identity: PoolIdentity) throws -> RootKey {
        let domain = try domain(from: items)
        try domain.check(matches: identity)
        return domain.root
    }

    /// What an opened file is the security domain of.
    static func domain(from items: [SecurityDomainItem]) throws -> OpenedDomain {
        let (root, identity) = try rootAndIdentity(from: items)
        return OpenedDomain(root: root, identity: identity)
    }

    /// The commitments that an opened file carries, and how many officers are a quorum.
    static func commitments(
        from items: [SecurityDomainItem], poolID: [UInt8]
    ) throws -> (commitments: [ShareCommitment], required: Int) {
        let item = try item(commitmentsTag, of: items)
        return try item.plaintext.withUnsafeBytes { buffer in
            try FieldReader.read(
                buffer, document: "item \(commitmentsTag)", label: commitmentsLabel, limit: maximumLength
            ) { reader in
                guard try reader.integer(UInt32.self) == formatVersion else { throw reader.malformed("its version") }
                guard try reader.bytes(exactly: PoolIdentity.identifierLength) == poolID else {
                    throw SecurityDomainError.wrongPool
                }
                let required = Int(try reader.integer(UInt32.self))
                var commitments: [ShareCommitment] = []
                for _ in 0..<(try reader.count(upTo: Officers.countRange.upperBound)) {
                    commitments.append(try ShareCommitment(digest: try reader.bytes(exactly: ShareCommitment.length)))
                }
                return (commitments, required)
            }
        }
    }

    /// The root and what the file says of it; the root agrees with the key check value stated beside it.
    static func rootAndIdentity(from items: [SecurityDomainItem]) throws -> (root: RootKey, identity: PoolIdentity) {
        let item = try item(rootTag, of: items)
        let (root, identity) = try item.plaintext.withUnsafeBytes { buffer in
            try FieldReader.read(buffer, document: "item \(rootTag)", label: rootLabel, limit: maximumLength) {
                reader in
                let identity = try PoolIdentity(from: &reader)
                let root = try RootKey(try reader.secret(exactly: RootKey.length), generation: identity.generation)
                return (root, identity)
            }
        }
        guard SecureCompare.equal(try root.checkValue(poolID: identity.poolID), identity.keyCheckValue) else {
            throw SecurityDomainError.rootMismatch
        }
        return (root, identity)
    }

    /// The roots of former generations that an opened file carries, so that backups made under them stay readable.
    static func formerRoots(from items: [SecurityDomainItem], poolID: [UInt8]) throws -> [RootKey] {
        let item = try item(formerRootsTag, of: items)
        return try item.plaintext.withUnsafeBytes { buffer in
            try FieldReader.read(
                buffer, document: "item \(formerRootsTag)", label: formerRootsLabel, limit: maximumLength
            ) { reader in
                guard try reader.bytes(exactly: PoolIdentity.identifierLength) == poolID else {
                    throw SecurityDomainError.wrongPool
                }
                var generations: [UInt32] = []
                for _ in 0..<(try reader.count(upTo: maximumFormerRoots)) { generations.append(try reader.integer()) }
                var roots: [RootKey] = []
                for generation in generations {
                    roots.append(try RootKey(try reader.secret(exactly: RootKey.length), generation: generation))
                }
                return roots
            }
        }
    }

    private static func item(_ tag: String, of items: [SecurityDomainItem]) throws -> SecurityDomainItem {
        guard items.map(\.tag).sorted() == tags.sorted(), let item = items.first(where: { $0.tag == tag }) else {
            throw SecurityDomainError.malformed(document: "security domain", reason: "not exactly the items \(tags)")
        }
        return item
    }
}
