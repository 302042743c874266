/// Making a failing run small.
extension Simulation {
    /// Finds a run of the same seed that breaks the same kind of promise with as few misfortunes as can be found by
    /// leaving some out (delta debugging: Zeller and Hildebrandt 2002), and without what else isn't needed.
    ///
    /// - Parameter limit: How many runs may be tried.
    /// - Returns: The smallest failing run, with its result; nil if this run breaks nothing.
    public func shrunk(limit: Int = 400) -> (simulation: Simulation, result: SimulationResult)? {
        let first = run()
        guard let violation = first.violation else { return nil }
        var search = Search(best: self, result: first, kind: violation.kind, left: limit)
        search.dropCalmers()
        search.dropMisfortunes()
        return (search.best, search.result)
    }

    private struct Search {
        var best: Simulation
        var result: SimulationResult
        let kind: String
        var left: Int

        /// Takes the candidate if it fails in the same way.
        mutating func attempt(_ profile: SimulationProfile) -> Bool {
            guard left > 0 else { return false }
            left -= 1
            let candidate = Simulation(seed: best.seed, profile: profile)
            let outcome = candidate.run()
            guard outcome.violation?.kind == kind else { return false }
            (best, result) = (candidate, outcome)
            return true
        }

        /// Loss, repetition and delay of messages, and coups, each as a whole.
        mutating func dropCalmers() {
            for drop in Self.simplifications {
                var profile = best.profile
                drop(&profile)
                _ = attempt(profile)
            }
        }

        private static var simplifications: [(inout SimulationProfile) -> Void] {
            [
                { $0.coups = 0 }, { $0.duplication = 0 }, { $0.loss = 0 }, { $0.entryLoss = 0 },
                { $0.meanExtraDelay = 500_000 }, { $0.repeats = 0 },
            ]
        }

        mutating func dropMisfortunes() {
            var kept = Array(best.profile.misfortunes ?? Set(1...max(1, result.counters.misfortunes))).sorted()
            var chunk = max(1, kept.count / 2)
            while left > 0 {
                var start = 0
                var dropped = false
                while start < kept.count {
                    let fewer = Array(kept[..<start] + kept[min(kept.count, start + chunk)...])
                    var profile = best.profile
                    profile.misfortunes = Set(fewer)
                    if attempt(profile) {
                        kept = fewer
                        dropped = true
                    } else {
                        start += chunk
                    }
                }
                if chunk == 1 && !dropped { return }
                chunk = max(1, chunk / 2)
            }
        }
    }
}

extension Violation {
    /// Which promise was broken, without the numbers.
    public var kind: String {
        String("\(self)".prefix { $0 != "(" })
    }
}
