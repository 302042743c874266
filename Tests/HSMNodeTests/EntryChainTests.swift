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

    /// As one without keys: it can't make a tag, and finds none genuine.
    private struct Keyless: StateAuthenticator {
        func entryTag(term: Term, index: LogIndex, previous: [UInt8], payload: [UInt8]) -> [UInt8] { [] }
        func stateTag(index: LogIndex, term: Term, chainTag: [UInt8], root: [UInt8]) -> [UInt8] { [] }
        func proposalProof(proposer: NodeID, proposalID: [UInt8], command: [UInt8]) -> [UInt8] { [] }
        func tagsAreEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool { !left.isEmpty && left == right }
    }

    @Test func onlyANoOpAtTheOriginNeedsNoTag() {
        let chain = EntryChain(authenticator: Keyless())
        let noOp = LogEntry(index: 1, term: 1, payload: .noOp, tag: [])
        let command = LogEntry(index: 2, term: 1, payload: .command([1]), tag: [])
        #expect(chain.firstForgery(in: [noOp], after: EntryChain.origin) == nil)
        #expect(chain.firstForgery(in: [noOp, command], after: EntryChain.origin) == 2)
        #expect(chain.firstForgery(in: [noOp], after: [7]) == 1)
    }

    @Test func setsAreEncodedInOrder() {
        let bytes = EntryChain.canonicalBytes(of: .configuration(configuration))
        #expect(bytes.count == 1 + 8 * 6)
        #expect(bytes[16] == 1 && bytes[24] == 2)
    }
}
