import CryptographicModule

/// The body of `POST /quorate/v1/root-change`: who shall hold the next root. What it leaves out stays as it is.
public struct RootChangeRequest: Sendable {
    /// In the form of a download.
    public let officers: Officers?
    /// All that shall open the next root, beside the officers.
    public let unsealKeys: [AutoUnsealKey]?

    private static let document = "request for a new root"
    /// Ceiling of the body.
    public static let maximumLength = DownloadRequest.maximumLength

    /// - Parameter quorum: of the officers in office. Others decide in the same number where the request says nothing.
    /// - Throws: `SecurityDomainError` naming what is wrong.
    public init(parsing body: [UInt8], quorum: Int) throws {
        guard !body.isEmpty else {
            (officers, unsealKeys) = (nil, nil)
            return
        }
        let request = try JSONDocument(parsing: body, name: Self.document, limit: Self.maximumLength)
        officers = try request.has("certificates") ? DownloadRequest.parse(body, quorum: quorum) : nil
        guard request.has("unsealKeys") else {
            guard officers != nil else {
                throw SecurityDomainError.malformed(
                    document: Self.document, reason: "it has neither 'certificates' nor 'unsealKeys'")
            }
            unsealKeys = nil
            return
        }
        let keys = try request.objects("unsealKeys").map(Self.key)
        guard keys.count <= AutoUnsealKey.maximumCount, Set(keys.map(\.point)).count == keys.count else {
            throw SecurityDomainError.malformed(
                document: Self.document,
                reason: "'unsealKeys' has more than \(AutoUnsealKey.maximumCount) elements, or one twice")
        }
        unsealKeys = keys
    }

    private static func key(_ element: JSONDocument) throws -> AutoUnsealKey {
        let provider = try element.string("provider")
        guard let known = AutoUnsealKey.Provider.allCases.first(where: { $0.name == provider }),
            let point = Base64URL.decode(try element.string("point"))
        else {
            throw SecurityDomainError.malformed(
                document: document, reason: "an unseal key's provider isn't known, or its point isn't base64url")
        }
        let name = try element.string("name")
        guard !name.unicodeScalars.contains(where: changesTheRest) else {
            throw SecurityDomainError.malformed(
                document: document, reason: "an unseal key's name has control or format characters")
        }
        return try AutoUnsealKey(provider: known, name: name, point: point)
    }

    /// Whether a character moves the cursor or turns text around: officers see the name before they sign.
    private static func changesTheRest(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
