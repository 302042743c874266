import CryptographicModule
import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension NewKeyVersion: WireConvertible {
    var wire: WireNewKeyVersion {
        var wire = WireNewKeyVersion()
        wire.header = header.wire
        if let publicKey {
            wire.publicKey = publicKey.wire
        }
        wire.record = record.wire
        wire.origin = UInt32(origin.rawValue)
        wire.enabled = enabled
        if let notBefore {
            wire.notBefore = notBefore
        }
        if let expires {
            wire.expires = expires
        }
        wire.tags = TagList.encode(tags)
        if let releasePolicy {
            wire.releasePolicy = releasePolicy.wire
        }
        if let rotation {
            wire.rotation = .with { ($0.follows, $0.onlyIfDue) = (rotation.follows.wire, rotation.onlyIfDue) }
        }
        return wire
    }

    init(wire: WireNewKeyVersion) throws {
        self.init(
            header: try KeyHeader(wire: wire.header),
            publicKey: wire.hasPublicKey ? try PublicKey(wire: wire.publicKey) : nil, record: [UInt8](wire.record),
            origin: try known(wire.origin), enabled: wire.enabled,
            notBefore: wire.hasNotBefore ? wire.notBefore : nil, expires: wire.hasExpires ? wire.expires : nil,
            tags: try TagList.decode(wire.tags),
            releasePolicy: wire.hasReleasePolicy ? ReleasePolicy(wire: wire.releasePolicy) : nil,
            rotation: wire.hasRotation
                ? RotationCondition(follows: [UInt8](wire.rotation.follows), onlyIfDue: wire.rotation.onlyIfDue) : nil)
    }
}

extension RestoredKey: WireConvertible {
    var wire: WireRestoredKey {
        var wire = WireRestoredKey()
        wire.name = name
        wire.versions = versions.map { version in
            .with { ($0.version, $0.updated) = (version.version.wire, version.updated) }
        }
        if let rotationRules {
            wire.rotationRules = rotationRules.wire
        }
        return wire
    }

    init(wire: WireRestoredKey) throws {
        self.init(
            name: wire.name,
            versions: try wire.versions.map {
                Version(version: try NewKeyVersion(wire: $0.version), updated: $0.updated)
            },
            rotationRules: wire.hasRotationRules ? try RotationRules(wire: wire.rotationRules) : nil)
    }
}

extension KeyAttributeChange {
    var wire: WireKeyAttributeChange {
        var wire = WireKeyAttributeChange()
        wire.name = name
        wire.version = version.wire
        if let enabled {
            wire.enabled = enabled
        }
        if let change = notBefore.wire {
            wire.notBefore = change
        }
        if let change = expires.wire {
            wire.expires = change
        }
        if let tags {
            wire.tags.tags = TagList.encode(tags)
        }
        if let resealed {
            wire.resealed = resealed.wire
        }
        return wire
    }

    init(wire: WireKeyAttributeChange) throws {
        self.init(
            name: wire.name, version: [UInt8](wire.version), enabled: wire.hasEnabled ? wire.enabled : nil,
            notBefore: AttributeChange(wire: wire.hasNotBefore ? wire.notBefore : nil),
            expires: AttributeChange(wire: wire.hasExpires ? wire.expires : nil),
            tags: wire.hasTags ? try TagList.decode(wire.tags.tags) : nil,
            resealed: wire.hasResealed ? try ResealedKey(wire: wire.resealed) : nil)
    }
}

extension AttributeChange<Int64> {
    /// `nil` where nothing changes.
    fileprivate var wire: WireTimeChange? {
        var wire = WireTimeChange()
        switch self {
        case .keep: return nil
        case .clear: break
        case .set(let value): wire.value = value
        }
        return wire
    }

    fileprivate init(wire: WireTimeChange?) {
        if let wire {
            self = wire.hasValue ? .set(wire.value) : .clear
        } else {
            self = .keep
        }
    }
}

extension ResealedKey: WireConvertible {
    var wire: WireResealedKey {
        var wire = WireResealedKey()
        wire.header = header.wire
        wire.record = record.wire
        if let releasePolicy {
            wire.releasePolicy = releasePolicy.wire
        }
        return wire
    }

    init(wire: WireResealedKey) throws {
        self.init(
            header: try KeyHeader(wire: wire.header), record: [UInt8](wire.record),
            releasePolicy: wire.hasReleasePolicy ? ReleasePolicy(wire: wire.releasePolicy) : nil)
    }
}
