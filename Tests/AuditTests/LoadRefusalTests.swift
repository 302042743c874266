import Dispatch
import Glibc
import StrictJSON
import Synchronization
import Testing

@testable import Audit

/// What is refused for load costs no record each, and every refusal is in a record.
@Suite struct LoadRefusalTests {
    private let folder: TemporaryFolder
    private let disk = FailingDisk()
    private let log: AuditLog

    init() throws {
        folder = try TemporaryFolder()
        log = try AuditLog(
            folder: folder.path, origin: origin, mode: .strict, options: AuditLogOptions(), calls: disk.calls)
    }

    private func caller(_ number: Int) -> AuditCaller { AuditCaller(objectID: "caller-\(number)") }

    /// Closes the log, and sums up by caller what its records say.
    private func recorded(_ refusals: LoadRefusals) throws -> (records: Int, counts: [String: Int]) {
        refusals.record()
        log.close()
        #expect(try AuditVerifier.verify(folder: folder.path, anchors: [log.head]).isIntact)
        var records = 0
        var counts: [String: Int] = [:]
        for line in try AuditTail.lines(folder: folder.path, count: AuditTail.maximumLines).dropFirst() {
            guard case .object(let record) = try JSONReader.parse(line),
                case .string(LoadRefusals.description)? = record["resultDescription"],
                case .object(let properties)? = record["properties"], case .string(let count)? = properties["count"],
                case .string(let identity)? = record["identity"]
            else { continue }
            records += 1
            let name = identity.split(separator: "\"").first { $0.hasPrefix("caller-") }.map(String.init) ?? "?"
            counts[name, default: 0] += Int(count) ?? 0
            #expect(AuditTail.render(line).contains(" \(count) times "))
        }
        return (records, counts)
    }

    private func count(_ refusals: LoadRefusals, _ number: Int, operation: String = "KeySign", source: String = "s") {
        refusals.count(caller(number), operation: operation, source: source, time: 5000, policyIndex: 7)
    }

    @Test func manyRefusalsAreFewRecordsAndTheirNumberIsRight() throws {
        let refusals = LoadRefusals(log: log, interval: .seconds(3600))
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for _ in 0..<5000 { count(refusals, thread % 3) }
        }
        let (records, counts) = try recorded(refusals)
        #expect(records == 3)
        #expect(counts == ["caller-0": 15_000, "caller-1": 15_000, "caller-2": 10_000])
    }

    @Test func aRecordComesWithoutFurtherRefusals() async throws {
        let refusals = LoadRefusals(log: log, interval: .milliseconds(20))
        for round in 1...3 {
            let before = log.counters.written
            for _ in 0..<100 { count(refusals, 1) }
            try #require(await eventually { log.counters.written > before }, "the record of round \(round)")
        }
        // More than three where the interval ended while they were counted.
        let (records, counts) = try recorded(refusals)
        #expect(records >= 3 && counts == ["caller-1": 300])
    }

    @Test func memoryIsBoundedAndEachCallerIsNamed() throws {
        let refusals = LoadRefusals(log: log, interval: .seconds(3600))
        for number in 0..<3000 {
            count(refusals, number)
            count(refusals, number)
            #expect(refusals.waiting < LoadRefusals.maximumCounts)
        }
        for source in 0..<100 { count(refusals, 2999, source: "s\(source)") }
        let (_, counts) = try recorded(refusals)
        #expect(counts.count == 3000 && counts["caller-2999"] == 102)
        #expect(counts.values.filter { $0 == 2 }.count == 2999)
        let last = try #require(try AuditTail.lines(folder: folder.path, count: 5000).last { text($0, has: "-2999") })
        // Those that are named are the first; the rest is a number.
        #expect(text(last, has: #""fromFurtherSources":"8"#) && text(last, has: #""source s14":"1""#))
    }

    private func text(_ line: [UInt8], has part: String) -> Bool {
        String(decoding: line, as: UTF8.self).contains(part)
    }

    @Test func whatCannotBeRecordedIsCountedAgain() async throws {
        let refusals = LoadRefusals(log: log, interval: .seconds(3600))
        disk.plan.withLock { $0.writeError = ENOSPC }
        for _ in 0..<10 { count(refusals, 1) }
        refusals.record()
        #expect(await eventually { refusals.waiting == 1 })
        for _ in 0..<10 { count(refusals, 1) }
        disk.plan.withLock { $0.writeError = nil }
        #expect(try recorded(refusals).counts == ["caller-1": 20])
    }

    /// Without further refusals.
    @Test func whatFindsNoNextFileIsRecordedOnceThereIsOne() async throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(
            folder: folder.path, origin: origin, mode: .strict, options: AuditLogOptions(fileBytes: 4096),
            calls: disk.calls)
        repeat {
            try #require(log.appendAndWait(signEvent())?.isSuccess == true)
        } while try Disk.size("\(folder.path)/\(LogFolder.fileName(1))") < 4096
        let before = log.counters.written
        disk.plan.withLock { $0.openError = EMFILE }
        count(LoadRefusals(log: log, interval: .milliseconds(20)), 1)
        #expect(await eventually { log.failure == .cannotOpen(EMFILE) })
        disk.plan.withLock { $0.openError = nil }
        #expect(await eventually { log.counters.written > before })
    }

    @Test func whoClosesTheLogWaitsForWhatIsBeingHandedOver() async throws {
        // Their timers and the end meet.
        let refusals = LoadRefusals(log: log, interval: .milliseconds(1))
        for round in 0..<2000 {
            count(refusals, round % 5)
            if round.isMultiple(of: 100) { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(try recorded(refusals).counts.values.reduce(0, +) == 2000)
    }
}
