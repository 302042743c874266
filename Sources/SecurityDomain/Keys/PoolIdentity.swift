/// Public facts that name one pool, its security domain and the root key generation in force.
public struct PoolIdentity: Hashable, Sendable {
    /// 16 bytes, chosen when the pool is made.
    public let poolID: [UInt8]
    /// 16 bytes; a pool restored elsewhere keeps it, so that its backups open there.
    public let securityDomainID: [UInt8]
    /// Generation of the root key; 0 until the first change of the root.
    public let generation: UInt32
    /// Key check value of the root of this generation: tells the right root from a wrong one and says nothing else
    /// about it.
    public let keyCheckValue: [UInt8]
    /// SubjectPublicKeyInfo (DER) of the pool identity key.
    public let identityKey: [UInt8]
    /// When the pool was made, seconds since 1970.
    public let createdAt: Int64
    /// The pool that the officers' file names: this one, or one that was lost and whose security domain this pool has
    /// taken over.
    public let domainPoolID: [UInt8]

    static let identifierLength = 16
    static let keyCheckLength = 16
    static let maximumPublicKeyLength = 2048

    /// - Parameter domainPoolID: nil for `poolID`.
    public init(
        poolID: [UInt8], securityDomainID: [UInt8], generation: UInt32, keyCheckValue: [UInt8], identityKey: [UInt8],
        createdAt: Int64, domainPoolID: [UInt8]? = nil
    ) {
        self.domainPoolID = domainPoolID ?? poolID
        self.poolID = poolID
        self.securityDomainID = securityDomainID
        self.generation = generation
        self.keyCheckValue = keyCheckValue
        self.identityKey = identityKey
        self.createdAt = createdAt
    }
}

extension PoolIdentity {
    func write(to writer: inout FieldWriter) {
        writer.field(poolID)
        writer.field(securityDomainID)
        writer.field(generation)
        writer.field(keyCheckValue)
        writer.field(identityKey)
        writer.field(createdAt)
        if isAdopted { writer.field(domainPoolID) }
    }

    /// Whether the security domain was another pool's first. Such an identity has one field more.
    public var isAdopted: Bool { domainPoolID != poolID }

    init(from reader: inout FieldReader, isAdopted: Bool = false) throws {
        poolID = try reader.bytes(exactly: Self.identifierLength)
        securityDomainID = try reader.bytes(exactly: Self.identifierLength)
        generation = try reader.integer()
        keyCheckValue = try reader.bytes(exactly: Self.keyCheckLength)
        identityKey = try reader.bytes(upTo: Self.maximumPublicKeyLength)
        createdAt = try reader.integer()
        domainPoolID = isAdopted ? try reader.bytes(exactly: Self.identifierLength) : poolID
        guard self.isAdopted == isAdopted else { throw reader.malformed("a pool that has adopted itself") }
    }

    func checkLengths() throws {
        guard poolID.count == Self.identifierLength, securityDomainID.count == Self.identifierLength,
            keyCheckValue.count == Self.keyCheckLength, identityKey.count <= Self.maximumPublicKeyLength
        else { throw SecurityDomainError.malformed(document: "pool identity", reason: "identifiers have 16 bytes") }
    }
}
