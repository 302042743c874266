import ArgumentParser
import CryptographicModule
import LoadGenerator
import StrictJSON
import Testing

@testable import hsmctl

@Suite struct LoadDemandTests {
    /// A search may take longer than a token lasts.
    @Test func aTrialHasTokensOfItsOwn() {
        let plan = LoadPlan(
            nodes: [], authorityFile: nil, tokens: ["old"], operations: [], arrival: .closed, duration: 1)
        let trial = plan.trial(.open(from: 5, to: 5, spacing: .even), tokens: ["new"])
        #expect(trial.tokens == ["new"] && trial.arrival == .open(from: 5, to: 5, spacing: .even))
        #expect(plan.trial(.closed).tokens == ["old"])
    }

    /// Whoever reads the result has to know how far it goes.
    @Test func aSearchSaysHowFarItGot() {
        var search = MaximumSearch(startingAt: 1000)
        func result(isComplete: Bool) -> SearchResult {
            SearchResult(search, "p99<=5ms", isComplete: isComplete)
        }
        func json(_ result: SearchResult) -> String {
            var writer = JSONWriter()
            writer.object { result.write(to: &$0) }
            return String(decoding: writer.bytes, as: UTF8.self)
        }
        #expect(result(isComplete: true).text == "no rate was found that keeps to p99<=5ms")
        search.take(rate: 1000, isMet: true)
        search.take(rate: 1500, isMet: false, isLimitedByGenerator: true)
        let found = "highest rate that keeps to p99<=5ms: 1,000 a second"
        #expect(result(isComplete: true).text == found)
        #expect(result(isComplete: false).text == found + ", as far as the search came")
        #expect(result(isComplete: true).doubt?.contains("--processes") == true)
        let members = [
            #""objective":"p99<=5ms""#, #""maximumRate":1000.0"#, #""searchComplete":false"#,
            #""searchLimitedByGenerator":true"#,
        ]
        #expect(json(result(isComplete: false)) == "{\(members.joined(separator: ","))}")
    }

    /// The one that ends first counts, of several principals.
    @Test func tokensAreRenewedBeforeTheyEnd() throws {
        let access = try LoadAccess([("a", 3600), ("b", 600), ("c", 3600)], askedAt: 5_000_000_000)
        #expect(access.tokens == ["a", "b", "c"] && access.renewal == 455_000_000_000)
        #expect(try LoadAccess([("a", .max)], askedAt: 0).renewal != nil)
        #expect(throws: ClientError.self) { _ = try LoadAccess([("a", 0)], askedAt: 0) }
    }

