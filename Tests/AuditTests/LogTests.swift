import CryptographicModule
import Glibc
import StrictJSON
import Synchronization
import Testing

@testable import Audit

/// Nanoseconds after which a test gives up: the verdict doesn't depend on how fast the machine is.
private let patience: UInt64 = 300 * 1_000_000_000

/// Counts the records that a log has written.
private final class WrittenRecords: Sendable {
    private let count = Mutex(0)
    private let wakeUp = WakeUp()

    func append(_ number: Int, _ urgency: AuditUrgency, to log: AuditLog) {
        log.append(signEvent(number), urgency: urgency) { result in
            guard case .success = result else { return }
            self.count.withLock { $0 += 1 }
            self.wakeUp.raise()
        }
    }

    /// How many there are, once there are as many as `expected`; gives up in the end.
    func wait(for expected: Int) -> Int {
        let end = Clock.monotonicNanoseconds() + patience
        while count.withLock({ $0 }) < expected, Clock.monotonicNanoseconds() < end { wakeUp.wait(until: end) }
        return count.withLock { $0 }
    }
}

/// What a node knows of where it is.
private final class KnownOrigin: Sendable {
    let value = Mutex(AuditOrigin(node: "n1", pool: "pool1"))
}

@Suite struct LogTests {
    @Test func anotherStartContinuesTheChain() throws {
        let folder = try TemporaryFolder()
        var heads: [AuditHead] = []
        for start in 0..<5 {
            let log = try AuditLog(folder: folder.path, origin: origin, options: AuditLogOptions(anchors: heads))
            #expect(log.appendAndWait((0..<10).map { signEvent(start * 10 + $0) }).areAllSuccesses)
            log.close()
            heads.append(log.head)
        }
        let report = try AuditVerifier.verify(folder: folder.path, anchors: heads)
        #expect(report.isIntact && report.files == 1 && report.events == 50 && report.head == heads.last)
        #expect(Set(folder.names) == [LogFolder.fileName(1), "head", "lock"])
    }

