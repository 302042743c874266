import ArgumentParser
import Attestation
import CryptographicModule
import Foundation
import NIOHTTP1
import StrictJSON
import UnixSignals

struct DrillCommands: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill", abstract: "Practises disasters, and keeps signed evidence of how it went.",
        subcommands: [Run.self, Verify.self])

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Runs a scenario against a pool that is made for it and removed afterwards.",
            discussion: """
                The pool's nodes are processes on this machine, in a temporary folder; no other pool is touched. hsmd \
                is taken from the folder of hsmctl; openssl makes the certificates. The report is written as JSON and \
                as a page, both signed by a key of the scratch pool, or of your own pool with --signer: then it is \
                evidence to who knows your pool's identity.

                With --production the scenario runs against the pool that the connection names, by its API, with keys \
                of the drill's own that are removed afterwards. Nothing of the pool is destroyed, restored as a whole, \
                or sealed; machines die by --kill-command only. A key 'drill-report' of that pool signs.

                Exit codes: 0 the drill has passed; 1 it has failed, and the report says why; 64 the scenario is wrong.

                Example: hsmctl drill run cluster-config/drills/lose-the-leader.yaml --out leader
                """)
        @Argument(help: ArgumentHelp("The scenario.", valueName: "file"), completion: .file())
        var file: String
        @Option(
            name: .long, help: ArgumentHelp("Write the report to NAME.json and NAME.html.", valueName: "name"),
            completion: .file())
        var out: String?
        @Option(
            name: .long,
            help: ArgumentHelp("Sign with this P-256 key of the pool that the connection names.", valueName: "key"))
        var signer: String?
        @Option(name: .long, help: ArgumentHelp("The folder of hsmd and hsmctl.", valueName: "folder"))
        var binaries: String?
        @Option(
            name: .long,
            help: ArgumentHelp(
                "Run against the pool that the connection names; its name confirms that it is meant.",
                valueName: "pool"))
        var production: String?
        @Option(
            name: .long,
            help: ArgumentHelp("With --production: where backups go, as for 'backup start'.", valueName: "place"))
        var backupPlace: String?
        @Option(
            name: .long,
            help: ArgumentHelp(
                "With --production: the shell command that kills the node QUORATE_NODE, at QUORATE_ENDPOINT.",
                discussion: "The node has to come back by itself, as a service manager lets it.", valueName: "command"))
        var killCommand: String?
        @OptionGroup(title: "Output") var output: OutputOptions
        @OptionGroup(title: "Connection") var connection: ConnectionOptions

        func validate() throws {
            guard production != nil || (backupPlace == nil && killCommand == nil) else {
                throw ValidationError("--backup-place and --kill-command are for drills with --production.")
            }
        }

        func run() async throws {
            let name = ((file as NSString).lastPathComponent as NSString).deletingPathExtension
            let scenario = try DrillScenario(name: name, yaml: String(decoding: try Files.read(file), as: UTF8.self))
            for ending in [".json", ".html"] { try Files.requireWritable((out ?? name) + ending) }
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            if let production {
                try await practise(scenario, name: name, in: production, program: own)
            } else {
                try await practiseApart(scenario, name: name, program: own)
            }
        }

        /// What a shell makes of a command that an interrupt has ended.
        private static let interrupted = 128 + SIGINT

        /// What interrupts a drill: not the end of a terminal that it is to outlive, as with nohup.
        private static var endings: [UnixSignal] {
            SignalAction.isIgnored(SIGHUP) ? [.sigint, .sigterm] : [.sigint, .sigterm, .sighup]
        }

        /// With a pool that others rely on.
        private func practise(
            _ scenario: DrillScenario, name: String, in pool: String, program: String
        ) async throws {
            let target = ProductionDrill.Target(pool: pool, backupPlace: backupPlace, killCommand: killCommand)
            let drill = try ProductionDrill(scenario, target, connection, program: program)
            try await drill.confirm()
            let prefix = drill.prefix
            let interruptions = Task {
                for await _ in await UnixSignalsSequence(trapping: Self.endings) {
                    Terminal.note("interrupted: the drill's keys, \(prefix)-…, are left")
                    Foundation.exit(Self.interrupted)
                }
            }
            defer { interruptions.cancel() }
            let report = await drill.run()
            try write(await sign(report, scratch: connection), name: out ?? name)
            try show(report)
        }

        /// With a pool of its own.
        private func practiseApart(_ scenario: DrillScenario, name: String, program own: String) async throws {
            let report: DrillReport
            do {
                let place = try ScratchPlace()
                defer { place.remove() }
                let interruptions = Task {
                    for await _ in await UnixSignalsSequence(trapping: Self.endings) {
                        place.remove()
                        Foundation.exit(Self.interrupted)
                    }
                }
                defer { interruptions.cancel() }
                let drill = try DrillRun(
                    scenario, place: place, binaries: binaries ?? (own as NSString).deletingLastPathComponent)
                report = await drill.run()
                let document = await sign(report, scratch: drill.survivor)
                // Whoever has interrupted it wants no report of what went wrong from then on.
                if place.programs.isOver { await interruptions.value }
                try write(document, name: out ?? name)
            }
            // Nothing is left by then: where this finds no place the program ends at once.
            try show(report)
        }

        private func show(_ report: DrillReport) throws {
            output.print(report.json, text: Self.summary(report))
            guard report.hasPassed else { throw ExitCode.failure }
        }

        private static func summary(_ report: DrillReport) -> String {
            let recovered = report.rto.map { ", recovered in \(DrillReport.seconds($0))" } ?? ""
            let lost = report.rpo.map { ", \(DrillReport.seconds($0)) of writes lost" } ?? ""
            return report.hasPassed
                ? "passed: \(report.title)\(recovered)\(lost)"
                : "FAILED: \(report.title): \(report.shortcomings.joined(separator: "; "))"
        }

        private func write(_ document: DrillDocument, name: String) throws {
            try Files.write(DrillReport.bytes(document.json) + [UInt8(ascii: "\n")], to: name + ".json")
            try Files.write(Array(DrillPage.html(document).utf8), to: name + ".html")
            Terminal.note("report: \(name).json, \(name).html")
        }

        /// Signs where somebody can. A drill that nobody can sign any more is reported all the same.
        private func sign(_ report: DrillReport, scratch: ConnectionOptions?) async -> DrillDocument {
            let unsigned = DrillDocument(report: report, signature: nil, attestation: nil, identity: nil)
            do {
                if let signer { return try await DrillSigning.sign(report, with: signer, connection) }
                guard let scratch else { return unsigned }
                return try await DrillSigning.sign(report, with: nil, scratch)
            } catch {
                Terminal.note("The report isn't signed: \(HSMControl.explained(error)?.message ?? "\(error)")")
                return unsigned
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Checks a report: that it is whole, who has signed it, and what it says.",
            discussion: """
                Takes the JSON file or the page. --identity is the SHA-256 of the identity key of the pool that must \
                have signed it, from 'hsmctl pool status --json'; without it the report may be any pool's.

                Exit codes: 0 genuine, and the drill has passed; 1 not genuine, unsigned, or the drill has failed.

                Example: hsmctl drill verify leader.html
                """)
        @Argument(help: ArgumentHelp("The report.", valueName: "file"), completion: .file())
        var file: String
        @Option(
            name: .long,
            help: ArgumentHelp("SHA-256 of the pool's identity key, 64 hexadecimal digits.", valueName: "digest"))
        var identity: String?
        @OptionGroup(title: "Output") var output: OutputOptions

        func validate() throws {
            guard identity.map({ Hexadecimal.decode($0)?.count == 32 }) ?? true else {
                throw ValidationError("--identity has 64 hexadecimal digits.")
            }
        }

        func run() async throws {
            let document = try DrillDocument(parsing: try Files.read(file))
            let signer = try document.verify(expected: identity.flatMap(Hexadecimal.decode))
            let result = JSONObject.make { writer in
                writer.member("scenario", document.report.scenario)
                writer.member("started", Moment.text(document.report.started))
                writer.member("passed", document.report.hasPassed)
                writer.member("signedByPool", signer.statement.poolName)
                writer.member("identityKeySha256", Hexadecimal.encode(signer.identity))
                writer.member("key", signer.statement.keyIdentifier)
                writer.member("shortcomings", document.report.shortcomings.joined(separator: "; "))
            }
            output.print(result) { .fields(result) }
            guard document.report.hasPassed else { throw ExitCode.failure }
        }
    }
}

