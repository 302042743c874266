import CryptographicModule

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension KeyType {
    /// Numbers of the schema, whatever raw values the type has elsewhere.
    var wireNumber: UInt32 {
        switch self {
        case .rsaHSM: 1
        case .ecHSM: 2
        case .octHSM: 3
        case .okpHSM: 4
        }
    }

    init(wireNumber: UInt32) throws(NotConvertible) {
        switch wireNumber {
        case 1: self = .rsaHSM
        case 2: self = .ecHSM
        case 3: self = .octHSM
        case 4: self = .okpHSM
        default: throw NotConvertible()
        }
    }
}

extension EllipticCurve {
    var wireNumber: UInt32 {
        switch self {
        case .p256: 1
        case .p384: 2
        case .p521: 3
        case .p256K: 4
        }
    }

    init(wireNumber: UInt32) throws(NotConvertible) {
        switch wireNumber {
        case 1: self = .p256
        case 2: self = .p384
        case 3: self = .p521
        case 4: self = .p256K
        default: throw NotConvertible()
        }
    }
}

extension KeyHeader: WireConvertible {
    var wire: WireKeyHeader {
        var wire = WireKeyHeader()
        wire.poolID = poolID.wire
        wire.kind = UInt32(kind)
        wire.name = name
        wire.version = version.wire
        wire.keyType = keyType.wireNumber
        if let curve {
            wire.curve = curve.wireNumber
        }
        // Sizes are at most a few thousand bits; one that does not fit can't be decoded again and is refused there.
        wire.bits = UInt32(clamping: bits)
        wire.operations = UInt32(operations.rawValue)
        wire.exportable = exportable
        wire.releasePolicyDigest = releasePolicyDigest.wire
        wire.releasePolicyImmutable = releasePolicyImmutable
        wire.createdAt = createdAt
        wire.revision = revision
        wire.publicDigest = publicDigest.wire
        return wire
    }

    init(wire: WireKeyHeader) throws {
        self.init(
            poolID: [UInt8](wire.poolID), kind: try exactly(wire.kind), name: wire.name,
            version: [UInt8](wire.version), keyType: try KeyType(wireNumber: wire.keyType),
            curve: wire.hasCurve ? try EllipticCurve(wireNumber: wire.curve) : nil, bits: try exactly(wire.bits),
            operations: KeyOperations(rawValue: try exactly(wire.operations)), exportable: wire.exportable,
            releasePolicyDigest: [UInt8](wire.releasePolicyDigest),
            releasePolicyImmutable: wire.releasePolicyImmutable, createdAt: wire.createdAt, revision: wire.revision,
            publicDigest: [UInt8](wire.publicDigest))
    }
}

extension PublicKey: WireConvertible {
    var wire: WirePublicKey {
        var wire = WirePublicKey()
        switch self {
        case .rsa(let n, let e):
            wire.rsa.n = n.wire
            wire.rsa.e = e.wire
        case .ec(let curve, let x, let y):
            wire.ec.curve = curve.wireNumber
            wire.ec.x = x.wire
            wire.ec.y = y.wire
        case .ed25519(let x): wire.ed25519 = x.wire
        }
        return wire
    }

    init(wire: WirePublicKey) throws {
        switch wire.kind {
        case .rsa(let rsa):
            self = .rsa(n: [UInt8](rsa.n), e: [UInt8](rsa.e))
        case .ec(let ec):
            self = .ec(try EllipticCurve(wireNumber: ec.curve), x: [UInt8](ec.x), y: [UInt8](ec.y))
        case .ed25519(let x):
            self = .ed25519(x: [UInt8](x))
        case nil:
            throw NotConvertible()
        }
    }
}

extension ReleasePolicy: WireConvertible {
    var wire: WireReleasePolicy {
        var wire = WireReleasePolicy()
        wire.contentType = contentType
        wire.data = data.wire
        return wire
    }

    init(wire: WireReleasePolicy) {
        self.init(contentType: wire.contentType, data: [UInt8](wire.data))
    }
}

/// Tags as the schema has them: in order of the name's bytes.
enum TagList {
    static func ordered(_ tags: [String: String]) -> [(key: String, value: String)] {
        tags.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }

    static func encode(_ tags: [String: String]) -> [WireTag] {
        ordered(tags).map { name, value in
            var tag = WireTag()
            tag.name = name
            tag.value = value
            return tag
        }
    }

    static func decode(_ wire: [WireTag]) throws(NotConvertible) -> [String: String] {
        var tags: [String: String] = [:]
        for tag in wire {
            guard tags.updateValue(tag.value, forKey: tag.name) == nil else { throw NotConvertible() }
        }
        return tags
    }
}
