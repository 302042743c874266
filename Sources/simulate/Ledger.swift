import Foundation

/// Which seeds were run, by profile and commit: one line a block, `commit profile from..to` and the seeds that failed.
struct Ledger {
    private struct Line {
        let commit: String
        let profile: String
        let seeds: ClosedRange<UInt64>
        let failed: [UInt64]

        init(commit: String, profile: String, seeds: ClosedRange<UInt64>, failed: [UInt64]) {
            self.commit = commit
            self.profile = profile
            self.seeds = seeds
            self.failed = failed
        }

        init?(_ text: Substring) {
            let words = text.split(separator: " ")
            guard words.count >= 3, let range = SeedRange(argument: String(words[2])) else { return nil }
            commit = String(words[0])
            profile = String(words[1])
            seeds = range.bounds
            failed = words.dropFirst(3).compactMap { UInt64($0) }
        }

        var text: String {
            let seeds = "\(seeds.lowerBound)..\(seeds.upperBound)"
            return ([commit, profile, seeds] + failed.map(String.init)).joined(separator: " ")
        }
    }

    private let path: String?
    private let commit: String
    private var lines: [Line] = []

    private static let blockSize: UInt64 = 500

    init(path: String?, commit: String) throws {
        self.path = path
        self.commit = commit
        guard let path, FileManager.default.fileExists(atPath: path) else { return }
        lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap(Line.init)
    }

    /// The parts of `range` that weren't run on this commit, in blocks that can be recorded one by one.
    func open(_ profile: String, in range: ClosedRange<UInt64>) -> [ClosedRange<UInt64>] {
        let done = lines.filter { $0.commit == commit && $0.profile == profile }.map(\.seeds)
            .sorted { $0.lowerBound < $1.lowerBound }
        var blocks: [ClosedRange<UInt64>] = []
        var next = range.lowerBound
        while next <= range.upperBound {
            if let covering = done.first(where: { $0.contains(next) }) {
                next = covering.upperBound + 1
                continue
            }
            let following = done.first { $0.lowerBound > next }?.lowerBound ?? .max
            let last = min(min(next + Self.blockSize - 1, range.upperBound), following - 1)
            blocks.append(next...last)
            next = last + 1
        }
        return blocks
    }

    /// A block is done. It is in the file when this returns.
    mutating func record(_ profile: String, _ seeds: ClosedRange<UInt64>, failed: [UInt64]) throws {
        lines.append(Line(commit: commit, profile: profile, seeds: seeds, failed: failed))
        guard let path else { return }
        let text = lines.map(\.text).joined(separator: "\n") + "\n"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    /// How many seeds were run on each commit, and how many of them failed.
    var summary: String {
        let commits = Set(lines.map(\.commit)).sorted()
        return commits.map { commit in
            let own = lines.filter { $0.commit == commit }
            let runs = own.reduce(0) { $0 + $1.seeds.count }
            return "commit \(commit): \(runs) seeds, \(own.reduce(0) { $0 + $1.failed.count }) broke a promise"
        }.joined(separator: "\n")
    }
}
