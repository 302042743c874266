public import Raft

/// A promise that was broken in a simulated run.
public enum Violation: Error, Hashable, Sendable {
    /// Two nodes led one term.
    case twoLeaders(term: Term, NodeID, NodeID)
    /// A node's stored term fell, or its vote changed within a term.
    case hardStateWentBack(NodeID, term: Term)
    /// A node voted for two candidates in one term.
    case votedTwice(NodeID, term: Term, NodeID, NodeID)
    /// A node came back without a vote that it had told of: nothing keeps it from voting again in that term.
    case forgotVote(NodeID, term: Term, candidate: NodeID)
    /// A node came back with an older term than it had spoken in.
    case forgotTerm(NodeID, spoken: Term, stored: Term)
    /// Two different entries share index and term, or follow on different entries.
    case logsDoNotMatch(NodeID, index: LogIndex, term: Term)
    /// A node cut off an entry that it knew to be committed.
    case committedEntryTruncated(NodeID, index: LogIndex)
    /// A node took another entry for committed than some node before.
    case committedEntryChanged(NodeID, index: LogIndex)
    /// A node leads that lacks an entry which was committed in an earlier term.
    case leaderLacksCommitted(NodeID, term: Term, index: LogIndex)
    /// applied ≤ commit ≤ last doesn't hold, or the commit index fell.
    case indexesOutOfOrder(NodeID, applied: LogIndex, commit: LogIndex, last: LogIndex)
    /// A node saved another state than the log through this index comes to, or named another last entry.
    case statesDiffer(NodeID, index: LogIndex)
    /// A node saved a state with entries that were never committed.
    case appliedUncommitted(NodeID, index: LogIndex)
    /// The answer to a write isn't what its log entry comes to, or names an entry that isn't its own.
    case wrongOutcome(proposal: UInt64, index: LogIndex)
    /// A write that was answered isn't in the log.
    case acknowledgedWriteLost(proposal: UInt64, index: LogIndex)
    /// An operation that began after another had ended doesn't come after it.
    case notLinearizable(floor: LogIndex, got: LogIndex)
    /// A read's view isn't what the log through its index comes to.
    case wrongView(index: LogIndex, register: Int)
    /// A call was answered twice.
    case answeredTwice(operation: Int)
    /// A command stands in the log that no client asked for.
    case foreignProposal(index: LogIndex)
    /// A command stands in the log that came with a later version than the pool has there.
    case commandTooNew(index: LogIndex)
    /// A member has stopped, because the pool went on to a version that it doesn't know.
    case leftBehind(NodeID, String)
    /// A node could not start on, or be unsealed from, what it had stored itself.
    case startRefused(NodeID, String)
    /// A node runs on stored bytes that aren't what it had written.
    case damageUnnoticed(NodeID)
    /// Two configurations follow each other in the committed log of which each could decide alone.
    case disjointConfigurations(index: LogIndex)
    /// A node raised an alarm though nobody had done anything wrong.
    case falseAlarm(NodeID, String)
    /// All faults had ended, and the pool did not come to rest with everything done.
    case noProgress(String)
    /// The run took more events than any run of its length needs: something goes on without an end.
    case endless(events: Int)
}
