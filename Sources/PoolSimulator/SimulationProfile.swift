public import HSMNode
public import Raft

/// How a run's world behaves. Times in nanoseconds of true time; probabilities in parts of a million.
public struct SimulationProfile: Sendable {
    /// By it commands choose a profile and failing runs name theirs.
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
    /// From the election to the coup.
    public var meanReign: UInt64 = 15_000_000
    /// How many leaders are struck down soon after they were asked to change the members, and their mean time until
    /// then. Meanwhile what they write reaches newcomers only.
    public var coupsAfterChanges = 0
    /// From the request to the coup.
    public var meanReignAfterChange: UInt64 = 100_000_000
    /// The mean time that a node stays down, and then sealed.
    public var meanDowntime: UInt64 = 150_000_000
    /// From the start of a process, or its sealing, until it gets the pool's keys.
    public var meanSealedTime: UInt64 = 80_000_000
    /// The mean time of a partition.
    public var meanPartition: UInt64 = 250_000_000
    /// How many messages are lost, as long as there are faults.
    public var loss = 20_000
    /// How many messages arrive twice, as long as there are faults.
    public var duplication = 20_000
    /// How many of the messages that carry log entries are lost on top of `loss`, as long as there are faults.
    public var entryLoss = 0
    /// The mean time that a message takes beyond the least delay of 0.2 ms, as long as there are faults. It reorders
    /// messages.
    public var meanExtraDelay: UInt64 = 1_500_000
    /// How many grants of leases come once more, and how much later.
    public var lateGrants = 0
    /// The mean time from the grant to its repetition.
    public var meanGrantDelay: UInt64 = 600_000_000
    /// The mean time of a synced write.
    public var meanWriteTime: UInt64 = 300_000
    /// Limits on what is on its way to a follower; small ones make replication slow.
    public var maxEntryBytesPerMessage = 1 << 20
    /// Unanswered messages with entries that one follower may have on the way.
    public var maxInflightMessages = 16
    /// How many applied entries stay in the log.
    public var logEntriesKept: UInt64 = 20
    /// For how long leaders keep back what is committed or released, at most: some do it for no time, some for half.
    public var longestNewsDelay: UInt64 = 3_000_000
    /// How reads are known to be current.
    public var readMode = ReadMode.readIndex
    /// How much too fast or too slow a node's clock may run, in parts per million.
    public var maximumDrift: Int64 = 5_000
    /// Machines beside the founders that can be added to the pool, and how many voters a change may lead to.
    public var spares = 0
    /// A change that would lead to more is not asked for.
    public var mostVoters = 5
    /// The mean time that a paused process stands still.
    public var meanPause: UInt64 = 250_000_000
    /// The fault atlas: damaged disks stay a minority. Without it nothing may go wrong either, but the pool may stand.
    public var keepsQuorumIntact = true
    /// Reads are as current as promised. Where clocks break the bound that leases rest on, they need not be.
    public var readsAreCurrent = true
    /// If set, only the misfortunes with these numbers happen: see ``Simulation/shrunk(_:)``.
    public var misfortunes: Set<Int>?
    /// What the run's checks are to find; nil for the program as it is.
    public var plantedFault: PlantedSimulationFault?

