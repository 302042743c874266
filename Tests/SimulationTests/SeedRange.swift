import Foundation
import PoolSimulator
import Synchronization

/// Runs many seeds of a profile on all processors.
///
/// The environment makes the seed tests longer, deeper or narrower:
/// - `QUORATE_SEEDS=from..to` runs that range of every profile in place of its own;
/// - `QUORATE_SECONDS=n` gives every run n seconds of simulated faults instead of a few;
/// - `QUORATE_PROFILE=name` runs only the profile of that name.
///
/// A run that broke a promise is printed with its seed; the same variables with that one seed repeat it step by step.
/// `deploy/simulate` is for longer runs, which go on where they stopped.
struct SeedRange {
    let profile: SimulationProfile
    let seeds: ClosedRange<UInt64>

    init(_ profile: SimulationProfile, seeds: ClosedRange<UInt64>) {
        var profile = profile
        if let seconds = ProcessInfo.processInfo.environment["QUORATE_SECONDS"].flatMap(UInt64.init), seconds > 0 {
            let usual = max(1, profile.safetyPhase / 1_000_000_000)
            profile.safetyPhase = seconds * 1_000_000_000
            profile.maximumEvents *= Int(seconds / usual + 1)
        }
        self.profile = profile
        self.seeds = Self.range(ProcessInfo.processInfo.environment["QUORATE_SEEDS"]) ?? seeds
    }

    /// Whether the environment asks for other profiles only.
    var isSkipped: Bool {
        guard let wanted = ProcessInfo.processInfo.environment["QUORATE_PROFILE"] else { return false }
        return wanted != profile.name
    }

    struct Outcome: Sendable {
        var counters = SimulationCounters()
        var runs = 0
        /// The runs that broke a promise, as far as they were kept.
        var failures: [SimulationResult] = []
    }

    private final class Progress: Sendable {
        let next: Atomic<UInt64>
        let failed = Atomic<Int>(0)

        init(first: UInt64) {
            next = Atomic(first)
        }
    }

    /// Runs all seeds, or until `enough` runs have failed.
    func run(stoppingAfter enough: Int = 5) async -> Outcome {
        guard !isSkipped else { return Outcome() }
        let progress = Progress(first: seeds.lowerBound)
        return await withTaskGroup(of: Outcome.self) { group in
            for _ in 0..<max(2, ProcessInfo.processInfo.activeProcessorCount) {
                group.addTask {
                    var outcome = Outcome()
                    while progress.failed.load(ordering: .relaxed) < enough {
                        let seed = progress.next.wrappingAdd(1, ordering: .relaxed).oldValue
                        guard seeds.contains(seed) else { break }
                        let result = Simulation(seed: seed, profile: profile).run()
                        outcome.runs += 1
                        outcome.counters += result.counters
                        guard let violation = result.violation else { continue }
                        progress.failed.wrappingAdd(1, ordering: .relaxed)
                        outcome.failures.append(result)
                        print("QUORATE_PROFILE=\(profile.name) QUORATE_SEEDS=\(seed)..\(seed): \(violation)")
                    }
                    return outcome
                }
            }
            return await group.reduce(into: Outcome()) { total, part in
                total.counters += part.counters
                total.runs += part.runs
                total.failures += part.failures
            }
        }
    }

    private static func range(_ text: String?) -> ClosedRange<UInt64>? {
        let bounds = (text ?? "").split(separator: ".").compactMap { UInt64($0) }
        guard bounds.count == 2, bounds[0] <= bounds[1] else { return nil }
        return bounds[0]...bounds[1]
    }
}
