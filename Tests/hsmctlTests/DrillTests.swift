import Foundation
import StrictJSON
import Testing

@testable import hsmctl

/// Scenarios and reports of drills, without any pool.
@Suite struct DrillTests {
    // MARK: Production

    /// A pool that others rely on is neither destroyed nor sealed, and no key of others is touched.
    @Test func productionIsSparedWhatCouldHarmIt() throws {
        let all = ProductionDrill.Target(pool: "pool", backupPlace: "file:///drill", killCommand: "true")
        func check(_ steps: [String], _ target: ProductionDrill.Target) throws {
            let lines = (steps + ["verify: keys"]).map { "  - \($0)\n" }.joined()
            try ProductionDrill.check(DrillScenario(name: "s", yaml: "title: T\nkeys: 2\nsteps:\n\(lines)"), target)
        }
        try check(
            ["writes: start", "backup: take", "delete-key: drill-2", "restore-key: drill-2", "kill: leader",
             "kill: minority", "writes: stop"], all)
        for steps in [
            ["destroy: pool"], ["reshare: officers"], ["power-off: pool", "open: [1, 2]"],
            ["backup: take", "corrupt-backup: bit"], ["backup: take", "restore: everything"],
            ["backup: take", "refuse: restore"], ["backup: take", "restore-key: invoices"], ["delete-key: invoices"],
            ["delete-key: drill-3"], ["writes: start", "fill-disk: follower", "free-disk: all"],
        ] {
            #expect(throws: ClientError.self, "\(steps)") { try check(steps, all) }
        }
        // What the operator has to name.
        #expect(throws: ClientError.self) { try check(["backup: take"], .init(pool: "pool", killCommand: "true")) }
        #expect(throws: ClientError.self) { try check(["kill: leader"], .init(pool: "pool", backupPlace: "file:///d")) }
    }

    /// Where nothing was written nothing is known of losses.
    @Test func whatWasLostIsAsOldAsTheOldestWrite() {
        let incident = ContinuousClock.now
        let writes = [300, 200, 100].map { age in
            DrillWriter.Write(name: "w-\(age)", answered: incident - .milliseconds(age))
        }
        #expect(DrillMeasurement.age(of: [], among: [], at: incident) == nil)
        #expect(DrillMeasurement.age(of: [], among: writes, at: incident) == 0)
        #expect(DrillMeasurement.age(of: Array(writes[1...]), among: writes, at: incident) == 200)
        #expect(DrillMeasurement.age(of: writes, among: writes, at: incident - .milliseconds(400)) == 0)
    }

