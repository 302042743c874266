import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Raft

/// One machine of a bench: its disk and clock last, its driver comes and goes.
final class Machine {
    let number: Int
    let id: NodeID
    let disk: SimulatedDisk
    let clock: SimulatedClock
    private(set) var driver: NodeDriver?
    /// What the driver takes for its disk. Nil before the first start.
    private(set) var storage: EditedDisk?
    var inbox: [NodeEvent] = []
    var alarms: [NodeAlarm] = []
    /// The views that were published, over all lives.
    var views: [PoolView] = []
    /// The key material that was said to be gone, over all lives.
    var removed: [RemovedMaterial] = []
    /// What the threads that answer requests were given, over all lives.
    var leased: [LeasedReads?] = []
    /// What somebody does to the stored data before the next start.
    var edit: (inout StoredNode) -> Void = { _ in }
    private let outbox = Outbox()
    private let random: SimulatedRandom
    private let adjust: (inout NodeOptions) -> Void

    private final class Outbox: PeerNetwork {
        var messages: [(message: PeerMessage, to: NodeID)] = []

        func send(_ message: PeerMessage, to: NodeID) {
            messages.append((message, to))
        }
    }

    init(
        number: Int, disk: SimulatedDisk, clock: SimulatedClock, random: SimulatedRandom,
        adjust: @escaping (inout NodeOptions) -> Void
    ) {
        self.number = number
        id = NodeID(UInt64(number + 1))
        self.disk = disk
        self.clock = clock
        self.random = random
        self.adjust = adjust
    }

    /// Nil while the machine is down.
    var standing: NodeStanding? { driver?.standing }

    func start(now: UInt64) throws {
        clock.trueTime = now
        var options = NodeOptions(raft: Raft.Options(id: id, randomSeed: random.uint64()), version: "bench")
        options.statusInterval = 100_000_000
        // A pool whose version nothing raises: a test knows every entry of its log.
        options.catalog = CommandCatalog(newest: .first) { _ in .first }
        adjust(&options)
        let observer = NodeObserver(
            published: { [unowned self] in views.append($0) },
            materialRemoved: { [unowned self] in removed.append($0) },
            leased: { [unowned self] in leased.append($0) },
            alarm: { [unowned self] in alarms.append($0) }, roleChanged: { _ in }, unsealMessage: { _, _ in })
        let storage = EditedDisk(disk: disk, edit: edit)
        self.storage = storage
        let environment = NodeDriver.Environment(
            storage: storage, network: outbox, clock: clock, random: random, observer: observer)
        driver = try NodeDriver(options: options, environment: environment, now: clock.now())
    }

    func crash() {
        driver = nil
        inbox.removeAll()
        outbox.messages.removeAll()
        disk.crash()
    }

    /// Stops in good order, and stays to answer what is asked of it.
    func stop() {
        driver?.stop()
    }

    /// One step; what it sends.
    func step(now: UInt64) -> [Bench.Letter] {
        guard let driver else {
            inbox.removeAll()
            return []
        }
        clock.trueTime = now
        let time = clock.now()
        let events = inbox
        inbox.removeAll()
        for event in events { driver.handle(event, now: time) }
        driver.finishStep(now: time)
        defer { outbox.messages.removeAll() }
        return outbox.messages.map { Bench.Letter(message: $0.message, from: number, to: Int($0.to.rawValue) - 1) }
    }
}

/// A disk whose contents somebody has changed while the machine was off.
final class EditedDisk: NodeStorage {
    private let disk: SimulatedDisk
    private let edit: (inout StoredNode) -> Void
    /// There is no room to install a snapshot, though there is for all else.
    var refusesInstallations = false
    /// What is staged is found damaged when it is read next, and is dropped.
    var damagesStaged = false
    /// What readers of the stored state that are opened now meet behind its first piece.
    var readingFailure: StorageFailure?
    /// There is no room to cut the log.
    var refusesCuts = false
    /// There is no room for rows of the state.
    var refusesSaving = false
    /// How often the staged rows were read.
    private(set) var stagedReadings = 0
    /// How often a snapshot was to be installed.
    private(set) var installations = 0
    /// How often rows were to be saved.
    private(set) var savings = 0
    /// How often the log was to be cut.
    private(set) var cuts = 0

    init(disk: SimulatedDisk, edit: @escaping (inout StoredNode) -> Void) {
        self.disk = disk
        self.edit = edit
    }

    func load() throws(StorageFailure) -> StoredNode {
        var stored = try disk.load()
        edit(&stored)
        return stored
    }

    func persist(hardState: HardState?, truncateFrom: LogIndex?, entries: [LogEntry]) throws(StorageFailure) {
        try disk.persist(hardState: hardState, truncateFrom: truncateFrom, entries: entries)
    }

    func saveApplied(_ mark: AppliedMark, rows: [StateRow], blobs: [MaterialBlob]) throws(StorageFailure) {
        savings += 1
        if refusesSaving { throw .full }
        try disk.saveApplied(mark, rows: rows, blobs: blobs)
    }

    func compactLog(
        through: LogIndex, term: Term, tag: [UInt8], configuration: PoolConfiguration
    ) throws(StorageFailure) {
        cuts += 1
        if refusesCuts { throw .full }
        try disk.compactLog(through: through, term: term, tag: tag, configuration: configuration)
    }

    func openSnapshot() throws(StorageFailure) -> (any SnapshotReader)? {
        guard let reader = try disk.openSnapshot() else { return nil }
        if let readingFailure { return FailingReader(reader, failure: readingFailure) }
        return reader
    }

    var staged: StagedSnapshot? { disk.staged }
    func stage(_ chunk: SnapshotChunk) throws(StorageFailure) { try disk.stage(chunk) }
    func stagedRows() throws(StorageFailure) -> [StateRow] {
        stagedReadings += 1
        guard damagesStaged else { return try disk.stagedRows() }
        damagesStaged = false
        try disk.discardStaged()
        throw .corrupted("a row of a snapshot")
    }

    func stagedDigests() throws(StorageFailure) -> Set<[UInt8]> { try disk.stagedDigests() }
    func discardStaged() throws(StorageFailure) { try disk.discardStaged() }
    func installStaged(configuration: PoolConfiguration) throws(StorageFailure) {
        installations += 1
        if refusesInstallations { throw .full }
        try disk.installStaged(configuration: configuration)
    }
}

/// Reads a state of which the first piece alone is whole.
private final class FailingReader: SnapshotReader {
    private let reader: any SnapshotReader
    private let failure: StorageFailure

    init(_ reader: any SnapshotReader, failure: StorageFailure) { (self.reader, self.failure) = (reader, failure) }

    var mark: AppliedMark { reader.mark }

    func chunk(after: SnapshotCursor, byteLimit: Int) throws(StorageFailure) -> SnapshotChunk {
        guard after == .beginning else { throw failure }
        return try reader.chunk(after: after, byteLimit: byteLimit)
    }
}
