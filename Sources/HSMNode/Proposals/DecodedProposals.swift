import PoolState
import Raft

/// Proposals that were decoded when they came in and will be needed once more when they are applied.
struct DecodedProposals {
    /// What names an entry: no two with the same index and term differ.
    private struct Name: Hashable {
        let index: LogIndex
        let term: Term
    }

    private static let capacity = 1024
    private var envelopes: [Name: ProposalEnvelope] = [:]

    mutating func keep(_ envelope: ProposalEnvelope, index: LogIndex, term: Term) {
        // Full of entries that never were committed, or far ahead of what is applied: decoding again is no harm.
        if envelopes.count >= Self.capacity { envelopes.removeAll() }
        envelopes[Name(index: index, term: term)] = envelope
    }

    /// The proposal in `entry`, decoded now if need be; nil if it holds none.
    mutating func take(_ entry: LogEntry) -> ProposalEnvelope? {
        guard case .command(let bytes) = entry.payload else { return nil }
        if let kept = envelopes.removeValue(forKey: Name(index: entry.index, term: entry.term)) { return kept }
        return try? ProposalEnvelope(decoding: bytes)
    }

    /// The proposal in `bytes`, the command of the entry at `index`, which will be needed once more; nil if they are
    /// none.
    mutating func look(_ bytes: [UInt8], index: LogIndex, term: Term) -> ProposalEnvelope? {
        if let kept = envelopes[Name(index: index, term: term)] { return kept }
        guard let envelope = try? ProposalEnvelope(decoding: bytes) else { return nil }
        keep(envelope, index: index, term: term)
        return envelope
    }

    /// Forgets everything.
    mutating func clear() {
        envelopes.removeAll()
    }
}
