import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PreparedSecurityDomain: WireConvertible {
    var wire: WirePreparedSecurityDomain {
        var wire = WirePreparedSecurityDomain()
        wire.generation = generation
        if let keyring {
            wire.keyring = keyring.wire
        }
        wire.required = UInt32(clamping: required)
        wire.officers = officers.wire
        wire.commitments = commitments.wire
        wire.encryptedData = encryptedData.wire
        wire.capabilityDigest = capabilityDigest.wire
        return wire
    }

    init(wire: WirePreparedSecurityDomain) throws {
        self.init(
            generation: wire.generation, keyring: wire.hasKeyring ? [UInt8](wire.keyring) : nil,
            required: try exactly(wire.required), officers: [[UInt8]](wire: wire.officers),
            commitments: [[UInt8]](wire: wire.commitments), encryptedData: [UInt8](wire.encryptedData),
            capabilityDigest: [UInt8](wire.capabilityDigest))
    }
}

extension AdoptedSecurityDomain: WireConvertible {
    var wire: WireAdoptedSecurityDomain {
        .with { ($0.generation, $0.keyring, $0.bridge) = (generation, keyring.wire, bridge.wire) }
    }

    init(wire: WireAdoptedSecurityDomain) {
        self.init(generation: wire.generation, keyring: [UInt8](wire.keyring), bridge: [UInt8](wire.bridge))
    }
}

extension SecurityDomainRecord: StoredRow {
    static var table: RowTable { .securityDomain }
    var rowKey: [UInt8] { RowKey.single }

    var wire: WireSecurityDomain {
        var wire = WireSecurityDomain()
        wire.generation = generation
        wire.required = UInt32(clamping: required)
        wire.officers = officers.wire
        wire.commitments = commitments.wire
        wire.encryptedData = encryptedData.wire
        wire.capabilityDigest = capabilityDigest.wire
        wire.prepared = prepared
        if let activated {
            wire.activated = activated
        }
        (wire.unsealKeys, wire.unsealRecords) = (unsealKeys.map(\.wire), unsealRecords.wire)
        return wire
    }

    init(wire: WireSecurityDomain) throws {
        self.init(
            generation: wire.generation, required: try exactly(wire.required),
            officers: [[UInt8]](wire: wire.officers), commitments: [[UInt8]](wire: wire.commitments),
            encryptedData: [UInt8](wire.encryptedData), capabilityDigest: [UInt8](wire.capabilityDigest),
            prepared: wire.prepared, activated: wire.hasActivated ? wire.activated : nil,
            unsealKeys: try wire.unsealKeys.map { try UnsealKey(wire: $0) },
            unsealRecords: [[UInt8]](wire: wire.unsealRecords))
    }
}

extension UnsealGrant: StoredRow {
    static var table: RowTable { .unsealGrant }
    var rowKey: [UInt8] { RowKey.node(node) }

    var wire: WireUnsealGrant {
        var wire = WireUnsealGrant()
        wire.node = node
        wire.bootNonce = bootNonce.wire
        wire.grantedBy = grantedBy
        wire.ticketDigest = ticketDigest.wire
        return wire
    }

    init(wire: WireUnsealGrant) {
        self.init(
            node: wire.node, bootNonce: [UInt8](wire.bootNonce), grantedBy: wire.grantedBy,
            ticketDigest: [UInt8](wire.ticketDigest))
    }
}

extension AuditHead: StoredRow {
    static var table: RowTable { .auditHead }
    var rowKey: [UInt8] { RowKey.node(node) }

    var wire: WireAuditHead {
        var wire = WireAuditHead()
        wire.node = node
        wire.count = count
        wire.hash = hash.wire
        wire.time = time
        return wire
    }

    init(wire: WireAuditHead) {
        self.init(node: wire.node, count: wire.count, hash: [UInt8](wire.hash), time: wire.time)
    }
}
