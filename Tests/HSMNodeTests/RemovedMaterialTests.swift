import HSMNode
import NodeEnvironment
@testable import PoolSimulator
import PoolState
import Testing

/// Every node hears of sealed records that are gone, whichever took the request.
@Suite struct RemovedMaterialTests {
    @Test func aPurgeIsToldOnEveryNode() throws {
        let bench = try Bench.running()
        try bench.makeKey()
        let digest = try #require(bench[1].views.last?.state.key(Register.keyName(0))?.latest.recordDigest)
        #expect((0..<3).allSatisfy { bench[$0].removed.isEmpty })
        for command in [
            PoolCommand.deleteKey(name: Register.keyName(0)), .purgeKey(name: Register.keyName(0), onlyIfDue: false),
        ] {
            let write = bench.submit(command, at: 0)
            try bench.run(until: "the answer") { !write.list.isEmpty }
            #expect(write.outcome == .applied)
        }
        try bench.settle()
        for number in 0..<3 { #expect(bench[number].removed == [.records([digest])], "\(number)") }
    }
}
