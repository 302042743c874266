import Testing

@testable import Audit

/// Every way of changing one line of a log of 200 lines is found, at every line.
@Suite struct TamperTests {
    private struct Sample {
        let folder: TemporaryFolder
        let lines: [[UInt8]]
        let head: AuditHead
        let name = LogFolder.fileName(1)
    }

    private func sample() throws -> Sample {
        let folder = try TemporaryFolder()
        let log = try AuditLog(folder: folder.path, origin: origin)
        let results = log.appendAndWait((0..<199).map(signEvent))
        log.close()
        #expect(results.count == 199 && results.areAllSuccesses)
        let lines = try folder.read(LogFolder.fileName(1)).split(separator: UInt8(ascii: "\n")).map(Array.init)
        #expect(lines.count == 200)
        let report = try AuditVerifier.verify(folder: folder.path, anchors: [log.head])
        #expect(report.isIntact && report.lines == 200 && report.events == 199 && report.files == 1)
        #expect(report.head == log.head && report.uncoveredLines == 0 && report.hasHead)
        #expect(report.node == origin.node && report.pool == origin.pool)
        #expect(try #require(report.firstEventTime) <= #require(report.lastTime))
        return Sample(folder: folder, lines: lines, head: log.head)
    }

    private func verify(_ sample: Sample, _ lines: [[UInt8]]) throws -> AuditBreak? {
        try sample.folder.write(sample.name, Array(lines.map { $0 + [UInt8(ascii: "\n")] }.joined()))
        return try AuditVerifier.verify(folder: sample.folder.path).firstBreak
    }

    @Test func everyEditIsFoundInItsLine() throws {
        let sample = try sample()
        for index in sample.lines.indices {
            var lines = sample.lines
            // A digit of the time: the line stays well-formed.
            let place = try #require(lines[index].firstIndex(of: UInt8(ascii: "2")))
            lines[index][place] = UInt8(ascii: "3")
            let found = try verify(sample, lines)
            #expect(found?.file == sample.name)
            #expect(found?.line == UInt64(index + 1))
        }
    }

    @Test func everyByteOfALineCounts() throws {
        let sample = try sample()
        for place in sample.lines[3].indices {
            var lines = Array(sample.lines[..<8])
            lines[3][place] ^= 1
            let found = try verify(sample, lines)
            #expect(found?.line == 4, "byte \(place)")
        }
    }

    @Test func everyDeletedLineIsFound() throws {
        let sample = try sample()
        for index in sample.lines.indices {
            var lines = sample.lines
            lines.remove(at: index)
            let found = try verify(sample, lines)
            #expect(found?.line == UInt64(index + 1))
        }
    }

    @Test func everySwapIsFound() throws {
        let sample = try sample()
        for index in sample.lines.indices.dropLast() {
            var lines = sample.lines
            lines.swapAt(index, index + 1)
            #expect(try verify(sample, lines)?.line == UInt64(index + 1))
        }
    }

    @Test func everyDuplicateIsFound() throws {
        let sample = try sample()
        for index in sample.lines.indices {
            var lines = sample.lines
            lines.insert(lines[index], at: index)
            #expect(try verify(sample, lines)?.line == UInt64(index + 2))
        }
    }

    @Test func everyTruncationIsFound() throws {
        let sample = try sample()
        for count in sample.lines.indices {
            let found = try verify(sample, Array(sample.lines[..<count]))
            #expect(found?.line == UInt64(count + 1))
        }
        // Within the last line, at every byte; a cut behind the line's text leaves it without its end.
        let whole = Array(sample.lines.map { $0 + [UInt8(ascii: "\n")] }.joined())
        let last = sample.lines[199].count
        for cut in [1, 2, 3, last - 1, last] + stride(from: 4, to: last, by: 31) {
            try sample.folder.write(sample.name, Array(whole.dropLast(cut)))
            let found = try AuditVerifier.verify(folder: sample.folder.path).firstBreak
            #expect(found == AuditBreak(file: sample.name, line: 200, kind: .tornLine))
        }
    }

    @Test func aCutEndWithoutItsHeadIsFoundByAnAnchor() throws {
        let sample = try sample()
        sample.folder.remove(LogFolder.headName)
        #expect(try verify(sample, Array(sample.lines[..<150])) == nil)
        let report = try AuditVerifier.verify(folder: sample.folder.path)
        #expect(report.uncoveredLines == 150)
        let anchored = try AuditVerifier.verify(folder: sample.folder.path, anchors: [sample.head])
        #expect(anchored.firstBreak?.kind == .shorterThanAnchor(expected: 200, found: 150))
    }

