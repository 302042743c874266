import CryptographicModule
import Glibc
import Synchronization
import Testing

@testable import Audit

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

    /// How many there are, once there are as many as `expected` or the time in nanoseconds is over.
    func wait(for expected: Int, atMost time: UInt64 = 10_000_000_000) -> Int {
        let end = Clock.monotonicNanoseconds() + time
        while count.withLock({ $0 }) < expected, Clock.monotonicNanoseconds() < end { wakeUp.wait(until: end) }
        return count.withLock { $0 }
    }
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

    private func lineCount(_ folder: TemporaryFolder, _ number: UInt64) throws -> Int {
        try folder.read(LogFolder.fileName(number)).count { $0 == UInt8(ascii: "\n") }
    }

    @Test func whatComesTogetherIsWrittenTogether() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(
            folder: folder.path, origin: origin, options: AuditLogOptions(headInterval: 3600 * 1_000_000_000))
        #expect(log.appendAndWait([signEvent(0)]).areAllSuccesses)
        let written = WrittenRecords()
        for number in 1...10 { written.append(number, .atEndOfTurn, to: log) }
        // Nothing else would wake the thread within the hour.
        log.startWriting()
        #expect(written.wait(for: 10) == 10)
        // One flush, or two where the thread was awake still.
        #expect(log.counters.flushes <= 3)
        log.close()
        #expect(try AuditVerifier.verify(folder: folder.path).events == 11)
    }

    /// One that can wait is written at once while nothing was written of late; the next ones gather until their time
    /// comes, or one that can't wait.
    @Test func whatCanWaitGathersUntilSomethingCannot() throws {
        let folder = try TemporaryFolder()
        let hour: UInt64 = 3600 * 1_000_000_000
        let log = try AuditLog(
            folder: folder.path, origin: origin, options: AuditLogOptions(headInterval: hour, gatherInterval: hour))
        let written = WrittenRecords()
        written.append(0, .withOthers, to: log)
        #expect(written.wait(for: 1) == 1)
        let flushes = log.counters.flushes
        for number in 1...10 { written.append(number, .withOthers, to: log) }
        // The hour isn't over: only the last record brings them all to the disk.
        #expect(written.wait(for: 11, atMost: 50_000_000) == 1)
        written.append(11, .immediate, to: log)
        #expect(written.wait(for: 12) == 12 && log.counters.flushes == flushes + 1)
        log.close()
        #expect(try AuditVerifier.verify(folder: folder.path).events == 12)
    }

    /// Behind a crowd a turn's records wait for as many others, or for one that can't wait.
    @Test(arguments: [false, true])
    func aCrowdsTurnsShareAFlush(endsWithOneThatCannotWait: Bool) throws {
        let folder = try TemporaryFolder()
        let hour: UInt64 = 3600 * 1_000_000_000
        let log = try AuditLog(
            folder: folder.path, origin: origin, options: AuditLogOptions(headInterval: hour, gatherInterval: hour))
        let written = WrittenRecords()
        func endTurn(with numbers: ClosedRange<Int>, _ urgency: AuditUrgency = .atEndOfTurn) {
            for number in numbers { written.append(number, urgency, to: log) }
            log.startWriting()
        }
        endTurn(with: 1...12)
        #expect(written.wait(for: 12) == 12)
        let flushes = log.counters.flushes
        endTurn(with: 13...20)
        endTurn(with: 21...23)
        #expect(written.wait(for: 13, atMost: 50_000_000) == 12)
        endTurn(with: 24...24, endsWithOneThatCannotWait ? .immediate : .atEndOfTurn)
        #expect(written.wait(for: 24) == 24 && log.counters.flushes == flushes + 1)
        log.close()
        #expect(try AuditVerifier.verify(folder: folder.path).events == 24)
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
            wakeUp.wait(until: Clock.monotonicNanoseconds() + 10_000_000_000)
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
        var calls = DiskCalls.system
        calls.sync = { descriptor in
            gate.pass()
            return fdatasync(descriptor)
        }
        gate.open()
        let log = try AuditLog(
            folder: folder.path, origin: origin, mode: .strict, options: AuditLogOptions(), calls: calls)
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

    /// The queue's wait is the only place where the writer sleeps: without something to do it must sleep without a
    /// deadline.
    @Test func theHeadIsStoredOnceAndThenTheLogSleeps() throws {
        let folder = try TemporaryFolder()
        let heads = Mutex<[AuditHead]>([])
        let options = AuditLogOptions(headInterval: 20_000_000, onHead: { head in heads.withLock { $0.append(head) } })
        let log = try AuditLog(folder: folder.path, origin: origin, options: options)
        #expect(log.appendAndWait(signEvent())?.isSuccess == true)
        usleep(200_000)
        #expect(heads.withLock { $0.last } == log.head)
        let stored = "{\"count\":2,\"chain\":\"\(Base64URL.encode(log.head.chain))\"}\n"
        #expect(try folder.read("head") == Array(stored.utf8))
        let count = heads.withLock { $0.count }
        usleep(200_000)
        #expect(heads.withLock { $0.count } == count)
        log.close()
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
        usleep(200_000)
        #expect(heads.all.last == log.head && heads.all.count <= 3)
        #expect(failures.all.count == 1 && log.counters.headFailures > 1)
        rmdir("\(folder.path)/head.tmp")
        usleep(200_000)
        let stored = "{\"count\":2,\"chain\":\"\(Base64URL.encode(log.head.chain))\"}\n"
        #expect(try folder.read("head") == Array(stored.utf8))
        log.close()
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

/// Holds up whoever passes while it is shut.
final class Gate: Sendable {
    private let isOpen = Mutex(false)
    private let wakeUp = WakeUp()

    func open() {
        isOpen.withLock { $0 = true }
        wakeUp.raise()
    }

    func shut() { isOpen.withLock { $0 = false } }

    func pass() {
        while !isOpen.withLock({ $0 }) { wakeUp.wait(until: Clock.monotonicNanoseconds() + 1_000_000_000) }
    }
}
