import Glibc
import StrictJSON
import Synchronization
import Testing

@testable import Audit

/// A disk that fails on demand.
final class FailingDisk: Sendable {
    struct Plan {
        /// `errno` of the next writes; half of the bytes are written first.
        var writeError: Int32?
        var syncError: Int32?
        /// `errno` of the next opens, but for the first `opensLeft` of them.
        var openError: Int32?
        var opensLeft = 0
    }

    let plan = Mutex(Plan())

    var calls: DiskCalls {
        DiskCalls(
            open: { [self] path, flags in
                let failure: Int32? = plan.withLock { plan in
                    guard let error = plan.openError else { return nil }
                    plan.opensLeft -= 1
                    return plan.opensLeft < 0 ? error : nil
                }
                guard let failure else { return Glibc.open(path, flags, 0o600) }
                errno = failure
                return -1
            },
            write: { [self] descriptor, bytes in
                guard let error = plan.withLock({ $0.writeError }) else {
                    return Glibc.write(descriptor, bytes.baseAddress, bytes.count)
                }
                if bytes.count > 1 { return Glibc.write(descriptor, bytes.baseAddress, bytes.count / 2) }
                errno = error
                return -1
            },
            sync: { [self] descriptor in
                guard let error = plan.withLock({ $0.syncError }) else { return fdatasync(descriptor) }
                errno = error
                return -1
            })
    }
}

@Suite struct DiskFailureTests {
    @Test func strictRefusesOnAFullDiskAndRecovers() throws {
        let folder = try TemporaryFolder()
        let disk = FailingDisk()
        let log = try AuditLog(
            folder: folder.path, origin: origin, mode: .strict, options: AuditLogOptions(), calls: disk.calls)
        #expect(log.appendAndWait(signEvent())?.isSuccess == true)
        disk.plan.withLock { $0.writeError = ENOSPC }
        #expect(log.appendAndWait((0..<5).map(signEvent)).allSatisfy { $0.failure == .diskFull })
        #expect(log.failure == .diskFull && log.counters.refused == 5)
        disk.plan.withLock { $0.writeError = nil }
        #expect(log.appendAndWait(signEvent())?.isSuccess == true)
        #expect(log.failure == nil)
        log.close()
        let report = try AuditVerifier.verify(folder: folder.path, anchors: [log.head])
        // The header, two events, and the record that five are missing.
        #expect(report.isIntact && report.lines == 4)
    }

    @Test func relaxedNeverRefusesButCounts() async throws {
        let folder = try TemporaryFolder()
        let disk = FailingDisk()
        let log = try AuditLog(
            folder: folder.path, origin: origin, mode: .relaxed, options: AuditLogOptions(), calls: disk.calls)
        disk.plan.withLock { $0.writeError = ENOSPC }
        #expect(log.appendAndWait((0..<5).map(signEvent)).areAllSuccesses)
        #expect(await eventually { log.counters.lost == 5 })
        disk.plan.withLock { $0.writeError = nil }
        #expect(log.appendAndWait(signEvent())?.isSuccess == true)
        log.close()
        let report = try AuditVerifier.verify(folder: folder.path, anchors: [log.head])
        #expect(report.isIntact && report.lines == 3)
        #expect(try missing(in: folder) == 5)
    }

    /// A log with little room, whose first flush waits at the gate.
    private func shutLog(in folder: TemporaryFolder, mode: AuditMode) throws -> (AuditLog, Gate) {
        let gate = Gate()
        var calls = DiskCalls.system
        calls.sync = { descriptor in
            gate.pass()
            return fdatasync(descriptor)
        }
        gate.open()
        let log = try AuditLog(
            folder: folder.path, origin: origin, mode: mode, options: AuditLogOptions(bufferBytes: 10_000),
            calls: calls)
        gate.shut()
        return (log, gate)
    }

    @Test func relaxedRecordsHowManyFoundNoRoom() throws {
        let folder = try TemporaryFolder()
        let (log, gate) = try shutLog(in: folder, mode: .relaxed)
        #expect(log.appendAndWait((0..<100).map(signEvent)).areAllSuccesses)
        gate.open()
        log.close()
        #expect(log.counters.lost > 0 && log.counters.lost + log.counters.written == 100)
        #expect(try missing(in: folder) == Int(log.counters.lost))
    }

    @Test func aFailedFlushIsNeverTriedAgain() throws {
        let folder = try TemporaryFolder()
        let disk = FailingDisk()
        let log = try AuditLog(
            folder: folder.path, origin: origin, mode: .strict, options: AuditLogOptions(), calls: disk.calls)
        disk.plan.withLock { $0.syncError = EIO }
        #expect(log.appendAndWait(signEvent())?.failure == .syncFailed(EIO))
        disk.plan.withLock { $0.syncError = nil }
        #expect(log.appendAndWait(signEvent())?.failure == .syncFailed(EIO))
        log.close()
        let again = try AuditLog(folder: folder.path, origin: origin)
        #expect(again.appendAndWait(signEvent())?.isSuccess == true)
        again.close()
        #expect(try AuditVerifier.verify(folder: folder.path, anchors: [again.head]).isIntact)
    }

