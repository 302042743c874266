import CryptographicModule
import StrictJSON

/// A security domain file without its shares: what a node has to know to take the officers' shares in, one by one. It
/// opens nothing, and whoever has it knows how many officers there are and which certificates they have.
public struct DomainOutline: Hashable, Sendable {
    /// The file's `EncData`.
    public let encryptedItems: EncryptedItems
    /// base64url of the SHA-256 of each officer's certificate, in order of x.
    public let certificateNames: [String]
    /// How many shares restore the master key, 2 to 10.
    public let required: Int

    private static let document = "security domain outline"
    /// Ceiling of its text.
    public static let maximumLength = SecurityDomainFile.maximumLength

    init(encryptedItems: EncryptedItems, certificateNames: [String], required: Int) {
        self.encryptedItems = encryptedItems
        self.certificateNames = certificateNames
        self.required = required
    }

    /// Two files with the same name here are the same for all that officers decide.
    var ceremonyName: [UInt8] { Array(Digest.sha256(json()).prefix(PoolIdentity.identifierLength)) }

    // MARK: Text form

    /// The text that ``init(parsing:)`` reads. Equal outlines have equal texts, and a ceremony goes by their digest.
    public func json() -> [UInt8] {
        var writer = JSONWriter(capacity: 8192)
        writer.object { writer in
            writer.member("EncData") { encryptedItems.write(to: &$0) }
            writer.member("certificates", array: certificateNames)
            writer.member("required", required)
        }
        return writer.bytes
    }

    /// - Throws: `SecurityDomainError`.
    public init(parsing bytes: [UInt8]) throws {
        let outline = try JSONDocument(parsing: bytes, name: Self.document, limit: Self.maximumLength)
        let names = try outline.strings("certificates")
        let required = try outline.integer("required")
        guard Officers.countRange.contains(names.count) else { throw SecurityDomainError.officerCount(names.count) }
        guard Officers.requiredRange.contains(required), required <= names.count else {
            throw SecurityDomainError.requiredCount(required, officers: names.count)
        }
        guard names.allSatisfy({ Base64URL.decode($0)?.count == 32 }) else {
            throw SecurityDomainError.malformed(document: Self.document, reason: "a certificate that isn't a digest")
        }
        for (position, name) in names.enumerated() {
            if let first = names[..<position].firstIndex(of: name) {
                throw SecurityDomainError.duplicateOfficer(first: first, second: position)
            }
        }
        self.init(
            encryptedItems: try EncryptedItems(from: try outline.object("EncData")), certificateNames: names,
            required: required)
    }
}

extension DomainOutline {
    /// What the quorum's shares open; each share is compared with the commitment that was made to it.
    ///
    /// - Throws: `SecurityDomainError.sharesRejected` for less than a quorum or a share twice; `.authenticationFailed`
    ///   where a share isn't what it was; `.commitmentMismatch`; `.malformed`.
    func open(_ shares: [Share]) throws -> OfficersDomain {
        let items = try encryptedItems.open(master: try ShamirSharing.combine(shares))
        let domain = try DomainContents.domain(from: items)
        let identity = domain.identity
        let stated = try DomainContents.commitments(from: items, poolID: identity.poolID)
        guard stated.required == required, stated.commitments.count == certificateNames.count else {
            throw SecurityDomainError.malformed(document: "security domain file", reason: "the size of the quorum")
        }
        for share in shares {
            let commitment = try ShareCommitment(
                to: share, poolID: identity.poolID, securityDomainID: identity.securityDomainID,
                generation: identity.generation)
            guard commitment.matches(stated.commitments[Int(share.x) - 1]) else {
                throw SecurityDomainError.commitmentMismatch(officer: Int(share.x))
            }
        }
        return OfficersDomain(
            domain: domain, formerRoots: try DomainContents.formerRoots(from: items, poolID: identity.poolID))
    }
}

extension SecurityDomainFile {
    /// The file without the shares.
    public var outline: DomainOutline {
        DomainOutline(
            encryptedItems: encryptedItems, certificateNames: shares.map(\.certificateName), required: required)
    }
}
