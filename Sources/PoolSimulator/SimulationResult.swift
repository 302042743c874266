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
    public var elections = 0
    public var crashes = 0
    public var crashesInWrites = 0
    public var unseals = 0
    public var seals = 0
    public var partitions = 0
    public var messages = 0
    public var entriesCommitted = 0
    public var writesAnswered = 0
    public var readsAnswered = 0
    /// Reads that were answered by lease, without asking anyone.
    public var leasedReads = 0
    public var callsFailed = 0
    /// Log entries that repeated an earlier proposal.
    public var repetitions = 0
    public var compactions = 0
    public var diskFull = 0
    /// Proposals that were sent in a member's name without the pool's keys, and those that a leader found out.
    public var forgeries = 0
    public var forgeriesRefused = 0
    /// Faults that were drawn, carried out or not.
    public var misfortunes = 0
    /// Disks that were damaged, and those whose damage was found when they were read.
    public var damages = 0
    public var damagesFound = 0
    /// How often a node noticed that its clock was not to be trusted.
    public var clockAlarms = 0
    /// Changes of the members that were asked for, and configurations that were committed and aren't joint.
    public var changesAsked = 0
    public var changes = 0
    /// Pools whose version was raised, and calls that came too early for it.
    public var versionsRaised = 0
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
        left.crashesInWrites += right.crashesInWrites
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
        left.compactions += right.compactions
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
