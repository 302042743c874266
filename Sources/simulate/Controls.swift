#if PLANTED_FAULTS
    import ArgumentParser
    import PoolSimulator

    /// Measures how many seeds it takes to find each known bug.
    struct Controls: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measures how many seeds it takes to find each bug that was put in on purpose.",
            discussion: """
                Trial t of a bug begins at seed 1,000,000 t + 1. Prints a table with a row for each bug: profile, \
                budget, median and worst of the trials. Exit code 1: in some trial a bug was not found within its \
                budget.
                """)

        @Option(help: "Trials of each bug; an odd number.") var trials: UInt64 = 9
        @Option(help: "Only bugs whose names hold this.") var only = ""
        @Option(help: "Another budget than each bug's own.") var budget: UInt64?

        func run() async throws {
            say("| bug | profile | budget | median | worst |")
            say("|---|---|---|---|---|")
            var missed = false
            for control in NegativeControl.all where only.isEmpty || control.fault.name.contains(only) {
                let found = await seeds(control).map { $0 ?? .max }.sorted()
                missed = missed || found.last == .max
                let (median, worst) = (Self.text(found[found.count / 2]), Self.text(found[found.count - 1]))
                let budget = self.budget ?? control.budget
                say("| `\(control.fault.name)` | \(control.profile.name) | \(budget) | \(median) | \(worst) |")
            }
            if missed { throw ExitCode.failure }
        }

        private static func text(_ seeds: UInt64) -> String { seeds == .max ? "not found" : "\(seeds)" }

        private func seeds(_ control: NegativeControl) async -> [UInt64?] {
            let control = budget.map { NegativeControl(control, budget: $0) } ?? control
            return await withTaskGroup(of: UInt64?.self) { group in
                for trial in 0..<trials {
                    group.addTask { control.seedsToDetection(from: 1_000_000 * trial + 1) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
    }
#endif
