import AccessControl
import HashTreeCollections

/// One proposal that has been applied, and what became of it.
struct CompletedProposal: Hashable, Sendable {
    /// Counts all proposals ever applied, from 0.
    let sequence: UInt64
    let proposalID: GUID
    let outcome: CommandOutcome
}

/// The last proposals in log order: a ring, so that the newest overwrites the row of the oldest.
struct CompletedProposals: Sendable {
    /// How many are remembered.
    static let capacity: UInt64 = 8192

    private var byID = TreeDictionary<GUID, CompletedProposal>()
    private var idBySlot = TreeDictionary<UInt16, GUID>()
    /// The sequence number of the next one.
    var next: UInt64 = 0

    static func slot(of sequence: UInt64) -> UInt16 {
        UInt16(sequence % capacity)
    }

    var count: Int { byID.count }

    subscript(_ id: GUID) -> CompletedProposal? { byID[id] }

    /// Appends the outcome of a proposal whose id isn't remembered.
    mutating func append(_ id: GUID, _ outcome: CommandOutcome) -> CompletedProposal {
        let proposal = CompletedProposal(sequence: next, proposalID: id, outcome: outcome)
        place(proposal)
        next += 1
        return proposal
    }

    /// Puts a proposal where its sequence number says, in place of the one before it there.
    mutating func place(_ proposal: CompletedProposal) {
        let slot = CompletedProposals.slot(of: proposal.sequence)
        if let forgotten = idBySlot[slot] {
            byID[forgotten] = nil
        }
        idBySlot[slot] = proposal.proposalID
        byID[proposal.proposalID] = proposal
    }
}
