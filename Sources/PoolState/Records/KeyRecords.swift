import AccessControl
public import CryptographicModule

/// Where a key version's material came from.
public enum KeyOrigin: UInt8, Hashable, CaseIterable, Sendable {
    case generated = 1
    case imported = 2
    case restored = 3
}

/// The policy under which an exportable key may be released. Immutability is in the key's authenticated header.
public struct ReleasePolicy: Hashable, Sendable {
    /// The media type of `data`, at most 256 bytes.
    public var contentType: String
    /// The policy's JSON text. SHA-256 of these bytes is what the key's header authenticates.
    public var data: [UInt8]

    public init(contentType: String, data: [UInt8]) {
        self.contentType = contentType
        self.data = data
    }
}

/// When a key was deleted and until when it is kept.
public struct KeyDeletion: Hashable, Sendable {
    /// Unix time in seconds.
    public let deletedAt: Int64
    /// Unix time in seconds from which on the key is purged.
    public let scheduledPurgeAt: Int64

    public init(deletedAt: Int64, scheduledPurgeAt: Int64) {
        self.deletedAt = deletedAt
        self.scheduledPurgeAt = scheduledPurgeAt
    }
}

/// One version of a key. An immutable object, so that handing it to a request costs one retain.
///
/// Its properties are those of ``content`` and of the header in it, and mean what they mean there.
public final class KeyVersionRecord: Sendable {
    /// What a version consists of.
    public struct Content: Hashable, Sendable {
        /// What the sealed record authenticates.
        public var header: KeyHeader
        /// `nil` for a symmetric key.
        public var publicKey: PublicKey?
        /// SHA-256 of the sealed record, by which its bytes are stored.
        public var recordDigest: [UInt8]
        public var origin: KeyOrigin
        /// Whether operations may use the version. Its attributes are read and changed either way.
        public var enabled: Bool
        /// Unix time in seconds.
        public var notBefore: Int64?
        /// Unix time in seconds; the version is valid before it.
        public var expires: Int64?
        public var tags: [String: String]
        /// The policy whose data has the header's digest; `nil` where that is empty.
        public var releasePolicy: ReleasePolicy?
        /// Unix time in seconds.
        public var created: Int64
        /// Unix time in seconds.
        public var updated: Int64
    }

    public let content: Content
    /// The version's id as a number, for comparing.
    let identifier: GUID

    /// - Parameter poolID: the pool's id, whose bytes all versions then share.
    init(_ content: Content, identifier: GUID, poolID: [UInt8]?) {
        var content = content
        if let poolID, content.header.poolID == poolID { content.header.poolID = poolID }
        self.content = content
        self.identifier = identifier
    }

    public var header: KeyHeader { content.header }
    public var name: String { content.header.name }
    public var keyType: KeyType { content.header.keyType }
    /// 16 bytes.
    public var version: [UInt8] { content.header.version }
    public var publicKey: PublicKey? { content.publicKey }
    public var recordDigest: [UInt8] { content.recordDigest }
    public var origin: KeyOrigin { content.origin }
    public var enabled: Bool { content.enabled }
    public var notBefore: Int64? { content.notBefore }
    public var expires: Int64? { content.expires }
    public var tags: [String: String] { content.tags }
    public var exportable: Bool { content.header.exportable }
    public var operations: KeyOperations { content.header.operations }
    public var releasePolicy: ReleasePolicy? { content.releasePolicy }
    public var created: Int64 { content.created }
    public var updated: Int64 { content.updated }
}

/// A key with all its versions. An immutable object, so that handing it to a request costs one retain.
public final class KeyRecord: Sendable {
    public let name: String
    /// In order of creation; never empty.
    public let versions: [KeyVersionRecord]
    /// The newest version.
    public let latest: KeyVersionRecord
    /// Set while the key is deleted but recoverable.
    public let deletion: KeyDeletion?
    /// By what rules the key gets new versions; `nil` where none were set.
    public let rotation: RotationPolicy?

    /// `versions` are the earlier ones, oldest first; `latest` follows them.
    init(
        name: String, earlier: [KeyVersionRecord], latest: KeyVersionRecord, deletion: KeyDeletion?,
        rotation: RotationPolicy?
    ) {
        self.name = name
        self.versions = earlier + [latest]
        self.latest = latest
        self.deletion = deletion
        self.rotation = rotation
    }

    /// The version with this 16-byte id.
    public func version(_ version: [UInt8]) -> KeyVersionRecord? {
        guard let identifier = GUID(bytes: version) else { return nil }
        if latest.identifier == identifier { return latest }
        return versions.first { $0.identifier == identifier }
    }
}

extension KeyVersionRecord: Hashable {
    public static func == (left: KeyVersionRecord, right: KeyVersionRecord) -> Bool {
        left === right || left.content == right.content
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(content)
    }
}

extension KeyRecord: Hashable {
    public static func == (left: KeyRecord, right: KeyRecord) -> Bool {
        left === right
            || (left.name == right.name && left.deletion == right.deletion && left.rotation == right.rotation
                && left.versions == right.versions)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(versions)
        hasher.combine(deletion)
        hasher.combine(rotation)
    }
}
