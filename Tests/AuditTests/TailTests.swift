import Glibc
import Testing

@testable import Audit

/// The end of a log, read backwards.
@Suite struct TailTests {
    private static let lineEnd = UInt8(ascii: "\n")

    /// The complete lines of a file.
    private func lines(of text: [UInt8]) -> [[UInt8]] {
        text.split(separator: Self.lineEnd, omittingEmptySubsequences: false).dropLast().map(Array.init)
    }

    @Test func theLastLinesAreFoundWhateverIsReadAtOnce() throws {
        var generator = SeededGenerator(state: 11)
        for _ in 0..<60 {
            let folder = try TemporaryFolder()
            var expected: [[UInt8]] = []
            for number in 1...UInt64(3) {
                let text = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                    Bool.random(using: &generator) ? UInt8(ascii: "x") : Self.lineEnd
                }
                try folder.write(LogFolder.fileName(number), text)
                expected += lines(of: text)
            }
            for chunkBytes in [1, 2, 3, 7, 16, 64] {
                for count in [0, 1, 2, 5, 200] {
                    let found = try AuditTail.lines(folder: folder.path, count: count, chunkBytes: chunkBytes)
                    #expect(found == Array(expected.suffix(count)))
                }
            }
        }
    }

    /// A whole file without a line end, as nobody who writes records leaves it.
    @Test func aLineLongerThanAnyRecordIsCut() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/\(LogFolder.fileName(1))"
        try folder.write(LogFolder.fileName(1), Array("first\n{\"time\":".utf8))
        #expect(truncate(path, 64 << 20) == 0)
        try append(Array("\nlast\nunfinished".utf8), to: path)
        let found = try AuditTail.lines(folder: folder.path, count: 10)
        try #require(found.count == 3)
        #expect(found[0] == Array("first".utf8) && found[2] == Array("last".utf8))
        #expect(found[1].count == ChainedLine.maximumBytes + "…".utf8.count)
        #expect(found[1].starts(with: "{\"time\":".utf8) && found[1].suffix(3).elementsEqual("…".utf8))
        #expect(AuditTail.render(found[1]).utf8.count < 4096)
        #expect(try AuditTail.lines(folder: folder.path, count: 1) == [Array("last".utf8)])
    }

    @Test func aLineAsLongAsARecordMayBeIsWhole() throws {
        for chunkBytes in [1000, ChainedLine.maximumBytes, 1 << 20] {
            for excess in 0...1 {
                let folder = try TemporaryFolder()
                let line = [UInt8](repeating: UInt8(ascii: "x"), count: ChainedLine.maximumBytes + excess)
                try folder.write(LogFolder.fileName(1), line + [Self.lineEnd])
                let found = try AuditTail.lines(folder: folder.path, count: 2, chunkBytes: chunkBytes)
                #expect(found == [excess == 0 ? line : Array(line.dropLast()) + Array("…".utf8)])
            }
        }
    }

    private func append(_ bytes: [UInt8], to path: String) throws {
        let descriptor = try Disk.open(path, O_WRONLY | O_APPEND)
        defer { close(descriptor) }
        if let error = Disk.writeAll(bytes, to: descriptor, calls: .system) { throw SetUpError.notWritten(error) }
    }
}