    /// A command that kills nothing leaves nothing to recover from.
    @Test func whoWasKilledHasToBeDead() async throws {
        var answers = [true, true, false]
        try await ProductionDrill.awaitDeath(of: "node-1", patience: .seconds(3600)) { answers.removeFirst() }
        #expect(answers.isEmpty)
        let error = await #expect(throws: ClientError.self) {
            try await ProductionDrill.awaitDeath(of: "node-1", patience: .milliseconds(1)) { true }
        }
        #expect(error?.message.contains("node-1 serves on") == true)
    }

    /// The time to recover counts from the first incident, whatever is lost after it.
    @Test func aSecondIncidentDoesNotShortenTheRecovery() throws {
        let measurement = DrillMeasurement(DrillReport(try DrillScenario(name: "s", yaml: Self.minimal)))
        measurement.incidentBegins()
        let begun = try #require(measurement.incident)
        measurement.serviceIsLost()
        let lost = try #require(measurement.incident)
        #expect(lost >= begun)
        measurement.incidentBegins()
        measurement.serviceIsLost()
        #expect(measurement.incident == lost)
    }

    /// A command for killing a node may have much to say on either of its outputs.
    @Test(.timeLimit(.minutes(1))) func whatACommandSaysIsReadAsItComes() throws {
        let script = "head -c 300000 /dev/zero | tr '\\0' e >&2; head -c 300000 /dev/zero | tr '\\0' o; exit 3"
        let outcome = try DrillPrograms().run("/bin/sh", ["-c", script], environment: [:])
        #expect(outcome.status == 3)
        #expect(outcome.output == String(repeating: "o", count: 300_000))
        #expect(outcome.error == String(repeating: "e", count: 300_000))
    }

    /// Else an interrupted drill leaves a node that was just being started, and the folder that it writes into.
    @Test(.timeLimit(.minutes(1))) func nothingOutlivesADrillOrStartsAfterIt() async throws {
        let place = try ScratchPlace()
        let started = place.folder + "/started"
        let loop = "touch \(started); while :; do touch \(place.folder)/$$; done"
        let node = Process()
        node.executableURL = URL(fileURLWithPath: "/bin/sh")
        node.arguments = ["-c", loop]
        try place.programs.start(node)
        let command = Task.detached { try place.programs.run("/bin/sh", ["-c", loop], environment: [:]) }
        while !FileManager.default.fileExists(atPath: started) { await Task.yield() }
        place.remove()
        #expect(!node.isRunning && !FileManager.default.fileExists(atPath: place.folder))
        // Killed, or refused where it had not yet been started.
        if let outcome = try? await command.value { #expect(outcome.status == SIGKILL) }
        #expect(throws: ClientError.self) { try place.programs.run("/bin/true", [], environment: [:]) }
        #expect(place.programs.isOver)
    }

    // MARK: Scenarios

    private static let minimal = "title: T\nsteps:\n  - backup: take\n  - verify: keys\n"

    private static var folder: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "cluster-config/drills")
    }

    @Test func theScenariosThatComeWithItAreUnderstood() throws {
        let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
        #expect(files.count >= 5)
        for file in files {
            let name = file.deletingPathExtension().lastPathComponent
            let scenario = try DrillScenario(name: name, yaml: try String(contentsOf: file, encoding: .utf8))
            #expect(scenario.steps.last == .verify && !scenario.title.isEmpty)
        }
    }

    @Test func everyStepHasItsPlace() throws {
        let scenario = try DrillScenario(
            name: "all",
            yaml: """
                title: All
                nodes: 5
                keys: 3
                targets: {rto_seconds: 1.5, rpo_seconds: 2}
                steps:
                  - writes: start
                  - backup: take
                  - kill: minority
                  - restore-key: drill-1
                  - delete-key: drill-2
                  - corrupt-backup: cut
                  - refuse: restore
                  - writes: stop
                  - destroy: pool
                  - build: pool
                  - officers: [2, 3]
                  - restore: everything
                  - verify: keys
                """)
        #expect(scenario.nodes == 5 && scenario.keys == 3)
        #expect(scenario.targets == DrillScenario.Targets(rto: 1.5, rpo: 2))
        #expect(
            scenario.steps == [
                .writesStart, .backUp, .kill(.minority), .restoreKey("drill-1"), .deleteKey("drill-2"),
                .corruptBackup(.cut), .restoreIsRefused, .writesStop, .destroyPool, .newPool, .officers([2, 3]),
                .restoreEverything, .verify,
            ])
    }

    @Test func officersAreReplaced() throws {
        let scenario = try DrillScenario(
            name: "all",
            yaml: """
                title: All
                steps:
                  - reshare: officers
                  - power-off: pool
                  - refuse: former-officers
                  - open: [3, 1]
                  - verify: keys
                """)
        #expect(scenario.steps == [.reshare, .powerOff, .formerOfficersAreRefused, .open([3, 1]), .verify])
    }

    @Test func disksRunFull() throws {
        let scenario = try DrillScenario(
            name: "full",
            yaml: """
                title: Full
                steps:
                  - writes: start
                  - fill-disk: follower
                  - verify: others
                  - free-disk: all
                  - fill-disk: leader
                  - free-disk: all
                  - verify: keys
                """)
        #expect(
            scenario.steps == [
                .writesStart, .fillDisk(.follower), .verifyOthers, .freeDisks, .fillDisk(.leader), .freeDisks, .verify,
            ])
        #expect(scenario.fillsDisks)
        #expect(try !DrillScenario(name: "other", yaml: Self.minimal).fillsDisks)
    }

    @Test(arguments: [
        ("title: T", "steps"), ("steps: [{verify: keys}]", "title"), (minimal + "colour: red\n", "colour"),
        (minimal + "nodes: 2\n", "nodes"), (minimal + "keys: 0\n", "keys"), (minimal + "targets: {rto: 3}\n", "rto"),
        (minimal + "targets: {rto_seconds: -1}\n", "rto_seconds"), ("title: T\nsteps: [{dance: all}]", "dance"),
        ("title: T\nsteps: [{backup: take}]", "last step"),
        ("title: T\nsteps: [{kill: everybody}, {verify: keys}]", "kill"),
        ("title: T\nsteps: [{restore: everything}, {verify: keys}]", "before one is taken"),
        ("title: T\nsteps: [{build: pool}, {verify: keys}]", "before the other"),
        ("title: T\nsteps: [{officers: [1, 2]}, {verify: keys}]", "Officers come to a new pool"),
        ("title: T\nnodes: 1\nsteps: [{kill: leader}, {verify: keys}]", "one node"),
        ("title: T\nsteps: [{officers: [1, 1]}, {verify: keys}]", "officers"),
        ("title: T\nsteps: [{open: [1, 2]}, {verify: keys}]", "Only a pool that was powered off"),
        ("title: T\nsteps: [{power-off: pool}, {verify: keys}]", "has to be opened first"),
        ("title: T\nsteps: [{power-off: pool}, {refuse: former-officers}, {verify: keys}]", "Former officers"),
        ("title: T\nsteps: [{destroy: pool}, {reshare: officers}, {verify: keys}]", "Only a living pool"),
        ("title: T\nsteps: [{reshare: officers}, {destroy: pool}, {verify: keys}]", "first officers"),
        ("title: T\nsteps: [{writes: start}, {writes: start}, {verify: keys}]", "Writing begins while"),
        ("title: T\nsteps: [{fill-disk: all}, {verify: keys}]", "fill-disk"),
        ("title: T\nsteps: [{fill-disk: leader}, {free-disk: all}, {verify: keys}]", "while there are writes"),
        ("title: T\nsteps: [{writes: start}, {fill-disk: leader}, {verify: keys}]", "A full disk is followed"),
        ("title: T\nsteps: [{writes: start}, {fill-disk: leader}, {writes: stop}, {verify: keys}]", "goes on"),
        ("title: T\nsteps: [{free-disk: all}, {verify: keys}]", "No disk is full"),
        ("title: T\nsteps: [{verify: others}, {verify: keys}]", "No disk is full"),
        ("title: T\nnodes: 1\nsteps: [{writes: start}, {fill-disk: leader}, {verify: keys}]", "one node"),
        ("title: T\nsteps: [{delete-key: ../x}, {verify: keys}]", "delete-key"), ("[", "YAML"), ("7", "mapping"),
    ])
    func whatIsWrittenWronglyIsNamed(_ yaml: String, _ words: String) {
        let error = #expect(throws: ClientError.self) { try DrillScenario(name: "x", yaml: yaml) }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        #expect(error?.exitCode == 64)
    }

    // MARK: Reports

    private static func report() -> DrillReport {
        DrillReport(
            scenario: "x", title: "A <b>title</b> & \"more\"", started: 1_800_000_000, nodes: 3, keys: 6,
            software: "0.1.0", rtoTarget: 10_000, rpoTarget: 0, rto: 9_000, rpo: 0,
            writes: .init(answered: 7, lost: 0),
            events: [.init(at: 0, text: "begun"), .init(at: 9_000, text: "done", detail: "</script><script>")])
    }

    @Test func aReportIsWhatItsFiguresSay() throws {
        #expect(Self.report().hasPassed)
        var slow = Self.report()
        slow.rto = 10_001
        #expect(slow.shortcomings == ["recovery took 10.00 s, not 10.00 s"] && !slow.hasPassed)
        var lossy = Self.report()
        lossy.rpo = 20
        #expect(lossy.shortcomings == ["writes of 0.02 s were lost, not 0.00 s"])
        var forgetful = Self.report()
        forgetful.writes.lost = 2
        #expect(forgetful.shortcomings == ["2 answered writes were lost, not 0"])
        var broken = Self.report()
        broken.failure = "it broke"
        broken.rto = nil
        #expect(broken.shortcomings == ["it broke"])
        for report in [Self.report(), slow, lossy, forgetful, broken] {
            #expect(try DrillReport(report.json) == report)
        }
    }

    @Test func aReportThatPraisesItselfIsNotBelieved() throws {
        var slow = Self.report()
        slow.rto = 60_000
        let text = String(decoding: slow.bytes, as: UTF8.self)
        let doctored = text.replacing("\"passed\":false", with: "\"passed\":true")
        #expect(doctored != text)
        guard case .object(let object) = try JSONReader.parse(Array(doctored.utf8)) else { return }
        #expect(throws: ClientError.self) { try DrillReport(object) }
    }

    /// Whoever verifies a report has got it from others: nothing in it ends the tool before the signature is looked at.
    @Test func figuresThatNoDrillHasAreRefused() throws {
        var slow = Self.report()
        slow.rto = 10_001
        let text = String(decoding: slow.bytes, as: UTF8.self)
        for (name, figure) in [
            ("at", "9000"), ("rtoMilliseconds", "10001"), ("rtoTargetMilliseconds", "10000"), ("rpoMilliseconds", "0"),
            ("started", "1800000000"), ("nodes", "3"), ("writesLost", "0"),
        ] {
            for absurd in ["9223372036854775807", "-9223372036854775808"] {
                let crafted = text.replacing("\"\(name)\":\(figure)", with: "\"\(name)\":\(absurd)")
                #expect(crafted != text, "\(name)")
                let error = #expect(throws: ClientError.self) {
                    try DrillDocument(parsing: Array("{\"report\":\(crafted)}".utf8))
                }
                #expect(error?.message.contains("no drill has such figures") == true, "\(name) \(absurd)")
            }
        }
    }

    @Test func thePageHoldsItsDocumentAndNothingElse() throws {
        let document = DrillDocument(report: Self.report(), signature: nil, attestation: nil, identity: nil)
        let page = DrillPage.html(document)
        // The texts of a report are text, wherever they came from.
        #expect(page.components(separatedBy: "<script").count == 2 && !page.contains("<b>title</b>"))
        #expect(try DrillDocument(parsing: Array(page.utf8)).report == Self.report())
        for (from, to) in [("<b>Passed</b>", "<b>PASSED</b>"), ("9.00 s", "1.00 s"), ("\"at\":9000", "\"at\":9900")] {
            let changed = page.replacing(from, with: to)
            #expect(changed != page)
            #expect(throws: ClientError.self) { try DrillDocument(parsing: Array(changed.utf8)) }
        }
    }

    @Test func anUnsignedReportIsNobodys() throws {
        let document = DrillDocument(report: Self.report(), signature: nil, attestation: nil, identity: nil)
        let parsed = try DrillDocument(parsing: DrillReport.bytes(document.json))
        let error = #expect(throws: ClientError.self) { try parsed.verify(expected: nil) }
        #expect(error?.message.contains("Nobody") == true)
        for bytes in [[], Array("{}".utf8), Array("<html>".utf8), [0xFF]] {
            #expect(throws: ClientError.self) { try DrillDocument(parsing: bytes) }
        }
    }
}
