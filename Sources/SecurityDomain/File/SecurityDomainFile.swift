import CryptographicModule
import StrictJSON

/// The file that the officers keep: the encrypted items, and one share of their master key encrypted to each officer.
///
/// Its text is what the Azure CLI and SDKs write to disk and read back (format version 2, `shamir_share`).
public struct SecurityDomainFile: Hashable, Sendable {
    /// A share encrypted to the certificate whose SHA-256 is named.
    public struct EncryptedShare: Hashable, Sendable {
        /// base64url of the SHA-256 of the officer's certificate.
        public let certificateName: String
        /// The compact text of the encryption.
        public let envelope: String
    }

    /// A file just made, and the commitments to its shares in order of x.
    public struct Made: Sendable {
        /// For the officers. The pool keeps only its ``SecurityDomainFile/encryptedItems``.
        public let file: SecurityDomainFile
        /// One for each officer; public.
        public let commitments: [ShareCommitment]
    }

    /// Root, former roots and commitments, under a master key that nobody holds but the quorum.
    public let encryptedItems: EncryptedItems
    /// In order of x, which is the position plus one.
    public let shares: [EncryptedShare]
    /// How many shares restore the master key, 2 to 10.
    public let required: Int

    private static let document = "security domain file"
    private static let formatVersion = 2
    private static let sharing = "shamir_share"
    /// Ceiling of the file's text.
    public static let maximumLength = 1024 * 1024

    // MARK: Making

    /// Makes the file for the keyring's root. The master key exists only during this call.
    ///
    /// - Parameter formerRoots: the roots of earlier generations that officers shall go on to be able to use.
    public static func make(root: RootKey, formerRoots: [RootKey], identity: PoolIdentity, officers: Officers) throws
        -> Made
    {
        guard root.generation == identity.generation else {
            throw SecurityDomainError.wrongGeneration(expected: identity.generation, got: root.generation)
        }
        guard SecureCompare.equal(try root.checkValue(poolID: identity.poolID), identity.keyCheckValue) else {
            throw SecurityDomainError.rootMismatch
        }
        let master = try Random.secret(EncryptedItems.masterKeyLength)
        let shares = try ShamirSharing.split(master, count: officers.certificates.count, required: officers.required)
        let commitments = try shares.map { share in
            try ShareCommitment(
                to: share, poolID: identity.poolID, securityDomainID: identity.securityDomainID,
                generation: identity.generation)
        }
        let items = try DomainContents.items(
            root: root, formerRoots: formerRoots, identity: identity, commitments: commitments,
            required: officers.required)
        let file = SecurityDomainFile(
            encryptedItems: try EncryptedItems.seal(items, master: master),
            shares: try zip(officers.certificates, shares).map { officer, share in
                EncryptedShare(
                    certificateName: officer.fileName,
                    envelope: try CompactJWE.envelope(to: officer.publicKey, plaintext: share.words))
            },
            required: officers.required)
        return Made(file: file, commitments: commitments)
    }

    // MARK: Text form

    /// The text, compact, as it goes into the `value` of the download's answer and onto the officers' disks.
    public func json() -> [UInt8] {
        var writer = JSONWriter(capacity: 16 * 1024)
        writer.object { writer in
            writer.member("EncData") { encryptedItems.write(to: &$0) }
            writer.member("SharedKeys") { writeShares(to: &$0) }
            writer.member("version", Self.formatVersion)
        }
        return writer.bytes
    }

    private func writeShares(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("enc_shares") { writer in
                writer.array { writer in
                    for share in shares {
                        writer.object { writer in
                            writer.member("enc_key", share.envelope)
                            writer.member("x5t_256", share.certificateName)
                        }
                    }
                }
            }
            writer.member("key_algorithm", Self.sharing)
            writer.member("required", required)
        }
    }

    /// Reads the text; nothing is decrypted. Members that this version does not know are passed over.
    ///
    /// - Throws: `SecurityDomainError.malformed` naming the member.
    public init(parsing bytes: [UInt8]) throws {
        let file = try JSONDocument(parsing: bytes, name: Self.document, limit: Self.maximumLength)
        func malformed(_ reason: String) -> SecurityDomainError { .malformed(document: Self.document, reason: reason) }
        guard try file.integer("version") == Self.formatVersion else { throw malformed("version is not 2") }
        let keys = try file.object("SharedKeys")
        guard try keys.string("key_algorithm") == Self.sharing else {
            throw malformed("key_algorithm is not shamir_share")
        }
        let required = try keys.integer("required")
        let elements = try keys.objects("enc_shares")
        guard Officers.countRange.contains(elements.count) else {
            throw SecurityDomainError.officerCount(elements.count)
        }
        guard Officers.requiredRange.contains(required), required <= elements.count else {
            throw SecurityDomainError.requiredCount(required, officers: elements.count)
        }
        var shares: [EncryptedShare] = []
        for element in elements {
            shares.append(
                EncryptedShare(certificateName: try element.string("x5t_256"), envelope: try element.string("enc_key")))
        }
        self.init(
            encryptedItems: try EncryptedItems(from: try file.object("EncData")), shares: shares, required: required)
    }

    init(encryptedItems: EncryptedItems, shares: [EncryptedShare], required: Int) {
        self.encryptedItems = encryptedItems
        self.shares = shares
        self.required = required
    }

    // MARK: Shares

    /// Decrypts the share that the file holds for a certificate.
    ///
    /// - Parameter decrypt: RSA-OAEP-256 with the officer's private key.
    /// - Throws: `SecurityDomainError.notAnOfficer` when the file has no share for it; `.authenticationFailed`;
    ///   `.sharesRejected` when what it holds has not the form of that officer's share.
    func openShare(of officer: OfficerCertificate, decrypt: ([UInt8]) throws -> Secret) throws -> Share {
        guard let position = shares.firstIndex(where: { $0.certificateName == officer.fileName }) else {
            throw SecurityDomainError.notAnOfficer
        }
        let envelope = try CompactJWE(parsing: shares[position].envelope, document: "share \(position + 1)")
        let words = try envelope.openEnvelope(name: "share \(position + 1)", decrypt: decrypt)
        let share = try Share(parsing: words, secretLength: EncryptedItems.masterKeyLength)
        guard Int(share.x) == position + 1 else {
            throw SecurityDomainError.sharesRejected("the share of officer \(position + 1) has coordinate \(share.x)")
        }
        return share
    }
}
