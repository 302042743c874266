public import NodeEnvironment
public import PoolState
public import Raft

/// Where a driver reports to its owner, on the driver's thread. None of it may call the driver.
public struct NodeObserver {
    /// A newer view of the pool's state. Called only while unsealed, with a growing index; a node that is sealed and
    /// unsealed within one process begins with the last one again.
    public var published: (PoolView) -> Void
    /// Sealed records were removed with what the view shows that was published just before. Whoever holds keys opened
    /// from them should close them.
    public var materialRemoved: (RemovedMaterial) -> Void
    /// What answers reads without the driver; nil while nothing may. Not to be held up: when it returns, no thread may
    /// go by an earlier one any more, except for a read that it has begun with it.
    public var leased: (LeasedReads?) -> Void
    /// Something that a person should know.
    public var alarm: (NodeAlarm) -> Void
    /// Role, term or known leader changed.
    public var roleChanged: (RoleChange) -> Void
    /// A message about unsealing, which the driver doesn't look into.
    public var unsealMessage: (PeerMessage, NodeID) -> Void

    public init(
        published: @escaping (PoolView) -> Void, materialRemoved: @escaping (RemovedMaterial) -> Void = { _ in },
        leased: @escaping (LeasedReads?) -> Void = { _ in },
        alarm: @escaping (NodeAlarm) -> Void, roleChanged: @escaping (RoleChange) -> Void,
        unsealMessage: @escaping (PeerMessage, NodeID) -> Void
    ) {
        self.published = published
        self.materialRemoved = materialRemoved
        self.leased = leased
        self.alarm = alarm
        self.roleChanged = roleChanged
        self.unsealMessage = unsealMessage
    }
}

/// Sealed records that the pool has no more.
public enum RemovedMaterial: Hashable, Sendable {
    /// SHA-256 of each.
    case records([[UInt8]])
    /// A snapshot has taken the state's place, and what went with the former one wasn't compared.
    case unknown
}

/// Something that no node of a healthy pool does or sees.
public enum NodeAlarm: Hashable, Sendable {
    /// The sender offered an entry whose tag no unsealed member made. It was not taken, nor was what came behind it.
    /// Genuine entries before it may have been.
    case forgedEntry(from: NodeID, index: LogIndex)
    /// A command is stamped too far from this node's clock: one that was to be proposed, or one in a leader's entries,
    /// where only a stamp in the future counts. The proposer is the node that stamped it, whoever offered it here.
    case stampRefused(proposer: NodeID, stampedAt: Int64, here: Int64)
    /// The sender offered a proposal without the proof that it is unsealed: it may be stolen. Nothing was proposed.
    case forgedProposal(from: NodeID)
    /// The sender offered bytes that aren't a proposal, or name another proposer.
    case malformedProposal(from: NodeID)
    /// A snapshot that was received isn't one that an unsealed member made. It was dropped.
    case forgedSnapshot(index: LogIndex)
    /// A snapshot that was received was damaged on this node's disk. It was dropped, and comes again.
    case damagedSnapshot(index: LogIndex)
    /// The stored state could not be handed to a member: a part of it is damaged, or can't be read. The node goes on,
    /// for no other one could.
    case stateDamaged(StorageFailure)
    /// The member's disk was put back to an earlier state: it no longer has what it had acknowledged, and counts for
    /// nothing until it is replaced.
    case memberForgot(NodeID)
    /// Members are to be removed or replaced, and that waits: without these voters, which are silent, those that it
    /// leaves would be no majority.
    case memberChangeWaits(for: [NodeID])
    /// This node was removed from the pool.
    case removed
    /// A peer broke the protocol, or a disk lied.
    case protocolViolation(ProtocolViolation)
    /// The clock that leases are counted by has jumped, stood still or runs at a wrong rate. Leases were dropped.
    case clockDistrusted(ClockCheck.Verdict)
    /// There is no room for what has to be written. The node takes part in nothing until there is.
    case storageFull
    /// The node has stopped for good.
    case halted(HaltReason)
}

/// Why a node takes part in nothing any more. Its process has to end.
public enum HaltReason: Error, Hashable, Sendable {
    /// The disk failed in the middle of a write: memory and disk may differ.
    case storage(StorageFailure)
    /// The program is older than its pool: it knows commands and rules up to `known`, and the pool's members follow
    /// those of a later version. Nothing of that was applied.
    case poolIsNewer(PoolVersion, known: PoolVersion)
    /// The committed entry holds a command that the program doesn't know. Nothing from there on was applied: whoever
    /// skips what others apply has another state than they.
    case unknownCommand(index: LogIndex, known: PoolVersion)
    /// It has begun a new epoch of the pool, alone: it has to be started again on what its disk holds now.
    case recovered(epoch: UInt64)
    /// Its owner stopped it.
    case stopped
}

/// Why a node doesn't start on what its disk holds.
public enum NodeStartFailure: Error, Hashable, Sendable {
    case storage(StorageFailure)
    case raft(RaftError)
}