    @Test func aBrokenDiskRefusesUntilReopened() throws {
        let folder = try TemporaryFolder()
        let disk = FailingDisk()
        let log = try AuditLog(
            folder: folder.path, origin: origin, mode: .strict, options: AuditLogOptions(), calls: disk.calls)
        disk.plan.withLock { $0.writeError = EIO }
        #expect(log.appendAndWait(signEvent())?.failure == .writeFailed(EIO))
        disk.plan.withLock { $0.writeError = nil }
        #expect(log.appendAndWait(signEvent())?.failure == .writeFailed(EIO))
        log.close()
        let again = try AuditLog(folder: folder.path, origin: origin)
        #expect(again.appendAndWait(signEvent())?.isSuccess == true)
        again.close()
        let report = try AuditVerifier.verify(folder: folder.path, anchors: [again.head])
        #expect(report.isIntact && report.tornFiles.count == 1)
    }

    /// A log whose next record needs another file.
    private func fullLog(
        in folder: TemporaryFolder, _ disk: FailingDisk, _ said: Said = Said()
    ) throws -> AuditLog {
        let options = AuditLogOptions(
            fileBytes: 4096, onFileFailure: { said.add("\($0)") }, onFileBegun: { said.add("begun") })
        let log = try AuditLog(folder: folder.path, origin: origin, mode: .strict, options: options, calls: disk.calls)
        repeat {
            try #require(log.appendAndWait(signEvent())?.isSuccess == true)
        } while try Disk.size("\(folder.path)/\(LogFolder.fileName(1))") < 4096
        return log
    }

    /// The folder is opened first, then the file.
    @Test(arguments: [EMFILE, ENFILE, ENOMEM], [0, 1])
    func aNextFileThatCanNotBeOpenedIsTriedAgain(error: Int32, opens: Int) throws {
        let folder = try TemporaryFolder()
        let (disk, said) = (FailingDisk(), Said())
        let log = try fullLog(in: folder, disk, said)
        let written = log.head
        for attempt in 1...3 {
            disk.plan.withLock { plan in
                plan.openError = error
                plan.opensLeft = opens
            }
            #expect(log.appendAndWait(signEvent())?.failure == .cannotOpen(error))
            #expect(log.failure == .cannotOpen(error) && log.counters.refused == UInt64(attempt))
        }
        #expect(log.head == written && !folder.names.contains(LogFolder.fileName(2)))
        #expect(said.all.count == 1 && said.all.first?.contains(LogFolder.fileName(2)) == true)
        disk.plan.withLock { $0.openError = nil }
        #expect(log.appendAndWait((0..<2).map(signEvent)).areAllSuccesses)
        #expect(log.failure == nil && said.all.dropFirst() == ["begun"])
        log.close()
        let report = try AuditVerifier.verify(folder: folder.path, anchors: [log.head])
        #expect(report.isIntact && report.files == 2)
        #expect(try missing(in: folder) == 3)
    }

    /// What stands in the next file's place is somebody else's.
    @Test func aFileInTheNextOnesPlaceIsNotTouched() throws {
        let folder = try TemporaryFolder()
        let log = try fullLog(in: folder, FailingDisk())
        try folder.write(LogFolder.fileName(2), [1, 2, 3])
        #expect(log.appendAndWait(signEvent())?.failure == .writeFailed(EEXIST))
        #expect(log.appendAndWait(signEvent())?.failure == .writeFailed(EEXIST))
        log.close()
        #expect(try folder.read(LogFolder.fileName(2)) == [1, 2, 3])
    }

    private final class Said: Sendable {
        private let texts = Mutex<[String]>([])

        var all: [String] { texts.withLock { $0 } }
        func add(_ text: String) { texts.withLock { $0.append(text) } }
    }

    @Test func tooManyWaitingRecordsAreRefused() throws {
        let folder = try TemporaryFolder()
        let (log, gate) = try shutLog(in: folder, mode: .strict)
        let outcomes = Outcomes()
        for number in 0..<100 { log.append(signEvent(number), then: outcomes.expect()) }
        gate.open()
        let results = outcomes.wait()
        #expect(results.contains { $0.failure == .overloaded } && results.contains { $0.isSuccess })
        log.close()
        #expect(log.counters.refused + log.counters.written == 100)
        #expect(try missing(in: folder) == Int(log.counters.refused))
    }

    /// How many records the log says that it lacks.
    private func missing(in folder: TemporaryFolder) throws -> Int {
        try AuditTail.lines(folder: folder.path, count: 1000).reduce(0) { sum, line in
            guard case .object(let record) = try JSONReader.parse(line),
                record["operationName"] == .string("AuditRecordsMissing"),
                case .object(let properties)? = record["properties"], case .string(let count)? = properties["count"]
            else { return sum }
            return sum + (Int(count) ?? 0)
        }
    }

    /// A real file system without space, where the tests may mount one; elsewhere the failing disk above has to do.
    @Test(.enabled(if: geteuid() == 0)) func aRealFullDiskIsSurvived() throws {
        let place = try TemporaryFolder()
        guard mount("none", place.path, "tmpfs", 0, "size=128k,mode=0700") == 0 else { return }
        defer { umount(place.path) }
        let folder = place.path + "/log"
        let log = try AuditLog(folder: folder, origin: origin)
        let first = log.appendAndWait((0..<300).map(signEvent))
        #expect(first.contains { $0.failure == .diskFull })
        // Space comes back: the file that takes it away is the log's own, so another size is mounted over the same
        // files.
        #expect(mount("none", place.path, "tmpfs", UInt(MS_REMOUNT), "size=1m") == 0)
        #expect(log.appendAndWait(signEvent())?.isSuccess == true)
        log.close()
        let report = try AuditVerifier.verify(folder: folder, anchors: [log.head])
        #expect(report.isIntact && log.failure == nil)
    }
}
