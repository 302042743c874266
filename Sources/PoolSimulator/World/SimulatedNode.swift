import HSMNode
import NodeEnvironment
import PoolState
import Raft

/// One machine of the simulated world: its disk and clock last, its process comes and goes.
final class SimulatedNode {
    let number: Int
    let id: NodeID
    let disk: SimulatedDisk
    let clock: SimulatedClock
    private(set) var process: Process?
    /// Whether the machine has been put into service: others wait to be added to the pool.
    var isInService = false
    /// The machine is out of order for good: its disk is damaged, and was found to be.
    var isLost = false
    /// Its rows are damaged, so that it can't be unsealed any more.
    var staysSealed = false
    /// The machine has the later of two programs: see ``SimulatedProgram``.
    var isUpgraded = false
    /// Its disk takes so much longer for each write, on average, in nanoseconds.
    var diskDelay: UInt64 = 0
    /// Counts the lives.
    private(set) var life = 0

    /// What has arrived and waits for the process to look.
    var inbox: [NodeEvent] = []
    /// The process is in a write, or paused, until then.
    var busyUntil: UInt64 = 0
    /// All threads of the process stand still until then.
    var pausedUntil: UInt64 = 0
    /// When the world will wake the process; nil if no such event is queued.
    var wakeAt: UInt64?
    /// Operations that this life has taken and not answered.
    var openOperations: Set<Int> = []

    /// What dies in a crash.
    final class Process {
        let driver: NodeDriver
        let outbox: Outbox

        init(driver: NodeDriver, outbox: Outbox) {
            self.driver = driver
            self.outbox = outbox
        }
    }

    /// Collects what a process says in a step.
    final class Outbox: PeerNetwork {
        var messages: [(message: PeerMessage, to: NodeID)] = []
        var answers: [(operation: Int, answer: HistoryChecker.Answer)] = []
        var alarms: [NodeAlarm] = []
        var roles: [RoleChange] = []
        var unseals: [Result<LogIndex, UnsealRefusal>] = []

        func send(_ message: PeerMessage, to: NodeID) {
            messages.append((message, to))
        }
    }

    init(number: Int, disk: SimulatedDisk, clock: SimulatedClock) {
        self.number = number
        id = NodeID(UInt64(number + 1))
        self.disk = disk
        self.clock = clock
    }

    func start(options: NodeOptions, random: SimulatedRandom) throws(NodeStartFailure) {
        let outbox = Outbox()
        let observer = NodeObserver(
            published: { _ in }, alarm: { [unowned outbox] in outbox.alarms.append($0) },
            roleChanged: { [unowned outbox] in outbox.roles.append($0) }, unsealMessage: { _, _ in })
        let environment = NodeDriver.Environment(
            storage: disk, network: outbox, clock: clock, random: random, observer: observer)
        let driver = try NodeDriver(options: options, environment: environment, now: clock.now())
        process = Process(driver: driver, outbox: outbox)
        life += 1
    }

    /// The process is gone; returns how many operations died with it.
    func crash() -> Int {
        process = nil
        inbox.removeAll()
        wakeAt = nil
        busyUntil = 0
        pausedUntil = 0
        disk.crash()
        defer { openOperations.removeAll() }
        return openOperations.count
    }
}
