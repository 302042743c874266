public import PoolState
public import Raft

/// What a node is told about itself. Times are nanoseconds on the node's own clock.
public struct NodeOptions: Sendable {
    /// Consensus, with the node's id.
    public var raft: Raft.Options
    /// Told to the other nodes; printable ASCII, at most 64 bytes.
    public var version: String
    /// Which commands the node's program knows.
    public var catalog = CommandCatalog.current
    /// How long a write may take before its fate is given up.
    public var submitTimeout: Nanoseconds = 10_000_000_000
    /// How long a read may wait for a confirmed index.
    public var readTimeout: Nanoseconds = 5_000_000_000
    /// A forwarded proposal, or a read round, that got no answer for so long is sent again.
    public var retryInterval: Nanoseconds = 500_000_000
    /// The pause after a refusal before the same is asked again.
    public var refusalPause: Nanoseconds = 50_000_000
    /// How often the node tells the others about itself.
    public var statusInterval: Nanoseconds = 1_000_000_000
    /// A peer that wasn't heard of for so long isn't counted on.
    public var peerSilence: Nanoseconds = 3_500_000_000
    /// A proposal may be stamped this many milliseconds from the clock of the node that judges it.
    public var stampTolerance: Int64 = 60_000
    /// Writes that may wait at this node for their outcome.
    public var maximumSubmissions = 8192
    /// How long a leader lets proposals gather for others to share their way.
    public var gatheringInterval: Nanoseconds = 5_000_000
    /// Proposals that a leader may have in its log before they are applied.
    public var maximumProposalsInFlight = 8192
    /// Reads that may wait at this node.
    public var maximumReads = 65_536
    /// Read rounds that may be under way at once.
    public var maximumReadRounds = 4
    /// How long what was applied may wait to be stored; the log has it all the while. A restart applies it again.
    public var saveInterval: Nanoseconds = 50_000_000
    /// So many changed rows don't wait for that.
    public var rowsUnsaved = 1_000
    /// Applied entries that stay in the log, so that a member that was away for a moment needs no snapshot.
    public var logEntriesKept: UInt64 = 10_000
    /// Bytes of entries that stay at most, however few entries that are.
    public var logBytesKept = 16 << 20
    /// Up to so many bytes the log waits for members that are alive and behind.
    public var logBytesHeld = 48 << 20
    /// Entries that everybody who is alive has applied go after so long, however few there are.
    public var logAgeKept: Nanoseconds = 3_600_000_000_000
    /// About how many bytes of entries go with one step. What is dropped is overwritten, in one write that holds the
    /// node up and needs as much room.
    public var bytesPerCut = 4 << 20
    /// About how many bytes of a snapshot travel at once.
    public var snapshotChunkBytes = 512 << 10
    /// How far behind a learner may be to become a voter.
    public var promotionLag: UInt64 = 100
    /// How often a leader looks whether the pool's members are those that are wanted.
    public var membershipInterval: Nanoseconds = 100_000_000
    /// The log is cut once it holds this many entries more than have to stay. What is too much by its bytes or too old
    /// doesn't wait for so many.
    public var compactionStep: UInt64 = 1_000

    #if PLANTED_FAULTS
        /// The bug that the driver is to have; nil for none.
        public var plantedFault: PlantedNodeFault?
    #endif

    public init(raft: Raft.Options, version: String) {
        self.raft = raft
        self.version = version
    }
}
