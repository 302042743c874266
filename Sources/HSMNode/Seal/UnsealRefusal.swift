public import PoolState
public import Raft

/// Why keys that were given to a node don't unseal it: its disk doesn't hold what an unsealed node left there, its
/// program is too old for that, or the node can't be unsealed now.
public enum UnsealRefusal: Error, Hashable, Sendable {
    /// The node runs unsealed already, or is about to try other keys.
    case alreadyUnsealed
    /// The stored rows aren't a pool's state.
    case rowsMalformed(String)
    /// There are rows, but no mark that vouches for them.
    case markMissing
    /// The mark's tag is wrong: it was edited, or belongs to another pool or epoch.
    case markForged(index: LogIndex)
    /// The rows don't have the root that the mark vouches for: a row was edited, added, removed or put back.
    case rowsForged(index: LogIndex)
    /// The mark vouches for an entry that the log doesn't hold, or holds differently.
    case markNotInLog(index: LogIndex)
    /// A log entry behind the mark has a wrong tag.
    case entryForged(index: LogIndex)
    /// The state belongs to a pool of a later version than the program knows.
    case poolIsNewer(PoolVersion)
    /// The node belongs to the pool no more.
    case removed
    /// The node is stopping.
    case halted
}
