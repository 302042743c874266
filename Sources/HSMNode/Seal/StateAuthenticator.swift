public import Raft

/// Makes the tags that only an unsealed node of this pool and epoch can make.
///
/// Pool id and epoch are bound by the conforming value; a node of another pool or epoch makes other tags.
public protocol StateAuthenticator: Sendable {
    /// The chain tag of a log entry: a MAC over epoch, term, index, the tag of the entry before it, and the payload.
    func entryTag(term: Term, index: LogIndex, previous: [UInt8], payload: [UInt8]) -> [UInt8]

    /// The tag of an applied mark: a MAC over pool, epoch, index, term, chain tag and state root.
    func stateTag(index: LogIndex, term: Term, chainTag: [UInt8], root: [UInt8]) -> [UInt8]

    /// The proof that an unsealed member forwards a proposal: a MAC over pool, epoch, proposer, id and command.
    func proposalProof(proposer: NodeID, proposalID: [UInt8], command: [UInt8]) -> [UInt8]

    /// Whether two tags are equal, found in a time that doesn't depend on where they differ. Empty ones, which stand
    /// for a tag that couldn't be made, are equal to nothing.
    func tagsAreEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool
}
