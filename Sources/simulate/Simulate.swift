import ArgumentParser
import Foundation
import PoolSimulator

@main struct Simulate: AsyncParsableCommand {
    #if PLANTED_FAULTS
        private static var subcommands: [any ParsableCommand.Type] { [Seeds.self, Controls.self] }
    #else
        private static var subcommands: [any ParsableCommand.Type] { [Seeds.self] }
    #endif

    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs pools in a simulated world and checks that they keep their promises.",
        subcommands: subcommands, defaultSubcommand: Seeds.self)
}

/// Runs ranges of seeds, and goes on where an earlier run of the same range stopped.
struct Seeds: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs ranges of seeds.",
        discussion: """
            Each seed is one run of one pool. With --state the progress is kept in a file: the same command goes on \
            where it stopped, and a wider range adds to what was run. A run that breaks a promise is made small and \
            printed as a command that repeats it. Exit code 1: some run broke a promise.
            """)

    @Option(help: "The seeds, from..to.") var seeds = SeedRange(bounds: 1...1000)
    @Option(
        name: .customLong("profile"),
        help: ArgumentHelp("The profile, or several with commas; all if none is named.", valueName: "names"))
    var profiles: String?
    @Option(help: "A file that keeps which seeds were run, on which commit.") var state: String?
    @Option(help: "The commit that the progress is recorded under.") var commit = "unknown"
    @Option(help: "How many runs at once.") var jobs = ProcessInfo.processInfo.activeProcessorCount
    @Option(help: "Stop after so many seconds.") var seconds: Int?
    @Option(help: "Only the misfortunes with these numbers happen, with commas.") var misfortunes: String?
    @Option(help: ArgumentHelp("Change of the profile, name=value; see a printed command.", valueName: "name=value"))
    var set: [String] = []
    @Option(help: "A known bug to run with, as `simulate controls` names it; in debug builds.") var fault: String?
    @Flag(help: "Print everything that happens in the first seed of each profile.") var trace = false
    @Flag(help: "Do not make failing runs small.") var raw = false

    func validate() throws {
        guard jobs >= 1 else { throw ValidationError("--jobs has to be at least 1") }
        _ = try chosenProfiles()
    }

    func run() async throws {
        let profiles = try chosenProfiles()
        if trace { return profiles.forEach { printTrace(of: $0) } }
        var ledger = try Ledger(path: state, commit: commit)
        let deadline = seconds.map { ContinuousClock.now + .seconds($0) }
        var failed = 0
        for profile in profiles {
            failed += try await run(profile, ledger: &ledger, until: deadline)
        }
        say(ledger.summary)
        if failed > 0 { throw ExitCode.failure }
    }

    private func printTrace(of profile: SimulationProfile) {
        let (result, lines) = Simulation(seed: seeds.bounds.lowerBound, profile: profile).traced()
        say(lines.joined(separator: "\n"))
        say("\(profile.name) seed \(result.seed) digest \(String(result.digest, radix: 16))")
    }

    /// Runs what isn't done yet, in blocks that are recorded as they are finished.
    private func run(
        _ profile: SimulationProfile, ledger: inout Ledger, until deadline: ContinuousClock.Instant?
    ) async throws -> Int {
        var failures = 0
        for block in ledger.open(profile.name, in: seeds.bounds) {
            if let deadline, ContinuousClock.now >= deadline { break }
            let results = await Self.results(of: profile, block, jobs: jobs)
            let broken = results.filter { $0.violation != nil }
            for result in broken { report(result, profile) }
            failures += broken.count
            try ledger.record(profile.name, block, failed: broken.map(\.seed))
            let counters = results.reduce(into: SimulationCounters()) { $0 += $1.counters }
            say(
                "\(profile.name) \(block.lowerBound)..\(block.upperBound): \(broken.count) broken,"
                    + " \(counters.events) events, \(counters.elections) elections,"
                    + " \(counters.writesAnswered) writes, \(counters.readsAnswered) reads")
        }
        return failures
    }

    private static func results(
        of profile: SimulationProfile, _ seeds: ClosedRange<UInt64>, jobs: Int
    ) async -> [SimulationResult] {
        await withTaskGroup(of: [SimulationResult].self) { group in
            for job in 0..<UInt64(jobs) {
                group.addTask {
                    seeds.filter { $0 % UInt64(jobs) == job }.map { Simulation(seed: $0, profile: profile).run() }
                }
            }
            return await group.reduce(into: []) { $0 += $1 }.sorted { $0.seed < $1.seed }
        }
    }

    private func report(_ result: SimulationResult, _ profile: SimulationProfile) {
        guard let violation = result.violation else { return }
        say("\(profile.name) seed \(result.seed) breaks a promise: \(violation)")
        guard !raw, let small = Simulation(seed: result.seed, profile: profile).shrunk() else { return }
        say("  made small: \(small.result.violation.map { "\($0)" } ?? "")")
        say("  repeat it with: \(small.simulation.command)")
    }

    private func chosenProfiles() throws -> [SimulationProfile] {
        let names = profiles?.split(separator: ",").map(String.init)
        var chosen = SimulationProfile.all
        if let names {
            chosen = try names.map { name in
                guard let profile = SimulationProfile.all.first(where: { $0.name == name }) else {
                    throw ValidationError("there is no profile \(name)")
                }
                return profile
            }
        }
        let wanted = misfortunes?.split(separator: ",").compactMap { Int($0) }
        return try chosen.map { profile in
            var profile = profile
            for setting in set {
                guard profile.change(setting) else { throw ValidationError("--set \(setting) is unknown") }
            }
            if let wanted { profile.misfortunes = Set(wanted) }
            if let fault { profile.plantedFault = try planted(fault) }
            return profile
        }
    }
}

extension Seeds {
    private func planted(_ name: String) throws -> PlantedSimulationFault {
        #if PLANTED_FAULTS
            if let control = NegativeControl.named(name) { return control.fault }
            throw ValidationError("there is no known bug \(name)")
        #else
            throw ValidationError("a release build has no known bugs: build with swift build --product simulate")
        #endif
    }
}

/// Prints a line at once, so that a long run can be followed in a file.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// `from..to`, both included.
struct SeedRange: ExpressibleByArgument {
    let bounds: ClosedRange<UInt64>

    init(bounds: ClosedRange<UInt64>) {
        self.bounds = bounds
    }

    init?(argument: String) {
        let numbers = argument.components(separatedBy: "..").map { UInt64($0) }
        guard numbers.count == 2, let first = numbers[0], let last = numbers[1], first <= last, last < .max else {
            return nil
        }
        bounds = first...last
    }

    var defaultValueDescription: String { "\(bounds.lowerBound)..\(bounds.upperBound)" }
}
