import CryptographicModule
import HSMNode
import Raft
import SecurityDomain

/// Makes the driver's tags with the pool's keys.
struct KeyringAuthenticator: StateAuthenticator {
    let keyring: Keyring
    let epoch: UInt64

    // After the keys were destroyed a tag can't be made; an empty one is equal to nothing.
    func entryTag(term: Term, index: LogIndex, previous: [UInt8], payload: [UInt8]) -> [UInt8] {
        (try? keyring.entryTag(epoch: epoch, term: term, index: index, previous: previous, payload: payload)) ?? []
    }

    func stateTag(index: LogIndex, term: Term, chainTag: [UInt8], root: [UInt8]) -> [UInt8] {
        (try? keyring.stateTag(
            poolID: keyring.identity.poolID, epoch: epoch, index: index, term: term, chainTag: chainTag, root: root))
            ?? []
    }

    func proposalProof(proposer: NodeID, proposalID: [UInt8], command: [UInt8]) -> [UInt8] {
        (try? keyring.proposalProof(
            epoch: epoch, proposer: proposer.rawValue, proposalID: proposalID, command: command)) ?? []
    }

    func tagsAreEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        !left.isEmpty && SecureCompare.equal(left, right)
    }
}
