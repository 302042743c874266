import CryptographicModule

/// What an officers' client uploads: the items of the security domain file, encrypted anew under a master key that is
/// itself encrypted to the transfer key of a node.
public struct RestoreBlob: Hashable, Sendable {
    private let items: EncryptedItems
    private let wrappedKey: String
    /// base64url of the SHA-256 of the transfer certificate that the blob was made for.
    public let certificateName: String
    /// SHA-256 of the blob's text: the same upload sent again is known by it.
    public let digest: [UInt8]

    private static let document = "restore blob"
    /// Ceiling of the blob's text.
    public static let maximumLength = 1024 * 1024

    /// Reads the body of `POST /securitydomain/upload`, whose `value` is the blob's text.
    public init(parsingUpload body: [UInt8]) throws {
        let upload = try JSONDocument(parsing: body, name: "upload request", limit: 2 * Self.maximumLength)
        try self.init(parsing: Array(try upload.string("value").utf8))
    }

    /// Reads the blob's text; nothing is decrypted.
    public init(parsing bytes: [UInt8]) throws {
        let blob = try JSONDocument(parsing: bytes, name: Self.document, limit: Self.maximumLength)
        let wrapped = try blob.object("WrappedKey")
        items = try EncryptedItems(from: try blob.object("EncData"))
        wrappedKey = try wrapped.string("enc_key")
        certificateName = try wrapped.string("x5t_256")
        digest = Digest.sha256(bytes)
    }

    /// The root key in the blob, if the blob was made for one of `keys` and holds the root of `identity`.
    ///
    /// - Parameters:
    ///   - keys: the transfer keys that this node holds.
    ///   - now: seconds since 1970; expired keys open nothing.
    /// - Throws: `SecurityDomainError.unknownTransferKey`; `.authenticationFailed`; `.malformed` when the items are not
    ///   exactly those of a security domain; `.wrongPool`, `.wrongSecurityDomain`, `.wrongGeneration`, `.rootMismatch`.
    public func root(keys: [ExchangeKey], matching identity: PoolIdentity, now: Int64) throws -> RootKey {
        try DomainContents.root(from: try open(keys: keys, now: now), matching: identity)
    }

    /// What the blob holds, whatever pool it was made for.
    ///
    /// - Throws: as ``root(keys:matching:now:)``, but for the mismatches.
    public func domain(keys: [ExchangeKey], now: Int64) throws -> OpenedDomain {
        try DomainContents.domain(from: try open(keys: keys, now: now))
    }

    /// The decrypted items.
    func open(keys: [ExchangeKey], now: Int64) throws -> [SecurityDomainItem] {
        let named = keys.first { Base64URL.encode($0.thumbprint) == certificateName && now < $0.expiresAt }
        guard let key = named else { throw SecurityDomainError.unknownTransferKey }
        let envelope = try CompactJWE(parsing: wrappedKey, document: "wrapped key")
        let master = try envelope.openEnvelope(name: "wrapped key") { try key.decrypt($0) }
        guard master.count == EncryptedItems.masterKeyLength else {
            throw SecurityDomainError.malformed(document: "wrapped key", reason: "\(master.count) bytes")
        }
        return try items.open(master: master)
    }
}
