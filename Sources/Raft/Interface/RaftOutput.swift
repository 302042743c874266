/// What a node has to do now, as one unit.
///
/// The driver takes it with `Raft.takeOutput()` and carries it out in this order:
///
/// 1. `hardState`, `truncateFrom` and `entries` are written in **one** atomic and durable write: drop what is stored
///    at `truncateFrom` and above, then store `entries`. Durable means synced, before step 3. If the write fails the
///    process ends: an error of a sync is never retried. Where `entries` is not empty the driver then calls
///    `persisted(through:term:)` with the index and term of its last entry, once for each output and in order. A
///    leader counts itself towards a commit only then.
/// 2. `violations` are logged. Each one means that a peer broke the protocol, or that a disk lied. `leases` is handed
///    to the threads that answer reads.
/// 3. `messages` are sent. They may be lost, delayed, repeated and reordered, but none may leave before step 1 is
///    done, for they speak of what was written: a vote, an accepted entry, a term. An append may, if its term was
///    written by an earlier output: no leader counts its own entries before they are confirmed.
/// 4. `committed` is applied in order, after which the driver calls `applied(through:)`. It may apply on another
///    thread and take further outputs meanwhile; `committed` of later outputs goes on where this one ended.
/// 5. `readStates`: the read may be answered from the state machine once it has applied `index` or more.
/// 6. Answers that waited for `released` to come so far are given.
/// 7. `failedReads`: the read was lost with its leader. It is safe, and up to the driver, to ask again.
///
/// An output may be taken while earlier ones still are in steps 4 to 7, but not before their steps 1 to 3 are done.
public struct RaftOutput: Sendable {
    /// Set when term or vote changed, or when entries are written anyway. A commit index that moved on its own is not
    /// worth a sync: it is found again after a restart.
    public var hardState: HardState?
    /// Stored entries from this index on are to be dropped. They were never committed.
    public var truncateFrom: LogIndex?
    /// New entries, contiguous, the first one at `truncateFrom` if that is set, else behind the last one stored.
    public var entries: [LogEntry] = []
    public var violations: [ProtocolViolation] = []
    public var messages: [RaftMessage] = []
    #if PLANTED_FAULTS
        /// Filled by planted faults only: messages that leave before step 1, as in an implementation that is wrong.
        public var messagesBeforePersist: [RaftMessage] = []
    #endif
    public var committed: [LogEntry] = []
    public var readStates: [ReadState] = []
    public var failedReads: [UInt64] = []
    /// Set when more is released than before. Answers of writes, and of reads that depend on an entry behind this, are
    /// held back until it is.
    public var released: LogIndex?
    /// Set when the node's leases changed. To be handed to whoever answers reads before the messages leave: one of them
    /// may tell the leader that the leases are dropped.
    public var leases: LeaseHolder?
    /// The leader has this snapshot for us, and no longer has the entries that we lack.
    public var snapshotOffered: SnapshotOffer?
    /// Set when role, term or known leader changed since the last output. For information; everything that must
    /// follow from it is in the rest of the output.
    public var roleChange: RoleChange?

    public init() {}

    public var isEmpty: Bool {
        #if PLANTED_FAULTS
            if !messagesBeforePersist.isEmpty { return false }
        #endif
        return hardState == nil && truncateFrom == nil && entries.isEmpty && violations.isEmpty && messages.isEmpty
            && committed.isEmpty && readStates.isEmpty && failedReads.isEmpty && released == nil && leases == nil
            && snapshotOffered == nil && roleChange == nil
    }
}

/// A read that was confirmed: `id` as given to `requestRead`, and the index that the state must have reached.
public struct ReadState: Hashable, Sendable {
    public let id: UInt64
    public let index: LogIndex

    public init(id: UInt64, index: LogIndex) {
        self.id = id
        self.index = index
    }
}

/// What a node does in its term. The state that goes with each role is the core's own.
public enum RaftRole: Hashable, Sendable {
    case follower
    case preCandidate
    case candidate
    case leader
}

/// The situation after a change of role, term or known leader.
public struct RoleChange: Hashable, Sendable {
    public let role: RaftRole
    public let term: Term
    /// Nil where the node knows of no leader in `term`.
    public let leader: NodeID?

    public init(role: RaftRole, term: Term, leader: NodeID?) {
        self.role = role
        self.term = term
        self.leader = leader
    }
}

/// A snapshot that `from`, the leader, has ready.
public struct SnapshotOffer: Hashable, Sendable {
    /// Whom to ask for the snapshot.
    public let from: NodeID
    public let descriptor: SnapshotDescriptor

    public init(from: NodeID, descriptor: SnapshotDescriptor) {
        self.from = from
        self.descriptor = descriptor
    }
}

/// Something that no correct node does. The message was ignored; somebody should look at the disks.
public enum ProtocolViolation: Hashable, Sendable {
    /// `from` leads `term`, in which another leader is known already.
    case secondLeader(from: NodeID, term: Term)
    /// `from` wants the entry at `index` replaced, which is committed here.
    case conflictWithCommitted(from: NodeID, index: LogIndex)
    /// `from` claims to hold entries of this leader that were never made.
    case matchBeyondLog(from: NodeID, index: LogIndex)
}
