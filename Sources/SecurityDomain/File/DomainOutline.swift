import CryptographicModule
import StrictJSON

/// A security domain file without its shares: what a node has to know to take the officers' shares in, one by one. It
/// opens nothing, and whoever has it knows how many officers there are and which certificates they have.
public struct DomainOutline: Hashable, Sendable {
    public let encryptedItems: EncryptedItems
    /// base64url of the SHA-256 of each officer's certificate, in order of x.
    public let certificateNames: [String]
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

extension SecurityDomainFile {
    /// The file without the shares.
    public var outline: DomainOutline {
        DomainOutline(
            encryptedItems: encryptedItems, certificateNames: shares.map(\.certificateName), required: required)
    }
}
