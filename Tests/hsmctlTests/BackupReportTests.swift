import StrictJSON
import Testing

@testable import hsmctl

@Suite struct BackupReportTests {
    private let root = [UInt8](repeating: 7, count: 32)

    private func report(_ index: UInt64, _ root: [UInt8]) -> BackupReport? {
        BackupReport("log index \(index), state root \(Hexadecimal.encode(root))")
    }

    @Test func comparison() throws {
        let other = [UInt8](repeating: 8, count: 32)
        let reports = [try #require(report(4, other)), try #require(report(9, root))]
        func compare(_ index: UInt64, _ root: [UInt8]) -> BackupReport.Comparison {
            BackupReport.compare(index: index, stateRoot: root, with: reports)
        }
        #expect(compare(9, root) == .same)
        #expect(compare(9, other) == .other(root))
        #expect(compare(4, root) == .other(other))
        #expect(compare(5, root) == .unknown)
        // Two backups at one index have one root, or something is wrong.
        let twice = reports + [try #require(report(9, other))]
        #expect(BackupReport.compare(index: 9, stateRoot: root, with: twice) == .other(other))
    }

    @Test func otherTexts() {
        for text in [
            "", "log index 9", "log index 9, state root 07", "log index -1, state root \(Hexadecimal.encode(root))",
            "log index 9, state root \(Hexadecimal.encode(root)), more", "3 keys, as of log index 9",
            "log index 9, state root \(String(repeating: "g", count: 64))",
        ] { #expect(BackupReport(text) == nil, "\(text)") }
    }
}
