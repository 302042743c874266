import Glibc
import StrictJSON
import Testing

@testable import Audit

/// Whether a log can be opened, found out without a change to it.
@Suite struct CheckTests {
    private func sample() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        let log = try AuditLog(folder: folder.path, origin: origin)
        #expect(log.appendAndWait((0..<5).map(signEvent)).areAllSuccesses)
        log.close()
        return folder
    }

    private func contents(_ folder: TemporaryFolder) throws -> [String: [UInt8]] {
        try Dictionary(uniqueKeysWithValues: folder.names.map { ($0, try folder.read($0)) })
    }

    /// The operation of the last record.
    private func lastOperation(_ folder: TemporaryFolder) throws -> JSONValue? {
        let line = try #require(try AuditTail.lines(folder: folder.path, count: 1).first)
        guard case .object(let record) = try JSONReader.parse(line) else { return nil }
        return record["operationName"]
    }

    @Test func whereThereIsNoLogOneCanBeBegun() throws {
        let place = try TemporaryFolder()
        let path = place.path + "/log"
        defer {
            unlink("\(place.path)/log/lock")
            rmdir("\(place.path)/log")
        }
        for _ in 0..<2 {
            try AuditLog.check(folder: path)
            #expect(try LogFolder(path: path).list().numbers.isEmpty)
            #expect(try LogFolder(path: path).readHead().isAbsent)
        }
    }

    @Test func aLogIsLeftAsItIs() throws {
        let folder = try sample()
        let before = try contents(folder)
        try AuditLog.check(folder: folder.path)
        #expect(try contents(folder) == before)
    }

    /// The log moves it aside when it is opened, and can record that.
    @Test func whatACrashLeftIsLeftToTheLog() throws {
        let name = LogFolder.fileName(1)
        let torn = try sample()
        try torn.write(name, torn.read(name) + Array("{\"time\":".utf8))
        let headless = try sample()
        try headless.write(LogFolder.fileName(2), Array("{\"header\":1,\"fi".utf8))
        for folder in [torn, headless] {
            let before = try contents(folder)
            try AuditLog.check(folder: folder.path)
            #expect(try contents(folder) == before)
            try AuditLog(folder: folder.path, origin: origin).close()
            #expect(try lastOperation(folder) == .string("AuditTornTail"))
        }
    }

    @Test func whatKeepsALogFromOpeningIsFound() throws {
        let name = LogFolder.fileName(1)
        let damaged = try sample()
        var bytes = try damaged.read(name)
        bytes[bytes.count / 2] ^= 1
        try damaged.write(name, bytes)
        let cut = try sample()
        let lines = try cut.read(name).split(separator: UInt8(ascii: "\n"))
        try cut.write(name, Array(lines[0]) + [UInt8(ascii: "\n")])
        let reachable = try sample()
        chmod("\(reachable.path)/\(name)", 0o640)
        for folder in [damaged, cut, reachable] {
            let before = try contents(folder)
            let found = #expect(throws: AuditOpenError.self) { try AuditLog.check(folder: folder.path) }
            let opening = #expect(throws: AuditOpenError.self) { try AuditLog(folder: folder.path, origin: origin) }
            #expect(found == opening && found != nil)
            #expect(try contents(folder) == before)
        }
        let used = try sample()
        let log = try AuditLog(folder: used.path, origin: origin)
        #expect(throws: AuditOpenError.inUse) { try AuditLog.check(folder: used.path) }
        log.close()
        // As another user's folder would, which root may write all the same.
        mkdir("\(used.path)/trial.tmp", 0o700)
        defer { rmdir("\(used.path)/trial.tmp") }
        #expect(throws: AuditOpenError.self) { try AuditLog.check(folder: used.path) }
    }
}

extension LogFolder.StoredHead {
    fileprivate var isAbsent: Bool {
        if case .absent = self { true } else { false }
    }
}
