import Testing

@testable import LoadGenerator

@Suite struct ArrivalTests {
    private static let second: UInt64 = 1_000_000_000

    private func times(
        from: Double, to: Double, spacing: LoadPlan.Spacing = .even, warmUp: UInt64 = 0, seconds: UInt64,
        first: Double = 1
    ) -> [UInt64] {
        var schedule = ArrivalSchedule(
            from: from, to: to, spacing: spacing, warmUp: warmUp, duration: seconds * Self.second,
            random: SplitMix64(seed: 7), first: first)
        var times: [UInt64] = []
        while let next = schedule.next {
            times.append(next)
            schedule.advance()
        }
        return times
    }

    @Test func evenArrivalsAreEquallySpaced() {
        let times = times(from: 1000, to: 1000, seconds: 3)
        #expect(abs(times.count - 3000) <= 1)
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        #expect(gaps.allSatisfy { (999_999...1_000_001).contains($0) })
    }

    @Test func aRampSendsTheMeanOfItsRates() {
        let times = times(from: 100, to: 900, warmUp: 2 * Self.second, seconds: 10)
        let warmUp = times.prefix { $0 < 2 * Self.second }
        #expect(abs(warmUp.count - 200) <= 1)
        #expect(abs(times.count - warmUp.count - 5000) <= 1)
        // Within the second from t to t+1 of a ramp of 80/s², 100 + 80 (t + 1/2) come.
        for second in UInt64(0)..<10 {
            let from = (second + 2) * Self.second
            let count = times.count { $0 >= from && $0 < from + Self.second }
            #expect(abs(count - Int(140 + 80 * second)) <= 1, "second \(second)")
        }
    }

    /// Four processes that send at the same moments would send bursts of four.
    @Test func processesTakeTurns() {
        let whole = times(from: 100, to: 900, warmUp: Self.second, seconds: 5)
        let plan = LoadPlan(
            nodes: [], authorityFile: nil, tokens: [], operations: [],
            arrival: .open(from: 100, to: 900, spacing: .even), duration: 5 * Self.second)
        let together = plan.divided(among: 4).flatMap { part in
            times(from: 25, to: 225, warmUp: Self.second, seconds: 5, first: part.firstArrival)
        }.sorted()
        #expect(abs(whole.count - together.count) <= 1 && whole.count > 2500)
        #expect(zip(whole, together).allSatisfy { max($0, $1) - min($0, $1) <= 10 })
    }

    @Test func aRampMayFallToNothing() {
        let times = times(from: 1000, to: 0, seconds: 4)
        #expect(abs(times.count - 2000) <= 1)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
    }

    @Test func randomArrivalsHaveTheRateAndTheScatterOfAPoissonProcess() {
        let times = times(from: 2000, to: 2000, spacing: .random, seconds: 10)
        // 20,000 expected, standard deviation 141.
        #expect(abs(times.count - 20_000) < 600)
        let gaps = zip(times, times.dropFirst()).map { Double($1 - $0) }
        let mean = gaps.reduce(0, +) / Double(gaps.count)
        let variance = gaps.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(gaps.count)
        #expect((0.9...1.1).contains(variance.squareRoot() / mean))
    }
}

@Suite struct MixTests {
    private func plan(_ operations: [(weight: Int, choice: KeyChoice, keys: Int)], tokens: Int = 1) -> LoadPlan {
        LoadPlan(
            nodes: [], authorityFile: nil, tokens: (0..<tokens).map(String.init),
            operations: operations.enumerated().map { index, operation in
                LoadPlan.Operation(
                    name: "\(index)", weight: operation.weight, choice: operation.choice,
                    requests: (0..<operation.keys).map { LoadPlan.Request(path: "/\($0)", body: []) })
            }, arrival: .closed, duration: 1)
    }

    private func draws(_ plan: LoadPlan, _ count: Int = 60_000) -> [OperationMix.Draw] {
        var mix = OperationMix(plan, random: SplitMix64(seed: 3))
        return (0..<count).map { _ in mix.next() }
    }

    @Test func operationsComeByTheirWeight() {
        let draws = draws(plan([(3, .hot, 1), (1, .hot, 1)]))
        #expect(abs(Double(draws.count { $0.operation == 0 }) / 60_000 - 0.75) < 0.01)
    }

    @Test func oneHotKeyIsTheFirst() {
        #expect(draws(plan([(1, .hot, 5)]), 100).allSatisfy { $0.key == 0 })
    }

    @Test func uniformKeysAreAllAlike() {
        let draws = draws(plan([(1, .uniform, 6)]))
        for key in 0..<6 { #expect(abs(draws.count { $0.key == key } - 10_000) < 500) }
    }

    @Test func zipfKeysFollowTheirRank() {
        let draws = draws(plan([(1, .zipf(exponent: 1), 4)]))
        // 1 : 1/2 : 1/3 : 1/4, that is 12 : 6 : 4 : 3 of 25.
        for (key, share) in [12.0, 6, 4, 3].enumerated() {
            #expect(abs(Double(draws.count { $0.key == key }) / 60_000 - share / 25) < 0.01)
        }
    }

    @Test func principalsTakeTurns() {
        let draws = draws(plan([(1, .hot, 1)], tokens: 3), 300)
        for principal in 0..<3 { #expect(draws.count { $0.principal == principal } == 100) }
    }

    @Test func aDividedPlanIsTheWholeInSum() {
        var whole = plan([(1, .hot, 1)])
        whole.arrival = .open(from: 90, to: 300, spacing: .even)
        whole.connections = 8
        let parts = whole.divided(among: 3)
        #expect(parts.map(\.connections) == [3, 3, 2])
        #expect(parts.allSatisfy { $0.arrival == .open(from: 30, to: 100, spacing: .even) })
        #expect(Set(parts.map(\.seed)).count == 3)
    }

    @Test func aPlanCrossesToAnotherProcess() throws {
        var sent = plan([(3, .zipf(exponent: 1.25), 2), (1, .hot, 1), (2, .uniform, 3)], tokens: 2)
        sent.nodes = [LoadPlan.Node(name: "node-1", host: "127.0.0.1", port: 8443)]
        sent.authorityFile = "ca.crt"
        sent.operations[0].requests[1].body = Array(#"{"alg":"ES256"}"#.utf8)
        sent.arrival = .open(from: 0.5, to: 1234, spacing: .random)
        sent.firstArrival = 0.75
        #expect(try LoadPlan(json: sent.json) == sent)
        sent.arrival = .closed
        sent.firstArrival = 1
        sent.authorityFile = nil
        #expect(try LoadPlan(json: sent.json) == sent)
        #expect(throws: (any Error).self) { try LoadPlan(json: Array("{}".utf8)) }
        #expect(try LoadPlan.tokens(json: LoadPlan.encode(tokens: ["a", "b"])) == ["a", "b"])
        #expect(throws: (any Error).self) { try LoadPlan.tokens(json: Array("stop".utf8)) }
    }
}
