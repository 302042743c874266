import SwiftProtobuf

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension KeyEncryptionRotation: WireConvertible {
    var wire: WireKeyEncryptionRotation {
        .with {
            ($0.base, $0.keyring, $0.former, $0.current) = (base.wire, keyring.wire, former.wire, current.wire)
            ($0.schedule, $0.scheduleToken) = (schedule.wire, scheduleToken.wire)
        }
    }

    init(wire: WireKeyEncryptionRotation) {
        self.init(
            base: [UInt8](wire.base), keyring: [UInt8](wire.keyring), former: [UInt8](wire.former),
            current: [UInt8](wire.current), schedule: [UInt8](wire.schedule),
            scheduleToken: [UInt8](wire.scheduleToken))
    }
}

extension RewrappedRecord: WireConvertible {
    var wire: WireRewrappedRecord {
        .with { ($0.name, $0.version, $0.former, $0.record) = (name, version.wire, former.wire, record.wire) }
    }

    init(wire: WireRewrappedRecord) {
        self.init(
            name: wire.name, version: [UInt8](wire.version), former: [UInt8](wire.former),
            record: [UInt8](wire.record))
    }
}

extension KeyEncryptionRetirement: WireConvertible {
    var wire: WireKeyEncryptionRetirement {
        .with { ($0.base, $0.keyring, $0.late) = (base.wire, keyring.wire, late) }
    }

    init(wire: WireKeyEncryptionRetirement) {
        self.init(base: [UInt8](wire.base), keyring: [UInt8](wire.keyring), late: wire.late)
    }
}

extension KeyEncryption: StoredRow {
    static var table: RowTable { .keyEncryption }
    var rowKey: [UInt8] { RowKey.single }

    var wire: WireKeyEncryption {
        var wire = WireKeyEncryption()
        (wire.current, wire.former, wire.late, wire.began) = (current.wire, former.wire, late, began)
        (wire.rewrapped, wire.batches) = (rewrapped, batches)
        if let ended { wire.ended = ended }
        return wire
    }

    init(wire: WireKeyEncryption) {
        self.init(current: [UInt8](wire.current), former: [UInt8](wire.former), began: wire.began)
        (late, rewrapped, batches) = (wire.late, wire.rewrapped, wire.batches)
        ended = wire.hasEnded ? wire.ended : nil
    }
}

extension RewrappedBatch: StoredRow {
    static var table: RowTable { .rewrappedBatch }
    var rowKey: [UInt8] { RowKey.node(number) }

    var wire: WireRewrappedBatch {
        .with { ($0.number, $0.at, $0.former) = (number, at, former.wire) }
    }

    init(wire: WireRewrappedBatch) {
        self.init(number: wire.number, at: wire.at, former: [[UInt8]](wire: wire.former))
    }
}

extension PoolCommand {
    /// The commands on the key-encryption key.
    var keyEncryptionKind: WireCommand.OneOf_Kind? {
        switch self {
        case .rotateKeyEncryption(let rotation): .rotateKeyEncryption(rotation.wire)
        case .rewrapRecords(let records): .rewrapRecords(.with { $0.records = records.map(\.wire) })
        case .sweepRewrapped(let batch): .sweepRewrapped(.with { $0.batch = batch })
        case .retireKeyEncryption(let retirement): .retireKeyEncryption(retirement.wire)
        default: nil
        }
    }

    /// `nil` for other commands.
    init?(keyEncryptionKind kind: WireCommand.OneOf_Kind?) {
        switch kind {
        case .rotateKeyEncryption(let rotation): self = .rotateKeyEncryption(KeyEncryptionRotation(wire: rotation))
        case .rewrapRecords(let batch): self = .rewrapRecords(batch.records.map { RewrappedRecord(wire: $0) })
        case .sweepRewrapped(let sweep): self = .sweepRewrapped(batch: sweep.batch)
        case .retireKeyEncryption(let retirement):
            self = .retireKeyEncryption(KeyEncryptionRetirement(wire: retirement))
        default: return nil
        }
    }
}
