import AccessControl
import HashTreeCollections

/// One proposal that has been applied, and what became of it.
struct CompletedProposal: Hashable, Sendable {
    /// Counts all proposals ever applied, from 0.
    let sequence: UInt64
    let proposalID: GUID
    /// The log entry that it was applied by.
    let index: UInt64
    let term: UInt64
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

    /// Appends the next proposal, whose id isn't remembered.
    mutating func append(_ proposal: CompletedProposal) {
        place(proposal)
        next = proposal.sequence + 1
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
