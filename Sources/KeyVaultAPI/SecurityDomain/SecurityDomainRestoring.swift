public import SecurityDomain

/// What the routes of the upload ask of the node that they are called at. Its transfer keys are in its memory only, so
/// an upload must come to the node that gave the key.
public protocol SecurityDomainRestoring: Sendable {
    /// The key that an officers' client encrypts to: a new one, or the one of the recovery under way.
    ///
    /// - Parameter now: seconds since 1970.
    func transferKey(now: Int64) async throws(RestoringRefusal) -> ExchangeKey

    /// Opens what was uploaded and begins to bring the pool back. The same upload again finds what it began.
    ///
    /// - Parameter capability: 16 bytes by which its bearer may ask for the status.
    func restore(_ blob: RestoreBlob, capability: [UInt8], now: Int64) async throws(RestoringRefusal)

    /// How the last upload stands; `nil` where there was none since the node was started.
    var restoring: RestoringStatus? { get }

    /// Whether the capability is of the last upload and not too old.
    func isHonoured(capability: [UInt8], now: Int64) -> Bool
}

/// How far an upload has led. The text is for people.
public enum RestoringStatus: Hashable, Sendable {
    case inProgress(String)
    case succeeded(String)
    case failed(String)
}

/// Why an upload, or a transfer key for one, was refused.
public struct RestoringRefusal: Error, Hashable, Sendable {
    /// Why, for the person who uploads.
    public let message: String
    /// The node isn't in a state for it, as opposed to a bad upload.
    public let isConflict: Bool

    public init(_ message: String, isConflict: Bool = false) {
        self.message = message
        self.isConflict = isConflict
    }
}
