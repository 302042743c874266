public import NodeEnvironment
public import PoolState
public import Raft

/// What happens to a node. Completions are called at the end of a step, exactly once, on the driver's thread; they must
/// not call the driver.
public enum NodeEvent {
    /// Time has passed: call at `NodeDriver.nextDeadline` at the latest.
    case timer
    /// A message from a peer whose identity the transport has verified.
    case message(PeerMessage, from: NodeID)
    /// A connection to a peer was made.
    case peerConnected(NodeID)
    /// A peer has made a new connection to this node. What it says from now on it has said after all that came before.
    case peerReturned(NodeID)
    /// A write.
    case submit(PoolCommand, origin: ProposalOrigin, completion: SubmitCompletion)
    /// A linearizable read, of what it says that it looks at.
    case read(for: ReadScope = .everything, ReadCompletion)
    /// The pool's keys have been recovered. Success carries the applied index.
    case unseal(any StateAuthenticator, completion: (Result<LogIndex, UnsealRefusal>) -> Void)
    /// The pool has lost its quorum for good, and officers have decided that this node goes on alone. Success carries
    /// the index at which the new epoch begins; the node has stopped then, and has to be started again.
    case recover(PoolRecoveryRequest, completion: (Result<LogIndex, PoolRecoveryRefusal>) -> Void)
    /// The keys are to be forgotten.
    case seal
    /// Somebody wants to read the stored state. Told whether it holds all that was applied: there may be no room.
    case save(completion: (Bool) -> Void)
    /// Leadership should go to this voter.
    case transferLeadership(to: NodeID)
    /// The pool's members should become these. Answered when the leader has put the first step into its log; nil is
    /// success. The steps go on by themselves.
    case changeMembers(voters: Set<NodeID>, learners: Set<NodeID>, completion: (ProposalRefusal?) -> Void)
}

/// Told the outcome of a write and a view that holds it.
public typealias SubmitCompletion = (Result<Committed, PoolUnavailable>) -> Void
/// Given a view that was current at some time after the question.
public typealias ReadCompletion = (Result<PoolView, PoolUnavailable>) -> Void