    /// The world of ``suite`` under another name.
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
        profile.faults.suspend = 4
        return profile
    }

    /// Lease clocks that break the bound. Nodes have to notice, and nothing but the currency of reads may suffer.
    public static var brokenClocks: SimulationProfile {
        var profile = leases
        profile.name = "brokenClocks"
        profile.maximumDrift = 50_000
        profile.readsAreCurrent = false
        profile.faults.suspend = 15
        profile.faults.clockJump = 15
        profile.faults.clockFreeze = 15
        profile.faults.clockRate = 15
        return profile
    }

    /// Reads by lease, members that come and go, and leaders that are deposed in between.
    public static var changes: SimulationProfile {
        var profile = leases
        profile.name = "changes"
        profile.sizes = [3]
        profile.spares = 4
        profile.meanFaultInterval = 120_000_000
        profile.meanPartition = 500_000_000
        profile.faults.changeMembers = 60
        return profile
    }

    /// Changes of the members that reach few before their leader is struck down, while heartbeats get through: what one
    /// leader has begun and the next one doesn't know.
    public static var unfinishedChanges: SimulationProfile {
        var profile = changes
        profile.name = "unfinishedChanges"
        // What goes wrong is soon put right again: it shows where somebody reads and writes all the while.
        profile.safetyPhase = 8_000_000_000
        profile.meanCallInterval = 2_000_000
        profile.meanFaultInterval = 90_000_000
        profile.meanPartition = 350_000_000
        profile.entryLoss = 100_000
        profile.coupsAfterChanges = 700_000
        profile.faults = FaultWeights(
            crash: 3, crashLeader: 3, crashInWrite: 2, split: 5, isolateLeader: 8, oneWay: 3, clog: 3, pause: 2,
            seal: 0, transfer: 5, diskFull: 0)
        profile.faults.changeMembers = 60
        return profile
    }

    /// Members that hear their leader and lack what it has written: entries get lost, heartbeats and grants don't.
    public static var laggards: SimulationProfile {
        var profile = leases
        profile.name = "laggards"
        profile.sizes = [3, 3, 5]
        profile.entryLoss = 700_000
        profile.coups = 300_000
        profile.meanReign = 300_000_000
        profile.meanExtraDelay = 8_000_000
        profile.meanCallInterval = 5_000_000
        profile.reads = 700_000
        profile.meanPartition = 500_000_000
        return profile
    }

    /// Grants that come once more, long after they were made: to who has asked again since and is not to have a lease,
    /// because it lags, or to its next process.
    public static var lateGrants: SimulationProfile {
        var profile = laggards
        profile.name = "lateGrants"
        profile.lateGrants = 500_000
        profile.entryLoss = 400_000
        return profile
    }

    /// Leaders that release entries long before they say so, while members lead, lead no more, are sealed and unsealed:
    /// what they owe the entries in their logs then.
    public static var lateNews: SimulationProfile {
        var profile = laggards
        profile.name = "lateNews"
        profile.longestNewsDelay = 120_000_000
        profile.entryLoss = 400_000
        profile.coups = 0
        profile.meanFaultInterval = 60_000_000
        profile.meanSealedTime = 15_000_000
        profile.meanPartition = 250_000_000
        profile.faults = FaultWeights(
            crash: 3, crashLeader: 3, crashInWrite: 0, split: 5, isolateLeader: 30, oneWay: 5, clog: 5, pause: 5,
            seal: 30, transfer: 30, diskFull: 0)
        return profile
    }

    /// Disks that give back something else than what was written, on a minority of the nodes.
    public static var damage: SimulationProfile {
        var profile = SimulationProfile(name: "damage")
        profile.sizes = [3, 5]
        profile.faults.damage = 25
        profile.meanDowntime = 60_000_000
        profile.meanSealedTime = 20_000_000
        return profile
    }

    /// Nodes of two programs, which are upgraded one after the other while members come and go.
    public static var upgrade: SimulationProfile {
        var profile = SimulationProfile(name: "upgrade")
        profile.sizes = [3, 3, 5]
        profile.safetyPhase = 2_500_000_000
        profile.spares = 2
        profile.meanPartition = 200_000_000
        profile.meanDowntime = 80_000_000
        profile.meanSealedTime = 30_000_000
        profile.faults.upgrade = 60
        profile.faults.changeMembers = 10
        return profile
    }

    /// ``damage`` to the disks of as many nodes as it happens to be: the pool may stop, and must not guess.
    public static var ruin: SimulationProfile {
        var profile = damage
        profile.name = "ruin"
        profile.keepsQuorumIntact = false
        profile.livenessPhase = 2_000_000_000
        return profile
    }

    /// All profiles, by name.
    public static var all: [SimulationProfile] {
        [
            suite, crashes, partitions, seals, briefReigns, leases, laggards, lateGrants, lateNews, brokenClocks,
            changes, unfinishedChanges, damage, ruin, upgrade,
        ]
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
    /// A node goes down, finds again at most a part of what it hadn't synced, and starts later.
    public var crash = 15
    /// Whoever leads goes down; any node where nobody does.
    public var crashLeader = 10
    /// A node, the leader in half of the cases, dies in one of its next three writes, before or after it is on the
    /// disk.
    public var crashInWrite = 15
    /// The nodes fall into two parts by chance, which hear nothing of each other.
    public var split = 10
    /// Whoever leads hears nobody and is heard by nobody.
    public var isolateLeader = 10
    /// A node hears nobody and is still heard.
    public var oneWay = 8
    /// One direction of one link gets slower.
    public var clog = 8
    /// A process stands still, while its lease clock goes on.
    public var pause = 8
    /// A node loses the pool's keys for a while.
    public var seal = 8
    /// Whoever leads is told to hand over to a node.
    public var transfer = 8
    /// Up to six of a node's next writes are refused for want of space.
    public var diskFull = 4
    /// Whoever has a member's disk and certificate, but not the pool's keys, forwards proposals of his own.
    public var forge = 0
    /// A flush fails: the process ends, for nobody knows what the disk holds.
    public var failFlush = 6
    /// Each direction of each link is cut or not, so that no two nodes see the same pool.
    public var mesh = 6
    /// All links are slow, each differently.
    public var swizzle = 4
    /// Each write of a node takes longer for a while.
    public var slowDisk = 4
    /// A lease clock gets another rate, within the bound; a civil clock another time, within the tolerance.
    public var drift = 4
    /// Within 25 ms of true time, so that two nodes stay within what is tolerated between them.
    public var civilJump = 3
    /// A machine sleeps: its lease clock goes on, its oscillator doesn't, and it has to say so.
    public var suspend = 0
    /// What no clock may do while leases run: a lease clock jumps ahead, stands still, or runs far too fast or slowly.
    public var clockJump = 0
    /// A lease clock stands still for a while.
    public var clockFreeze = 0
    /// A lease clock runs 40 % too fast or too slowly for a while.
    public var clockRate = 0
    /// A bit flips or a sector is stale, by class of stored data.
    public var damage = 0
    /// Nodes are added, removed, replaced, promoted and demoted.
    public var changeMembers = 0
    /// A machine that has an older program gets a later one, which knows more commands.
    public var upgrade = 0
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
    /// A store that finds a damaged entry in the middle of its log cuts the log there and goes on.
    case truncatesDamagedLog
    /// Lease clocks stand still while their machine does.
    case leaseClockStopsInSuspend

    /// The bug, without the layer that it lies in.
    public var name: String {
        let path = "\(self)".split { "(.)".contains($0) }
        return path.last.map(String.init) ?? "\(self)"
    }
}