    /// Of a token that was given there is no other.
    @Test func aTokenThatEndsBeforeTheRunIsRefused() throws {
        func token(_ claims: String) -> String { "e30.\(Base64URL.encode(Array(claims.utf8))).c2ln" }
        let error = #expect(throws: ClientError.self) {
            try LoadPreparation.checkLifetime(of: token(#"{"exp":1060}"#), now: 1000, needed: 61)
        }
        #expect(error?.message.contains("ends in 60 s, and the run takes 61 s") == true)
        try LoadPreparation.checkLifetime(of: token(#"{"exp":1060}"#), now: 1000, needed: 59)
        // What the nodes will say of these is clearer.
        for text in [token(#"{"exp":999}"#), token("{}"), "opaque", "a.b.c", ""] {
            try LoadPreparation.checkLifetime(of: text, now: 1000, needed: 61)
        }
    }

    /// Also where a profile says it, and not an option.
    @Test func aTrialHasTheGapsThatWereAskedFor() throws {
        let demand = try LoadProfile.parse("arrivals: random\noperations: [{algorithm: ES256, keys: [k]}]")
        #expect(demand.arrival(at: 5) == .open(from: 5, to: 5, spacing: .random))
    }

    /// A run whose fault never came would pass for one that bore it.
    @Test func aFaultHasToComeWithinTheRun() throws {
        let demand = LoadDemand()
        let kill = try #require(Fault("leader@9.5s", isPause: false))
        let pause = try #require(Fault("2@3s+60s", isPause: true))
        try demand.check([kill, pause], isSearch: false)
        try demand.check([pause], isSearch: true)
        let late = try #require(Fault("leader@10s", isPause: false))
        let never = #expect(throws: ClientError.self) { try demand.check([pause, late], isSearch: false) }
        #expect(never?.message.contains("10.0 s after") == true, "\(never?.message ?? "")")
        let missed = #expect(throws: ClientError.self) { try demand.check([kill], isSearch: true) }
        #expect(missed?.message.contains("--pause") == true)
    }

    @Test func aProfileIsRead() throws {
        let demand = try LoadProfile.parse(
            """
            duration: 5m
            warm_up: 500ms
            ramp: [100, 2500.5]
            arrivals: random
            connections: 4
            operations:
              - {operation: sign, algorithm: ES256, keys: {prefix: load-ec, count: 3}, choice: zipf, weight: 9,
                 create: {type: EC-HSM, curve: P-256}}
              - {operation: get, keys: [other]}
            """)
        #expect(demand.duration == 300 && demand.warmUp == 0.5 && demand.connections == 4 && demand.streams == 16)
        #expect(demand.rate?.from == 100 && demand.rate?.to == 2500.5 && demand.spacing == .random)
        #expect(demand.parts[0].keys == ["load-ec-1", "load-ec-2", "load-ec-3"] && demand.parts[0].weight == 9)
        #expect(demand.parts[0].choice == .zipf(exponent: 1))
        #expect(demand.parts[0].creation == LoadDemand.Creation(type: "EC-HSM", curve: "P-256", size: nil))
        #expect(demand.parts[1].name == "get" && demand.parts[1].keys == ["other"])
        // As on the command line: of fifty keys all are used unless something else is said.
        #expect(demand.parts[1].choice == .uniform)
        try demand.check()
    }

    /// What would be left out without a word is refused.
    @Test(arguments: [
        (["--algorithm", "ES384"], "the operations of a profile have their own"),
        (["--key", "k", "--algorithm", "ES256", "--ramp", "1:2:fast"], "isn't a ramp"),
        (["--key", "k", "--algorithm", "ES256", "--ramp", "1:2", "--rate", "5"], "there is a --rate too"),
    ])
    func badOptionsAreRefused(words: [String], text: String) throws {
        let command = try LoadCommand.parse(words)
        let error = #expect(throws: ClientError.self) { try command.demand() }
        #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        ("operations: []", "No operation"),
        ("operations: 3", "isn't a list"),
        ("durration: 3s\noperations: []", "'durration' isn't known"),
        ("duration: fast\noperations: []", "isn't a time"),
        ("rate: 1\nramp: [1, 2]\noperations: []", "stands without"),
        ("arrivals: odd\noperations: []", "even or random"),
        ("operations: [{operation: fly, keys: [a]}]", "'fly'"),
        ("operations: [{operation: sign, keys: [a]}]", "needs an algorithm"),
        ("operations: [{operation: get, algorithm: ES256, keys: [a]}]", "has no algorithm"),
        ("operations: [{algorithm: ES256, keys: {prefix: a, count: 0}}]", "1 to 100000"),
        ("operations: [{algorithm: ES256, keys: [a], weight: 0}]", "weight"),
        ("operations: [{algorithm: ES256, keys: [a], choice: zipf, exponent: -1}]", "Zipf"),
        ("connections: 0\noperations: [{algorithm: ES256, keys: [a]}]", "'connections'"),
        ("processes: 9\noperations: [{algorithm: ES256, keys: [a]}]", "Each process"),
        ("connections: 9223372036854775807\noperations: []", "'connections' must be a number"),
        ("operations: [{operation: get, keys: [a], weight: -9223372036854775808}]", "'weight' must be a number"),
        ("rate: -5\noperations: [{algorithm: ES256, keys: [a]}]", "A rate"),
        ("a: [", "YAML"),
    ])
    func aBadProfileSaysWhatIsWrong(text: String, words: String) {
        let error = #expect(throws: ClientError.self) { try LoadProfile.parse(text).check() }
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
}
