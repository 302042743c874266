import Foundation
import LoadGenerator
import StrictJSON

/// The run on the terminal, second by second; in a file or a pipe a line every ten seconds.
final class LoadProgress {
    private let plan: LoadPlan
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var linesShown = 0

    init(plan: LoadPlan) { self.plan = plan }

    func show(_ point: LoadPoint) {
        guard isTerminal else {
            if point.second >= 0, point.second % 10 == 9 { Terminal.note(Self.line(point)) }
            return
        }
        var lines = [Self.line(point)]
        for (index, node) in plan.nodes.enumerated() {
            let counts = point.nodeCounts[index]
            let cores = point.nodeCores[index].map { ", \(Figures.decimal($0)) cores" } ?? ""
            lines.append(
                "  \(Table.harmless(node.name)): \(Figures.whole(Double(counts.good)))/s, "
                    + "\(counts.throttled) throttled, \(counts.errors) errors, "
                    + "\(point.connections[index]) connections\(cores)")
        }
        let up = linesShown > 0 ? "\u{1B}[\(linesShown)A\u{1B}[J" : ""
        Terminal.write(up + lines.joined(separator: "\n") + "\n")
        linesShown = lines.count
    }

    func end() { linesShown = 0 }

    private static func line(_ point: LoadPoint) -> String {
        let when = point.second < 0 ? "warm-up \(-point.second) s" : "\(point.second + 1) s"
        return "\(when): \(Figures.whole(Double(point.counts.good)))/s, median \(Figures.time(point.median)), "
            + "99 % \(Figures.time(point.p99)), worst \(Figures.time(point.longest)), "
            + "\(point.counts.throttled) throttled, \(point.counts.errors + point.homeless + point.unsent) errors, "
            + "\(point.outstanding) under way"
    }
}

/// What a search has come to.
struct SearchResult {
    let objective: String
    /// Requests a second; `nil` where none keeps to the objective.
    let maximumRate: Double?
    /// Whether it came to its own end.
    let isComplete: Bool
    let isLimitedByGenerator: Bool

    init(_ search: MaximumSearch, _ objective: String, isComplete: Bool) {
        self.objective = objective
        maximumRate = search.best
        self.isComplete = isComplete
        isLimitedByGenerator = search.isLimitedByGenerator
    }

    func write(to writer: inout JSONWriter) {
        writer.member("objective", objective)
        if let maximumRate { writer.member("maximumRate") { $0.value(.double(maximumRate)) } }
        writer.member("searchComplete", isComplete)
        writer.member("searchLimitedByGenerator", isLimitedByGenerator)
    }

    var text: String {
        let found = maximumRate.map { "highest rate that keeps to \(objective): \(Figures.whole($0)) a second" }
        return (found ?? "no rate was found that keeps to \(objective)")
            + (isComplete ? "" : ", as far as the search came")
    }

    var doubt: String? {
        isLimitedByGenerator
            ? "At the lowest rate that missed the objective the generator was at its limit: the pool may do more. Use "
                + "more with --processes, or more machines."
            : nil
    }
}

/// The result as tables.
enum LoadSummary {
    static func show(_ report: LoadReport) {
        var table = Table(
            "", "GOOD/S", "P50", "P90", "P99", "P99.9", "MAX", "CPU/ANSWER", "429", "ERRORS", "TIMED OUT", "CUT OFF")
        let operations = report.operations.count > 1 ? report.operations : []
        for line in [report.all] + report.nodes + operations { add(line, to: &table) }
        StandardOutput.line("\(Table.harmless(report.title)), \(Figures.decimal(report.seconds)) s")
        if let offered = report.offeredRate {
            StandardOutput.line("asked for: \(Figures.whole(offered)) a second")
        }
        table.print()
        StandardOutput.line(report.generatorLine)
        for event in report.events {
            StandardOutput.line("at \(Figures.decimal(event.second)) s: \(Table.harmless(event.text))")
        }
        for warning in report.warnings { Terminal.note("note: \(warning)") }
    }

    private static func add(_ line: LoadReport.Line, to table: inout Table) {
        let (latency, counts) = (line.cell.latency, line.cell.counts)
        func at(_ percent: Double) -> String { Figures.time(latency.microseconds(atPercentile: percent)) }
        table.row(
            line.name, Figures.whole(line.rate), at(50), at(90), at(99), at(99.9),
            Figures.time(latency.longestMicroseconds),
            line.cpuMicroseconds.map { Figures.decimal($0) + " µs" } ?? "-", "\(counts.throttled)",
            "\(counts.unavailable + counts.refused + counts.failed)", "\(counts.timedOut)", "\(counts.disconnected)")
    }
}
