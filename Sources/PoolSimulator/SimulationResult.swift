/// What came of a run. The same seed and profile give an equal result, in every process.
public struct SimulationResult: Hashable, Sendable {
    public let seed: UInt64
    /// Nil if every promise was kept.
    public let violation: Violation?
    /// Over every event of the run and what it did.
    public let digest: UInt64
    public let counters: SimulationCounters
}

/// How much happened in a run, to tell whether runs reach what they are there for.
public struct SimulationCounters: Hashable, Sendable {
    /// Events of the world that were carried out.
    public var events = 0
    /// True time at the end, in nanoseconds.
    public var duration: UInt64 = 0
    /// Terms that had a leader.
    public var elections = 0
    /// Processes that went down, for whatever reason.
    public var crashes = 0
    /// Of these, the ones that gave up themselves: mostly because a write or a flush failed.
    public var halts = 0
    /// Times that a node got the pool's keys, after each start too.
    public var unseals = 0
    /// Times that an unsealed node was told to give up its keys.
    public var seals = 0
    /// Times that links were cut, or all slowed down. One link that is slow doesn't count.
    public var partitions = 0
    /// Messages that nodes sent, lost ones included.
    public var messages = 0
    /// Log entries that were committed, of whatever kind.
    public var entriesCommitted = 0
    /// Writes of clients that were acknowledged.
    public var writesAnswered = 0
    /// Reads of clients that were answered with a view, by lease or not.
    public var readsAnswered = 0
    /// Reads that were answered by lease, without asking anyone.
    public var leasedReads = 0
    /// Calls that were answered with a refusal. Those of a node that died meanwhile are in no count.
    public var callsFailed = 0
    /// Log entries that repeated an earlier proposal.
    public var repetitions = 0
    /// Nodes that have cut off a part of their log by the end.
    public var compactedLogs = 0
    /// Times that a node said that its disk is full.
    public var diskFull = 0
    /// Proposals that were sent in a member's name without the pool's keys.
    public var forgeries = 0
    /// Forged proposals that a leader recognised.
    public var forgeriesRefused = 0
    /// Faults that were drawn, carried out or not.
    public var misfortunes = 0
    /// Disks that were damaged.
    public var damages = 0
    /// Damaged disks whose node didn't start, or couldn't be unsealed, and said why.
    public var damagesFound = 0
    /// How often a node noticed that its clock was not to be trusted.
    public var clockAlarms = 0
    /// Changes of the members that were asked for.
    public var changesAsked = 0
    /// Committed configurations that aren't joint.
    public var changes = 0
    /// Pools whose version was raised.
    public var versionsRaised = 0
    /// Calls that a pool refused because not all of its members know the command.
    public var commandsTooNew = 0
    /// Nodes whose disks were damaged at the end.
    public var lostNodes = 0

    public init() {}

    /// Adds another run's counts.
    public static func += (left: inout SimulationCounters, right: SimulationCounters) {
        left.events += right.events
        left.duration += right.duration
        left.elections += right.elections
        left.crashes += right.crashes
        left.halts += right.halts
        left.unseals += right.unseals
        left.seals += right.seals
        left.partitions += right.partitions
        left.messages += right.messages
        left.entriesCommitted += right.entriesCommitted
        left.writesAnswered += right.writesAnswered
        left.readsAnswered += right.readsAnswered
        left.leasedReads += right.leasedReads
        left.callsFailed += right.callsFailed
        left.repetitions += right.repetitions
        left.compactedLogs += right.compactedLogs
        left.diskFull += right.diskFull
        left.forgeries += right.forgeries
        left.misfortunes += right.misfortunes
        left.damages += right.damages
        left.damagesFound += right.damagesFound
        left.clockAlarms += right.clockAlarms
        left.changesAsked += right.changesAsked
        left.changes += right.changes
        left.versionsRaised += right.versionsRaised
        left.commandsTooNew += right.commandsTooNew
        left.lostNodes += right.lostNodes
        left.forgeriesRefused += right.forgeriesRefused
    }
}
