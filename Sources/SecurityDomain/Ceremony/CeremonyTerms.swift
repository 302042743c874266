/// What officers come together for. A share sealed for one purpose is refused for another.
public enum CeremonyPurpose: UInt8, Sendable {
    /// Opening a sealed node of a living pool.
    case unseal = 1
    /// Bringing the security domain of a lost pool into a new one, by the officers' file.
    case restore = 2
    /// Letting one node go on alone, because a majority of the pool is lost for good.
    case recoverPool = 3
}

/// What every message of one ceremony is bound to.
public struct CeremonyTerms: Hashable, Sendable {
    /// 16 bytes. Of the pool that the node is in: in a restore not the one that the officers' file names.
    public let poolID: [UInt8]
    /// Root key generation.
    public let generation: UInt32
    /// 16 random bytes.
    public let ceremonyID: [UInt8]
    /// An envelope for another one is refused.
    public let purpose: CeremonyPurpose
    /// SHA-256 of the SubjectPublicKeyInfo of the exchange key.
    public let exchangeKeyDigest: [UInt8]
    /// Seconds since 1970.
    public let expiresAt: Int64

    static let digestLength = 32

    func write(to writer: inout FieldWriter) {
        writer.field(poolID)
        writer.field(generation)
        writer.field(ceremonyID)
        writer.field(purpose.rawValue)
        writer.field(exchangeKeyDigest)
        writer.field(expiresAt)
    }

    init(from reader: inout FieldReader) throws {
        poolID = try reader.bytes(exactly: PoolIdentity.identifierLength)
        generation = try reader.integer()
        ceremonyID = try reader.bytes(exactly: PoolIdentity.identifierLength)
        guard let purpose = CeremonyPurpose(rawValue: try reader.integer()) else {
            throw reader.malformed("unknown purpose")
        }
        self.purpose = purpose
        exchangeKeyDigest = try reader.bytes(exactly: Self.digestLength)
        expiresAt = try reader.integer()
    }

    init(
        poolID: [UInt8], generation: UInt32, ceremonyID: [UInt8], purpose: CeremonyPurpose, exchangeKeyDigest: [UInt8],
        expiresAt: Int64
    ) {
        self.poolID = poolID
        self.generation = generation
        self.ceremonyID = ceremonyID
        self.purpose = purpose
        self.exchangeKeyDigest = exchangeKeyDigest
        self.expiresAt = expiresAt
    }
}
