import Audit
import StrictJSON

/// The result of verifying a log, with and without the pool's knowledge of it.
struct AuditCheck {
    /// What the pool knows of its members' logs.
    enum Pool {
        /// Why it wasn't asked, or couldn't be.
        case notAsked(String)
        /// Its status.
        case asked(JSONObject)
    }

    /// How the pool's knowledge was used.
    enum Comparison: Hashable {
        case compared(lines: UInt64, time: String)
        case notCompared(String)
    }

    let folder: String
    let report: AuditReport
    let comparison: Comparison
    let problem: ClientError?

    var isIntact: Bool { problem == nil }

    // MARK: Running

    static func run(folder: String, node: String?, pool: Pool) async throws -> AuditCheck {
        var report = try await read(folder, [])
        if let wanted = node, let found = report.node, found != wanted {
            let problem = ClientError.refused("\(folder) holds the log of \(found), not of \(wanted).")
            return AuditCheck(
                folder: folder, report: report, comparison: .notCompared("it is another node's log"), problem: problem)
        }
        guard report.isIntact else {
            return AuditCheck(
                folder: folder, report: report, comparison: .notCompared("the log is broken, whatever the pool knows"))
        }
        let (anchor, comparison) = find(node ?? report.node, report.pool, pool)
        if let anchor, anchor.count + 1 < report.firstSequence {
            let problem = ClientError.refused(
                "the log begins with line \(report.firstSequence), and the last that the pool knows is "
                    + "\(anchor.count): nothing in it can be compared. Put the files that were moved away back beside "
                    + "the others, and verify again.")
            return AuditCheck(
                folder: folder, report: report, comparison: .notCompared("the line that it knows isn't in the files"),
                problem: problem)
        }
        if let anchor { report = try await read(folder, [anchor]) }
        return AuditCheck(folder: folder, report: report, comparison: comparison)
    }

    /// Verifies; a line, or a file's first one, that is being written just now is looked at again.
    private static func read(_ folder: String, _ anchors: [AuditHead]) async throws -> AuditReport {
        var report = try readOnce(folder, anchors)
        for _ in 0..<3 where [.tornLine, .badHeader].contains(report.firstBreak?.kind) {
            try await Task.sleep(for: .milliseconds(200))
            report = try readOnce(folder, anchors)
        }
        return report
    }

    private static func readOnce(_ folder: String, _ anchors: [AuditHead]) throws -> AuditReport {
        do {
            return try AuditVerifier.verify(folder: folder, anchors: anchors)
        } catch {
            throw ClientError.unreadable("\(error)")
        }
    }

    init(folder: String, report: AuditReport, comparison: Comparison, problem: ClientError?) {
        self.folder = folder
        self.report = report
        self.comparison = comparison
        self.problem = problem
    }

    init(folder: String, report: AuditReport, comparison: Comparison) {
        let problem: ClientError?
        if let first = report.firstBreak {
            problem = .refused(
                "the log is broken at \(first). \(report.events) events before that are in order. Copy the folder "
                    + "before anything else; docs/recovery.md says what to do.")
        } else if report.files == 0 {
            problem = .unreadable("\(folder) holds no audit log: there is nothing to verify.")
        } else {
            problem = nil
        }
        self.init(folder: folder, report: report, comparison: comparison, problem: problem)
    }

    // MARK: The pool's knowledge

    /// The head that the pool has of the node's log.
    static func find(_ node: String?, _ logPool: String?, _ pool: Pool) -> (AuditHead?, Comparison) {
        let status: JSONObject
        switch pool {
        case .notAsked(let reason): return (nil, .notCompared(reason))
        case .asked(let answer): status = answer
        }
        guard let node else {
            return (nil, .notCompared("the log doesn't say of which node it is; name it with --node"))
        }
        if let logPool, let asked = status.text("pool"), logPool != asked {
            return (nil, .notCompared("the log is of the pool \(logPool), and the pool asked is \(asked)"))
        }
        guard let id = status.objects("members").first(where: { $0.text("name") == node })?.number("id") else {
            return (nil, .notCompared("the pool has no node \(node)"))
        }
        let known = status.objects("auditHeads").first { $0.number("node") == id }
        guard let known, let sequence = known.number("sequence"), sequence > 0,
            let chain = known.text("head").flatMap({ Hexadecimal.decode($0) }), chain.count == 32
        else { return (nil, .notCompared("the pool knows nothing of \(node)'s log yet")) }
        let seconds = known.number("time").map { $0 > 100_000_000_000 ? $0 / 1000 : $0 }
        return (
            AuditHead(count: UInt64(sequence), chain: chain),
            .compared(lines: UInt64(sequence), time: Moment.text(seconds))
        )
    }

    // MARK: Output

    var text: String {
        var lines = [
            "intact: \(report.events) events in \(report.lines) lines of \(report.files) file(s)",
            "node:    \(report.node ?? "?") of pool \(report.pool ?? "?")",
            "from:    \(report.firstEventTime ?? "-") to \(report.lastTime ?? "-")",
            "checked: each line, its number and its place in the chain",
        ]
        if report.hasHead { lines.append("checked: the file 'head' of the folder, which names the end") }
        if case .compared(let count, let time) = comparison {
            lines.append("checked: line \(count) is the one that the pool knows since \(time)")
        }
        if case .notCompared(let reason) = comparison {
            lines.append("NOT checked: whether the pool knows another end (\(reason))")
        }
        if !report.hasHead { lines.append("NOT checked: the file 'head' is missing, so a cut end may not be noticed") }
        if report.firstSequence > 1 {
            lines.append("NOT checked: lines before number \(report.firstSequence), in files that were moved away")
        }
        if report.uncoveredLines > 0 {
            lines.append("NOT covered: the last \(report.uncoveredLines) lines could be cut off unnoticed")
        }
        if !report.tornFiles.isEmpty {
            lines.append("set aside: \(report.tornFiles.count) unfinished line(s) after crashes (*.torn)")
        }
        return lines.joined(separator: "\n")
    }

    var json: JSONObject {
        .make { writer in
            writer.member("intact", isIntact)
            writer.member("folder", folder)
            if let node = report.node { writer.member("node", node) }
            if let pool = report.pool { writer.member("pool", pool) }
            writer.member("files", report.files)
            writer.member("lines", report.lines)
            writer.member("events", report.events)
            writer.member("firstSequence", report.firstSequence)
            writer.member("lastSequence", report.head.count)
            if let time = report.firstEventTime { writer.member("firstEventTime", time) }
            if let time = report.lastTime { writer.member("lastTime", time) }
            writer.member("headFile", report.hasHead)
            writer.member("uncoveredLines", report.uncoveredLines)
            writer.member("tornFiles", array: report.tornFiles)
            writer.member("comparedWithPool") { writer in
                if case .compared(let lines, _) = comparison { writer.integer(lines) } else { writer.null() }
            }
            if case .notCompared(let reason) = comparison { writer.member("notComparedBecause", reason) }
            if let problem { writer.member("problem", problem.message) }
        }
    }
}
