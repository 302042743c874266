import CryptographicModule

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What the row of a key holds: its versions have rows of their own.
struct KeyRow: StoredRow {
    let name: String
    let versionCount: Int
    let deletion: KeyDeletion?
    let rotation: RotationPolicy?

    static var table: RowTable { .key }
    var rowKey: [UInt8] { RowKey.key(name) }

    init(_ key: KeyRecord) {
        name = key.name
        versionCount = key.versions.count
        deletion = key.deletion
        rotation = key.rotation
    }

    var wire: WireKey {
        var wire = WireKey()
        wire.name = name
        wire.versionCount = UInt32(clamping: versionCount)
        if let deletion {
            wire.deletion.deletedAt = deletion.deletedAt
            wire.deletion.scheduledPurgeAt = deletion.scheduledPurgeAt
        }
        if let rotation {
            wire.rotation.rules = rotation.rules.wire
            wire.rotation.created = rotation.created
            wire.rotation.updated = rotation.updated
        }
        return wire
    }

    init(wire: WireKey) throws {
        name = wire.name
        versionCount = try exactly(wire.versionCount)
        deletion =
            wire.hasDeletion
            ? KeyDeletion(
                deletedAt: wire.deletion.deletedAt, scheduledPurgeAt: wire.deletion.scheduledPurgeAt)
            : nil
        rotation =
            wire.hasRotation
            ? RotationPolicy(
                rules: try RotationRules(wire: wire.rotation.rules), created: wire.rotation.created,
                updated: wire.rotation.updated)
            : nil
    }
}

/// What the row of a key's version holds.
struct KeyVersionRow: StoredRow {
    /// 0 for the key's first version.
    let ordinal: Int
    let content: KeyVersionRecord.Content

    static var table: RowTable { .keyVersion }
    var rowKey: [UInt8] { RowKey.keyVersion(content.header.name, content.header.version) }

    init(ordinal: Int, content: KeyVersionRecord.Content) {
        self.ordinal = ordinal
        self.content = content
    }

    var wire: WireKeyVersion {
        var wire = WireKeyVersion()
        wire.ordinal = UInt32(clamping: ordinal)
        wire.header = content.header.wire
        if let publicKey = content.publicKey {
            wire.publicKey = publicKey.wire
        }
        wire.recordDigest = content.recordDigest.wire
        wire.origin = UInt32(content.origin.rawValue)
        wire.enabled = content.enabled
        if let notBefore = content.notBefore {
            wire.notBefore = notBefore
        }
        if let expires = content.expires {
            wire.expires = expires
        }
        wire.tags = TagList.encode(content.tags)
        if let releasePolicy = content.releasePolicy {
            wire.releasePolicy = releasePolicy.wire
        }
        wire.created = content.created
        wire.updated = content.updated
        return wire
    }

    init(wire: WireKeyVersion) throws {
        ordinal = try exactly(wire.ordinal)
        content = KeyVersionRecord.Content(
            header: try KeyHeader(wire: wire.header),
            publicKey: wire.hasPublicKey ? try PublicKey(wire: wire.publicKey) : nil,
            recordDigest: [UInt8](wire.recordDigest), origin: try known(wire.origin), enabled: wire.enabled,
            notBefore: wire.hasNotBefore ? wire.notBefore : nil, expires: wire.hasExpires ? wire.expires : nil,
            tags: try TagList.decode(wire.tags),
            releasePolicy: wire.hasReleasePolicy ? ReleasePolicy(wire: wire.releasePolicy) : nil,
            created: wire.created, updated: wire.updated)
    }
}