    @Test func theChainGoesOnAcrossFiles() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(folder: folder.path, origin: origin, options: AuditLogOptions(fileBytes: 8192))
        for start in 0..<10 {
            #expect(log.appendAndWait((0..<30).map { signEvent(start * 30 + $0) }).areAllSuccesses)
        }
        log.close()
        let report = try AuditVerifier.verify(folder: folder.path, anchors: [log.head])
        #expect(report.isIntact && report.events == 300 && report.files > 20)
        for number in 1...UInt64(report.files) {
            #expect(try Disk.size("\(folder.path)/\(LogFolder.fileName(number))") < 8192 + 2048)
        }
        // A file from the middle, and one from the end.
        let copy = try folder.copy()
        copy.remove(LogFolder.fileName(7))
        #expect(
            try AuditVerifier.verify(folder: copy.path).firstBreak
                == AuditBreak(file: LogFolder.fileName(7), line: 0, kind: .missingFile))
        let short = try folder.copy()
        short.remove(LogFolder.fileName(UInt64(report.files)))
        let left = log.head.count - UInt64(try lineCount(folder, UInt64(report.files)))
        let found = try AuditVerifier.verify(folder: short.path).firstBreak
        #expect(found?.kind == .shorterThanHead(expected: log.head.count, found: left))
        #expect(throws: AuditOpenError.self) { try AuditLog(folder: short.path, origin: origin) }
        // Old files that were archived: the rest verifies by itself, and says where it begins.
        let rest = try folder.copy()
        for number in 1...UInt64(5) { rest.remove(LogFolder.fileName(number)) }
        let restReport = try AuditVerifier.verify(folder: rest.path)
        #expect(restReport.isIntact && restReport.firstSequence > 1)
    }

    /// A node that joins a pool learns only then whose it is.
    @Test func aFileNamesWhatIsKnownWhenItBegins() throws {
        let folder = try TemporaryFolder()
        let known = KnownOrigin()
        let log = try AuditLog(
            folder: folder.path, origin: known.value.withLock { $0 }, options: AuditLogOptions(fileBytes: 4096))
        known.value.withLock { $0 = origin }
        #expect(log.appendAndWait((0..<30).map(signEvent)).areAllSuccesses)
        log.close()
        let first = try #require(try header(of: 1, in: folder))
        let second = try #require(try header(of: 2, in: folder))
        #expect(first["PoolName"] == .string("pool1") && first["TenantId"] == nil && first["issuer"] == nil)
        #expect(second["TenantId"] == .string("11111111-1111-1111-1111-111111111111"))
        #expect(second["issuer"] == .string("https://pool1.mhsm.local/adfs"))
        #expect(try AuditVerifier.verify(folder: folder.path).isIntact)
    }

    private func header(of number: UInt64, in folder: TemporaryFolder) throws -> JSONObject? {
        let line = try folder.read(LogFolder.fileName(number)).split(separator: UInt8(ascii: "\n")).first
        guard let line, case .object(let header) = try JSONReader.parse(Array(line)) else { return nil }
        return header
    }

    private func lineCount(_ folder: TemporaryFolder, _ number: UInt64) throws -> Int {
        try folder.read(LogFolder.fileName(number)).count { $0 == UInt8(ascii: "\n") }
    }

    /// A log whose flushes wait at a gate.
    private func gatedLog(
        _ folder: TemporaryFolder, _ gate: Gate, options: AuditLogOptions = AuditLogOptions()
    ) throws -> AuditLog {
        var calls = DiskCalls.system
        calls.sync = { descriptor in
            gate.pass()
            return fdatasync(descriptor)
        }
        return try AuditLog(folder: folder.path, origin: origin, mode: .strict, options: options, calls: calls)
    }

    private static let hour: UInt64 = 3600 * 1_000_000_000

    @Test func whatComesTogetherIsWrittenTogether() throws {
        let folder = try TemporaryFolder()
        let gate = Gate()
        let log = try gatedLog(folder, gate, options: AuditLogOptions(headInterval: Self.hour))
        #expect(log.appendAndWait([signEvent(0)]).areAllSuccesses)
        let written = WrittenRecords()
        gate.shut()
        written.append(1, .immediate, to: log)
        gate.awaitArrival()
        for number in 2...10 { written.append(number, .atEndOfTurn, to: log) }
        let flushes = log.counters.flushes
        gate.open()
        // Nothing else would wake the thread within the hour.
        log.startWriting()
        #expect(written.wait(for: 10) == 10)
        // The first one's, and that of the turn.
        #expect(log.counters.flushes == flushes + 2)
        log.close()
        #expect(try AuditVerifier.verify(folder: folder.path).events == 11)
    }

    /// The next ones wait for a record that can't, though they were there before the first one's flush was over.
    @Test func whatCanWaitGathersUntilSomethingCannot() throws {
        let folder = try TemporaryFolder()
        let gate = Gate()
        let log = try gatedLog(
            folder, gate, options: AuditLogOptions(headInterval: Self.hour, gatherInterval: Self.hour))
        let written = WrittenRecords()
        gate.shut()
        written.append(0, .withOthers, to: log)
        gate.awaitArrival()
        for number in 1...10 { written.append(number, .withOthers, to: log) }
        gate.open()
        #expect(written.wait(for: 1) == 1)
        let flushes = log.counters.flushes
        written.append(11, .immediate, to: log)
        #expect(written.wait(for: 12) == 12 && log.counters.flushes == flushes + 1)
        log.close()
        #expect(try AuditVerifier.verify(folder: folder.path).events == 12)
    }

    @Test func gatheredRecordsAreWrittenWhenTheirTimeComesAndAtTheEnd() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(
            folder: folder.path, origin: origin, options: AuditLogOptions(gatherInterval: 1_000_000))
        for round in 0..<20 {
            let wakeUp = WakeUp()
            let written = Mutex(false)
            log.append(signEvent(round), urgency: .withOthers) { _ in
                written.withLock { $0 = true }
                wakeUp.raise()
            }
            wakeUp.wait(until: Clock.monotonicNanoseconds() + patience)
            #expect(written.withLock { $0 })
        }
        for number in 20..<25 { log.append(signEvent(number), urgency: .withOthers) { _ in } }
        log.close()
        #expect(try AuditVerifier.verify(folder: folder.path).events == 25)
    }

    @Test func aSecondProcessIsKeptOut() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(folder: folder.path, origin: origin)
        #expect(throws: AuditOpenError.inUse) { try AuditLog(folder: folder.path, origin: origin) }
        log.close()
        _ = try AuditLog(folder: folder.path, origin: origin)
    }

    @Test func foldersAndFilesThatOthersCanReachAreRefused() throws {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o750)
        #expect(throws: AuditOpenError.unsafePermissions(path: folder.path)) {
            try AuditLog(folder: folder.path, origin: origin)
        }
        chmod(folder.path, 0o700)
        let log = try AuditLog(folder: folder.path, origin: origin)
        log.close()
        let file = "\(folder.path)/\(LogFolder.fileName(1))"
        chmod(file, 0o640)
        #expect(throws: AuditOpenError.unsafePermissions(path: file)) {
            try AuditLog(folder: folder.path, origin: origin)
        }
        let link = try TemporaryFolder()
        symlink("/etc/passwd", "\(link.path)/lock")
        #expect(throws: AuditOpenError.self) { try AuditLog(folder: link.path, origin: origin) }
    }

    @Test func eightThreadsLoseNothing() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(folder: folder.path, origin: origin, options: AuditLogOptions(bufferBytes: 256 << 20))
        let outcomes = Outcomes()
        let threads = 8
        let each = 10_000
        let completions = (0..<threads).map { _ in (0..<each).map { _ in outcomes.expect() } }
        let began = Clock.monotonicNanoseconds()
        var running: [pthread_t] = []
        for thread in 0..<threads {
            let work = Work(log: log, completions: completions[thread])
            if let started = startWork(work) { running.append(started) }
        }
        for thread in running { pthread_join(thread, nil) }
        let results = outcomes.wait()
        let elapsed = Clock.monotonicNanoseconds() - began
        log.close()
        #expect(results.count == threads * each && results.areAllSuccesses)
        #expect(log.counters.written == UInt64(threads * each))
        let report = try AuditVerifier.verify(folder: folder.path, anchors: [log.head])
        #expect(report.isIntact && report.events == UInt64(threads * each))
        print("80,000 durable appends:", elapsed / 1_000_000, "ms, flushes:", log.counters.flushes)
    }

    @Test func completionsOfOneExecutorComeInOneCall() throws {
        let folder = try TemporaryFolder()
        let gate = Gate()
        let log = try gatedLog(folder, gate)
        let executors = [CountingExecutor(), CountingExecutor()]
        let outcomes = Outcomes()
        gate.shut()
        log.append(signEvent(), then: outcomes.expect())
        for number in 0..<100 { log.append(signEvent(), on: executors[number % 2], then: outcomes.expect()) }
        gate.open()
        #expect(outcomes.wait().count == 101)
        // One call for what came while the first flush was under way, one more if some of it was part of that flush.
        #expect(executors.allSatisfy { $0.calls <= 2 })
        log.close()
    }

    @Test func aClosedLogRefuses() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(folder: folder.path, origin: origin)
        log.close()
        log.close()
        #expect(log.appendAndWait(signEvent())?.failure == .closed)
    }

    @Test func theHeadIsStoredBeforeItIsTold() throws {
        let folder = try TemporaryFolder()
        let heads = Seen<AuditHead>()
        let options = AuditLogOptions(headInterval: 20_000_000, onHead: { heads.add($0) })
        let log = try AuditLog(folder: folder.path, origin: origin, options: options)
        #expect(log.appendAndWait(signEvent())?.isSuccess == true)
        try expectSoon("the last head was told") { heads.all.last == log.head }
        let stored = "{\"count\":2,\"chain\":\"\(Base64URL.encode(log.head.chain))\"}\n"
        #expect(try folder.read("head") == Array(stored.utf8))
        log.close()
        // Each once.
        #expect(heads.all.last == log.head && Set(heads.all).count == heads.all.count)
    }

    /// What is durable has to be known elsewhere even where the sidecar can't be written.
    @Test func aHeadThatCanNotBeStoredIsToldAllTheSame() throws {
        let folder = try TemporaryFolder()
        let (heads, failures) = (Seen<AuditHead>(), Seen<AuditOpenError>())
        let options = AuditLogOptions(
            headInterval: 20_000_000, onHead: { heads.add($0) }, onHeadFailure: { failures.add($0) })
        // In the place of the file that would become the sidecar.
        #expect(mkdir("\(folder.path)/head.tmp", 0o700) == 0)
        let log = try AuditLog(folder: folder.path, origin: origin, options: options)
        #expect(log.appendAndWait(signEvent())?.isSuccess == true)
        try expectSoon("it was tried again") { heads.all.last == log.head && log.counters.headFailures > 2 }
        #expect(failures.all.count == 1 && Set(heads.all).count == heads.all.count)
        rmdir("\(folder.path)/head.tmp")
        let stored = "{\"count\":2,\"chain\":\"\(Base64URL.encode(log.head.chain))\"}\n"
        try expectSoon("it was stored") { (try? folder.read("head")) == Array(stored.utf8) }
        log.close()
    }

    private func expectSoon(_ what: String, _ condition: () -> Bool) throws {
        let end = Clock.monotonicNanoseconds() + patience
        while !condition() {
            try #require(Clock.monotonicNanoseconds() < end, "not in time: \(what)")
            usleep(5000)
        }
    }

    private final class Seen<Value: Sendable>: Sendable {
        private let values = Mutex<[Value]>([])

        var all: [Value] { values.withLock { $0 } }
        func add(_ value: Value) { values.withLock { $0.append(value) } }
    }
}

