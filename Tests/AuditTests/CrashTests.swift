import StrictJSON
import Testing

@testable import Audit

/// What a crash leaves behind, made by hand on copies of a folder.
@Suite struct CrashTests {
    private func sample() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let log = try AuditLog(folder: folder.path, origin: origin)
        #expect(log.appendAndWait((0..<20).map(signEvent)).areAllSuccesses)
        log.close()
        return folder
    }

    private func operations(_ folder: TemporaryFolder) throws -> [String] {
        try AuditTail.lines(folder: folder.path, count: 100).compactMap { line in
            guard case .object(let record) = try JSONReader.parse(line) else { return nil }
            guard case .string(let name)? = record["operationName"] else { return nil }
            return name
        }
    }

    @Test func anUnfinishedLineIsMovedAsideAndRecorded() throws {
        let folder = try sample()
        let name = LogFolder.fileName(1)
        let whole = try folder.read(name)
        let line = try #require(whole.dropLast().lastIndex(of: UInt8(ascii: "\n"))) + 1
        for length in stride(from: 1, to: whole.count - line, by: 97) {
            let copy = try folder.copy()
            let torn = Array(whole[line..<(line + length)])
            try copy.write(name, whole + torn)
            let log = try AuditLog(folder: copy.path, origin: origin)
            #expect(log.appendAndWait(signEvent())?.isSuccess == true)
            log.close()
            let report = try AuditVerifier.verify(folder: copy.path, anchors: [log.head])
            #expect(report.isIntact && report.tornFiles == ["\(name).\(whole.count).torn"])
            #expect(try copy.read(report.tornFiles[0]) == torn)
            #expect(try operations(copy).suffix(3) == ["KeySign", "AuditTornTail", "KeySign"])
        }
    }

    @Test func aHoleOfZerosIsMovedAside() throws {
        let copy = try sample().copy()
        let name = LogFolder.fileName(1)
        let hole = [UInt8](repeating: 0, count: 5000) + Array("rest of a line\n".utf8)
        try copy.write(name, copy.read(name) + hole)
        let log = try AuditLog(folder: copy.path, origin: origin)
        log.close()
        #expect(try AuditVerifier.verify(folder: copy.path, anchors: [log.head]).isIntact)
        #expect(try operations(copy).last == "AuditTornTail")
    }

    @Test func aHoleInWhatTheHeadCoversIsDamage() throws {
        let copy = try sample().copy()
        let name = LogFolder.fileName(1)
        var bytes = try copy.read(name)
        bytes[bytes.count / 2] = 0
        try copy.write(name, bytes)
        #expect(throws: AuditOpenError.self) { try AuditLog(folder: copy.path, origin: origin) }
        #expect(try copy.read(name) == bytes)
    }

    @Test func aChangedLineIsDamageAndNothingIsTouched() throws {
        let copy = try sample().copy()
        let name = LogFolder.fileName(1)
        var bytes = try copy.read(name)
        bytes[bytes.count / 2] ^= 1
        try copy.write(name, bytes)
        let names = copy.names
        #expect(throws: AuditOpenError.self) { try AuditLog(folder: copy.path, origin: origin) }
        #expect(try copy.read(name) == bytes)
        #expect(Set(copy.names) == Set(names + ["lock"]))
    }

    @Test func aNewFileWithoutAFinishedHeaderIsTakenBack() throws {
        for content in [[], Array("{\"header\":1,\"fi".utf8), [UInt8](repeating: 0, count: 300)] {
            let copy = try sample().copy()
            try copy.write(LogFolder.fileName(2), content)
            let log = try AuditLog(folder: copy.path, origin: origin, options: AuditLogOptions(fileBytes: 1))
            #expect(log.appendAndWait(signEvent())?.isSuccess == true)
            log.close()
            let report = try AuditVerifier.verify(folder: copy.path, anchors: [log.head])
            #expect(report.isIntact)
            #expect(report.tornFiles.isEmpty == content.isEmpty)
        }
    }

    @Test func acknowledgedLinesBehindAnOldHeadAreKept() throws {
        let folder = try sample()
        let copy = try folder.copy()
        let lines = try folder.read(LogFolder.fileName(1)).split(separator: UInt8(ascii: "\n"))
        let parts = try #require(Array(lines[4]).withUnsafeBytes { line in
            ChainedLine.Parts(line).map { AuditHead(count: $0.sequence, chain: $0.chain) }
        })
        try LogFolder(path: copy.path).writeHead(parts)
        let log = try AuditLog(folder: copy.path, origin: origin)
        log.close()
        #expect(log.head.count == 21)
    }

    @Test func aMissingHeadIsRecorded() throws {
        let copy = try sample().copy()
        copy.remove("head")
        let log = try AuditLog(folder: copy.path, origin: origin)
        log.close()
        #expect(try operations(copy).last == "AuditHeadMissing")
    }

    @Test func aLogShorterThanAnAnchorDoesNotOpen() throws {
        let folder = try sample()
        let anchor = AuditHead(count: 22, chain: [UInt8](repeating: 1, count: 32))
        #expect(throws: AuditOpenError.self) {
            try AuditLog(folder: folder.path, origin: origin, options: AuditLogOptions(anchors: [anchor]))
        }
    }
}