    @Test func aLogRewrittenAsAWholeIsFoundByAnAnchor() throws {
        let sample = try sample()
        var draft = ChainedLine.Draft(after: .empty)
        for (index, line) in sample.lines.enumerated() where index != 42 {
            let parts = try #require(line.withUnsafeBytes { ChainedLine.Parts($0).map { Array($0.content) } })
            draft.append(parts.dropLast(",\"seq\":".utf8.count + String(index + 1).utf8.count))
        }
        try sample.folder.write(sample.name, draft.bytes)
        try LogFolder(path: sample.folder.path).writeHead(draft.head)
        #expect(try AuditVerifier.verify(folder: sample.folder.path).isIntact)
        let anchor = AuditHead(count: 100, chain: sample.head.chain)
        let found = try AuditVerifier.verify(folder: sample.folder.path, anchors: [anchor]).firstBreak
        #expect(found == AuditBreak(file: sample.name, line: 100, kind: .anchorMismatch(count: 100)))
    }

    /// A log that begins with the line behind what others know, but doesn't follow from that.
    @Test func aLogMadeAnewBehindAnAnchorIsFound() throws {
        let known = try sample().head
        let folder = try TemporaryFolder()
        let before = AuditHead(count: known.count, chain: [UInt8](repeating: 1, count: 32))
        var draft = ChainedLine.Draft(after: before)
        draft.append(FileHeader.encode(file: 2, after: before, origin: origin, time: 0))
        draft.append(signEvent().encode())
        try folder.write(LogFolder.fileName(2), draft.bytes)
        let alone = try AuditVerifier.verify(folder: folder.path)
        #expect(alone.isIntact && alone.firstSequence == known.count + 1 && alone.uncoveredLines == 2)
        let found = try AuditVerifier.verify(folder: folder.path, anchors: [known]).firstBreak
        #expect(found == AuditBreak(file: LogFolder.fileName(2), line: 1, kind: .anchorMismatch(count: known.count)))
        #expect(throws: AuditOpenError.self) {
            try AuditLog(folder: folder.path, origin: origin, options: AuditLogOptions(anchors: [known]))
        }
        // One from before the files covers nothing in them.
        let older = AuditHead(count: known.count - 1, chain: known.chain)
        #expect(try AuditVerifier.verify(folder: folder.path, anchors: [older]).uncoveredLines == 2)
    }

    /// What is known of a line before the last file is compared at a start, too.
    @Test func anEarlierFileIsComparedAtAStart() throws {
        let folder = try TemporaryFolder()
        let log = try AuditLog(folder: folder.path, origin: origin, options: AuditLogOptions(fileBytes: 4096))
        #expect(log.appendAndWait((0..<40).map(signEvent)).areAllSuccesses)
        log.close()
        #expect(folder.names.contains(LogFolder.fileName(4)))
        let line = try #require(try folder.read(LogFolder.fileName(2)).split(separator: UInt8(ascii: "\n")).first)
        let known = try #require(
            Array(line).withUnsafeBytes { bytes in
                ChainedLine.Parts(bytes).map { AuditHead(count: $0.sequence, chain: $0.chain) }
            })
        let wrong = AuditHead(count: known.count, chain: [UInt8](repeating: 1, count: 32))
        #expect(
            throws: AuditOpenError.damaged(
                AuditBreak(file: LogFolder.fileName(2), line: 1, kind: .anchorMismatch(count: known.count)))
        ) {
            try AuditLog(folder: folder.path, origin: origin, options: AuditLogOptions(anchors: [wrong]))
        }
        try AuditLog(folder: folder.path, origin: origin, options: AuditLogOptions(anchors: [known])).close()
        // Where the file was moved away there is nothing to compare.
        for number in 1...UInt64(2) { folder.remove(LogFolder.fileName(number)) }
        try AuditLog(folder: folder.path, origin: origin, options: AuditLogOptions(anchors: [known])).close()
    }

    @Test func damagedHeadsAreFound() throws {
        let sample = try sample()
        try sample.folder.write(LogFolder.headName, Array("{\"count\":1}".utf8))
        #expect(try AuditVerifier.verify(folder: sample.folder.path).firstBreak?.kind == .badHead)
        let wrong = AuditHead(count: 7, chain: sample.head.chain)
        try LogFolder(path: sample.folder.path).writeHead(wrong)
        #expect(try AuditVerifier.verify(folder: sample.folder.path).firstBreak?.kind == .headMismatch)
    }

    @Test func randomBytesNeverTrap() throws {
        let sample = try sample()
        var generator = SeededGenerator(state: 3)
        let whole = Array(sample.lines.map { $0 + [UInt8(ascii: "\n")] }.joined())
        for _ in 0..<300 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + 40))
                default: bytes.insert(contentsOf: [10, 0, 0x7B], at: place)
                }
            }
            try sample.folder.write(sample.name, bytes)
            let report = try AuditVerifier.verify(folder: sample.folder.path)
            #expect(!report.isIntact || bytes == whole)
            for line in try AuditTail.lines(folder: sample.folder.path, count: 5) { _ = AuditTail.render(line) }
        }
    }
}
