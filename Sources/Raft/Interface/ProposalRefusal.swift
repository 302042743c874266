/// Why a proposal was not appended. The proposer may try again where that makes sense: nothing has happened.
public enum ProposalRefusal: Error, Hashable, Sendable {
    /// Ask `leader`, if one is known.
    case notLeader(leader: NodeID?)
    /// Leadership is being handed to `target`.
    case transferring(target: NodeID)
    /// Too much is waiting for its commit.
    case overloaded
    /// A change of the configuration is not finished, or this leader has not yet committed an entry of its term.
    case configurationChangePending
    /// The configuration does not follow from the one in force by one allowed step.
    case invalidConfiguration
}