/// Appends from a thread of its own.
final class Work: Sendable {
    let log: AuditLog
    let completions: [@Sendable (Result<Void, AuditFailure>) -> Void]

    init(log: AuditLog, completions: [@Sendable (Result<Void, AuditFailure>) -> Void]) {
        self.log = log
        self.completions = completions
    }
}

func startWork(_ work: Work) -> pthread_t? {
    var thread = pthread_t()
    return pthread_create(&thread, nil, runWork, Unmanaged.passRetained(work).toOpaque()) == 0 ? thread : nil
}

private func runWork(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let work = Unmanaged<Work>.fromOpaque(context).takeRetainedValue()
    for (number, completion) in work.completions.enumerated() { work.log.append(signEvent(number), then: completion) }
    return nil
}

final class CountingExecutor: AuditExecutor {
    private let count = Mutex(0)

    var calls: Int { count.withLock { $0 } }

    func execute(_ work: @escaping @Sendable () -> Void) {
        count.withLock { $0 += 1 }
        work()
    }
}

/// Holds up whoever passes while it is shut; open at first.
final class Gate: Sendable {
    private struct State {
        var isOpen = true
        var hasArrived = false
    }

    private let state = Mutex(State())
    private let opened = WakeUp()
    private let arrived = WakeUp()

    func open() {
        state.withLock { $0.isOpen = true }
        opened.raise()
    }

    func shut() { state.withLock { $0 = State(isOpen: false) } }

    func pass() {
        let isOpen = state.withLock { state in
            state.hasArrived = true
            return state.isOpen
        }
        if isOpen { return }
        arrived.raise()
        while !state.withLock({ $0.isOpen }) { opened.wait(until: nil) }
    }

    /// Waits until somebody stands before the gate since it was shut.
    func awaitArrival() {
        while !state.withLock({ $0.hasArrived }) { arrived.wait(until: nil) }
    }
}
