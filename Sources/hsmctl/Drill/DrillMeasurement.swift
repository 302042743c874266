import StrictJSON

/// What a drill has found so far: the report as it grows, and the times that it rests on.
final class DrillMeasurement {
    /// How long a pool may take to start, and a step to be verified, in seconds.
    static let patience = 90.0

    private let began = ContinuousClock.now
    private(set) var report: DrillReport
    /// When service was last lost.
    private(set) var incident: ContinuousClock.Instant?
    /// Whether nothing was verified since.
    private var isRecovering = false
    /// Whether the step that is under way lost it.
    private var isIncidentOfStep = false

    init(_ report: DrillReport) { self.report = report }

    func poolHas(nodes: Int) { report.nodes = nodes }

    func note(_ text: String, detail: String? = nil) {
        let at = Int64((ContinuousClock.now - began) / .milliseconds(1))
        report.events.append(DrillReport.Event(at: at, text: text, detail: detail))
        Terminal.note("\(DrillReport.seconds(at).padded(10))  \(text)\(detail.map { "\n            \($0)" } ?? "")")
    }

    /// A step begins by which service may be lost. Of several without a verification between them the first counts.
    func incidentBegins() {
        isIncidentOfStep = !isRecovering
        if !isRecovering { (incident, isRecovering) = (.now, true) }
    }

    /// Service is lost now, unless an earlier step has lost it: what was prepared for it didn't cost anybody anything.
    func serviceIsLost() {
        if isIncidentOfStep { incident = .now }
    }

    /// Why the drill ended before its end.
    func fail(_ error: any Error) {
        report.failure = HSMControl.explained(error)?.message ?? "\(error)"
        note("failed", detail: report.failure)
    }

    func finish(answered: Int) -> DrillReport {
        report.writes.answered = answered
        return report
    }

    /// Asks again until every key is as it was, or patience is at its end; then the pool has recovered.
    ///
    /// - Parameter place: where, for the report.
    func verify(_ keys: DrillKeys, _ connection: ConnectionOptions, at place: String) async throws {
        let deadline = ContinuousClock.now + .seconds(Self.patience)
        while true {
            do {
                try await PoolClient.with(connection) { try await keys.verify(at: $0.endpoints, $0) }
                break
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        if let incident, isRecovering {
            // Of several recoveries the longest counts.
            report.rto = max(report.rto ?? 0, Int64((ContinuousClock.now - incident) / .milliseconds(1)))
            isRecovering = false
        }
        note("every key signs at \(place), and knows its signatures of before again")
    }

    /// What was answered and isn't there.
    func countLosses(of writer: DrillWriter, _ connection: ConnectionOptions) async throws {
        guard let incident else { return }
        // Writing may go on: what is answered from here on is for the next count.
        let answered = writer.writes
        let there = try await PoolClient.with(connection) { client in
            try await client.list("/keys").compactMap { $0.text("kid")?.split(separator: "/").last.map(String.init) }
        }
        let present = Set(there)
        let lost = answered.filter { !present.contains($0.name) }
        report.writes.lost = lost.count
        report.rpo = Self.age(of: lost, among: answered, at: incident)
        if !lost.isEmpty { note("\(lost.count) answered writes are missing") }
    }

    /// How old the oldest lost write was, in milliseconds; nil where nothing was written that could have been lost.
    static func age(
        of lost: [DrillWriter.Write], among answered: [DrillWriter.Write], at incident: ContinuousClock.Instant
    ) -> Int64? {
        guard !answered.isEmpty else { return nil }
        return lost.map { max(0, Int64((incident - $0.answered) / .milliseconds(1))) }.max() ?? 0
    }
}

extension String {
    fileprivate func padded(_ count: Int) -> String {
        String(repeating: " ", count: max(0, count - self.count)) + self
    }
}
