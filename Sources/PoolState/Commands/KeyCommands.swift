public import CryptographicModule

/// A version of a key, the first or a further one. Name and version id are in the header.
public struct NewKeyVersion: Hashable, Sendable {
    /// Refused unless it is a customer's key of this pool and fits the public key.
    public var header: KeyHeader
    /// `nil` for a symmetric key.
    public var publicKey: PublicKey?
    /// The sealed record, at most 32 KiB.
    public var record: [UInt8]
    /// A new version that says `generated` is refused if the pool has its public key or RSA modulus already.
    public var origin: KeyOrigin
    public var enabled: Bool
    /// Unix time in seconds.
    public var notBefore: Int64?
    /// Unix time in seconds.
    public var expires: Int64?
    /// Within ``PoolLimits/tagsPerKey`` and ``PoolLimits/tagLength``; no name is empty.
    public var tags: [String: String]
    /// The policy whose data has the header's digest; `nil` where that is empty.
    public var releasePolicy: ReleasePolicy?
    /// Set where the version is made by rotation.
    public var rotation: RotationCondition?

    public init(
        header: KeyHeader, publicKey: PublicKey?, record: [UInt8], origin: KeyOrigin, enabled: Bool = true,
        notBefore: Int64? = nil, expires: Int64? = nil, tags: [String: String] = [:],
        releasePolicy: ReleasePolicy? = nil, rotation: RotationCondition? = nil
    ) {
        self.header = header
        self.publicKey = publicKey
        self.record = record
        self.origin = origin
        self.enabled = enabled
        self.notBefore = notBefore
        self.expires = expires
        self.tags = tags
        self.releasePolicy = releasePolicy
        self.rotation = rotation
    }
}

/// What has to hold for a rotated version to be added. Two proposals of the same rotation carry the same condition, so
/// that only the first one takes effect, whoever makes them.
public struct RotationCondition: Hashable, Sendable {
    /// The id of the version that has to be the newest, 16 bytes.
    public var follows: [UInt8]
    /// Whether the key's rules have to ask for the rotation at the time of the log.
    public var onlyIfDue: Bool

    public init(follows: [UInt8], onlyIfDue: Bool) {
        self.follows = follows
        self.onlyIfDue = onlyIfDue
    }
}

/// A key out of a backup.
public struct RestoredKey: Hashable, Sendable {
    /// A version with the time of its last change, Unix time in seconds.
    public struct Version: Hashable, Sendable {
        /// Of the key's name, and without a rotation condition.
        public var version: NewKeyVersion
        /// Unix time in seconds.
        public var updated: Int64

        public init(version: NewKeyVersion, updated: Int64) {
            self.version = version
            self.updated = updated
        }
    }

    public var name: String
    /// Oldest first, 1 to 100.
    public var versions: [Version]
    /// `nil` where the key has none. They count as set when the command is applied.
    public var rotationRules: RotationRules?

    public init(name: String, versions: [Version], rotationRules: RotationRules?) {
        self.name = name
        self.versions = versions
        self.rotationRules = rotationRules
    }
}

/// What to do with an optional attribute.
public enum AttributeChange<Value: Hashable & Sendable>: Hashable, Sendable {
    case keep
    case clear
    case set(Value)
}

/// A change of one version's attributes. Only what is given changes, so that two such changes don't undo each other.
public struct KeyAttributeChange: Hashable, Sendable {
    public var name: String
    /// 16 bytes.
    public var version: [UInt8]
    /// `nil` keeps it.
    public var enabled: Bool?
    /// Unix time in seconds.
    public var notBefore: AttributeChange<Int64>
    /// Unix time in seconds.
    public var expires: AttributeChange<Int64>
    /// Replaces all tags.
    public var tags: [String: String]?
    /// Set where operations or release policy change, for the sealed header holds them; `nil` keeps both.
    public var resealed: ResealedKey?

    public init(
        name: String, version: [UInt8], enabled: Bool? = nil, notBefore: AttributeChange<Int64> = .keep,
        expires: AttributeChange<Int64> = .keep, tags: [String: String]? = nil, resealed: ResealedKey? = nil
    ) {
        self.name = name
        self.version = version
        self.enabled = enabled
        self.notBefore = notBefore
        self.expires = expires
        self.tags = tags
        self.resealed = resealed
    }
}

/// The same key sealed anew under a header with other operations or another release policy.
///
/// The header's revision has to be one more than the current one: of two such changes made at once the second is
/// refused. Everything else in the header has to be as it was.
public struct ResealedKey: Hashable, Sendable {
    public var header: KeyHeader
    /// The sealed record, at most 32 KiB. Refused if the pool has it already.
    public var record: [UInt8]
    /// The policy that the header's digest is of; `nil` where the key has none.
    public var releasePolicy: ReleasePolicy?

    public init(header: KeyHeader, record: [UInt8], releasePolicy: ReleasePolicy? = nil) {
        self.header = header
        self.record = record
        self.releasePolicy = releasePolicy
    }
}
