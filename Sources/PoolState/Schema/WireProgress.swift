import AccessControl

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension CompletedProposal: StoredRow {
    static var table: RowTable { .completedProposal }
    var rowKey: [UInt8] { RowKey.proposal(sequence) }

    var wire: WireCompletedProposal {
        var wire = WireCompletedProposal()
        wire.sequence = sequence
        wire.proposalID = proposalID.wire
        wire.index = index
        wire.term = term
        switch outcome {
        case .applied:
            wire.applied = WireApplied()
        case .key(let name, let version):
            wire.key.name = name
            wire.key.version = version.wire
        case .refused(let refusal):
            wire.refused = refusal.rawValue
        }
        return wire
    }

    init(wire: WireCompletedProposal) throws {
        let outcome: CommandOutcome =
            switch wire.outcome {
            case .applied: .applied
            case .key(let key): .key(name: key.name, version: [UInt8](key.version))
            case .refused(let number): .refused(try known(number))
            case nil: throw NotConvertible()
            }
        self.init(
            sequence: wire.sequence, proposalID: try GUID(wire: wire.proposalID), index: wire.index, term: wire.term,
            outcome: outcome)
    }
}

/// What is neither a record nor a proposal: how far the state has come.
struct Progress: StoredRow {
    let logTime: Int64
    let nextSequence: UInt64

    static var table: RowTable { .progress }
    var rowKey: [UInt8] { RowKey.single }

    init(logTime: Int64, nextSequence: UInt64) {
        self.logTime = logTime
        self.nextSequence = nextSequence
    }

    var wire: WireProgress {
        var wire = WireProgress()
        wire.logTime = logTime
        wire.nextSequence = nextSequence
        return wire
    }

    init(wire: WireProgress) {
        self.init(logTime: wire.logTime, nextSequence: wire.nextSequence)
    }
}
