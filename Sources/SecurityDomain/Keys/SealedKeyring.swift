public import CryptographicModule

/// What the pool's state stores of its keyring: public facts and sealed records. It opens only with the root key.
public struct SealedKeyring: Hashable, Sendable {
    /// A symmetric key sealed under the wrapping key of the root.
    public struct MiddleKey: Hashable, Sendable {
        /// The seal is bound to it.
        public let role: MiddleKeyRole
        /// 16 random bytes.
        public let id: [UInt8]
        /// Under the wrapping key of the root of the keyring's generation.
        public let record: SealedRecord
    }

    /// A private key of the pool sealed under the key-encryption key, with its public half.
    public struct SystemKey: Hashable, Sendable {
        /// The seal is bound to it.
        public let role: SystemKeyRole
        /// 16 random bytes.
        public let id: [UInt8]
        /// Seconds since 1970.
        public let createdAt: Int64
        /// SubjectPublicKeyInfo, DER.
        public let publicKey: [UInt8]
        /// Under any of the key-encryption keys that the keyring holds.
        public let record: SealedRecord
    }

    /// Its key check value tells, before anything is opened, whether a root is the right one.
    public let identity: PoolIdentity
    /// In order of role; of several with one role the last is current.
    public let middleKeys: [MiddleKey]
    /// As with ``middleKeys``: in order of role, the last of a role is current.
    public let systemKeys: [SystemKey]

    private static let document = "sealed keyring"
    private static let label = "QSK1"
    /// Of a pool that has taken over another one's security domain.
    private static let adoptedLabel = "QSK2"
    private static let maximumLength = 256 * 1024
    /// Each change of the root adds three: there is room for 339 of them.
    static let maximumKeys = 1024
    private static let maximumRecordLength = 4096

    init(identity: PoolIdentity, middleKeys: [MiddleKey], systemKeys: [SystemKey]) {
        self.identity = identity
        self.middleKeys = middleKeys
        self.systemKeys = systemKeys
    }

    /// The one byte form of this value.
    public func encode() -> [UInt8] {
        var writer = FieldWriter(label: identity.isAdopted ? Self.adoptedLabel : Self.label, reserving: 4096)
        identity.write(to: &writer)
        writer.field(UInt32(middleKeys.count))
        for key in middleKeys {
            writer.field(key.role.rawValue)
            writer.field(key.id)
            writer.field(key.record.bytes)
        }
        writer.field(UInt32(systemKeys.count))
        for key in systemKeys {
            writer.field(key.role.rawValue)
            writer.field(key.id)
            writer.field(key.createdAt)
            writer.field(key.publicKey)
            writer.field(key.record.bytes)
        }
        return writer.bytes
    }

    /// Reads the one byte form strictly.
    ///
    /// - Throws: `SecurityDomainError.malformed` for anything that `encode` does not write, or a length beyond its
    ///   limit.
    public static func decode(_ bytes: [UInt8]) throws -> SealedKeyring {
        let isAdopted = bytes.starts(with: FieldWriter(label: adoptedLabel).bytes)
        return try FieldReader.read(
            bytes, document: document, label: isAdopted ? adoptedLabel : label, limit: maximumLength
        ) { reader in
            let identity = try PoolIdentity(from: &reader, isAdopted: isAdopted)
            var middleKeys: [MiddleKey] = []
            for _ in 0..<(try reader.count(upTo: maximumKeys)) {
                middleKeys.append(try decodeMiddleKey(&reader))
            }
            var systemKeys: [SystemKey] = []
            for _ in 0..<(try reader.count(upTo: maximumKeys)) {
                systemKeys.append(try decodeSystemKey(&reader))
            }
            guard isOrdered(middleKeys.map(\.role.rawValue)), isOrdered(systemKeys.map(\.role.rawValue)) else {
                throw reader.malformed("keys out of order")
            }
            return SealedKeyring(identity: identity, middleKeys: middleKeys, systemKeys: systemKeys)
        }
    }

    private static func decodeMiddleKey(_ reader: inout FieldReader) throws -> MiddleKey {
        guard let role = MiddleKeyRole(rawValue: try reader.integer()) else {
            throw reader.malformed("unknown key role")
        }
        return MiddleKey(
            role: role, id: try reader.bytes(exactly: PoolIdentity.identifierLength), record: try decodeRecord(&reader))
    }

    private static func decodeSystemKey(_ reader: inout FieldReader) throws -> SystemKey {
        guard let role = SystemKeyRole(rawValue: try reader.integer()) else {
            throw reader.malformed("unknown key role")
        }
        return SystemKey(
            role: role, id: try reader.bytes(exactly: PoolIdentity.identifierLength), createdAt: try reader.integer(),
            publicKey: try reader.bytes(upTo: PoolIdentity.maximumPublicKeyLength), record: try decodeRecord(&reader))
    }

    private static func decodeRecord(_ reader: inout FieldReader) throws -> SealedRecord {
        let bytes = try reader.bytes(upTo: maximumRecordLength)
        do {
            return try SealedRecord(parsing: bytes)
        } catch {
            throw reader.malformed("a sealed record that is none")
        }
    }

    private static func isOrdered(_ roles: [UInt8]) -> Bool {
        zip(roles, roles.dropFirst()).allSatisfy { $0 <= $1 }
    }
}
