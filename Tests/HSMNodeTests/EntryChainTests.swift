@testable import HSMNode
import Raft
import Testing

@Suite struct EntryChainTests {
    private let configuration = PoolConfiguration(voters: [NodeID(1), NodeID(2)], learners: [NodeID(3)])

    @Test func everyPayloadHasAnEncodingOfItsOwn() {
        let payloads: [EntryPayload] = [
            .noOp, .command([]), .command([0]), .command([2]), .configuration(configuration),
            .configuration(PoolConfiguration(voters: [NodeID(1)], outgoingVoters: [NodeID(2)], learners: [NodeID(3)])),
            .configuration(PoolConfiguration(voters: [NodeID(1), NodeID(2), NodeID(3)])),
        ]
        #expect(Set(payloads.map(EntryChain.canonicalBytes)).count == payloads.count)
    }

    @Test func setsAreEncodedInOrder() {
        let bytes = EntryChain.canonicalBytes(of: .configuration(configuration))
        #expect(bytes.count == 1 + 8 * 6)
        #expect(bytes[16] == 1 && bytes[24] == 2)
    }
}
