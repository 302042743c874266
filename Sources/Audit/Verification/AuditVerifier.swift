import StrictJSON

/// Verifies a log's folder: anybody can, without a key and while the node is stopped.
///
/// Finds every changed, removed, repeated, moved or inserted line, and lines cut off the end as far as the head sidecar
/// or an anchor covers them. Somebody who rewrites the whole log *and* the sidecar is found by an anchor only: a head
/// that others hold.
public enum AuditVerifier {
    /// Reads all files of a log in order, up to the first break.
    ///
    /// - Parameters:
    ///   - folder: the log's folder. Nothing in it is changed.
    ///   - anchors: heads of this log that are known from elsewhere, such as the pool's replicated ones.
    /// - Throws: ``AuditOpenError/system(call:path:errno:)`` when a file can't be read.
    public static func verify(folder: String, anchors: [AuditHead] = []) throws(AuditOpenError) -> AuditReport {
        let folder = LogFolder(path: folder)
        var report = AuditReport()
        var checkpoints = anchors.filter { $0.count > 0 }.map { ChainScanner.Checkpoint(head: $0, isSidecar: false) }
        switch try folder.readHead() {
        case .absent: break
        case .unreadable: report.firstBreak = AuditBreak(file: LogFolder.headName, line: 0, kind: .badHead)
        case .head(let head):
            report.hasHead = true
            checkpoints.append(ChainScanner.Checkpoint(head: head, isSidecar: true))
        }
        // After the sidecar: a node that runs may begin a file meanwhile, and the sidecar then names a line of that.
        let (numbers, torn) = try folder.list()
        report.tornFiles = torn
        let start = try self.start(of: folder, first: numbers.first)
        report.firstSequence = start.count + 1
        let lastLine = try scan(folder, numbers, after: start, checkpoints: checkpoints, into: &report)
        if report.firstBreak == nil {
            report.firstBreak = missingEnd(report.head, checkpoints, file: numbers.last ?? 1, line: lastLine + 1)
        }
        // A head from before the oldest file says nothing of what follows there.
        let covered = max(checkpoints.map(\.head.count).max() ?? 0, start.count)
        report.uncoveredLines = report.head.count - min(covered, report.head.count)
        return report
    }

    /// The head from which the oldest file goes on: what its header says, when files before it were moved away.
    static func start(of folder: LogFolder, first: UInt64?) throws(AuditOpenError) -> AuditHead {
        guard let first, first > 1 else { return .empty }
        var lines = try FileLines(path: folder.filePath(first))
        guard let line = try lines.next(), line.isTerminated, let header = FileHeader(line.bytes),
            let parts = ChainedLine.Parts(line.bytes)
        else { return .empty }
        return AuditHead(count: parts.sequence - 1, chain: header.previous)
    }

    /// Scans the files into the report; the number of good lines in the last one.
    private static func scan(
        _ folder: LogFolder, _ numbers: [UInt64], after start: AuditHead, checkpoints: [ChainScanner.Checkpoint],
        into report: inout AuditReport
    ) throws(AuditOpenError) -> UInt64 {
        var scanner = ChainScanner(after: start, checkpoints: checkpoints)
        report.head = start
        var expected = numbers.first ?? 1
        var linesInLast: UInt64 = 0
        if let first = numbers.first, let fault = scanner.disagreement() {
            report.firstBreak = AuditBreak(file: LogFolder.fileName(first), line: 1, kind: fault)
            return 0
        }
        for number in numbers {
            guard number == expected else {
                report.firstBreak = AuditBreak(file: LogFolder.fileName(expected), line: 0, kind: .missingFile)
                return 0
            }
            let result = try scanner.scan(path: folder.filePath(number), number: number)
            report.files += 1
            report.lines += result.lines
            report.events += result.lines - min(1, result.lines)
            report.bytes += UInt64(result.goodBytes)
            report.head = scanner.head
            linesInLast = result.lines
            note(scanner, into: &report)
            if let fault = result.fault {
                report.firstBreak = AuditBreak(
                    file: LogFolder.fileName(number), line: result.lines + 1, kind: fault)
                return linesInLast
            }
            expected += 1
        }
        return linesInLast
    }

    /// Where and when the lines were written.
    private static func note(_ scanner: ChainScanner, into report: inout AuditReport) {
        if report.node == nil, let header = record(scanner.firstHeader) {
            report.node = text(header, "node")
            report.pool = text(header, "PoolName")
        }
        if report.firstEventTime == nil, let event = record(scanner.firstEvent) {
            report.firstEventTime = text(event, "time")
        }
        if let last = record(scanner.last) { report.lastTime = text(last, "time") }
    }

    /// The members that a line's chain value covers.
    private static func record(_ content: [UInt8]) -> JSONObject? {
        guard !content.isEmpty, case .object(let members)? = try? JSONReader.parse(content + [UInt8(ascii: "}")]) else {
            return nil
        }
        return members
    }

    private static func text(_ record: JSONObject, _ name: String) -> String? {
        if case .string(let text)? = record[name] { SafeText.printable(text) } else { nil }
    }

    private static func missingEnd(
        _ head: AuditHead, _ checkpoints: [ChainScanner.Checkpoint], file: UInt64, line: UInt64
    ) -> AuditBreak? {
        guard let missed = checkpoints.filter({ $0.head.count > head.count }).max(by: { $0.head.count < $1.head.count })
        else { return nil }
        let kind: AuditBreakKind = missed.isSidecar
            ? .shorterThanHead(expected: missed.head.count, found: head.count)
            : .shorterThanAnchor(expected: missed.head.count, found: head.count)
        return AuditBreak(file: LogFolder.fileName(file), line: line, kind: kind)
    }
}
