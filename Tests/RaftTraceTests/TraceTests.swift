import Foundation
import Raft
import Testing

/// Scenarios as text. A change of behaviour shows up as a change of a file under `Traces/`, to be read like code:
/// `QUORATE_REGENERATE_TRACES=1 swift test --filter RaftTraceTests` writes the files anew.
@Suite struct TraceTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Traces")

    private static let files: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".txt") }.sorted()
    }()

    @Test func tracesAreFound() {
        #expect(Self.files.count >= 12)
    }

    @Test(arguments: files)
    func replaysAsWritten(name: String) throws {
        let url = Self.folder.appending(path: name)
        let written = try String(contentsOf: url, encoding: .utf8)
        let trace = TraceFile(written)
        #expect(trace.header.contains("Guards:"), "the header must say what the scenario guards")
        let replayed = trace.replay()
        #expect(!replayed.contains("\n  error:"))
        if ProcessInfo.processInfo.environment["QUORATE_REGENERATE_TRACES"] != nil {
            try replayed.write(to: url, atomically: true, encoding: .utf8)
        } else {
            let difference = Self.firstDifference(written, replayed)
            #expect(difference == nil, "\(name): \(difference ?? "")")
        }
    }

    /// `docs/raft-scenarios.md` names every trace, and none that isn't there.
    @Test func everyTraceStandsInTheTable() throws {
        let table = Self.folder.deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/raft-scenarios.md")
        let text = try String(contentsOf: table, encoding: .utf8)
        let named = Set(text.matches(of: /`([a-z0-9-]+\.txt)`/).map { String($0.output.1) })
        #expect(named == Set(Self.files))
    }

    #if PLANTED_FAULTS
        /// A scenario that cannot fail guards nothing: with the fault that it is meant for, it must come out
        /// differently.
        @Test(arguments: [
            (PlantedFault.commitEarlierTermByCounting, "figure-8.txt"),
            (.noNoOpAtTermStart, "election.txt"),
            (.readIndexCountsEarlierAcks, "read-acks-from-before.txt"),
            (.readIndexBeforeTermCommit, "read-before-term-commit.txt"),
            (.configurationNotRolledBack, "configuration-rollback.txt"),
        ])
        func seesPlantedFault(fault: PlantedFault, name: String) throws {
            let written = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
            let replayed = TraceFile(written).replay { $0.plantedFault = fault }
            #expect(Self.firstDifference(written, replayed) != nil)
        }
    #endif

    private static func firstDifference(_ written: String, _ replayed: String) -> String? {
        let old = written.split(separator: "\n", omittingEmptySubsequences: false)
        let new = replayed.split(separator: "\n", omittingEmptySubsequences: false)
        for line in 0..<max(old.count, new.count) {
            let before = line < old.count ? old[line] : "(end)"
            let after = line < new.count ? new[line] : "(end)"
            if before != after { return "line \(line + 1): written \"\(before)\", replayed \"\(after)\"" }
        }
        return nil
    }
}
