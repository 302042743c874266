public import HSMNode
public import Raft

/// How a run's world behaves. Times in nanoseconds of true time; probabilities in parts of a million.
public struct SimulationProfile: Sendable {
    public var name: String
    /// How many nodes the pool has; one of these is drawn.
    public var sizes = [3, 3, 3, 5]
    /// How long faults last.
    public var safetyPhase: UInt64 = 1_500_000_000
    /// How long the pool has afterwards to come to rest.
    public var livenessPhase: UInt64 = 8_000_000_000
    /// A run that takes more events is broken off as endless.
    public var maximumEvents = 250_000
    /// The mean time between two calls of clients.
    public var meanCallInterval: UInt64 = 25_000_000
    /// How many of the calls are reads.
    public var reads = 500_000
    /// How many of the calls that fail are made again, under the same id, at another node.
    public var repeats = 600_000
    /// The mean time between two faults.
    public var meanFaultInterval: UInt64 = 100_000_000
    /// How often each fault is drawn, in relation to the others.
    public var faults = FaultWeights()
    /// How many new leaders are struck down soon after their election, and their mean time until then.
    public var coups = 0
    public var meanReign: UInt64 = 15_000_000
    /// The mean time that a node stays down, and then sealed.
    public var meanDowntime: UInt64 = 150_000_000
    public var meanSealedTime: UInt64 = 80_000_000
    /// The mean time of a partition.
    public var meanPartition: UInt64 = 250_000_000
    public var loss = 20_000
    public var duplication = 20_000
    /// How many of the messages that carry log entries are lost on top of `loss`, as long as there are faults.
    public var entryLoss = 0
    public var meanExtraDelay: UInt64 = 1_500_000
    /// The mean time of a synced write.
    public var meanWriteTime: UInt64 = 300_000
    /// Limits on what is on its way to a follower; small ones make replication slow.
    public var maxEntryBytesPerMessage = 1 << 20
    public var maxInflightMessages = 16
    /// How many applied entries stay in the log.
    public var logEntriesKept: UInt64 = 20
    /// How reads are known to be current.
    public var readMode = ReadMode.readIndex
    /// How much too fast or too slow a node's clock may run, in parts per million.
    public var maximumDrift: Int64 = 5_000
    public var plantedFault: PlantedSimulationFault?

    public init(name: String) {
        self.name = name
    }

    /// A bit of everything: what the suite runs thousands of seeds of.
    public static let suite = SimulationProfile(name: "suite")

    /// Elections and crashes in a row, with replication entry by entry: the ground of Figure 8 of the Raft paper.
    public static var crashes: SimulationProfile {
        var profile = SimulationProfile(name: "crashes")
        profile.sizes = [3, 3, 5]
        profile.meanFaultInterval = 150_000_000
        profile.coups = 700_000
        profile.meanDowntime = 60_000_000
        profile.meanSealedTime = 5_000_000
        profile.meanPartition = 120_000_000
        profile.faults = FaultWeights(
            crash: 30, crashLeader: 30, crashInWrite: 30, split: 10, isolateLeader: 20, oneWay: 5, clog: 10, pause: 5,
            seal: 0, transfer: 10, diskFull: 0)
        profile.maxEntryBytesPerMessage = 1
        profile.maxInflightMessages = 1
        profile.meanExtraDelay = 8_000_000
        profile.meanCallInterval = 10_000_000
        profile.reads = 200_000
        return profile
    }

    /// Leaders that are struck down before much of what they wrote has reached anyone: what Figure 8 of the Raft paper
    /// needs three or four times in a row, with an old entry getting through in between.
    public static var briefReigns: SimulationProfile {
        var profile = SimulationProfile(name: "briefReigns")
        profile.sizes = [3]
        profile.safetyPhase = 3_000_000_000
        profile.meanFaultInterval = 3_000_000_000
        profile.coups = 1_000_000
        profile.meanReign = 80_000_000
        profile.meanDowntime = 100_000_000
        profile.meanSealedTime = 5_000_000
        profile.meanPartition = 150_000_000
        profile.maxEntryBytesPerMessage = 1
        profile.maxInflightMessages = 1
        profile.entryLoss = 600_000
        profile.meanCallInterval = 30_000_000
        profile.reads = 200_000
        return profile
    }

    /// Links that lose, repeat, reorder and break, nodes that stay up.
    public static var partitions: SimulationProfile {
        var profile = SimulationProfile(name: "partitions")
        profile.sizes = [3, 5, 5]
        profile.meanFaultInterval = 80_000_000
        profile.loss = 100_000
        profile.duplication = 100_000
        profile.meanExtraDelay = 10_000_000
        profile.faults = FaultWeights(
            crash: 2, crashLeader: 2, crashInWrite: 2, split: 30, isolateLeader: 30, oneWay: 30, clog: 20, pause: 20,
            seal: 5, transfer: 15, diskFull: 0)
        return profile
    }

    /// Reads by lease, with clocks as far apart as leases allow for, and leaders that are cut off, paused and deposed.
    public static var leases: SimulationProfile {
        var profile = SimulationProfile(name: "leases")
        profile.readMode = .lease
        profile.maximumDrift = 99_000
        profile.safetyPhase = 3_000_000_000
        profile.meanFaultInterval = 200_000_000
        profile.meanPartition = 900_000_000
        profile.meanDowntime = 120_000_000
        profile.meanSealedTime = 20_000_000
        profile.meanCallInterval = 8_000_000
        profile.reads = 800_000
        profile.faults = FaultWeights(
            crash: 10, crashLeader: 10, crashInWrite: 5, split: 15, isolateLeader: 30, oneWay: 10, clog: 10, pause: 20,
            seal: 5, transfer: 15, diskFull: 2)
        return profile
    }

    /// Nodes that lose and regain the pool's keys, with few that have them at any time.
    public static var seals: SimulationProfile {
        var profile = SimulationProfile(name: "seals")
        profile.meanSealedTime = 400_000_000
        profile.faults = FaultWeights(
            crash: 10, crashLeader: 10, crashInWrite: 5, split: 5, isolateLeader: 5, oneWay: 5, clog: 5, pause: 5,
            seal: 40, transfer: 10, diskFull: 5, forge: 10)
        return profile
    }
}

/// How often each kind of fault is drawn, in relation to the others.
public struct FaultWeights: Sendable {
    public var crash = 15
    public var crashLeader = 10
    public var crashInWrite = 15
    public var split = 10
    public var isolateLeader = 10
    public var oneWay = 8
    public var clog = 8
    public var pause = 8
    public var seal = 8
    public var transfer = 8
    public var diskFull = 4
    /// Whoever has a member's disk and certificate, but not the pool's keys, forwards proposals of his own.
    public var forge = 0
}

/// Bugs and lies that a run can be given, to prove that its checks find them.
public enum PlantedSimulationFault: Hashable, Sendable {
    #if PLANTED_FAULTS
        /// A bug of the consensus core.
        case raft(PlantedFault)
        /// A bug of the driver.
        case node(PlantedNodeFault)
    #endif
    /// Disks say that they have synced what they haven't.
    case lyingDisks
}