/// Has a pool's key sign a report.
enum DrillSigning {
    /// - Parameter key: one that is there; nil for `drill-report`, which is made where it isn't there.
    static func sign(
        _ report: DrillReport, with key: String?, _ connection: ConnectionOptions
    ) async throws -> DrillDocument {
        try await PoolClient.with(connection) { client in
            let name = key ?? "drill-report"
            if key == nil, try await client.status(of: "/keys/\(name)") == 404 {
                _ = try await client.send(.POST, "/keys/\(name)/create") { writer in
                    writer.member("kty", "EC-HSM")
                    writer.member("crv", "P-256")
                    writer.member("key_ops", array: ["sign", "verify"])
                }
            }
            let path = "/keys/\(PoolClient.escape(name))"
            let attestation = try await client.send(.GET, path + "/attestation").body
            let identity = try await client.send(.GET, "/quorate/v1/status").body.text("identityKeySha256")
            let signed = try await client.send(.POST, path + "/sign") { writer in
                writer.member("alg", "ES256")
                writer.member("value", Base64URL.encode(Digest.sha256(report.bytes)))
            }.body
            guard let value = signed.text("value").flatMap({ Base64URL.decode($0) }), let identity else {
                throw ClientError.refused("The pool's answer holds no signature.")
            }
            let document = DrillDocument(
                report: report, signature: value, attestation: attestation, identity: identity)
            _ = try document.verify(expected: nil)
            return document
        }
    }
}
